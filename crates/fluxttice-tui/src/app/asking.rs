//! Requests to the worker and the desk: handed over once, and what is done when they are answered.
//!
//! Whatever waits for an answer is kept with its request, so that it goes where the request goes: a request that
//! was not taken leaves nothing behind that another answer could be mistaken for.

use fluxttice_core::disruption::Disruption;
use fluxttice_core::request::{Command, Outcome};
use fluxttice_core::session::{Chore, DeskRequest};

use super::{App, Measuring, Origin, Redraw};
use crate::Session;
use crate::log_buffer::LogLevel;

/// A request that has not been handed over yet.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    command: Command,
    then: Option<Follow>,
}

/// A request that has no outcome yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The request's number.
    pub id: u64,
    /// What was asked.
    pub command: Command,
    /// What is done once it is granted.
    pub then: Option<Follow>,
}

/// What is done once a request is granted.
#[derive(Clone, Debug, PartialEq)]
pub enum Follow {
    /// The snapshot is certified.
    Certify,
    /// The disruption is tried against its control.
    Try(Disruption, Measuring),
}

impl App {
    /// Hands over what is asked of the worker, each request once.
    pub fn ask_worker(&mut self, session: &mut impl Session) {
        for Asked { command, then } in std::mem::take(&mut self.asked) {
            match session.send(command.clone()) {
                Some(id) => self.on_taken(Pending { id, command, then }),
                None => self.on_not_taken(command),
            }
        }
    }

    /// Hands over what is asked of the desk, each request once.
    pub fn ask_desk(&mut self, session: &mut impl Session) {
        for request in self.take_desk_requests() {
            if !session.ask(request.clone()) {
                self.on_desk_gone(&request);
            }
        }
    }

    /// Asks the worker.
    pub(super) fn ask(&mut self, command: Command) {
        self.ask_then(command, None);
    }

    /// Asks the worker; once that is granted, `then` is done.
    pub(super) fn ask_then(&mut self, command: Command, then: Option<Follow>) {
        self.asked.push(Asked { command, then });
    }

    /// Whether this is asked already and not answered yet.
    pub(super) fn is_asked(&self, command: &Command) -> bool {
        let asked = self.asked.iter().map(|asked| &asked.command);
        let pending = self.live.pending.iter().map(|pending| &pending.command);
        asked.chain(pending).any(|other| other == command)
    }

    fn on_taken(&mut self, pending: Pending) {
        let done = Some(self.live.epochs_done());
        let level = match pending.command {
            Command::Encode => {
                self.encoded = done;
                LogLevel::Debug
            }
            Command::Weights => {
                self.desk.estimating = done;
                LogLevel::Debug
            }
            _ => LogLevel::Info,
        };
        self.note(level, Origin::Request, pending.command.to_string());
        self.live.pending.push(pending);
        self.redraw(Redraw::Now);
    }

    fn on_not_taken(&mut self, command: Command) {
        match command {
            // Asked for again until it is taken, or the worker has ended: nothing else lets us leave.
            Command::StopNow | Command::StopAfterEpoch if !self.live.is_over() => self.ask(command),
            // Nobody asked for these: they are asked for again by themselves.
            Command::Encode | Command::Weights => {}
            command => {
                let text = format!("{command}: the worker takes no requests now");
                self.tell(LogLevel::Warn, Origin::Notice, text);
            }
        }
    }

    /// A thread of the desk ends only by a defect; what it was asked before has no answer either.
    fn on_desk_gone(&mut self, request: &DeskRequest) {
        match request {
            DeskRequest::Measure(_) => self.desk.jobs.clear(),
            DeskRequest::Try(_) => self.runs.trials.clear(),
            DeskRequest::Chore(Chore::Recall(_)) => self.past.asked = false,
            DeskRequest::Chore(Chore::Bookmarks) => self.bookmarks = None,
            DeskRequest::Chore(_) | DeskRequest::GiveUp => {}
        }
        let text =
            "not done: the thread that does it has ended by a defect; start the explorer again";
        self.tell(LogLevel::Error, Origin::Notice, text.to_owned());
    }

    /// Goes on with what waited for this answer, where it was granted.
    pub(super) fn on_answer(&mut self, outcome: &Outcome) {
        let mut pending = self.live.pending.iter_mut();
        let asked = pending.find(|pending| pending.id == outcome.id);
        let then = asked.and_then(|pending| pending.then.take());
        let folder = self.live.info.as_ref().map(|info| info.folder.clone());
        let (true, Some(then), Some(run)) = (outcome.applied, then, folder) else {
            return;
        };
        match (then, &outcome.command) {
            (Follow::Certify, Command::Snapshot { name: Some(name) }) => {
                self.certify_folder(Some(run.join("snapshots").join(name)), name);
            }
            (Follow::Certify, _) => {}
            (Follow::Try(disruption, measuring), command) => {
                let (epoch, batch) = match command {
                    Command::Keep { epochs } => (*epochs, 0),
                    _ => (outcome.epoch, outcome.batch),
                };
                self.try_out(run, epoch, batch, disruption, measuring);
            }
        }
    }
}
