//! Requests to the threads beside the worker, and their answers.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::codes::{LoadCodes, LoadedCodes, LocatePoint, LocatedPoint};
use crate::certificate::{Item, Verdict};
use crate::experiment::{Experiment, Trial, TrialProgress};
use crate::measure::{Estimate, Evenness, Progress, Rare};
use crate::plot::Drawing;
use crate::protocol::standing::Standing;
use crate::run::bookmarks::{Bookmark, BookmarkChange};
use crate::run::{Branch, Deleted, Report};
use crate::session::message::Model;
use crate::vae::PerVae;
use crate::validation::Finding;

/// A request to the threads beside the worker. Requests of one kind are answered one after another, in order.
#[derive(Clone, Debug)]
pub enum JobRequest {
    /// A measurement, which takes seconds or minutes.
    Measure(Measurement),
    /// A job that takes milliseconds.
    Quick(QuickJob),
    /// An experiment: a disruption is tried against its control.
    Try(Trial),
    /// Ends the experiment at work without a result.
    GiveUp,
}

/// A measurement of a model. A checkpoint is named by its folder or file; `None` is the built-in model.
#[derive(Clone, Debug)]
pub enum Measurement {
    /// Measures a checkpoint and writes its certificate.
    Certify(Option<PathBuf>),
    /// Checks a certificate: its files, and every figure measured again.
    Verify(PathBuf),
    /// Tests if a checkpoint learned anything.
    Validate(Option<PathBuf>),
    /// Estimates the probabilities of all operations, and the figures that mislead.
    Estimate(Arc<Model>),
}

/// A job that takes milliseconds: lists, files, codes.
#[derive(Clone, Debug)]
pub enum QuickJob {
    /// Lists every snapshot and certificate of all runs.
    List,
    /// Lists every run, branch and experiment.
    Runs,
    /// Looks which checkpoints a run keeps, and if a process has it open.
    Glance(PathBuf),
    /// Moves a run to the trash with everything in it.
    Delete(PathBuf),
    /// Checks every file of a run.
    Check(PathBuf),
    /// Reads the bookmarks.
    Bookmarks,
    /// Changes the bookmarks.
    Bookmark(BookmarkChange),
    /// Loads codes that a run had earlier.
    LoadCodes(LoadCodes),
    /// Decodes a point of the latent space.
    Locate(LocatePoint),
    /// Writes a new file.
    Write {
        /// The file's content.
        content: Content,
        /// The file's path; nothing may be there yet.
        to: PathBuf,
    },
    /// Copies a snapshot or certificate to a new folder.
    Export {
        /// The folder that is copied.
        folder: PathBuf,
        /// The new folder's path; nothing may be there yet.
        to: PathBuf,
    },
}

/// Content of a file that is written.
#[derive(Clone, Debug)]
pub enum Content {
    /// The bytes of another file.
    File(PathBuf),
    /// A text.
    Text(String),
    /// A picture, in the format that the file's name ends with.
    Picture(Box<Drawing>),
}

impl From<Measurement> for JobRequest {
    fn from(measurement: Measurement) -> Self {
        Self::Measure(measurement)
    }
}

impl From<QuickJob> for JobRequest {
    fn from(job: QuickJob) -> Self {
        Self::Quick(job)
    }
}

/// Why a job could not be done: an error that can be handed on more than once.
#[derive(Clone, Debug)]
pub struct JobError(Arc<dyn std::error::Error + Send + Sync>);

impl JobError {
    /// Wraps an error, or a text that says what is wrong.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into().into())
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Answers of the threads beside the worker, in order.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// Progress of the measurement at work.
    Progress(Progress),
    /// Every snapshot and certificate of all runs.
    Listed(Result<Arc<Vec<Item>>, JobError>),
    /// Every run, each followed by its branches.
    Runs(Result<Arc<Vec<RunEntry>>, JobError>),
    /// A run's folder and what it holds now.
    Glanced(PathBuf, RunGlance),
    /// A run was moved to the trash, or why it was not.
    Deleted(PathBuf, Result<Deleted, JobError>),
    /// The condition of every part of a run.
    Checked(PathBuf, Arc<Report>),
    /// The folder of a new certificate.
    Certified(Result<PathBuf, JobError>),
    /// The verdict on the certificate in a folder.
    Verified(PathBuf, Result<Arc<Verdict>, JobError>),
    /// The findings on a checkpoint.
    Validated(Option<PathBuf>, Result<Arc<Vec<Finding>>, JobError>),
    /// Estimated probabilities.
    Estimated(Result<Arc<Estimates>, JobError>),
    /// The path of a file or folder that was written.
    Written(Result<PathBuf, JobError>),
    /// An arm of the experiment at work has finished an epoch.
    Trying(Arc<TrialProgress>),
    /// An experiment came to its end; its name and its result.
    Tried(Result<(String, Arc<Experiment>), JobError>),
    /// Codes of an earlier epoch.
    CodesLoaded(Result<Arc<LoadedCodes>, JobError>),
    /// A decoded point of the latent space.
    Located(Arc<LocatedPoint>),
    /// Every bookmark, the oldest first.
    Bookmarks(Result<Arc<Vec<Bookmark>>, JobError>),
}

/// A run and the experiments made with it.
#[derive(Clone, Debug)]
pub struct RunEntry {
    /// The run and its place in the tree.
    pub branch: Branch,
    /// How it stands; `None` where it cannot be read.
    pub standing: Option<Standing>,
    /// Its experiments by name; a damaged one with the text that says what is wrong.
    pub experiments: Vec<(String, Result<Experiment, String>)>,
}

/// A run's folder at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunGlance {
    /// Epochs of the checkpoints that are kept, in ascending order.
    pub checkpoints: Vec<u32>,
    /// True while a process trains the run or has it open to do so.
    pub is_open: bool,
}

/// Probabilities of all operations under both VAEs of a model, estimated by sampling codes.
#[derive(Clone, Debug)]
pub struct Estimates {
    /// Finished epochs of the model.
    pub epoch: u32,
    /// Name of the model: its run and epoch.
    pub source: String,
    /// Seed of codes and draws.
    pub seed: u64,
    /// Estimates of A and of B.
    pub vaes: PerVae<VaeEstimates>,
}

/// Estimates of one VAE.
#[derive(Clone, Debug)]
pub struct VaeEstimates {
    /// Number of prior codes that the estimates are means over.
    pub codes: u32,
    /// p(x) of every operation.
    pub probabilities: Vec<f32>,
    /// Operations that get less than their fair share for all that the codes can tell, the rarest first.
    pub rare: Vec<Rare>,
    /// I(z; x) in nats.
    pub mutual_information: Estimate,
    /// exp H(x): as many equally probable operations leave as much open.
    pub effective: Estimate,
    /// χ² of as many samples as [`Misleading`] has, against equal shares.
    pub evenness: Evenness,
    /// Mean over codes of the largest p(x | z).
    pub likeliest: f64,
    /// The figures that mislead.
    pub misleading: Misleading,
}

/// Two coverages that have fooled people, to be seen as what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misleading {
    /// Samples of both.
    pub samples: u32,
    /// Distinct operations when every entry's expectation is rounded: no sample of the model.
    pub rounded_expectation: u32,
    /// Distinct operations that untrained weights reach by categorical draws.
    pub untrained: u32,
}
