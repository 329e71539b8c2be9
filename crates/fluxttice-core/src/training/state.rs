//! What a training run is, between two steps, beside its tensors on the device.

use serde::{Deserialize, Serialize};

use super::best::Bests;
use super::controller::Controller;
use super::optimizer::OptimizerState;
use crate::disruption::Disruption;
use crate::model::Weights;
use crate::record::Best;

/// Everything beside weights and optimizer that resuming needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerState {
    /// Epochs finished; the next one has this number.
    pub epoch: u32,
    /// Batches of the next epoch that are already in the weights; 0 in a checkpoint.
    pub batch: u32,
    /// The controller.
    pub controller: Controller,
    /// Categorical coverage of A and B after the last epoch.
    pub coverage: Option<[u32; 2]>,
    /// The best epoch so far.
    pub best: Option<Best>,
    /// Epochs since the figure that stops the run got better.
    pub stale: u32,
    /// Best epochs by other figures.
    #[serde(default)]
    pub bests: Bests,
    /// How often the run went back after it had diverged; the learning rate is halved as often.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rolled_back: u32,
    /// Disruptions still in effect, cooling down or yet to start.
    pub disruptions: Vec<Active>,
    /// Changes of the configuration, `KEY=VALUE`, in the order in which they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<String>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl TrainerState {
    /// The best epochs so far: by validation loss, by argmax coverage, by I(z; x).
    pub fn best_epochs(&self) -> [Option<u32>; 3] {
        [
            self.best.map(|best| best.epoch),
            self.bests.coverage.map(|best| best.epoch),
            self.bests.information.map(|best| best.epoch),
        ]
    }
}

/// A disruption and the epoch in which it started.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Active {
    /// What is pushed.
    pub disruption: Disruption,
    /// First epoch.
    pub since: u32,
}

impl Active {
    /// Epochs since its start, while it is in effect.
    pub fn elapsed(&self, epoch: u32) -> Option<u32> {
        let elapsed = epoch.checked_sub(self.since)?;
        (elapsed < self.disruption.epochs).then_some(elapsed)
    }

    /// First epoch after it.
    pub fn end(&self) -> u32 {
        self.since.saturating_add(self.disruption.epochs)
    }

    /// First epoch in which another disruption is taken again.
    pub fn cool(&self) -> u32 {
        match self.disruption.cooldown {
            0 => 0,
            cooldown => self.end().saturating_add(cooldown),
        }
    }
}

/// A whole checkpoint in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Weights.
    pub weights: Weights,
    /// Optimizer.
    pub optimizer: OptimizerState,
    /// The rest.
    pub state: TrainerState,
}
