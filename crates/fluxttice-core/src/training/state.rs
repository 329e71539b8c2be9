//! State of a training run between two steps, apart from its tensors on the device.

use serde::{Deserialize, Serialize};

use super::best::Bests;
use super::controller::Controller;
use super::optimizer::OptimizerState;
use crate::disruption::Disruption;
use crate::model::Weights;
use crate::record::Best;

/// State that resuming needs, apart from weights and optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerState {
    /// Epochs finished; the next one has this number.
    pub epoch: u32,
    /// Batches of the next epoch that are already in the weights; 0 in a checkpoint.
    pub batch: u32,
    /// Controller: λ, gradient averages, phase and learning rate.
    pub controller: Controller,
    /// Distinct operations of A and B by categorical draws, as last counted; `None` before the first count.
    pub coverage: Option<[u32; 2]>,
    /// Best epoch so far by validation loss.
    pub best: Option<Best>,
    /// Number of epochs since the figure that stops the run got better.
    pub stale: u32,
    /// Best epochs by other figures.
    #[serde(default)]
    pub bests: Bests,
    /// Number of times that the run went back after it had diverged; each halves the learning rate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rolled_back: u32,
    /// Disruptions still in effect, cooling down or yet to start.
    pub disruptions: Vec<Active>,
    /// Changes of the configuration, `KEY=VALUE`, in the order in which they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl TrainerState {
    /// Returns the best epochs so far: by validation loss, by argmax coverage, by I(z; x).
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
    /// The disruption, as it was asked for.
    pub disruption: Disruption,
    /// First epoch in which it is in effect.
    pub since: u32,
}

impl Active {
    /// Returns the number of epochs since its start; `None` where it is not in effect.
    pub fn elapsed(&self, epoch: u32) -> Option<u32> {
        let elapsed = epoch.checked_sub(self.since)?;
        (elapsed < self.disruption.epochs).then_some(elapsed)
    }

    /// Returns the first epoch after it.
    pub fn end(&self) -> u32 {
        self.since.saturating_add(self.disruption.epochs)
    }

    /// Returns the first epoch in which another disruption is accepted again; 0 without a cool-down.
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
    /// Weights of both VAEs and of StateNet.
    pub weights: Weights,
    /// Steps and moments of the optimizer.
    pub optimizer: OptimizerState,
    /// State of everything else.
    pub state: TrainerState,
}
