//! The worker's loop: requests between steps, telemetry after each.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use burn::tensor::DType;
use tokio::sync::{mpsc::UnboundedSender, watch};

use super::error::{SessionError, panic_text};
use super::message::{
    Codes, Command, End, EndReason, Event, Mark, MarkKind, Model, Notice, NoticeLevel, Outcome,
    Progress, Request, RunInfo, RunState,
};
use super::plan::Plan;
use crate::device::{Chosen, DeviceFailure, choose};
use crate::measure::encode_all;
use crate::model::{DualVae, LATENT, Which, parameter_counts};
use crate::run::journal::{self, JournalEvent, Planned};
use crate::run::{RunFolder, read_journal};
use crate::schedule::Schedule;
use crate::training::{Advance, Trainer};

/// Epochs over which the speed is averaged.
const SPEED_WINDOW: usize = 10;
/// How long a paused or finished worker sleeps before it looks whether anyone is left to serve.
const IDLE: Duration = Duration::from_millis(500);

/// How the worker reaches whoever watches it.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) requests: Receiver<Request>,
    pub(super) events: UnboundedSender<Event>,
    pub(super) progress: watch::Sender<Progress>,
}

impl Lines {
    /// Nobody listening is no reason to stop training.
    pub(super) fn event(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

/// Trains until the plan is done or a request ends it, then answers what still can be answered.
pub(super) fn work(plan: Plan, lines: &Lines) -> Result<(), SessionError> {
    lines.event(Event::State(RunState::Preparing));
    let chosen = choose(plan.device)?;
    let behind_a_driver = !chosen.is_cpu();
    let done = catch_unwind(AssertUnwindSafe(|| train_and_serve(plan, chosen, lines)));
    done.unwrap_or_else(|panic| {
        // Burn's wgpu backend panics where a driver gives up: lost adapter, out of memory.
        if behind_a_driver {
            let reason = panic_text(panic.as_ref()).to_owned();
            Err(DeviceFailure { reason }.into())
        } else {
            resume_unwind(panic)
        }
    })
}

fn train_and_serve(plan: Plan, chosen: Chosen, lines: &Lines) -> Result<(), SessionError> {
    let mut worker = Worker::open(plan, chosen, lines)?;
    let end = worker.train();
    let reason = match &end {
        Ok(end) => end.reason,
        Err(error) => error.reason(),
    };
    let closed = worker.run.journal(JournalEvent::Closed {
        epoch: worker.trainer.epoch(),
        reason,
    });
    let end = end?;
    closed?;
    lines.event(Event::State(RunState::Finished));
    lines.event(Event::Ended(end));
    worker.serve();
    Ok(())
}

struct Worker<'a> {
    lines: &'a Lines,
    plan: Plan,
    run: RunFolder,
    trainer: Trainer,
    /// Disruptions of the epoch that is done again.
    again: Vec<Planned>,
    last_epoch: u32,
    /// An early stop that lies behind is not obeyed again.
    obey_patience: bool,
    speed: VecDeque<Duration>,
    /// Time spent paused within the epoch at work, which is no training time.
    held: Duration,
    loss: f64,
    stop_after_epoch: bool,
    stop_now: bool,
    paused: bool,
}

impl<'a> Worker<'a> {
    fn open(plan: Plan, chosen: Chosen, lines: &'a Lines) -> Result<Self, SessionError> {
        let (run, resumed) = plan.open_run()?;
        let config = run.config().clone();
        let trainer = match resumed {
            Some(snapshot) => Trainer::resume(&config, snapshot, &chosen.device, DType::F32),
            None => Trainer::new(&config, &chosen.device, DType::F32),
        };
        let done = trainer.epoch();
        let history = run.truncate_metrics(done)?;
        let entries = read_journal(run.path())?;
        let mut marks = journal::marks(&entries);
        if done > 0 {
            marks.push(Mark {
                epoch: done,
                kind: MarkKind::Resumed,
            });
        }
        let last_epoch = plan.epochs.map_or(config.total_epochs, |more| {
            done.saturating_add(more).min(config.total_epochs)
        });
        let schedule = Schedule::new(&config);
        run.journal(JournalEvent::Opened {
            epoch: done,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: chosen.name.clone(),
            seed: config.seed,
        })?;
        lines.event(Event::Started(Arc::new(RunInfo {
            name: run.name(),
            folder: run.path().to_owned(),
            config_name: plan.config_name.clone(),
            config_digest: run.digest().to_owned(),
            ineffective: plan.ineffective.clone(),
            seed: config.seed,
            device: chosen.name,
            device_reason: chosen.reason,
            total_epochs: config.total_epochs,
            last_epoch,
            phase_borders: schedule.phase_borders(),
            batches: trainer.batches(),
            schedule: Arc::new(schedule.all()),
            kl_floor: config.free_bits * LATENT as f64,
            parameters: parameter_counts(config.model.use_statenet),
            history,
            marks,
            checkpoint: None,
            training: true,
        })));
        let mut again = journal::disruptions(&entries);
        again.retain(|planned| planned.epoch >= done);
        let obey_patience = !(trainer.out_of_patience() && plan.epochs.is_some());
        Ok(Self {
            lines,
            plan,
            run,
            trainer,
            again,
            last_epoch,
            obey_patience,
            speed: VecDeque::new(),
            held: Duration::ZERO,
            loss: f64::NAN,
            stop_after_epoch: false,
            stop_now: false,
            paused: false,
        })
    }

    fn train(&mut self) -> Result<End, SessionError> {
        let mut epoch_began = Instant::now();
        let mut announced = false;
        loop {
            if let Some(end) = self.over() {
                return Ok(end);
            }
            self.start_due()?;
            self.answer_all()?;
            if self.stop_now {
                let message = format!("stopped before epoch {} was finished", self.trainer.epoch());
                return Ok(self.end(EndReason::Stopped, &message));
            }
            let advance = self.trainer.advance()?;
            if !announced {
                // On a GPU the first batch compiles kernels; only now does training run.
                self.lines.event(Event::State(RunState::Running));
                announced = true;
            }
            match advance {
                Advance::Batch(report) => self.loss = report.loss.loss,
                Advance::Measured => {}
                Advance::Epoch(report) => {
                    self.run
                        .save_epoch(&report.record, &self.trainer.snapshot()?)?;
                    if self.speed.len() == SPEED_WINDOW {
                        self.speed.pop_front();
                    }
                    self.speed
                        .push_back(epoch_began.elapsed().saturating_sub(self.held));
                    self.held = Duration::ZERO;
                    epoch_began = Instant::now();
                    self.lines.event(Event::Epoch(Arc::new(report)));
                }
            }
            self.tell_progress();
        }
    }

    /// Whether the run is over, looked at between two epochs.
    fn over(&self) -> Option<End> {
        if self.trainer.batch() > 0 {
            return None;
        }
        let epoch = self.trainer.epoch();
        if self.obey_patience && self.trainer.out_of_patience() {
            let patience = self.run.config().patience;
            let message = format!(
                "early stop after epoch {}: no better validation loss for {patience} epochs",
                epoch.saturating_sub(1)
            );
            return Some(self.end(EndReason::EarlyStop, &message));
        }
        if epoch >= self.last_epoch {
            return Some(self.end(EndReason::Finished, &format!("{epoch} epochs are done")));
        }
        self.stop_after_epoch.then(|| {
            self.end(
                EndReason::Stopped,
                &format!("stopped after epoch {}", epoch.saturating_sub(1)),
            )
        })
    }

    fn end(&self, reason: EndReason, message: &str) -> End {
        End {
            reason,
            message: format!("{message}; saved in {}", self.run.path().display()),
        }
    }

    fn tell_progress(&self) {
        let (stage, done, of) = self.trainer.progress();
        let spent: Duration = self.speed.iter().sum();
        let epochs_per_minute = if spent.is_zero() {
            0.0
        } else {
            60.0 * self.speed.len() as f64 / spent.as_secs_f64()
        };
        self.lines.progress.send_replace(Progress {
            epoch: self.trainer.epoch(),
            stage,
            done,
            of,
            loss: self.loss,
            epochs_per_minute,
        });
    }

    /// Starts the disruptions whose batch has come: planned ones, and those of an epoch that is
    /// done again, which stand in the journal already.
    fn start_due(&mut self) -> Result<(), SessionError> {
        let now = (self.trainer.epoch(), self.trainer.batch());
        let due = |planned: &mut Planned| (planned.epoch, planned.batch) == now;
        for again in self.again.extract_if(.., due) {
            self.trainer.disrupt(again.disruption);
        }
        let planned: Vec<_> = self.plan.disruptions.extract_if(.., due).collect();
        for planned in planned {
            let command = Command::Disrupt {
                disruption: planned.disruption,
            };
            self.answer(Request { id: 0, command })?;
        }
        Ok(())
    }

    /// Answers every waiting request; waits for more while paused.
    fn answer_all(&mut self) -> Result<(), SessionError> {
        loop {
            let request = if self.paused && !self.stop_now {
                let waiting = Instant::now();
                let received = self.lines.requests.recv_timeout(IDLE);
                self.held += waiting.elapsed();
                match received {
                    Ok(request) => request,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => {
                        self.stop_now = true;
                        return Ok(());
                    }
                }
            } else {
                match self.lines.requests.try_recv() {
                    Ok(request) => request,
                    Err(TryRecvError::Empty) => return Ok(()),
                    Err(TryRecvError::Disconnected) => {
                        // Whoever asked for this session is gone.
                        self.stop_now = true;
                        return Ok(());
                    }
                }
            };
            self.answer(request)?;
        }
    }

    fn answer(&mut self, mut request: Request) -> Result<(), SessionError> {
        if let Command::Snapshot { name } = &mut request.command {
            // The outcome names the folder: whoever asked may want to go on with it.
            let (epoch, batch) = (self.trainer.epoch(), self.trainer.batch());
            name.get_or_insert_with(|| self.run.free_snapshot_name(epoch, batch));
        }
        let answer = match &request.command {
            Command::Pause if self.paused => Err("already paused".to_owned()),
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
                Ok("stopping; the unfinished epoch is dropped".to_owned())
            }
            Command::StopAfterEpoch => {
                self.stop_after_epoch = true;
                if std::mem::take(&mut self.paused) {
                    self.lines.event(Event::State(RunState::Running));
                }
                Ok("stopping after this epoch".to_owned())
            }
            Command::Disrupt { disruption } => disruption
                .check()
                .map_err(|error| error.to_string())
                .map(|disruption| {
                    let first = self.trainer.disrupt(disruption);
                    format!(
                        "from the next batch to the end of epoch {}",
                        first + disruption.epochs - 1
                    )
                }),
            Command::Snapshot { name } => self.save_snapshot(name.as_deref().unwrap_or_default()),
            Command::Encode => return self.encode(),
            Command::Weights => return self.hand_over(),
        };
        self.tell_outcome(request, answer)
    }

    fn tell_outcome(
        &self,
        request: Request,
        answer: Result<String, String>,
    ) -> Result<(), SessionError> {
        let (applied, message) = match answer {
            Ok(message) => (true, message),
            Err(message) => (false, message),
        };
        let outcome = Outcome {
            id: request.id,
            command: request.command,
            epoch: self.trainer.epoch(),
            batch: self.trainer.batch(),
            applied,
            message,
        };
        // In the journal before anyone is told: what was answered survives a power cut.
        self.run.journal(JournalEvent::Outcome(outcome.clone()))?;
        self.lines.event(Event::Outcome(outcome));
        Ok(())
    }

    fn save_snapshot(&self, name: &str) -> Result<String, String> {
        let snapshot = self.trainer.snapshot().map_err(|error| error.to_string())?;
        self.run
            .save_snapshot(name, &snapshot)
            .map(|path| format!("saved {}", path.display()))
            .map_err(|error| error.to_string())
    }

    /// A name for the model as it is now.
    fn source(&self) -> String {
        match (self.trainer.epoch(), self.trainer.batch()) {
            (0, 0) => "fresh weights".to_owned(),
            (epoch, 0) => format!("epoch {}", epoch - 1),
            (epoch, batch) => format!("epoch {epoch}, batch {batch}"),
        }
    }

    /// Weights are no change to the run: they are sent, not journaled.
    fn hand_over(&self) -> Result<(), SessionError> {
        self.lines.event(Event::Weights(Arc::new(Model {
            epoch: self.trainer.epoch(),
            source: self.source(),
            weights: self.trainer.snapshot()?.weights,
        })));
        Ok(())
    }

    /// Codes are no change to the run: they are sent, not journaled.
    fn encode(&self) -> Result<(), SessionError> {
        let (device, dtype) = self.trainer.placement();
        let epoch = self.trainer.epoch();
        let source = self.source();
        let codes = codes(
            &self.trainer.inference_model(),
            device,
            dtype,
            epoch,
            source,
        )?;
        self.lines.event(Event::Codes(Arc::new(codes)));
        Ok(())
    }

    /// After the end: snapshots and codes can still be asked for, nothing else.
    fn serve(&mut self) {
        while let Ok(request) = self.lines.requests.recv() {
            let answered = match request.command {
                Command::Encode | Command::Weights | Command::Snapshot { .. } => {
                    self.answer(request)
                }
                _ => self.tell_outcome(request, Err("training is over".to_owned())),
            };
            if let Err(error) = answered {
                self.lines.event(Event::Notice(Notice {
                    level: NoticeLevel::Error,
                    text: error.to_string(),
                }));
            }
        }
    }
}

/// Codes of all operations as a message.
pub(super) fn codes(
    model: &DualVae,
    device: &burn::tensor::Device,
    dtype: DType,
    epoch: u32,
    source: String,
) -> Result<Codes, SessionError> {
    let mut mu = [Vec::new(), Vec::new()];
    for (which, mu) in Which::BOTH.into_iter().zip(&mut mu) {
        *mu = encode_all(model, which, device, dtype)?
            .into_iter()
            .map(|x| x as f32)
            .collect();
    }
    Ok(Codes {
        epoch,
        source,
        dimensions: LATENT,
        mu,
    })
}
