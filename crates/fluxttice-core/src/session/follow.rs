//! A session on a run that another process trains: its folder is read, and requests are sent through it.
//!
//! The screen sees the events of a session of its own. What it asks for is written as a file, and the line of
//! the journal that answers it comes back as the outcome. Codes and weights are those of the newest
//! checkpoint.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

use super::beside::{beside, branch_off};
use super::error::SessionError;
use super::explore::covered;
use super::followed::{Followed, parsed};
use super::message::{
    Attached, Contact, End, Event, Model, Notice, NoticeLevel, Progress, RunInfo, RunState,
    Unsaved, moment,
};
use super::plan::{Plan, RunLocation};
use super::publisher::Meeting;
use super::tail::{News, Tail};
use super::worker::{Lines, codes};
use crate::model::DualVae;
use crate::numbers::count32;
use crate::protocol::Post;
use crate::protocol::live;
use crate::protocol::liveness::{Liveness, Pulse};
use crate::protocol::place::Place;
use crate::protocol::status::{State, Status};
use crate::protocol::watchers::{self, Sign, Wants};
use crate::record::{CoveredSets, EpochRecord, Stage};
use crate::request::{Author, Command, EndReason, Outcome, Request, Requester};
use crate::run::journal::{Entry, JournalEvent, last_end, marks};
use crate::run::names::{JOURNAL, METRICS};
use crate::run::{
    Checkpoint, LATEST, Reopened, RunError, RunFolder, checkpoint_folder, is_foreign, is_open,
    name, read_checkpoint,
};
use crate::shown::shown;
use crate::training::Steer;
use crate::words::counted;
use burn::tensor::{DType, Device};

/// Time between two looks at the folder.
const LOOK: Duration = Duration::from_millis(50);
/// Time between two judgements whether the trainer lives.
const JUDGE: Duration = Duration::from_millis(500);
/// Silence from which it is told, in beats of the trainer.
const TOLD: f64 = 2.0;
/// Attempts to read the newest checkpoint, which the trainer may replace meanwhile.
const TRIES: usize = 5;
/// A measurement that the trainer did not make may take this part of the time.
const SHARE: u32 = 10;

/// What comes after a run was followed.
#[derive(Debug)]
pub(super) enum Next {
    /// Nobody is left to ask for anything.
    Nothing,
    /// Training by this process.
    Train(Box<Plan>),
    /// Another run, which another process trains.
    Follow(PathBuf),
}

/// Follows a run that another process trains, until whoever asked for it leaves or asks for another run.
///
/// # Errors
/// Fails where the folder is no run, or its configuration cannot be read.
pub(super) fn follow(plan: &Plan, run: &Path, lines: &Lines) -> Result<Next, SessionError> {
    let mut follower = Follower::new(plan, run, lines)?;
    follower.start();
    loop {
        match lines.requests.recv_timeout(LOOK) {
            Ok(request) => {
                if let Some(next) = follower.answer(request)? {
                    return Ok(next);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(Next::Nothing),
        }
        follower.look()?;
    }
}

/// A request that was sent and has no answer yet.
#[derive(Debug)]
struct Sent {
    /// Number by which whoever asked knows it.
    number: u64,
    /// Identifier by which the trainer answers it.
    id: String,
    command: Command,
}

/// Result of a look at the lines.
#[derive(Debug, Default)]
struct Taken {
    /// True if a file was written anew, and has to be read again.
    anew: bool,
    /// True if the journal has something new.
    answers: bool,
}

struct Follower<'a> {
    plan: &'a Plan,
    lines: &'a Lines,
    path: PathBuf,
    run: Place,
    post: Post,
    what: Followed,
    metrics: Tail,
    journal: Tail,
    status: Status,
    pulse: Pulse,
    sign: Option<Sign>,
    signed: Instant,
    judged: Instant,
    state: Option<RunState>,
    contact: Contact,
    unsaved: Option<Unsaved>,
    /// File of the sets that were sent last.
    shown: Option<String>,
    /// How the last session in the journal ended; `None` while it goes on.
    closed: Option<EndReason>,
    /// Set once what was asked before was told.
    told_before: bool,
    /// Set while its lock was found free once.
    doubted: bool,
    /// Set once the end of the session was told.
    over: bool,
    sent: Vec<Sent>,
    /// Finished epochs in the newest checkpoint whose sets this process measured, and when that may be done
    /// again.
    measured: Option<(u32, Instant)>,
    /// What was asked for before there was a checkpoint.
    waiting: Vec<Command>,
}

impl<'a> Follower<'a> {
    fn new(plan: &'a Plan, run: &Path, lines: &'a Lines) -> Result<Self, SessionError> {
        let what = Followed::of(run)?;
        let place = Place::open(run).map_err(RunError::unread(run))?;
        let status = Status::read(&place).unwrap_or_default();
        let claim = plan.meeting.as_ref().map(Meeting::claim);
        Ok(Self {
            plan,
            lines,
            path: run.to_owned(),
            post: Post::new(run, claim.unwrap_or_default()),
            what,
            metrics: Tail::of(&run.join(METRICS)),
            journal: Tail::of(&run.join(JOURNAL)),
            pulse: Pulse::new(&status),
            status,
            sign: None,
            signed: Instant::now(),
            judged: Instant::now(),
            state: None,
            contact: Contact::Heard,
            unsaved: None,
            shown: None,
            closed: None,
            told_before: false,
            doubted: false,
            over: false,
            sent: Vec::new(),
            measured: None,
            waiting: Vec::new(),
            run: place,
        })
    }

    fn event(&self, event: Event) {
        self.lines.event(event);
    }

    fn notice(&self, level: NoticeLevel, text: String) {
        self.event(Event::Notice(Notice { level, text }));
    }

    /// Reads all that is there and tells of it: at first, where the files were written anew, and where somebody
    /// has taken the run up again.
    fn start(&mut self) {
        self.metrics = Tail::of(&self.path.join(METRICS));
        self.journal = Tail::of(&self.path.join(JOURNAL));
        let lines = match self.metrics.news() {
            News::Lines(lines) => lines,
            News::WrittenAnew => Vec::new(),
        };
        self.what.begin(&lines, &self.run, &self.status);
        let entries: Vec<Entry> = match self.journal.news() {
            News::Lines(lines) => parsed(&lines).collect(),
            News::WrittenAnew => Vec::new(),
        };
        let cannot_steer = self.post.problem(&self.status);
        let cannot_steer = cannot_steer.map(|problem| problem.to_string());
        let answered = self.answered_before(&entries);
        self.event(Event::Started(Arc::new(RunInfo {
            name: name(&self.path),
            folder: self.path.clone(),
            kind: self.what.kind(),
            device: self.status.device.clone(),
            device_reason: self.status.device_reason.clone(),
            batches: self.status.batches_in_epoch,
            history: self.what.records().to_vec(),
            marks: marks(&entries),
            checkpoint: None,
            training: true,
            attached: Some(Attached {
                trainer: self.status.trainer(),
                cannot_steer: cannot_steer.clone(),
            }),
            answered,
        })));
        (self.state, self.over, self.contact) = (None, false, Contact::Heard);
        (self.unsaved, self.shown) = (None, None);
        if let Some(problem) = cannot_steer {
            let from = match self.what.own() {
                Some(_) => "; map and neighbours are those of the newest checkpoint",
                None => "",
            };
            let text = format!("to look at only: {problem}{from}");
            self.notice(NoticeLevel::Warning, text);
        }
        // Answers that came with the files that were written anew.
        self.closed = last_end(&entries);
        for entry in entries {
            if let JournalEvent::Outcome(outcome) = entry.event
                && let Some(requester) = outcome.by.requester()
                && self.sent.iter().any(|sent| sent.id == requester.id)
            {
                self.on_outcome(outcome);
            }
        }
        self.watch();
        self.look_at_others();
        self.hear();
        self.judge();
    }

    /// Tells what is new in the files of a trainer of another program.
    fn look_at_others(&mut self) {
        for event in self.what.look(&self.path, &self.run) {
            self.event(event);
        }
    }

    /// Returns what was asked and answered before this process began to watch; nothing when it is asked again.
    fn answered_before(&mut self, entries: &[Entry]) -> Vec<(SystemTime, Outcome)> {
        if std::mem::replace(&mut self.told_before, true) {
            return Vec::new();
        }
        let answered = entries.iter().filter_map(|entry| match &entry.event {
            JournalEvent::Outcome(outcome) => {
                let mut outcome = outcome.clone();
                of_somebody_else(&mut outcome);
                Some((entry.moment()?, outcome))
            }
            _ => None,
        });
        answered.collect()
    }

    /// Gives a sign that somebody watches, so that the trainer shows what it counts.
    fn watch(&mut self) {
        let wants = Wants {
            covered: true,
            codes: false,
        };
        self.signed = Instant::now();
        match &self.sign {
            Some(sign) if sign.again().is_ok() => {}
            _ => self.sign = Sign::give(&self.run, wants).ok(),
        }
    }

    fn look(&mut self) -> Result<(), SessionError> {
        if self.signed.elapsed() >= watchers::SIGN {
            self.watch();
        }
        // Before the lines: all that a status tells of is in the files already.
        let status = Status::read(&self.run).filter(|status| *status != self.status);
        let resumed = status
            .as_ref()
            .is_some_and(|now| now.session != self.status.session);
        let lines = self.take_lines();
        if lines.anew || resumed {
            self.status = status.unwrap_or_else(|| self.status.clone());
            self.start();
            return Ok(());
        }
        // A change of the state comes with the answer that tells of it.
        let newest = match lines.answers {
            false => status,
            true => Status::read(&self.run).or(status),
        };
        if let Some(status) = newest.filter(|status| status.session == self.status.session) {
            self.status = status;
            self.hear();
        }
        if self.judged.elapsed() >= JUDGE {
            self.judge();
        }
        self.measure_covered()?;
        self.serve_waiting()
    }

    /// Tells of the lines that are new.
    fn take_lines(&mut self) -> Taken {
        let mut taken = Taken::default();
        match self.journal.news() {
            News::WrittenAnew => taken.anew = true,
            News::Lines(entries) => {
                taken.answers = !entries.is_empty();
                parsed(&entries).for_each(|entry| self.on_entry(entry));
            }
        }
        match self.metrics.news() {
            News::WrittenAnew => taken.anew = true,
            News::Lines(lines) => {
                for event in self.what.take(&lines) {
                    self.tell_progress();
                    self.event(event);
                }
            }
        }
        taken
    }

    /// Takes the newest status into account.
    fn hear(&mut self) {
        self.pulse.hear(&self.status);
        self.tell_progress();
        let status = &self.status;
        let state = match status.state {
            State::Preparing => RunState::Preparing,
            State::Training | State::Other => RunState::Running,
            State::Paused => RunState::Paused,
            State::Finished => RunState::Finished,
            State::Failed => RunState::Failed,
        };
        let unsaved = status.unsaved.as_ref().map(|unsaved| Unsaved {
            since: unsaved.since,
            problem: unsaved.problem.clone(),
        });
        if self.state.replace(state) != Some(state) {
            self.event(Event::State(state));
        }
        if unsaved != self.unsaved {
            self.unsaved.clone_from(&unsaved);
            self.event(Event::Unsaved(unsaved));
        }
        self.show_covered();
        if let Some(end) = self.status.end.clone().filter(|_| !self.over) {
            self.end(End {
                reason: end.reason,
                message: end.message,
            });
        }
    }

    /// Tells of the progress within the epoch. It is repeated now and then: whoever asked may have begun to
    /// listen late.
    fn tell_progress(&self) {
        let status = &self.status;
        // A status may be a moment older than the first epoch.
        let stage = match self.what.own().is_some() && self.what.has_no_epoch() {
            true => Stage::Preparing,
            false => Stage::Training,
        };
        self.lines.progress.send_replace(Progress {
            epoch: status.epoch,
            stage: status.stage.unwrap_or(stage),
            done: status.batch,
            of: status.batches,
            loss: status.loss.unwrap_or(f64::NAN),
            epochs_per_minute: status.epochs_per_minute.unwrap_or(0.0),
        });
    }

    /// Sends the sets that the trainer shows, where they are new.
    fn show_covered(&mut self) {
        let own = self.what.own();
        let Some(name) = own.and(self.status.live.covered.clone()) else {
            return;
        };
        if self.shown.as_ref() == Some(&name) {
            return;
        }
        if let Some(sets) = live::read_covered(&self.run, &name) {
            self.shown = Some(name);
            let counts = self.record(sets.epoch).and_then(|record| record.coverage);
            self.event(Event::Covered(Arc::new(CoveredSets { counts, ..sets })));
        }
    }

    fn record(&self, epoch: u32) -> Option<&EpochRecord> {
        let mut newest_first = self.what.records().iter().rev();
        let record = newest_first.find(|record| record.epoch == epoch);
        record.map(AsRef::as_ref)
    }

    /// Judges whether the trainer lives, and tells for how long nothing was heard of it.
    fn judge(&mut self) {
        self.judged = Instant::now();
        if !self.run.is_at(&self.path)
            && let Ok(place) = Place::open(&self.path)
        {
            // Somebody removed or moved the folder, and its trainer has made it anew.
            self.run = place;
        }
        self.look_at_others();
        if self.over {
            return;
        }
        self.tell_progress();
        let silence = self.pulse.silence();
        let seconds = silence.as_secs();
        let told = self.status.heartbeat_s.max(1.0) * TOLD;
        let contact = match self.pulse.judge(&self.status, &self.path) {
            Liveness::Live if silence.as_secs_f64() <= told => Contact::Heard,
            Liveness::Live => Contact::Silent(seconds),
            Liveness::NotResponding => Contact::NotResponding(seconds),
            // Nobody has left a status: the journal says how it ended.
            Liveness::Ended => {
                let reason = self.closed.unwrap_or(EndReason::Lost);
                let message = format!("{}: {}", shown(&self.path), reason.words());
                self.end(End { reason, message });
                return;
            }
            // Between the release of its lock and its last status a trainer may be seen so.
            Liveness::CutOff if !std::mem::replace(&mut self.doubted, true) => return,
            Liveness::Lost | Liveness::CutOff => {
                let trainer = self.status.trainer();
                self.end(End {
                    reason: EndReason::Lost,
                    message: match self.what.own() {
                        Some(_) => format!(
                            "lost: {trainer} is gone without a word; what it saved is there, and --resume goes on with it"
                        ),
                        None => format!("lost: {trainer} is gone without a word"),
                    },
                });
                return;
            }
        };
        self.doubted = false;
        if contact != self.contact {
            self.contact = contact;
            self.event(Event::Contact(contact));
        }
    }

    /// Tells that the session is over. What was asked for and never taken is taken back.
    fn end(&mut self, end: End) {
        // What was written before the end may not have been read.
        self.take_lines();
        self.over = true;
        let state = match end.reason {
            EndReason::Failed | EndReason::Diverged => RunState::Failed,
            _ => RunState::Finished,
        };
        for sent in std::mem::take(&mut self.sent) {
            let what = match self.post.take_back(&sent.id) {
                true => "taken back: nobody took it before training ended",
                false => "training ended before it was answered",
            };
            self.outcome(sent.number, sent.command, Err(what.to_owned()));
        }
        if self.state.replace(state) != Some(state) {
            self.event(Event::State(state));
        }
        self.event(Event::Ended(end));
    }

    fn on_entry(&mut self, entry: Entry) {
        match entry.event {
            JournalEvent::Outcome(outcome) => self.on_outcome(outcome),
            JournalEvent::RolledBack { epoch, problem, .. } => self.notice(
                NoticeLevel::Warning,
                format!("{problem}; epoch {epoch} is done again with half the learning rate"),
            ),
            JournalEvent::Verdict {
                experiment,
                finding,
                ..
            } => {
                self.notice(
                    NoticeLevel::Info,
                    format!("experiment {experiment}: {finding}"),
                );
            }
            JournalEvent::MovedAside { count, first, .. } => self.notice(
                NoticeLevel::Warning,
                format!(
                    "{count} in `requests` that were none were moved aside; the first: {first}"
                ),
            ),
            JournalEvent::Closed { reason, .. } => self.closed = Some(reason),
            JournalEvent::Opened { .. } => self.closed = None,
            JournalEvent::Missing { epochs, .. } => self.notice(
                NoticeLevel::Warning,
                format!(
                    "the metrics of {} are missing",
                    counted(count32(epochs.len()), "epoch")
                ),
            ),
            JournalEvent::Branched { .. } => {}
        }
    }

    /// Passes an answer on: under its number where it was asked for here, else with whoever asked.
    fn on_outcome(&mut self, mut outcome: Outcome) {
        let id = outcome.by.requester().map(|requester| &requester.id);
        let own = id.and_then(|id| self.sent.iter().position(|sent| sent.id == *id));
        match own.map(|place| self.sent.remove(place)) {
            Some(sent) => (outcome.id, outcome.by) = (sent.number, Author::User),
            None => of_somebody_else(&mut outcome),
        }
        let follows = match &outcome.command {
            Command::Steer(Steer::Set { key, value, .. }) if outcome.applied => {
                self.what.changed(key, value, &self.status)
            }
            _ => None,
        };
        self.event(Event::Outcome(outcome));
        if let Some(event) = follows {
            self.event(event);
        }
    }

    /// Answers a request of whoever watches here; returns what comes next where that is another run.
    fn answer(&mut self, request: Request) -> Result<Option<Next>, SessionError> {
        let Request { id, command, .. } = request;
        match command {
            Command::Encode | Command::Weights | Command::Branch { .. }
                if self.what.own().is_none() =>
            {
                let text = "another program trains this run: only that one has its model";
                self.outcome(id, command, Err(text.to_owned()));
            }
            Command::Encode | Command::Weights => {
                self.waiting.push(command);
                self.serve_waiting()?;
            }
            Command::Branch { of, epochs, name } => {
                let mut named = name;
                let disk = &self.plan.disk;
                let made = branch_off(disk, &self.path, of.as_deref(), epochs, &mut named);
                let command = Command::Branch {
                    of,
                    epochs,
                    name: named,
                };
                return Ok(self.go_on_in(id, command, made));
            }
            Command::Open { run } => {
                let path = beside(&self.path, &run);
                let command = Command::Open { run };
                if let Ok(path) = &path
                    && (is_open(path) || is_foreign(path))
                {
                    self.outcome(id, command, Ok(format!("follows {}", name(path))));
                    return Ok(Some(Next::Follow(path.clone())));
                }
                let made = path.and_then(|path| {
                    let opened = RunFolder::open(&self.plan.disk, &path);
                    opened.map_err(|error| error.to_string())
                });
                return Ok(self.go_on_in(id, command, made));
            }
            Command::HandOver => {
                let text = "another process trains it already; leaving this screen changes nothing";
                self.outcome(id, command, Err(text.to_owned()));
            }
            command if self.over => {
                self.outcome(id, command, Err("training has ended".to_owned()));
            }
            command => match self.post.send(command.clone()) {
                Ok(ulid) => self.sent.push(Sent {
                    number: id,
                    id: ulid,
                    command,
                }),
                Err(error) => self.outcome(id, command, Err(error.to_string())),
            },
        }
        Ok(None)
    }

    /// Leaves the run that is followed for one that is trained here, where that could be made.
    fn go_on_in(&self, id: u64, command: Command, made: Result<Reopened, String>) -> Option<Next> {
        match made {
            Err(problem) => {
                self.outcome(id, command, Err(problem));
                None
            }
            Ok(reopened) => {
                let to = reopened.run.path().to_owned();
                let name = reopened.run.name();
                let of = crate::run::name(&self.path);
                let text =
                    format!("continues in {name}, trained here; {of} is left to its trainer");
                self.outcome(id, command, Ok(text));
                Some(Next::Train(Box::new(Plan {
                    place: RunLocation::Existing(to),
                    epochs: None,
                    planned: Vec::new(),
                    replay: false,
                    ..self.plan.clone()
                })))
            }
        }
    }

    /// Sends an outcome that no trainer gave.
    fn outcome(&self, id: u64, command: Command, answer: Result<String, String>) {
        let (applied, message) = match answer {
            Ok(message) => (true, message),
            Err(message) => (false, message),
        };
        self.event(Event::Outcome(Outcome {
            id,
            by: Author::User,
            command,
            epoch: self.status.epoch,
            batch: 0,
            applied,
            message,
        }));
    }

    /// Answers what was asked of the model by its newest checkpoint; later, where there is none yet.
    fn serve_waiting(&mut self) -> Result<(), SessionError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let Some(newest) = newest(&self.path) else {
            return Ok(());
        };
        let (epochs, batch) = newest
            .moment
            .unwrap_or((count32(self.what.records().len()), 0));
        let source = moment(epochs, batch);
        for command in std::mem::take(&mut self.waiting) {
            let weights = newest.weights.clone();
            let source = source.clone();
            self.event(match command {
                Command::Weights => Event::Weights(Arc::new(Model {
                    epoch: epochs,
                    source,
                    weights,
                })),
                _ => {
                    let (device, dtype) = (Device::flex(), DType::F32);
                    let model = DualVae::new(&weights, &device, dtype);
                    let codes = codes(&model, &device, dtype, epochs, source)?;
                    Event::Codes(Arc::new(codes))
                }
            });
        }
        Ok(())
    }

    /// Measures the sets of the newest checkpoint, where the trainer shows none because nobody may tell it
    /// that somebody watches.
    fn measure_covered(&mut self) -> Result<(), SessionError> {
        let newest_record = self.what.records().last();
        let done = newest_record.map_or(0, |record| record.epoch + 1);
        let due = self
            .measured
            .is_none_or(|(epochs, again)| epochs < done && Instant::now() >= again);
        if self.sign.is_some() || done == 0 || !due {
            return Ok(());
        }
        let began = Instant::now();
        if let Some(newest) = newest(&self.path) {
            let (device, dtype) = (Device::flex(), DType::F32);
            let model = DualVae::new(&newest.weights, &device, dtype);
            let epochs = newest.moment.map_or(done, |(epochs, _)| epochs);
            let found = covered(&model, &device, dtype, epochs.saturating_sub(1))?;
            self.event(Event::Covered(Arc::new(found)));
            self.measured = Some((epochs, Instant::now() + SHARE * began.elapsed()));
        }
        Ok(())
    }
}

/// Marks an outcome as that of somebody else: the user at the trainer's own screen has no other name.
fn of_somebody_else(outcome: &mut Outcome) {
    outcome.id = 0;
    if outcome.by == Author::User {
        let owner = Some("the trainer's own user".to_owned());
        outcome.by = Author::Request(Box::new(Requester {
            owner,
            ..Requester::default()
        }));
    }
}

/// Reads the newest checkpoint of a run that another process trains, which may replace it meanwhile.
fn newest(run: &Path) -> Option<Checkpoint> {
    let read = || {
        let latest = checkpoint_folder(run, LATEST).ok()?;
        read_checkpoint(&latest).ok()
    };
    (0..TRIES).find_map(|_| read())
}
