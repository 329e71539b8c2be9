//! Messages from the worker. Plain data: no tensors, no terminal.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;

use crate::config::Config;
use crate::measure::given::Given;
use crate::measure::neighbours::Spaces;
use crate::model::{LATENT, Weights};
use crate::protocol::controls::Controls;
use crate::record::{CoveredSets, EpochRecord, EpochReport, Stage};
use crate::request::{EndReason, Mark, Outcome};
use crate::run::{ForeignEpoch, ForeignRun};
use crate::schedule::{Schedule, Scheduled};

/// Events of the worker, in order. Nothing here is ever dropped.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run is open: sent first, and again where the session moves to another run.
    Started(Arc<RunInfo>),
    /// The worker is in another state.
    State(RunState),
    /// An epoch is finished.
    Epoch(Arc<EpochReport>),
    /// The configuration was changed while the run goes on.
    Tuned(Arc<Tuning>),
    /// A request was answered.
    Outcome(Outcome),
    /// Codes of all operations, as the model is now.
    Codes(Arc<Codes>),
    /// Weights of the model, as asked for.
    Weights(Arc<Model>),
    /// Coverage measured outside of training.
    Covered(Arc<CoveredSets>),
    /// The trainer in another process was heard of again, or was not for a while.
    Contact(Contact),
    /// The disk refuses what is to be saved, or takes it again (`None`).
    Unsaved(Option<Unsaved>),
    /// Another run of the population that this one belongs to is open.
    Joined(Arc<RunInfo>),
    /// A finished epoch of another run of the population.
    Member(Member),
    /// A finished epoch of a run that another program trains.
    ForeignEpoch(Arc<ForeignEpoch>),
    /// Values that may be changed in such a run, as its trainer says now.
    Controls(Arc<Controls>),
    /// Samples that its trainer gave.
    Samples(Arc<GivenSamples>),
    /// A message that the user should read and that answers no request.
    Notice(Notice),
    /// Training has ended. Some requests are still answered after it, and a branch may be trained next.
    Ended(End),
}

/// A finished epoch of another run of a population.
#[derive(Clone, Debug)]
pub struct Member {
    /// Seed of the run, by which it is known.
    pub seed: u64,
    /// Record of the finished epoch.
    pub record: Arc<EpochRecord>,
}

/// A run as it was opened; its tuning is kept up to date by [`Event::Tuned`].
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// Name of the run (its folder's name).
    pub name: String,
    /// Folder of the run; empty where the model is no run's.
    pub folder: PathBuf,
    /// Program that trains it, with what is known of it.
    pub kind: RunKind,
    /// Device of the tensors (`cpu`, or the adapter's name).
    pub device: String,
    /// Reason why that device was chosen.
    pub device_reason: String,
    /// Training batches in one epoch.
    pub batches: u32,
    /// Epochs already done when this session began, in order.
    pub history: Vec<Arc<EpochRecord>>,
    /// Marks of earlier sessions on the time axis.
    pub marks: Vec<Mark>,
    /// The checkpoint that is explored, as a user would name it; `None` for built-in or untrained weights and
    /// while training.
    pub checkpoint: Option<PathBuf>,
    /// True while a run is trained, false where a finished model is only explored.
    pub training: bool,
    /// The trainer, where that is another process; `None` where this one trains, or nobody does.
    pub attached: Option<Attached>,
    /// Requests that were answered before this process began to watch, each with its time, in order; empty for
    /// a run that this process trains.
    pub answered: Vec<(SystemTime, Outcome)>,
}

/// Program that trains a run.
#[derive(Clone, Debug)]
pub enum RunKind {
    /// This program, by this recipe.
    Own(Recipe),
    /// Another program.
    Foreign(Foreign),
}

/// Configuration and schedule that a run of this program is trained by.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Name of the configuration (`ternary_v5_5`).
    pub config_name: String,
    /// SHA-256 of the configuration as used.
    pub config_digest: String,
    /// Keys of the configuration that have no effect, as `key: reason`.
    pub ineffective: Vec<String>,
    /// Seed of every random number.
    pub seed: u64,
    /// Schedule and limits by the configuration, changes included.
    pub tuning: Arc<Tuning>,
    /// Numbers of parameters: in all, VAE-A, VAE-B, StateNet.
    pub parameters: [usize; 4],
}

/// A run that another program trains, as it was opened, with what may be asked of its trainer.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    /// The run.
    pub run: ForeignRun,
    /// Values that may be changed while it is trained; `None` where the trainer has not said.
    pub controls: Option<Controls>,
    /// Samples that the trainer gave last; `None` where it gave none.
    pub samples: Option<Arc<GivenSamples>>,
    /// Epoch of the codes that the trainer gave last; `None` where it gave none.
    pub codes: Option<u32>,
}

/// Samples that another program gave, counted. How they were drawn is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenSamples {
    /// Epoch by the name of their file.
    pub epoch: u32,
    /// Their counts, or the reason why the file could not be read.
    pub counts: Result<Given, String>,
}

/// The trainer of a run that is another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Which process it is, and where, in a few words.
    pub trainer: String,
    /// Reason why nothing can be asked of it; `None` where everything can.
    pub cannot_steer: Option<String>,
}

/// When a trainer in another process was last heard of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contact {
    /// Just now.
    #[default]
    Heard,
    /// So long ago, in whole seconds.
    Silent(u64),
    /// So long ago, in whole seconds, though it holds its lock.
    NotResponding(u64),
}

impl RunInfo {
    /// Returns what the run is trained by; `None` where another program trains it.
    pub fn recipe(&self) -> Option<&Recipe> {
        match &self.kind {
            RunKind::Own(recipe) => Some(recipe),
            RunKind::Foreign(_) => None,
        }
    }

    /// Returns the run as another program trains it; `None` where it is one of this program.
    pub fn foreign(&self) -> Option<&Foreign> {
        match &self.kind {
            RunKind::Own(_) => None,
            RunKind::Foreign(foreign) => Some(foreign),
        }
    }

    /// Returns the folder that holds the run's checkpoints; `None` where the model is no run's.
    pub fn training_folder(&self) -> Option<&Path> {
        Some(self.folder.as_path()).filter(|folder| *folder != Path::new(""))
    }
}

/// Schedule and limits of a run, by its configuration with every change so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// The configuration with every change so far.
    pub config: Config,
    /// Every epoch's scheduled values (ρ with its gate open), index = epoch.
    pub schedule: Vec<Scheduled>,
    /// Number of finished epochs at which this session stops by itself.
    pub last_epoch: u32,
    /// Epochs at which phases 2, 3 and 4 begin.
    pub phase_borders: [u32; 3],
    /// Lowest KL that can be reported, nats: the floor under each element, summed over dimensions.
    pub kl_floor: f64,
}

impl Tuning {
    /// Computes schedule and limits of a run that stops by itself after `last_epoch` epochs.
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

    /// Returns the number of epochs of the whole schedule.
    pub fn total_epochs(&self) -> u32 {
        self.config.total_epochs
    }
}

/// State of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Opening the device; on a GPU, compiling its kernels.
    Preparing,
    /// Training, validating or counting.
    Running,
    /// Held by the user between two batches.
    Paused,
    /// Ended; the model can still be asked for codes and snapshots.
    Finished,
    /// Ended because of an error.
    Failed,
}

/// Describes a moment of a run in words, by finished epochs and batches of the next one.
pub fn moment(epochs: u32, batch: u32) -> String {
    match (epochs, batch) {
        (0, 0) => "before training".to_owned(),
        (epochs, 0) => format!("epoch {}", epochs - 1),
        (epochs, batch) => format!("epoch {epochs}, batch {batch}"),
    }
}

/// Reason of a session's end, with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Reason, as `train --json` prints it.
    pub reason: EndReason,
    /// One line for the user, such as where the run is saved.
    pub message: String,
}

/// Epochs that are not on the disk, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaved {
    /// First epoch that would have to be done again.
    pub since: u32,
    /// Message of the disk's refusal.
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

/// A message for the user, with its severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Severity, which decides the log level.
    pub level: NoticeLevel,
    /// Message itself, as a clause or sentence.
    pub text: String,
}

/// Severity of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeLevel {
    /// Nothing is wrong; the user may want to know.
    Info,
    /// Something is not as it should be; training goes on.
    Warning,
    /// Something failed.
    Error,
}

/// Codes (posteriors) of all 19,683 operations.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    /// Finished epochs of the model that made the codes.
    pub epoch: u32,
    /// Name of the model for people (`epoch 51`, `built-in model`).
    pub source: String,
    /// Codes in the spaces of A, of B and of both.
    pub spaces: Spaces,
    /// Weights that made the codes; they also decode the points between them. `None` where another program made
    /// the codes.
    pub weights: Option<Weights>,
}

/// Weights of the model, with the moment that they are of.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Finished epochs of the model.
    pub epoch: u32,
    /// Name of the model for people (`epoch 51`, `built-in model`).
    pub source: String,
    /// Weights in 32 bits, off the device.
    pub weights: Weights,
}

/// Progress of the worker within an epoch. Only the newest matters; older ones may never be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Epoch at work, counted from 0.
    pub epoch: u32,
    /// Stage of the epoch, such as validation.
    pub stage: Stage,
    /// Batches (or tiles of a coverage pass) done.
    pub done: u32,
    /// Batches (or tiles of a coverage pass) in all.
    pub of: u32,
    /// Loss of the newest batch; NaN before the first.
    pub loss: f64,
    /// Finished epochs per minute, over the last few; 0 before the first.
    pub epochs_per_minute: f64,
}
