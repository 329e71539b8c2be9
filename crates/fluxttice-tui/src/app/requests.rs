//! Requests to the worker and to the threads beside it: handed over once, and continued when they are
//! answered.
//!
//! A continuation is kept with its request. A request that was not accepted therefore leaves nothing behind
//! that another answer could be mistaken for.

use fluxttice_core::request::{Command, Outcome};
use fluxttice_core::session::message::Model;
use fluxttice_core::session::{JobRequest, Measurement, QuickJob};
use std::sync::Arc;

use super::{App, Redraw};
use crate::Session;
use crate::follow_up::{FollowUp, Pending};
use crate::log_buffer::LogLevel;
use crate::panes::log::Origin;
use crate::panes::{Wants, evidence};
use crate::shared::Job;

/// Requests that have not been handed over yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    commands: Vec<(Command, Option<FollowUp>)>,
    jobs: Vec<JobRequest>,
    /// Finished epochs of the model whose codes the worker was last asked for.
    encoded: Option<u32>,
    /// Finished epochs of the model whose probabilities were last asked for.
    estimating: Option<u32>,
}

impl Outbox {
    /// Forgets which model was asked for, because another one is at work.
    pub(super) fn forget_model(&mut self) {
        self.encoded = None;
        self.estimating = None;
    }
}

impl App {
    /// Hands the waiting requests over to the worker, each once.
    pub fn ask_worker(&mut self, session: &mut impl Session) {
        for (command, then) in std::mem::take(&mut self.outbox.commands) {
            match session.send(command.clone()) {
                Some(id) => self.on_taken(Pending { id, command, then }),
                None => self.on_not_taken(command),
            }
        }
    }

    /// Hands the waiting requests over to the threads beside the worker, each once.
    pub fn ask_jobs(&mut self, session: &mut impl Session) {
        for request in self.take_job_requests() {
            if !session.ask(request.clone()) {
                self.on_thread_gone(&request);
            }
        }
    }

    /// Returns the waiting requests to the threads beside the worker, and forgets them.
    pub fn take_job_requests(&mut self) -> Vec<JobRequest> {
        std::mem::take(&mut self.outbox.jobs)
    }

    /// Queues a request to the worker; `then` is done once it is granted.
    pub(super) fn ask(&mut self, command: Command, then: Option<FollowUp>) {
        self.outbox.commands.push((command, then));
    }

    /// Queues a request to the threads beside the worker.
    pub(crate) fn ask_job(&mut self, request: impl Into<JobRequest>) {
        self.outbox.jobs.push(request.into());
    }

    /// Asks for a measurement. The words describe it to the user; they are empty where it starts by itself.
    pub(super) fn measure(&mut self, words: String, measurement: Measurement) {
        let progress = None;
        self.shared.jobs.push_back(Job { words, progress });
        self.ask_job(measurement);
    }

    /// Asks for an estimate of the probabilities under a model's VAEs.
    pub(super) fn estimate(&mut self, model: &Arc<Model>) {
        self.measure(String::new(), Measurement::Estimate(Arc::clone(model)));
    }

    /// Asks for the codes or weights of the newest model that the pane in front needs, each once an epoch.
    pub(super) fn ask_for_model(&mut self) {
        let live = &self.shared.live;
        if self.shared.is_frozen() || !live.answers() || live.foreign.is_some() {
            return;
        }
        let done = live.epochs_done();
        let Wants { codes, estimates } = self.front().wants(&self.shared);
        let stale = live.codes.as_ref().is_none_or(|codes| codes.epoch < done);
        if codes && stale && self.outbox.encoded != Some(done) && !self.is_asked(&Command::Encode) {
            self.ask(Command::Encode, None);
        }
        let known = self.outbox.estimating.is_some_and(|epoch| epoch >= done);
        if estimates && !known && self.shared.jobs.is_empty() && !self.is_asked(&Command::Weights) {
            self.ask(Command::Weights, None);
        }
    }

    /// Returns true if the request waits to be handed over or to be answered.
    fn is_asked(&self, command: &Command) -> bool {
        let asked = self.outbox.commands.iter().map(|(asked, _)| asked);
        let pending = self.shared.live.pending.iter();
        let pending = pending.map(|pending| &pending.command);
        asked.chain(pending).any(|other| other == command)
    }

    fn on_taken(&mut self, pending: Pending) {
        let done = Some(self.shared.live.epochs_done());
        let level = match pending.command {
            Command::Encode => {
                self.outbox.encoded = done;
                LogLevel::Debug
            }
            Command::Weights => {
                self.outbox.estimating = done;
                LogLevel::Debug
            }
            _ => LogLevel::Info,
        };
        self.note(level, Origin::Request, pending.command.to_string());
        self.shared.live.pending.push(pending);
        self.redraw(Redraw::Now);
    }

    fn on_not_taken(&mut self, command: Command) {
        match command {
            // Asked for again until it is accepted, or the worker has ended: nothing else lets the user
            // leave.
            Command::StopNow | Command::StopAfterEpoch if !self.shared.live.is_over() => {
                self.ask(command, None);
            }
            // No key asked for these: they are asked for again without one.
            Command::Encode | Command::Weights => {}
            command => self.warn(format!("{command}: the worker takes no requests now")),
        }
    }

    /// Handles a thread that has ended, which only a defect causes. Its earlier requests are not answered
    /// either.
    fn on_thread_gone(&mut self, request: &JobRequest) {
        match request {
            JobRequest::Measure(_) => self.shared.jobs.clear(),
            JobRequest::Try(_) => self.panes.runs.trials.clear(),
            JobRequest::Quick(QuickJob::LoadCodes(_) | QuickJob::Locate(_)) => {
                self.panes.neighbours.give_up();
            }
            JobRequest::Quick(QuickJob::Bookmarks) => self.panes.neighbours.bookmarks_asked = false,
            JobRequest::Quick(QuickJob::Glance(_)) => self.after_glance = None,
            JobRequest::Quick(_) | JobRequest::GiveUp => {}
        }
        let text =
            "not done: the thread that does it has ended by a defect; start the explorer again";
        self.tell(LogLevel::Error, Origin::Notice, text.to_owned());
    }

    /// Goes on with the continuation of a request, where the request was granted.
    pub(super) fn follow_up(&mut self, outcome: &Outcome) {
        let mut pending = self.shared.live.pending.iter_mut();
        let asked = pending.find(|pending| pending.id == outcome.id);
        let then = asked.and_then(|pending| pending.then.take());
        let info = self.shared.live.info.as_ref();
        let folder = info.map(|info| info.folder.clone());
        let (true, Some(then), Some(run)) = (outcome.applied, then, folder) else {
            return;
        };
        let effects = match (then, &outcome.command) {
            (FollowUp::Certify, Command::Snapshot { name: Some(name) }) => {
                evidence::certify_snapshot(&run, name)
            }
            (FollowUp::Certify, _) => return,
            (FollowUp::Try(disruption, measuring), command) => {
                let (epoch, batch) = match command {
                    Command::Keep { epochs } => (*epochs, 0),
                    _ => (outcome.epoch, outcome.batch),
                };
                let trial = measuring.trial(run, (epoch, batch), disruption);
                self.panes.runs.try_out(trial)
            }
        };
        self.carry_out(effects);
    }
}
