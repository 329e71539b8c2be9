//! Effects of a key or a click beyond the pane or dialog that it went to: data that `App` carries out. One of
//! them opens a dialog.

use std::fmt::Debug;
use std::path::PathBuf;

use crossterm::event::KeyCode;
use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::request::Command;
use fluxttice_core::session::{JobRequest, Measurement, QuickJob};
use fluxttice_core::space::Operation;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tui_input::Input;

use crate::exports::Format;
use crate::follow_up::{AfterGlance, FollowUp};
use crate::keys::{Action, Context};
use crate::layout;
use crate::reading::Reading;
use crate::run_view::{Idle, RunView};
use crate::selection::Selection;
use crate::shared::Shared;
use crate::tab::Tab;

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

/// Returns the one effect that shows a message.
pub fn say(text: impl Into<String>) -> Effects {
    vec![Effect::Say(text.into())]
}

/// Returns the effect that says why something cannot be done in a run, such as `training has ended: nothing
/// to pause`.
pub fn refusal(run: &RunView, nothing: &str) -> Effect {
    match run.idle() {
        None if run.foreign.is_some() => {
            Effect::Say(format!("another program trains this run: {nothing}"))
        }
        None => Effect::Say(nothing.to_owned()),
        Some(Idle::Because(why)) => Effect::Say(format!("{why}: {nothing}")),
        Some(Idle::CannotSteer(problem)) => Effect::Warn(problem),
        // Another process may have started or stopped training the run since it was opened here.
        Some(Idle::OnlyLookedAt { name, run }) => {
            let nothing = nothing.to_owned();
            Effect::Glance(run, AfterGlance::Refuse { name, nothing })
        }
    }
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

/// Returns the effect that opens a dialog.
pub fn open(dialog: impl Dialog + 'static) -> Effects {
    vec![Effect::Open(Box::new(dialog))]
}

/// A dialog over the pane; while one is open, the pane takes no keys.
pub trait Dialog: Debug {
    /// Returns the context whose keys hold, beside those of [`Context::Always`].
    fn context(&self) -> Context;

    /// Returns the wanted size in columns and rows on a screen of this area; the screen's size limits it.
    fn size(&self, screen: Rect) -> (u16, u16);

    /// Returns the input line that typed characters go to; `None` if the dialog has none.
    fn line(&mut self) -> Option<&mut Input> {
        None
    }

    /// Handles a changed text of the input line.
    fn retyped(&mut self) {}

    /// Returns true for a key that moves the cursor in the input line although the key table has it.
    fn types(&self, _key: KeyCode) -> bool {
        false
    }

    /// Performs an action; `None` leaves it to the actions that all dialogs share, such as closing.
    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects>;

    /// Returns the action of a notch of the wheel: -1 is up, 1 is down.
    fn wheel(&self, by: isize) -> Action {
        if by < 0 {
            Action::ListUp
        } else {
            Action::ListDown
        }
    }

    /// Draws the dialog; returns the position of the text cursor, if it has one.
    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position>;

    /// Returns the area of the dialog on a screen of this area: in the middle.
    fn area(&self, screen: Rect) -> Rect {
        let (width, height) = self.size(screen);
        layout::centred(screen, width, height)
    }
}
