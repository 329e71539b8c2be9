//! Leaving the explorer: asked for, waited for, done.

use std::time::Duration;

use fluxttice_core::request::{Author, Command, EndReason, Outcome};

use super::{App, Redraw};
use crate::StopSignal;
use crate::dialogs::quit::Quit;
use crate::effects::refusal;
use crate::log_buffer::LogLevel;
use crate::panes::log::Origin;

/// Longest wait for the reason of an end, once the worker has finished.
const LAST_WORD: Duration = Duration::from_secs(3);

/// State of leaving the explorer.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaving {
    /// True if a run is left to a process of its own where the terminal is gone.
    detach_on_hangup: bool,
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

impl Leaving {
    /// Prepares to leave; `detach_on_hangup` says what the end of the terminal means.
    pub(super) fn new(detach_on_hangup: bool) -> Self {
        Self {
            detach_on_hangup,
            ..Self::default()
        }
    }
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

    /// Handles a signal that asks the program to end: the worker is asked to stop at once, or to leave the run
    /// to another process where the terminal is gone and that is wanted.
    pub fn on_signal(&mut self, signal: StopSignal) {
        self.leaving.signal = Some(signal);
        let detaches = signal == StopSignal::Hangup && self.leaving.detach_on_hangup;
        self.leave(match detaches {
            true => Command::HandOver,
            false => Command::StopNow,
        });
    }

    /// Handles the answer to a request by which the screen is to be left. Where the run cannot be left to
    /// another process, the user stays; without a terminal, training is stopped and saved.
    pub(super) fn on_leave_refused(&mut self, outcome: &Outcome) {
        let is_own = outcome.by == Author::User && outcome.command == Command::HandOver;
        if outcome.applied || !is_own {
            return;
        }
        self.leaving.asked = None;
        if self.leaving.signal.is_some() {
            self.leave(Command::StopNow);
        }
    }

    /// Asks the worker to stop and leaves as soon as it has stopped; leaves at once if training is over.
    pub(super) fn leave(&mut self, command: Command) {
        self.dialog = None;
        if self.shared.live.is_over() || self.shared.live.attached().is_some() {
            // A trainer in another process goes on.
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

    /// Returns the name of the run that another process goes on to train; `None` where none does.
    pub(super) fn left_running(&self) -> Option<String> {
        let run = &self.shared.live;
        let info = run.info.as_ref()?;
        let handed_over = run.end.as_ref().map(|end| end.reason) == Some(EndReason::HandedOver);
        let goes_on = run.attached().is_some() && !run.is_over();
        (handed_over || goes_on).then(|| info.name.clone())
    }

    /// Handles the passing of time. A worker that has finished without reporting an end must not keep the
    /// screen open.
    pub(super) fn wait(&mut self, passed: Duration) {
        if self.is_leaving() && self.shared.live.is_over() && self.shared.live.end.is_none() {
            self.leaving.waited += passed;
            self.leaving.done |= self.leaving.waited > LAST_WORD;
        }
    }

    /// Asks how to stop training, in this process or in another one.
    pub(super) fn ask_to_stop(&mut self) {
        match self.shared.live.idle() {
            None => self.dialog = Some(Box::new(Quit)),
            Some(_) => {
                let refusal = refusal(&self.shared.live, "nothing to stop");
                self.carry_out(vec![refusal]);
            }
        }
    }

    pub(super) fn ask_to_quit(&mut self) {
        if self.shared.live.attached().is_some() {
            self.leaving.done = true;
            return;
        }
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
