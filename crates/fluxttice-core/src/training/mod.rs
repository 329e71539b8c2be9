//! Training: split, controller, optimizer step, and the loop over the epochs.

mod best;
mod controller;
mod core;
mod ensemble;
mod lesson;
mod means;
mod member;
pub(crate) mod memory;
mod observe;
mod optimizer;
mod reading;
mod split;
mod state;
mod steer;
mod together;
mod trainer;

use crate::config::Config;
use crate::model::Architecture;

pub use best::{Bests, Judged};
pub use controller::{BALANCED, Controller};
pub use core::{Core, Noise};
pub use ensemble::{Ensemble, EnsembleError};
pub use means::Means;
pub use member::{BatchReport, StepError};
pub use observe::{Observed, Seen};
pub use optimizer::{Clipped, FlatGradients, OptimizerState, Places, Stride, Trained};
pub use split::Split;
pub use state::{Active, Snapshot, TrainerState};
pub use steer::{Agenda, Planned, Steer};
pub use together::Seat;
pub use trainer::{ARGMAX_SAMPLES, Advance, Trainer};

/// Takes the architecture that a configuration asks for.
impl From<&Config> for Architecture {
    fn from(config: &Config) -> Self {
        let beyond = &config.beyond;
        Self {
            width: beyond.width.map_or(1, |width| width as usize),
            skip_a: beyond.skip_a == Some(true),
        }
    }
}
