//! Effects of a key or a click beyond the pane or dialog that it went to: data that `App` carries out.

use std::path::PathBuf;

use fluxttice_core::disruption::Disruption;
use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::request::Command;
use fluxttice_core::session::{JobRequest, Measurement, QuickJob};
use fluxttice_core::space::Operation;

use crate::dialogs::Dialog;
use crate::dialogs::branch::BranchPoint;
use crate::dialogs::disrupt::Measuring;
use crate::dialogs::export::Format;
use crate::keys::Action;
use crate::panes::Tab;
use crate::reading::Reading;
use crate::selection::Selection;

/// An effect of a key or a click, to be carried out by `App`.
#[derive(Debug)]
pub enum Effect {
    /// Sends a request to the worker; the follow-up is done once the request is granted.
    Ask(Command, Option<FollowUp>),
    /// Sends a request to the threads beside the worker.
    Job(JobRequest),
    /// Starts a measurement; the words describe it to the user while it is at work.
    Measure(String, Measurement),
    /// Reads a run's folder, and then does the continuation.
    Glance(PathBuf, AfterGlance),
    /// Shows a message for some seconds, and keeps it in the log.
    Say(String),
    /// Shows a warning for some seconds, and keeps it in the log.
    Warn(String),
    /// Opens a dialog over the pane, in place of one that is open.
    Open(Box<dyn Dialog>),
    /// Closes the dialog that is open, if one is.
    Close,
    /// Brings a pane to the front.
    Show(Tab),
    /// Makes a place the centre of *Neighbours*, and brings that pane to the front.
    Visit(LatentPoint),
    /// Puts the cursor of *Coverage* on an operation, and brings that pane to the front.
    Point(Operation),
    /// Selects these operations; `None` selects all.
    Select(Option<Selection>),
    /// Replaces the choice of draw and of VAE, by which coverage and probability are shown.
    Read(Reading),
    /// Performs an action of the key table, as its key would.
    Perform(Action),
    /// Writes the list or picture of the pane in front to a file of this format and path.
    Write(Format, PathBuf),
    /// Leaves the explorer once the worker has done this request.
    Leave(Command),
}

/// Effects, to be carried out in this order.
pub type Effects = Vec<Effect>;

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

/// Returns the one effect that shows a message.
pub fn say(text: impl Into<String>) -> Effects {
    vec![Effect::Say(text.into())]
}

/// Returns the one effect that sends a request to the worker.
pub fn ask(command: Command) -> Effects {
    vec![Effect::Ask(command, None)]
}

impl From<QuickJob> for Effect {
    fn from(job: QuickJob) -> Self {
        Self::Job(job.into())
    }
}
