//! Requests that wait for their outcomes, and their continuations.

use std::path::PathBuf;

use fluxttice_core::disruption::Disruption;
use fluxttice_core::experiment::Trial;
use fluxttice_core::request::Command;

/// A request to the worker that has no outcome yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Number of the request, which its outcome carries.
    pub id: u64,
    /// Request itself, for the header and for repeated requests.
    pub command: Command,
    /// Continuation, once the request is granted; `None` for most requests.
    pub then: Option<FollowUp>,
}

/// Continuation of a request to the worker, once it is granted.
#[derive(Clone, Debug, PartialEq)]
pub enum FollowUp {
    /// Certifies the snapshot that the request has saved.
    Certify,
    /// Measures the disruption in trials, each beside a control without it.
    Try(Disruption, Measuring),
}

/// Continuation of reading a run's folder.
#[derive(Clone, Debug)]
pub enum AfterGlance {
    /// Asks whether a branch is wanted at the last checkpoint that may be meant.
    Branch(BranchPoint),
    /// Says why something cannot be done in a run that is only explored.
    Refuse {
        /// Name of the run.
        name: String,
        /// Clause that names the refused action, such as `nothing to pause`.
        nothing: String,
    },
}

/// Size of the experiment that measures the effect of a disruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measuring {
    /// Epochs watched after the disruption.
    pub watch: u32,
    /// Number of pairs of arms, each with and without the disruption.
    pub repetitions: u32,
}

impl Default for Measuring {
    fn default() -> Self {
        Self {
            watch: 10,
            repetitions: 3,
        }
    }
}

impl Measuring {
    /// Returns the experiment on a run for a disruption that begins at a batch of an epoch.
    pub fn trial(self, run: PathBuf, (epoch, batch): (u32, u32), disruption: Disruption) -> Trial {
        Trial {
            run,
            epoch,
            batch,
            disruption,
            horizon: disruption.epochs.saturating_add(self.watch),
            repetitions: self.repetitions,
        }
    }
}

/// A point of a run at which a branch is wanted.
#[derive(Clone, Debug)]
pub struct BranchPoint {
    /// Name of the run.
    pub run: String,
    /// Epoch at or before which a checkpoint is searched; `None` means the newest checkpoint.
    pub at: Option<u32>,
    /// True if it is the run that is trained here.
    pub is_own: bool,
    /// Distance, in epochs, of the checkpoints that are kept, by the run's configuration.
    pub checkpoint_freq: u32,
    /// Sentence on what becomes of the run that is left.
    pub left_behind: String,
}
