//! Requests between steps: carrying them out, answering them, writing them into the journal.

use std::sync::Arc;

use super::beside::{beside, branch_off};
use super::error::SessionError;
use super::message::{Event, Model, Notice, NoticeLevel, RunState, Tuning, moment};
use super::worker::{Worker, codes};
use crate::protocol::liveness::is_live;
use crate::request::{Command, Outcome, Request};
use crate::run::journal::JournalEvent;
use crate::run::{Reopened, RunFolder, checkpoint_folder};
use crate::shown::shown;
use crate::training::Steer;

impl Worker<'_> {
    /// Carries out a request, or answers why not.
    pub(super) fn answer(&mut self, mut request: Request) -> Result<(), SessionError> {
        let answer = match &mut request.command {
            Command::Pause if self.paused => Err("already paused".to_owned()),
            Command::Pause if self.handing_over => {
                self.paused = true;
                Ok("the process that takes the run over begins paused".to_owned())
            }
            Command::Pause => {
                self.paused = true;
                self.lines.event(Event::State(RunState::Paused));
                Ok("paused".to_owned())
            }
            Command::Resume if !self.paused => Err("not paused".to_owned()),
            Command::Resume => {
                self.paused = false;
                self.lines.event(Event::State(RunState::Running));
                Ok("going on".to_owned())
            }
            Command::StopNow => {
                self.stop_now = true;
                Ok("stopping now, discarding the unfinished epoch".to_owned())
            }
            Command::StopAfterEpoch => {
                self.stop_after_epoch = true;
                if std::mem::take(&mut self.paused) {
                    self.lines.event(Event::State(RunState::Running));
                }
                Ok("stopping after this epoch".to_owned())
            }
            Command::Steer(steer) => self.steer(steer),
            Command::Snapshot { name } => {
                let (epoch, batch) = (self.open.trainer.epoch(), self.open.trainer.batch());
                // The outcome names the folder: whoever asked may want to go on with it.
                let free = || self.open.run.free_snapshot_name(epoch, batch);
                let name = name.get_or_insert_with(free).clone();
                self.save_snapshot(&name)
            }
            Command::Keep { epochs } => self.keep(*epochs),
            Command::Open { .. } | Command::Branch { .. } => return self.leave_for(request),
            Command::HandOver => match self.bound() {
                Some(problem) => Err(problem.to_owned()),
                None => {
                    self.handing_over = true;
                    let mut then = "goes on";
                    if self.paused {
                        then = "takes the run over, paused";
                        self.lines.event(Event::State(RunState::Running));
                    }
                    Ok(format!("finishing this epoch; then another process {then}"))
                }
            },
            Command::Encode => return self.encode(),
            Command::Weights => return self.send_weights(),
        };
        self.tell_outcome(request, answer)
    }

    fn steer(&mut self, steer: &mut Steer) -> Result<String, String> {
        let done = self.open.trainer.steer(steer)?;
        self.open.keep_base(steer);
        self.tell_tuning(steer);
        Ok(done)
    }

    /// Sends the new schedule and limits after a change of the configuration.
    pub(super) fn tell_tuning(&self, steer: &Steer) {
        if let Steer::Set { .. } = steer {
            let tuning: Tuning = self.open.tuning();
            self.lines.event(Event::Tuned(Arc::new(tuning)));
        }
    }

    pub(super) fn tell_outcome(
        &mut self,
        request: Request,
        answer: Result<String, String>,
    ) -> Result<(), SessionError> {
        let (applied, message) = match answer {
            Ok(message) => (true, message),
            Err(message) => (false, message),
        };
        let mut outcome = Outcome {
            id: request.id,
            by: request.by,
            command: request.command,
            epoch: self.open.trainer.epoch(),
            batch: self.open.trainer.batch(),
            applied,
            message,
        };
        if let Some(requester) = outcome.by.requester() {
            self.open.answered.push(requester.id.clone());
        }
        // In the journal before anyone is told: what was answered survives a power cut.
        let entry = JournalEvent::Outcome(outcome.clone());
        self.open.note(entry, self.lines)?;
        if self.open.unsaved().is_some() {
            outcome.message += " (not in the journal yet)";
        }
        self.lines.event(Event::Outcome(outcome));
        Ok(())
    }

    fn keep(&mut self, epochs: u32) -> Result<String, String> {
        let Some(last) = epochs.checked_sub(1) else {
            return Ok("the start is a function of the seed".to_owned());
        };
        let run = self.open.run.path();
        checkpoint_folder(run, &last.to_string()).map_err(|error| error.to_string())?;
        self.open.kept.insert(last);
        Ok(format!("the checkpoint of epoch {last} will be kept"))
    }

    fn save_snapshot(&self, name: &str) -> Result<String, String> {
        let snapshot = self.open.trainer.snapshot();
        let snapshot = snapshot.map_err(|error| error.to_string())?;
        self.open
            .run
            .save_snapshot(name, &snapshot)
            .map(|path| format!("saved {}", shown(path)))
            .map_err(|error| error.to_string())
    }

    /// Goes on in another run beside this one; the outcome stands in this one's journal.
    fn leave_for(&mut self, mut request: Request) -> Result<(), SessionError> {
        if let Command::Open { run } = &request.command
            && self.open.unsaved().is_none()
            && let Ok(path) = beside(self.open.run.path(), run)
            && is_live(&path)
        {
            let message = format!("follows {run}, this run stays as it is");
            self.tell_outcome(request, Ok(message))?;
            self.following = Some(path);
            return Ok(());
        }
        let made = match &mut request.command {
            _ if let Some(unsaved) = self.open.unsaved() => Err(unsaved.to_string()),
            Command::Open { run } => beside(self.open.run.path(), run).and_then(|path| {
                RunFolder::open(&self.plan.disk, &path).map_err(|error| error.to_string())
            }),
            Command::Branch { of, epochs, name } => self.branch_off(of.as_deref(), *epochs, name),
            _ => return Ok(()),
        };
        match made {
            Err(problem) => self.tell_outcome(request, Err(problem)),
            Ok(reopened) => {
                let name = reopened.run.name();
                let message = format!("continues in {name}, this run stays as it is");
                self.tell_outcome(request, Ok(message))?;
                self.move_to(reopened)
            }
        }
    }

    fn branch_off(
        &self,
        of: Option<&str>,
        epochs: u32,
        name: &mut Option<String>,
    ) -> Result<Reopened, String> {
        let done = self.open.trainer.epoch();
        if of.is_none() && epochs > done {
            return Err(format!(
                "epoch {} is not finished",
                epochs.saturating_sub(1)
            ));
        }
        branch_off(&self.plan.disk, self.open.run.path(), of, epochs, name)
    }

    /// Returns a name for the model as it is now.
    fn source(&self) -> String {
        moment(self.open.trainer.epoch(), self.open.trainer.batch())
    }

    /// Weights are no change to the run: they are sent, not journaled.
    fn send_weights(&self) -> Result<(), SessionError> {
        self.lines.event(Event::Weights(Arc::new(Model {
            epoch: self.open.trainer.epoch(),
            source: self.source(),
            weights: self.open.trainer.snapshot()?.weights,
        })));
        Ok(())
    }

    /// Codes are no change to the run: they are sent, not journaled.
    pub(super) fn encode(&self) -> Result<(), SessionError> {
        let (device, dtype) = self.open.trainer.placement();
        let codes = codes(
            &self.open.trainer.inference_model()?,
            device,
            dtype,
            self.open.trainer.epoch(),
            self.source(),
        )?;
        self.lines.event(Event::Codes(Arc::new(codes)));
        Ok(())
    }

    /// Answers requests after the end: snapshots, codes and branches can still be asked for. Returns true
    /// where another run is to be trained, false when nobody is left to serve.
    pub(super) fn serve(&mut self) -> Result<bool, SessionError> {
        while let Some(request) = self.wait()? {
            let answered = match request.command {
                Command::Encode
                | Command::Weights
                | Command::Snapshot { .. }
                | Command::Keep { .. }
                | Command::Open { .. }
                | Command::Branch { .. } => self.answer(request),
                _ => self.tell_outcome(request, Err("training has ended".to_owned())),
            };
            if let Err(error) = answered {
                self.lines.event(Event::Notice(Notice {
                    level: NoticeLevel::Error,
                    text: error.to_string(),
                }));
            }
            if self.moved || self.following.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
