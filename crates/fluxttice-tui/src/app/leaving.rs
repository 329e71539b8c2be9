//! Leaving the explorer: asked for, waited for, done.

use std::time::Duration;

use fluxttice_core::request::Command;

use super::{App, Redraw};
use crate::StopSignal;
use crate::dialogs::quit::Quit;
use crate::log_buffer::LogLevel;
use crate::panes::log::Origin;

/// Longest wait for the reason of an end, once the worker is done.
const LAST_WORD: Duration = Duration::from_secs(3);

/// The way out.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaving {
    /// The signal that asks the program to end.
    pub(super) signal: Option<StopSignal>,
    /// The request to the worker after which the explorer ends.
    asked: Option<Command>,
    /// Time since the worker was done without giving a reason.
    waited: Duration,
    /// The user was told that something is not saved.
    warned: bool,
    done: bool,
}

impl App {
    /// The signal that asks the program to end, if one came.
    pub fn signal(&self) -> Option<StopSignal> {
        self.leaving.signal
    }

    /// True if the screen is left as soon as the worker has ended.
    pub fn is_leaving(&self) -> bool {
        self.leaving.asked.is_some()
    }

    /// True if the screen is to be left now.
    pub fn is_done(&self) -> bool {
        self.leaving.done
    }

    /// Takes in a signal that asks the program to end.
    pub fn on_signal(&mut self, signal: StopSignal) {
        self.leaving.signal = Some(signal);
        self.leave(Command::StopNow);
    }

    /// Asks the worker to stop and leaves as soon as it has; at once if it already has.
    pub(super) fn leave(&mut self, command: Command) {
        self.dialog = None;
        if self.shared.live.is_over() {
            self.leaving.done = true;
        } else if self.leaving.asked.as_ref() != Some(&command) {
            // A closed terminal tells of itself in several ways; the run is asked once.
            self.ask(command.clone(), None);
        }
        self.leaving.asked = Some(command);
        self.redraw(Redraw::Now);
    }

    /// Takes in that the session has ended.
    pub(super) fn on_ended(&mut self) {
        self.leaving.done |= self.is_leaving();
    }

    /// Takes in that time has passed: a worker that is done but never says so must not hold the screen.
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
            // The user who makes room now loses nothing.
            Some(unsaved) if !std::mem::replace(&mut self.leaving.warned, true) => {
                let text = format!("{unsaved}; make room and wait, or leave by the same key again");
                self.tell(LogLevel::Error, Origin::Notice, text);
            }
            _ => self.leaving.done = true,
        }
    }
}
