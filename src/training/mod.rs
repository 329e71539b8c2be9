//! One epoch after another: split, controller, optimizer step, the loop.

mod controller;
mod core;
mod means;
mod optimizer;
mod split;
mod trainer;

pub use controller::{BALANCED, Controller};
pub use core::{BatchReport, Core, StepError};
pub use means::Means;
pub use optimizer::{AdamW, Clipped, FlatGradient, OptimizerState};
pub use split::Split;
pub use trainer::{ARGMAX_SAMPLES, Active, Advance, Snapshot, Trainer, TrainerState};
