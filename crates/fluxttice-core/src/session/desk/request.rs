//! What is asked of the desk and what it tells.

use std::path::PathBuf;
use std::sync::Arc;

use super::chores::RunEntry;
use super::measuring::Estimates;
use super::recall::{Recall, Recalled};
use crate::certificate::{Item, Verdict};
use crate::experiment::{Experiment, Trial, TrialProgress};
use crate::measure::Progress;
use crate::plot::Drawing;
use crate::run::bookmarks::{Bookmark, BookmarkChange};
use crate::run::{Deleted, Report};
use crate::session::message::Model;
use crate::validation::Finding;

/// Something asked of the desk. Measurements wait for one another, and so do chores.
#[derive(Clone, Debug)]
pub enum DeskRequest {
    /// What takes long.
    Measure(Measurement),
    /// What is done at once.
    Chore(Chore),
    /// Try a disruption against its control.
    Try(Trial),
    /// Give up the experiment at hand.
    GiveUp,
}

/// Something to be measured beside training.
#[derive(Clone, Debug)]
pub enum Measurement {
    /// Measure a checkpoint (a folder or file; `None`: the built-in model) and write its certificate.
    Certify(Option<PathBuf>),
    /// Check a certificate: files, and every figure measured again.
    Verify(PathBuf),
    /// Whether a checkpoint (a folder or file; `None`: the built-in model) learned anything.
    Validate(Option<PathBuf>),
    /// Probabilities of all operations, and the figures that mislead.
    Estimate(Arc<Model>),
}

/// Something to look up, to write or to remove.
#[derive(Clone, Debug)]
pub enum Chore {
    /// Every snapshot and certificate of all runs.
    List,
    /// Every run, branch and experiment.
    Runs,
    /// Remove a run with everything in it.
    Delete(PathBuf),
    /// Look a run through: what of it is in order.
    Check(PathBuf),
    /// The bookmarks.
    Bookmarks,
    /// Change the bookmarks.
    Bookmark(BookmarkChange),
    /// Codes that a run had earlier.
    Recall(Recall),
    /// Write something to a new file.
    Write {
        /// What.
        content: Content,
        /// Where to; must not exist yet.
        to: PathBuf,
    },
    /// Copy a snapshot or certificate to a new folder.
    Export {
        /// Its folder.
        folder: PathBuf,
        /// Where to.
        to: PathBuf,
    },
}

/// What is written to a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// What another file holds.
    File(PathBuf),
    /// A text.
    Text(String),
    /// A picture, as the kind of file that the name ends with.
    Picture(Box<Drawing>),
}

impl From<Measurement> for DeskRequest {
    fn from(measurement: Measurement) -> Self {
        Self::Measure(measurement)
    }
}

impl From<Chore> for DeskRequest {
    fn from(chore: Chore) -> Self {
        Self::Chore(chore)
    }
}

/// What the desk has to tell, in order.
#[derive(Clone, Debug)]
pub enum DeskEvent {
    /// Every snapshot and certificate of all runs.
    Listed(Arc<Vec<Item>>),
    /// Every run, each followed by its branches.
    Runs(Arc<Vec<RunEntry>>),
    /// A run was moved to the trash.
    Deleted(PathBuf, Deleted),
    /// A run was looked through.
    Checked(PathBuf, Arc<Report>),
    /// A run could not be removed, and why.
    NotDeleted(String),
    /// How far the request at hand is.
    Progress(Progress),
    /// A certificate was written to this folder.
    Certified(PathBuf),
    /// A certificate was checked.
    Verified(PathBuf, Arc<Verdict>),
    /// A checkpoint was validated.
    Validated(Option<PathBuf>, Arc<Vec<Finding>>),
    /// A folder was copied to here.
    Exported(PathBuf),
    /// Probabilities, as asked for.
    Estimated(Arc<Estimates>),
    /// An arm of the experiment at hand has finished an epoch.
    Trying(Arc<TrialProgress>),
    /// An experiment came to its end: the run's folder, the experiment's name.
    Tried(PathBuf, String, Arc<Experiment>),
    /// An experiment came to nothing, and why.
    NotTried(String),
    /// A folder could not be copied, and why.
    NotCopied(String),
    /// Codes of an earlier epoch, as asked for.
    Recalled(Arc<Recalled>),
    /// There are none, and why.
    NotRecalled(String),
    /// Every bookmark, the oldest first.
    Bookmarks(Arc<Vec<Bookmark>>),
    /// Bookmarks could not be read or changed, and why.
    NotBookmarked(String),
    /// Something could not be measured.
    Failed {
        /// What was asked, in a word or two.
        what: &'static str,
        /// Why not.
        problem: String,
    },
}
