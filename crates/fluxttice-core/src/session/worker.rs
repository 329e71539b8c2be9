//! The worker's loop: requests between steps, telemetry after each.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use burn::tensor::DType;
use tokio::sync::{mpsc::UnboundedSender, watch};

use super::device_check::FirstBatches;
use super::error::SessionError;
use super::follow::Next;
use super::message::{Codes, End, Event, Notice, NoticeLevel, Progress, RunState};
use super::open_run::OpenRun;
use super::plan::Plan;
use super::publisher::{Asked, Publisher};
use crate::config::StopBy;
use crate::device::{Chosen, DeviceFailure, choose};
use crate::disruption::Rule;
use crate::measure::neighbours::Spaces;
use crate::measure::posteriors;
use crate::model::DualVae;
use crate::protocol::inbox::Arrival;
use crate::protocol::request_file::file_name;
use crate::record::Stage;
use crate::request::{Author, Command, EndReason, Request};
use crate::run::journal::JournalEvent;
use crate::run::names::REQUESTS;
use crate::run::{Reopened, RunError};
use crate::shown::shown;
use crate::training::memory::{self, Need};
use crate::training::{Active, Advance, Agenda, GroupHandle, Planned, Steer, StepError};
use crate::words::counted;

/// Epochs over which the speed is averaged.
const SPEED_WINDOW: usize = 10;
/// Time that a paused or finished worker waits before it tries again what the disk has refused.
const IDLE: Duration = Duration::from_millis(500);
/// Time that a worker with nothing to do waits for its own screen before it looks at what others ask.
const TURN: Duration = Duration::from_millis(20);

/// Channels between the worker and whoever watches it.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) requests: Receiver<Request>,
    pub(super) events: UnboundedSender<Event>,
    pub(super) progress: watch::Sender<Progress>,
    /// Meets others at the run's folder; `None` where nothing is trained.
    pub(super) publisher: RefCell<Option<Publisher>>,
}

impl Lines {
    /// Sends an event; nobody listening is no reason to stop training.
    pub(super) fn event(&self, event: Event) {
        if let Some(publisher) = &*self.publisher.borrow() {
            publisher.hear(&event);
        }
        let _ = self.events.send(event);
    }

    /// Begins to meet others at the folder of a run that has just been opened.
    pub(super) fn meet(&self, plan: &Plan, open: &OpenRun, chosen: &Chosen) {
        // The one of the run before says how that was left.
        self.publisher.take();
        let started = plan.meeting.as_ref().map(|meeting| {
            let progress = self.progress.subscribe();
            Publisher::start(open, chosen, meeting, progress)
        });
        match started {
            None => {}
            Some(Ok(publisher)) => drop(self.publisher.replace(Some(publisher))),
            Some(Err(error)) => self.event(Event::Notice(Notice {
                level: NoticeLevel::Warning,
                text: format!("nobody can look into this run from elsewhere: {error}"),
            })),
        }
    }

    /// Returns the next thing that another program asks of the worker; `None` where there is none.
    fn asked(&self) -> Option<Asked> {
        self.publisher.borrow().as_ref()?.next()
    }

    /// Tells that answers are in the journal, on the disk.
    pub(super) fn answered(&self, ids: impl Iterator<Item = String>) {
        if let Some(publisher) = &*self.publisher.borrow() {
            ids.for_each(|id| publisher.answered(id));
        }
    }
}

/// Trains until the plan is done or a request ends it, then answers what still can be answered.
pub(super) fn work(
    plan: Plan,
    group: Option<GroupHandle>,
    lines: &Lines,
) -> Result<Next, SessionError> {
    lines.event(Event::State(RunState::Preparing));
    let chosen = choose(plan.device)?;
    let behind_a_driver = !chosen.is_cpu();
    let device = chosen.device.clone();
    let done = catch_unwind(AssertUnwindSafe(|| {
        train_and_serve(plan, chosen, group, lines)
    }));
    let done = done.unwrap_or_else(|panic| {
        // A driver that gives up, lost or out of memory, panics.
        if behind_a_driver {
            Err(DeviceFailure::of_panic(panic.as_ref()).into())
        } else {
            resume_unwind(panic)
        }
    });
    if behind_a_driver && done.is_err() {
        // Work that was handed to the device before may still be under way, and a process that ends while its
        // driver compiles can crash there (Mesa's LLVM does). This fails once more, which is no news.
        let _ = catch_unwind(AssertUnwindSafe(|| device.sync()));
    }
    done
}

fn train_and_serve(
    plan: Plan,
    chosen: Chosen,
    group: Option<GroupHandle>,
    lines: &Lines,
) -> Result<Next, SessionError> {
    // On the processor, runs side by side with a core each are faster.
    let group = group.filter(|_| !chosen.is_cpu());
    let mut worker = Worker::open(plan, chosen, group, lines)?;
    let next = worker.train_then_serve()?;
    // Others read how the session ended before they see its lock released.
    lines.publisher.take();
    Ok(next)
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "none of the six follows from another"
)]
pub(super) struct Worker<'a> {
    pub(super) lines: &'a Lines,
    pub(super) plan: Plan,
    pub(super) chosen: Chosen,
    pub(super) open: OpenRun,
    /// Changes that are made without being asked for, when their batch has come.
    pub(super) agenda: Agenda,
    /// Epoch before which the rules were looked at last.
    ruled: Option<u32>,
    speed: VecDeque<Duration>,
    /// Times of the first batches, until they have been compared with the processor's.
    first_batches: Option<FirstBatches>,
    /// Time spent paused within the epoch at work, which is no training time.
    pub(super) held: Duration,
    loss: f64,
    pub(super) stop_after_epoch: bool,
    pub(super) stop_now: bool,
    /// Set once training has taken as long as it may.
    time_is_up: bool,
    /// Set once the run is to be left to another process, after the epoch at work.
    pub(super) handing_over: bool,
    pub(super) paused: bool,
    /// Run that another process trains, where this session goes on to follow it.
    pub(super) following: Option<PathBuf>,
    /// Set when another run was taken up since the last step.
    pub(super) moved: bool,
}

impl<'a> Worker<'a> {
    fn open(
        plan: Plan,
        chosen: Chosen,
        group: Option<GroupHandle>,
        lines: &'a Lines,
    ) -> Result<Self, SessionError> {
        let need = match chosen.is_cpu() {
            true => memory::need(&plan.config()?).map_err(RunError::from)?,
            false => Need::Little,
        };
        let reopened = plan.open_run()?;
        let notes = notes(&reopened);
        let (mut open, info) = OpenRun::new(reopened, &plan, &chosen)?;
        // The first member of a population speaks for all.
        let speaks = group.as_ref().is_none_or(|group| group.number() == 0);
        let first_batches = FirstBatches::on(&chosen).filter(|_| speaks);
        open.trainer = open.trainer.in_group(group);
        lines.meet(&plan, &open, &chosen);
        lines.event(Event::Started(Arc::new(info)));
        for note in notes {
            lines.event(note);
        }
        if let Need::Much(text) = need {
            let level = NoticeLevel::Warning;
            lines.event(Event::Notice(Notice { level, text }));
        }
        let paused = plan.paused;
        Ok(Self {
            lines,
            agenda: Agenda::new(plan.planned.clone()),
            first_batches,
            plan,
            chosen,
            open,
            ruled: None,
            speed: VecDeque::new(),
            held: Duration::ZERO,
            loss: f64::NAN,
            stop_after_epoch: false,
            stop_now: false,
            time_is_up: false,
            handing_over: false,
            paused,
            following: None,
            moved: false,
        })
    }

    /// Trains, then answers what still can be answered, until nobody is left to serve or another run comes next.
    fn train_then_serve(&mut self) -> Result<Next, SessionError> {
        loop {
            let end = self.train();
            if matches!(&end, Ok(end) if end.reason == EndReason::HandedOver) {
                match self.hand_over()? {
                    Ok(end) => {
                        self.lines.event(Event::State(RunState::Finished));
                        self.lines.event(Event::Ended(end));
                        return Ok(Next::Nothing);
                    }
                    Err(problem) => {
                        self.keep_on(&problem)?;
                        continue;
                    }
                }
            }
            let left = self.open.trainer.leave_group();
            let reason = match &end {
                Ok(end) => end.reason,
                Err(error) => error.reason(),
            };
            let rest = self.agenda.rest();
            let refused = self.refuse(rest);
            let closed = self.close(reason);
            let end = end?;
            refused?;
            left?;
            closed?;
            if self.following.is_none() {
                self.lines.event(Event::State(RunState::Finished));
                self.lines.event(Event::Ended(end));
                // What is trained after this is trained because somebody is there who asks for it.
                self.plan.until = None;
                if !self.serve()? {
                    self.leave()?;
                    return Ok(Next::Nothing);
                }
            }
            if let Some(run) = self.following.take() {
                self.leave()?;
                return Ok(Next::Follow(run));
            }
        }
    }

    pub(super) fn close(&mut self, reason: EndReason) -> Result<(), RunError> {
        let epoch = self.open.trainer.epoch();
        let closed = JournalEvent::Closed { epoch, reason };
        self.open.note(closed, self.lines)
    }

    /// Leaves the run as it is and takes up another one.
    pub(super) fn move_to(&mut self, reopened: Reopened) -> Result<(), SessionError> {
        let notes = notes(&reopened);
        let (open, info) = OpenRun::new(reopened, &self.plan, &self.chosen)?;
        self.close(EndReason::Stopped)?;
        self.lines.meet(&self.plan, &open, &self.chosen);
        self.open = open;
        self.ruled = None;
        self.speed.clear();
        self.stop_after_epoch = false;
        if std::mem::take(&mut self.stop_now) {
            self.paused = false;
        }
        self.moved = true;
        self.lines.event(Event::Started(Arc::new(info)));
        for note in notes {
            self.lines.event(note);
        }
        let state = if self.is_waiting() {
            RunState::Paused
        } else {
            RunState::Running
        };
        self.lines.event(Event::State(state));
        Ok(())
    }

    fn train(&mut self) -> Result<End, SessionError> {
        self.tell_progress();
        if self.paused {
            self.lines.event(Event::State(RunState::Paused));
        }
        let mut epoch_began = Instant::now();
        let mut announced = false;
        loop {
            if let Some(end) = self.over() {
                return Ok(end);
            }
            self.start_due()?;
            self.answer_all()?;
            if std::mem::take(&mut self.moved) {
                epoch_began = Instant::now();
                continue;
            }
            if self.stop_now || self.following.is_some() {
                let epoch = self.open.trainer.epoch();
                let why = if self.time_is_up {
                    ", as its time was up"
                } else {
                    ""
                };
                let message = format!("stopped before epoch {epoch} was finished{why}");
                return Ok(self.end(EndReason::Stopped, &message));
            }
            let began = Instant::now();
            let advance = match self.open.trainer.advance() {
                Err(diverged @ StepError::Diverged { .. })
                    if self.open.roll_back(&diverged, self.lines)? =>
                {
                    epoch_began = Instant::now();
                    continue;
                }
                advance => advance?,
            };
            if !announced && !matches!(advance, Advance::Waiting) {
                // On a GPU the first batch compiles kernels; only now does training run.
                self.lines.event(Event::State(RunState::Running));
                announced = true;
            }
            match advance {
                Advance::Batch(report) => {
                    self.loss = report.loss.loss;
                    self.compare_devices(began.elapsed());
                }
                Advance::Measured | Advance::Waiting => {}
                Advance::Epoch(report) => {
                    self.tell_stage(report.record.epoch, (Stage::Saving, 0, 1));
                    self.open.save_epoch(&report.record, self.lines)?;
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

    /// Adds the time of a batch; once there are enough, tells whether the processor would be faster.
    fn compare_devices(&mut self, spent: Duration) {
        let runs = self.open.trainer.at_once();
        if runs > 1
            && self
                .first_batches
                .as_ref()
                .is_some_and(FirstBatches::none_yet)
        {
            self.lines.event(Event::Notice(Notice {
                level: NoticeLevel::Info,
                text: format!("the batches of {runs} runs are computed at once"),
            }));
        }
        let enough = |first: &mut FirstBatches| first.add(spent);
        let first = self.first_batches.take_if(enough);
        let settings = self.open.trainer.settings();
        let notice = first.and_then(|first| first.beside_the_cpu(runs, settings));
        if let Some(notice) = notice {
            self.lines.event(Event::Notice(notice));
        }
    }

    /// Returns how the run ended, where it is over; looked at between two epochs.
    fn over(&self) -> Option<End> {
        let OpenRun { trainer, .. } = &self.open;
        if trainer.batch() > 0 {
            return None;
        }
        let epoch = trainer.epoch();
        if self.open.out_of_patience() {
            let patience = trainer.settings().patience;
            let figure = match trainer.settings().stopping.figure() {
                StopBy::ValidationLoss => "validation loss",
                StopBy::ArgmaxCoverage => "argmax coverage",
                StopBy::Information => "I(z; x)",
            };
            let message = format!(
                "early stop after epoch {}: no better {figure} for {}",
                epoch.saturating_sub(1),
                counted(patience, "epoch")
            );
            return Some(self.end(EndReason::EarlyStop, &message));
        }
        if epoch >= self.open.last_epoch() {
            let are = if epoch == 1 { "is" } else { "are" };
            let done = format!("{} {are} done", counted(epoch, "epoch"));
            let total = trainer.settings().total_epochs;
            let message = if self.speed.is_empty() && epoch >= total {
                // Asked to go on with a run that is over.
                format!(
                    "{done}, which is all that total_epochs = {total} asks for: none was trained; a branch with a larger one \
                     goes on (train --branch RUN --set total_epochs=N)"
                )
            } else {
                done
            };
            return Some(self.end(EndReason::Finished, &message));
        }
        // A stop that was answered holds, whoever wants to leave.
        if self.handing_over && epoch > 0 && !self.stop_after_epoch {
            return Some(self.end(EndReason::HandedOver, "the epoch is finished"));
        }
        self.stop_after_epoch.then(|| {
            self.end(
                EndReason::Stopped,
                &format!("stopped after epoch {}", epoch.saturating_sub(1)),
            )
        })
    }

    /// Returns true while training waits until it is asked to go on. The epoch after which the run is left to
    /// another process is finished all the same.
    fn is_waiting(&self) -> bool {
        self.paused && !self.handing_over
    }

    /// Saves what the disk still refuses, or fails where it cannot be saved.
    fn leave(&mut self) -> Result<(), SessionError> {
        if self.open.unsaved().is_some() {
            self.open.save(self.lines)?;
        }
        match self.open.unsaved() {
            None => Ok(()),
            Some(unsaved) => Err(SessionError::Unsaved(unsaved.clone())),
        }
    }

    fn end(&self, reason: EndReason, message: &str) -> End {
        let saved = match self.open.unsaved() {
            None => format!("saved in {}", shown(self.open.run.path())),
            Some(unsaved) => unsaved.to_string(),
        };
        End {
            reason,
            message: format!("{message}; {saved}"),
        }
    }

    fn tell_progress(&self) {
        let OpenRun { trainer, .. } = &self.open;
        self.tell_stage(trainer.epoch(), trainer.progress());
    }

    fn tell_stage(&self, epoch: u32, (stage, done, of): (Stage, u32, u32)) {
        let spent: Duration = self.speed.iter().sum();
        let epochs_per_minute = if spent.is_zero() {
            0.0
        } else {
            60.0 * self.speed.len() as f64 / spent.as_secs_f64()
        };
        self.lines.progress.send_replace(Progress {
            epoch,
            stage,
            done,
            of,
            loss: self.loss,
            epochs_per_minute,
        });
    }

    /// Makes the changes whose batch has come: planned ones, and those of an epoch that is done again, which
    /// stand in the journal already.
    fn start_due(&mut self) -> Result<(), SessionError> {
        let (epoch, batch) = (self.open.trainer.epoch(), self.open.trainer.batch());
        for mut steer in self.open.again.due(epoch, batch) {
            if let Err(refusal) = self.open.trainer.steer(&mut steer) {
                let problem = refusal.to_string();
                return Err(RunError::unusable(self.open.run.path(), problem).into());
            }
            self.tell_tuning(&steer);
        }
        if batch == 0 && self.ruled != Some(epoch) {
            self.ruled = Some(epoch);
            self.obey_rules()?;
        }
        let past = self.agenda.past(epoch, batch);
        self.refuse(past)?;
        for steer in self.agenda.due(epoch, batch) {
            self.answer(Request::planned(steer))?;
        }
        Ok(())
    }

    /// Refuses planned changes that are not made: their place is past, or was not reached.
    fn refuse(&mut self, planned: Vec<Planned>) -> Result<(), SessionError> {
        let (epoch, batch) = (self.open.trainer.epoch(), self.open.trainer.batch());
        for Planned {
            epoch: of,
            batch: after,
            steer,
        } in planned
        {
            let problem = match epoch.checked_sub(1) {
                _ if of < epoch => format!("epoch {of} is past"),
                _ if (of, after) < (epoch, batch) => {
                    format!("batch {after} of epoch {of} is past")
                }
                Some(last) => format!(
                    "epoch {of}, batch {after} was not reached: the session ended after epoch {last}"
                ),
                None => format!(
                    "epoch {of}, batch {after} was not reached: the session ended in its first epoch"
                ),
            };
            self.tell_outcome(Request::planned(steer), Err(problem))?;
        }
        Ok(())
    }

    /// Starts the disruption of the first rule that holds, unless one is in effect or cooling down.
    fn obey_rules(&mut self) -> Result<(), SessionError> {
        let OpenRun {
            trainer, records, ..
        } = &self.open;
        let epoch = trainer.epoch();
        let busy = |active: &Active| epoch < active.end().max(active.cool());
        if self.plan.replay || trainer.disruptions().iter().any(busy) {
            return Ok(());
        }
        let rules = trainer.settings().rules.iter();
        let due = rules
            .filter_map(|text| Some((text, text.parse::<Rule>().ok()?)))
            .find(|(_, rule)| rule.holds(records.iter().map(AsRef::as_ref)));
        let Some((text, rule)) = due else {
            return Ok(());
        };
        self.answer(Request {
            id: 0,
            by: Author::Rule(text.clone()),
            command: Command::Steer(Steer::Disrupt {
                disruption: rule.push(),
            }),
        })
    }

    /// Waits for the next request where nothing else is to be done; `None` when nobody is left to ask.
    pub(super) fn wait(&mut self) -> Result<Option<Request>, SessionError> {
        let mut tried = Instant::now();
        loop {
            match self.lines.requests.recv_timeout(TURN) {
                Ok(request) => return Ok(Some(request)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
            if let Some(request) = self.request_from_elsewhere()? {
                return Ok(Some(request));
            }
            if tried.elapsed() >= IDLE {
                tried = Instant::now();
                if self.open.unsaved().is_some() || !self.open.run.is_in_place() {
                    self.open.save(self.lines)?;
                }
            }
        }
    }

    /// Returns the next request of another program, or the plan's to stop; does everything else that is asked
    /// from elsewhere.
    fn request_from_elsewhere(&mut self) -> Result<Option<Request>, SessionError> {
        if self
            .plan
            .until
            .take_if(|until| Instant::now() >= *until)
            .is_some()
        {
            self.time_is_up = true;
            return Ok(Some(Request {
                id: 0,
                by: Author::Plan,
                command: Command::StopNow,
            }));
        }
        while let Some(asked) = self.lines.asked() {
            match asked {
                Asked::Request(arrival) if self.is_taken_back(&arrival) => {}
                Asked::Request(arrival) => {
                    let request = Request {
                        id: 0,
                        by: Author::Request(Box::new(arrival.requester)),
                        command: arrival.command,
                    };
                    match arrival.refused {
                        None => return Ok(Some(request)),
                        Some(reason) => self.tell_outcome(request, Err(reason))?,
                    }
                }
                Asked::Codes => self.encode()?,
                Asked::MovedAside(count, first) => {
                    let epoch = self.open.trainer.epoch();
                    let moved = JournalEvent::MovedAside {
                        epoch,
                        count,
                        first,
                    };
                    self.open.note(moved, self.lines)?;
                }
                Asked::Problem(text) => {
                    let level = NoticeLevel::Warning;
                    self.lines.event(Event::Notice(Notice { level, text }));
                }
            }
        }
        Ok(None)
    }

    /// Returns true if whoever sent a request has removed its file while it waited for the batch at hand.
    fn is_taken_back(&self, arrival: &Arrival) -> bool {
        let requests = self.open.run.path().join(REQUESTS);
        let file = requests.join(file_name(&arrival.requester.id));
        let is_gone = |error: io::Error| error.kind() == ErrorKind::NotFound;
        // A folder that was moved has none of them.
        requests.is_dir() && file.symlink_metadata().is_err_and(is_gone)
    }

    /// Answers every waiting request; waits for more while paused.
    fn answer_all(&mut self) -> Result<(), SessionError> {
        loop {
            let request = if self.is_waiting() && !self.stop_now {
                let waiting = Instant::now();
                let received = self.wait()?;
                self.held += waiting.elapsed();
                let Some(request) = received else {
                    self.stop_now = true;
                    return Ok(());
                };
                request
            } else {
                match self.lines.requests.try_recv() {
                    Ok(request) => request,
                    Err(TryRecvError::Empty) => match self.request_from_elsewhere()? {
                        Some(request) => request,
                        None => return Ok(()),
                    },
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
}

/// Lists what was repaired or not checked when a run was opened, as events.
fn notes(reopened: &Reopened) -> Vec<Event> {
    let level = NoticeLevel::Warning;
    let notes = reopened.mended.iter().chain(&reopened.unchecked).cloned();
    notes
        .map(|text| Event::Notice(Notice { level, text }))
        .collect()
}

/// Encodes all operations and returns their codes as a message.
pub(super) fn codes(
    model: &DualVae,
    device: &burn::tensor::Device,
    dtype: DType,
    epoch: u32,
    source: String,
) -> Result<Codes, SessionError> {
    let spaces =
        Spaces::encoded(|which, operations| posteriors(model, which, operations, device, dtype))?;
    Ok(Codes {
        epoch,
        source,
        spaces,
        weights: Some(model.weights([1.0; 2])?),
    })
}
