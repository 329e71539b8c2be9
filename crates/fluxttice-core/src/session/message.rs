//! What goes to the worker and what comes back. Plain data: no tensors, no terminal.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::config::Config;
use crate::measure::neighbours::Spaces;
use crate::model::{LATENT, Weights};
use crate::record::{CoveredSets, EpochRecord, EpochReport, Stage};
use crate::request::{EndReason, Mark, Outcome};
use crate::schedule::{Schedule, Scheduled};

/// What happens in the worker, in order. Nothing here is ever dropped.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run is open: sent once, first.
    Started(Arc<RunInfo>),
    /// The worker is in another state.
    State(RunState),
    /// An epoch is finished.
    Epoch(Arc<EpochReport>),
    /// The configuration was changed while the run goes on.
    Tuned(Arc<Tuning>),
    /// A request was answered.
    Outcome(Outcome),
    /// Codes of all operations, as asked for.
    Codes(Arc<Codes>),
    /// Weights, as asked for.
    Weights(Arc<Model>),
    /// Coverage measured outside of training.
    Covered(Arc<CoveredSets>),
    /// The disk refuses what is to be saved, or takes it again (`None`).
    Saving(Option<Unsaved>),
    /// Another run of the population that this one belongs to is open.
    Joined(Arc<RunInfo>),
    /// An epoch of another run of the population.
    Member(Member),
    /// Something the user should read, that is no answer to a request.
    Notice(Notice),
    /// The worker has ended: sent once, last.
    Ended(End),
}

/// An epoch of another run of a population.
#[derive(Clone, Debug)]
pub struct Member {
    /// The run's seed, by which it is known.
    pub seed: u64,
    /// The epoch.
    pub record: Arc<EpochRecord>,
}

/// A run as it was opened; its tuning is kept up to date by [`Event::Tuned`].
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// Name of the run (its folder's name).
    pub name: String,
    /// The run's folder.
    pub folder: PathBuf,
    /// Name of the configuration (`ternary_v5_5`).
    pub config_name: String,
    /// SHA-256 of the configuration as used.
    pub config_digest: String,
    /// Keys of the configuration that have no effect, as `key: reason`.
    pub ineffective: Vec<String>,
    /// Seed of every random number.
    pub seed: u64,
    /// What the tensors run on (`cpu`, or the adapter's name).
    pub device: String,
    /// Why that device.
    pub device_reason: String,
    /// What the configuration makes of the run, changes included.
    pub tuning: Arc<Tuning>,
    /// Training batches in one epoch.
    pub batches: u32,
    /// Parameters: in all, VAE-A, VAE-B, StateNet.
    pub parameters: [usize; 4],
    /// Epochs already done when this session began.
    pub history: Vec<Arc<EpochRecord>>,
    /// Marks of earlier sessions on the time axis.
    pub marks: Vec<Mark>,
    /// The checkpoint that is explored, as a user would name it; `None` for the built-in model and
    /// while training.
    pub checkpoint: Option<PathBuf>,
    /// Whether anything is trained; false when a finished model is only explored.
    pub training: bool,
}

impl RunInfo {
    /// The folder that holds the run's checkpoints; `None` where the model is no run's.
    pub fn training_folder(&self) -> Option<&Path> {
        Some(self.folder.as_path()).filter(|folder| *folder != Path::new(""))
    }
}

/// What changes of the configuration make of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// The configuration with every change so far.
    pub config: Config,
    /// Every epoch's scheduled values (ρ with its gate open), index = epoch.
    pub schedule: Vec<Scheduled>,
    /// Epoch after which this session stops by itself (exclusive).
    pub last_epoch: u32,
    /// Epochs at which phases 2, 3 and 4 begin.
    pub phase_borders: [u32; 3],
    /// Lowest KL that can be reported, nats: the floor under each element, summed over dimensions.
    pub kl_floor: f64,
}

impl Tuning {
    /// What a configuration makes of a run that stops by itself after `last_epoch` epochs.
    pub fn new(config: &Config, last_epoch: u32) -> Self {
        let schedule = Schedule::new(config);
        Self {
            config: config.clone(),
            schedule: schedule.all(),
            last_epoch,
            phase_borders: schedule.phase_borders(),
            kl_floor: config.free_bits * LATENT as f64,
        }
    }

    /// Epochs of the whole schedule.
    pub fn total_epochs(&self) -> u32 {
        self.config.total_epochs
    }
}

/// What the worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Opening the device; on a GPU, compiling its kernels.
    Preparing,
    /// Training, validating or counting.
    Running,
    /// Held by the user.
    Paused,
    /// Over; the model is still there to be asked.
    Finished,
    /// Over because of an error.
    Failed,
}

/// A moment of a run in words, by finished epochs and batches of the next one.
pub fn moment(epochs: u32, batch: u32) -> String {
    match (epochs, batch) {
        (0, 0) => "before training".to_owned(),
        (epochs, 0) => format!("epoch {}", epochs - 1),
        (epochs, batch) => format!("epoch {epochs}, batch {batch}"),
    }
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The reason.
    pub reason: EndReason,
    /// One line for the user.
    pub message: String,
}

/// What is not on the disk, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaved {
    /// First epoch that would have to be done again.
    pub since: u32,
    /// The disk's refusal.
    pub problem: String,
}

impl fmt::Display for Unsaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not saved from epoch {} on: {}",
            self.since, self.problem
        )
    }
}

/// A line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How serious.
    pub level: NoticeLevel,
    /// What.
    pub text: String,
}

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeLevel {
    /// Good to know.
    Info,
    /// Something is not as it should be; training goes on.
    Warning,
    /// Something failed.
    Error,
}

/// Codes (posteriors) of all 19,683 operations.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    /// Finished epochs of the model that made them.
    pub epoch: u32,
    /// A name for where they come from (`epoch 51`, `built-in model`).
    pub source: String,
    /// The codes.
    pub spaces: Spaces,
    /// The weights that made them, which say what points between them decode to.
    pub weights: Weights,
}

/// A copy of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Finished epochs.
    pub epoch: u32,
    /// A name for where it comes from (`epoch 51`, `built-in model`).
    pub source: String,
    /// The weights.
    pub weights: Weights,
}

/// Where the worker stands within an epoch. Only the newest matters; older ones may never be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Epoch at work.
    pub epoch: u32,
    /// What is being done.
    pub stage: Stage,
    /// Batches (or tiles of a coverage pass) done.
    pub done: u32,
    /// Batches (or tiles) in all.
    pub of: u32,
    /// Loss of the newest batch; NaN before the first.
    pub loss: f64,
    /// Finished epochs per minute, over the last few; 0 before the first.
    pub epochs_per_minute: f64,
}
