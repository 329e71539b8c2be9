//! Training: split, controller, optimizer step, and the loop over the epochs.

mod best;
mod controller;
mod ensemble;
mod evaluation;
mod host_state;
mod learner;
mod means;
pub(crate) mod memory;
mod optimizer;
mod readback;
mod sampler;
mod split;
mod state;
mod steer;
mod strategy;
mod trainer;

use crate::config::Config;
use crate::model::Architecture;

pub use best::{Bests, Judged};
pub use controller::{BALANCED, Controller};
pub use ensemble::{Ensemble, EnsembleError};
pub use evaluation::{EvalOutputs, EvalStats};
pub use host_state::{BatchReport, StepError};
pub use learner::{Learner, Noise};
pub use means::Means;
pub use optimizer::{Clipped, FlatGradients, OptimizerState, ParamLayout, ParamStore, StepParams};
pub use split::Split;
pub use state::{Active, Snapshot, TrainerState};
pub use steer::{Agenda, Planned, Steer};
pub use strategy::GroupHandle;
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
