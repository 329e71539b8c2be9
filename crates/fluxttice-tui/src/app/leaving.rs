//! Leaving the explorer: asked for, waited for, done.

use std::time::Duration;

use fluxttice_core::request::Command;

use super::{App, Redraw};
use crate::StopSignal;
use crate::dialogs::quit::Quit;
use crate::log_buffer::LogLevel;
use crate::panes::log::Origin;

/// Longest wait for the reason of an end, once the worker has finished.
const LAST_WORD: Duration = Duration::from_secs(3);

/// State of leaving the explorer.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaving {
    /// Signal that asks the program to end; `None` until one arrives.
    pub(super) signal: Option<StopSignal>,
    /// Request to the worker after which the explorer ends.
    asked: Option<Command>,
    /// Time since the worker finished without giving a reason.
    waited: Duration,
    /// Set once the user was told that epochs are not saved.
    warned: bool,
    done: bool,
}

impl App {
    /// Returns the signal that asks the program to end; `None` if none came.
    pub fn signal(&self) -> Option<StopSignal> {
        self.leaving.signal
    }

    /// Returns true if the screen is left as soon as the worker has ended.
    pub fn is_leaving(&self) -> bool {
        self.leaving.asked.is_some()
    }

    /// Returns true if the screen is to be left now.
    pub fn is_done(&self) -> bool {
        self.leaving.done
    }

    /// Handles a signal that asks the program to end: the worker is asked to stop at once.
    pub fn on_signal(&mut self, signal: StopSignal) {
        self.leaving.signal = Some(signal);
        self.leave(Command::StopNow);
    }

    /// Asks the worker to stop and leaves as soon as it has stopped; leaves at once if training is over.
    pub(super) fn leave(&mut self, command: Command) {
        self.dialog = None;
        if self.shared.live.is_over() {
            self.leaving.done = true;
        } else if self.leaving.asked.as_ref() != Some(&command) {
            // A closed terminal reports itself in several ways; the worker is asked once.
            self.ask(command.clone(), None);
        }
        self.leaving.asked = Some(command);
        self.redraw(Redraw::Now);
    }

    /// Handles the end of the session: leaves if that was asked for.
    pub(super) fn on_ended(&mut self) {
        self.leaving.done |= self.is_leaving();
    }

    /// Handles the passing of time. A worker that has finished without reporting an end must not keep the
    /// screen open.
    pub(super) fn wait(&mut self, passed: Duration) {
        if self.is_leaving() && self.shared.live.is_over() && self.shared.live.end.is_none() {
            self.leaving.waited += passed;
            self.leaving.done |= self.leaving.waited > LAST_WORD;
        }
    }

    pub(super) fn ask_to_quit(&mut self) {
        if !self.shared.live.is_over() {
            self.dialog = Some(Box::new(Quit));
            return;
        }
        self.dialog = None;
        match self.shared.live.unsaved.clone() {
            // A user who frees disk space now loses nothing.
            Some(unsaved) if !std::mem::replace(&mut self.leaving.warned, true) => {
                let text = format!("{unsaved}; make room and wait, or leave by the same key again");
                self.tell(LogLevel::Error, Origin::Notice, text);
            }
            _ => self.leaving.done = true,
        }
    }
}
