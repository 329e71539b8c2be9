//! Effects of a key or a click beyond the pane or dialog that it went to: data that `App` carries out.

use std::path::PathBuf;

use fluxttice_core::disruption::Disruption;
use fluxttice_core::measure::neighbours::Place;
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

/// One effect.
#[derive(Debug)]
pub enum Effect {
    /// Asks the worker.
    Ask(Command, Option<FollowUp>),
    /// Asks the threads beside the worker.
    Job(JobRequest),
    /// Asks for a measurement that the user is told of in these words.
    Measure(String, Measurement),
    /// Looks at a run's folder, and goes on with what is found there.
    Glance(PathBuf, AfterGlance),
    /// Shows a line for some seconds.
    Say(String),
    /// The same for something that went wrong.
    Warn(String),
    /// Opens a dialog over the pane.
    Open(Box<dyn Dialog>),
    /// Closes the dialog.
    Close,
    /// Brings a pane to the front.
    Show(Tab),
    /// Makes a place the centre of *Neighbours*, and brings that to the front.
    Visit(Place),
    /// Puts the cursor of *Coverage* on an operation, and brings that to the front.
    Point(Operation),
    /// Looks at these operations alone, or at all.
    Select(Option<Selection>),
    /// Changes the meaning of coverage and probability.
    Read(Reading),
    /// Does what another key does.
    Perform(Action),
    /// Writes the list or picture in front to a file of this format and path.
    Write(Format, PathBuf),
    /// Leaves the explorer once the worker has done this.
    Leave(Command),
}

/// Effects, in order.
pub type Effects = Vec<Effect>;

/// The continuation of a request to the worker, once it is granted.
#[derive(Clone, Debug, PartialEq)]
pub enum FollowUp {
    /// The snapshot is certified.
    Certify,
    /// The disruption is tried against its control.
    Try(Disruption, Measuring),
}

/// The continuation of a look at a run's folder.
#[derive(Clone, Debug)]
pub enum AfterGlance {
    /// Asks if a branch is wanted.
    Branch(BranchPoint),
    /// Says why a run that is only looked at cannot do what was asked.
    Refuse {
        /// The run's name.
        name: String,
        /// What cannot be done, as in `nothing to pause`.
        nothing: String,
    },
}

/// One line for the user, and nothing else.
pub fn say(text: impl Into<String>) -> Effects {
    vec![Effect::Say(text.into())]
}

/// A request to the worker, and nothing else.
pub fn ask(command: Command) -> Effects {
    vec![Effect::Ask(command, None)]
}

impl From<QuickJob> for Effect {
    fn from(job: QuickJob) -> Self {
        Self::Job(job.into())
    }
}
