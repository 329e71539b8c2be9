//! The thread through which a trainer meets others at the run's folder: it writes `status.json`, looks at the
//! requests, and shows what watchers want. It trains nothing and writes nothing that training needs.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use super::hand_over::Successor;
use super::message::{Codes, End, Progress, RunState, Tuning, Unsaved};
use super::open_run::OpenRun;
use crate::device::Chosen;
use crate::protocol::controls::Controls;
use crate::protocol::inbox::{Arrival, Inbox};
use crate::protocol::place::Place;
use crate::protocol::process::{self, Process};
use crate::protocol::status::{Ended, Live, State, Status, UnsavedSince};
use crate::protocol::watchers::{self, Wants};
use crate::protocol::{self, live};
use crate::record::{CoveredSets, Stage};
use crate::request::Claim;
use crate::run::Marker;
use crate::run::journal::Entry;
use crate::run::names::{CONTROLS, REQUESTS};

/// Time between two looks at the requests.
const LOOK: Duration = Duration::from_millis(40);
/// Time to the next look after one that found nothing but what is no request.
const LOOK_AFTER_JUNK: Duration = Duration::from_millis(250);
/// Shortest time between two statuses.
const OFTEN: Duration = Duration::from_millis(200);
/// Time between two statuses where nobody watches and nothing but progress is new.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Time between two looks at who watches.
const WATCHERS: Duration = Duration::from_secs(1);
/// Shortest time between two lines of the journal on what was moved aside.
const NOTED: Duration = Duration::from_mins(1);

/// Something that the worker tells the publisher.
#[derive(Debug)]
enum News {
    State(RunState),
    Epoch(Option<Arc<CoveredSets>>),
    Codes(Arc<Codes>),
    Tuned(Arc<Tuning>),
    Unsaved(Option<Unsaved>),
    Ended(End),
    Answered(String),
}

/// Something that the publisher asks of the worker.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    /// A request of another program.
    Request(Box<Arrival>),
    /// Codes of the model after this epoch, for those who watch.
    Codes,
    /// What was moved aside since the last time: how many things, and the first one in words.
    MovedAside(u32, String),
    /// A problem that the user should know.
    Problem(String),
}

/// How a session meets others at the run's folder.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Name of the program, as others are told.
    pub program: String,
    /// Version of the program.
    pub version: String,
    /// True if others than the run's owner may send requests, where the folder's permissions let them.
    pub allow_group: bool,
    /// Session before, whose requests are still taken: of the process that left the run to this one.
    pub after: Option<String>,
    /// Starts a process that takes a run over; `None` where the program has no way to.
    pub successor: Option<Arc<dyn Successor>>,
}

impl Meeting {
    /// Returns what requests of this program say of their sender.
    pub fn claim(&self) -> Claim {
        process::claim(&format!("{} {}", self.program, self.version))
    }
}

/// The worker's end of the channels to the publisher of one run.
#[derive(Debug)]
pub(super) struct Publisher {
    /// Identifier of the session.
    pub(super) session: String,
    /// `None` once the publisher is to end.
    news: Option<Sender<News>>,
    asked: Receiver<Asked>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Starts to publish a run that this process has just opened.
    ///
    /// # Errors
    /// Returns the system's error where the run's folder cannot be opened or no thread started.
    pub(super) fn start(
        open: &OpenRun,
        chosen: &Chosen,
        meeting: &Meeting,
        progress: watch::Receiver<Progress>,
    ) -> io::Result<Self> {
        let (run, tuning) = (&open.run, open.tuning());
        let session = protocol::new_id().map_err(io::Error::other)?;
        let answered = open.entries.iter().filter_map(Entry::request_id);
        let answered: HashSet<String> = answered.map(str::to_owned).collect();
        let sessions = meeting.after.iter().chain([&session]).cloned().collect();
        let inbox = Inbox::new(run.path(), sessions, meeting.allow_group, answered);
        let status = Status {
            protocol: protocol::VERSION,
            program: meeting.program.clone(),
            version: meeting.version.clone(),
            session: session.clone(),
            state: State::Preparing,
            process: Process::this(),
            locked: run.has_lock(),
            allow_group: meeting.allow_group,
            heartbeat_s: HEARTBEAT.as_secs_f64(),
            batches_in_epoch: open.trainer.batches(),
            last_epoch: tuning.last_epoch,
            device: chosen.name.clone(),
            device_reason: chosen.reason.clone(),
            ..Status::default()
        };
        let (news, told) = channel();
        let (ask, asked) = channel();
        let mut publishing = Publishing {
            place: Place::open(run.path())?,
            path: run.path().to_owned(),
            marker: run.marker().clone(),
            controls: Controls::of(&tuning.config, &status.session),
            controlled: None,
            status,
            progress,
            inbox,
            told,
            ask,
            clock: SystemTime::now(),
            wants: Wants::default(),
            covered: None,
            moved: (0, String::new()),
            noted: None,
            due: Due::now(),
            urgent: true,
        };
        publishing.put_controls();
        // Whoever is told of the run can ask at once. A folder that refuses is told of at the first look.
        let _ = publishing.place.subfolder(REQUESTS);
        publishing.put();
        let thread = std::thread::Builder::new().name("publisher".to_owned());
        Ok(Self {
            session,
            news: Some(news),
            asked,
            thread: Some(thread.spawn(move || publishing.serve())?),
        })
    }

    /// Returns the next thing that is asked of the worker; `None` where nothing is.
    pub(super) fn next(&self) -> Option<Asked> {
        self.asked.try_recv().ok()
    }

    /// Tells of an event, where it is of interest to others.
    pub(super) fn hear(&self, event: &super::message::Event) {
        use super::message::Event;
        match event {
            Event::State(state) => self.tell(News::State(*state)),
            Event::Epoch(report) => self.tell(News::Epoch(report.covered.clone())),
            Event::Codes(codes) => self.tell(News::Codes(Arc::clone(codes))),
            Event::Tuned(tuning) => self.tell(News::Tuned(Arc::clone(tuning))),
            Event::Unsaved(unsaved) => self.tell(News::Unsaved(unsaved.clone())),
            Event::Ended(end) => self.tell(News::Ended(end.clone())),
            _ => {}
        }
    }

    /// Tells that the answer to a request is in the journal, on the disk.
    pub(super) fn answered(&self, id: String) {
        self.tell(News::Answered(id));
    }

    fn tell(&self, news: News) {
        if let Some(sender) = &self.news {
            // A thread that has ended by a defect takes nothing down with it.
            let _ = sender.send(news);
        }
    }
}

/// Waits until the last status is written, so that it says how the session ended.
impl Drop for Publisher {
    fn drop(&mut self) {
        self.news = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was printed; there is nothing to be undone.
            let _ = thread.join();
        }
    }
}

/// Times at which something is due next.
#[derive(Debug)]
struct Due {
    look: Instant,
    watchers: Instant,
    heartbeat: Instant,
    /// Earliest time of the next status.
    often: Instant,
}

impl Due {
    fn now() -> Self {
        let now = Instant::now();
        Self {
            look: now,
            watchers: now,
            heartbeat: now,
            often: now,
        }
    }
}

/// The publisher's thread.
#[derive(Debug)]
struct Publishing {
    place: Place,
    path: PathBuf,
    marker: Marker,
    status: Status,
    controls: Controls,
    /// Time at which the controls were put; `None` where the folder refused.
    controlled: Option<SystemTime>,
    progress: watch::Receiver<Progress>,
    inbox: Inbox,
    told: Receiver<News>,
    ask: Sender<Asked>,
    /// Time of the last status, by the clock of the file system.
    clock: SystemTime,
    wants: Wants,
    /// Newest sets, for a watcher who comes later.
    covered: Option<Arc<CoveredSets>>,
    /// Things moved aside that the journal has not been told of, and the first one in words.
    moved: (u32, String),
    noted: Option<Instant>,
    due: Due,
    /// Set while something but progress is new.
    urgent: bool,
}

impl Publishing {
    fn serve(mut self) {
        loop {
            match self.told.recv_timeout(LOOK) {
                Ok(news) => self.take(news),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Ok(news) = self.told.try_recv() {
                self.take(news);
            }
            let now = Instant::now();
            if now >= self.due.watchers {
                self.due.watchers = now + WATCHERS;
                self.see_who_watches();
            }
            if now >= self.due.look {
                let junk = self.look();
                self.due.look = now + if junk { LOOK_AFTER_JUNK } else { LOOK };
            }
            self.beat(now);
        }
        self.put();
    }

    fn take(&mut self, news: News) {
        match news {
            News::State(state) => {
                // An answer that tells of it may be read any moment.
                self.due.often = Instant::now();
                self.status.state = match state {
                    RunState::Preparing => State::Preparing,
                    RunState::Running => State::Training,
                    RunState::Paused => State::Paused,
                    RunState::Finished => State::Finished,
                    RunState::Failed => State::Failed,
                };
            }
            News::Epoch(covered) => {
                if covered.is_some() {
                    self.covered = covered;
                    self.show_covered();
                }
                if self.wants.codes {
                    let _ = self.ask.send(Asked::Codes);
                }
            }
            News::Codes(codes) => self.show_codes(&codes),
            News::Tuned(tuning) => self.tuned(&tuning),
            News::Unsaved(unsaved) => {
                self.status.unsaved = unsaved.map(|unsaved| UnsavedSince {
                    since: unsaved.since,
                    problem: unsaved.problem,
                });
            }
            News::Ended(end) => {
                self.status.end = Some(Ended {
                    reason: end.reason,
                    message: end.message,
                });
            }
            News::Answered(id) => return self.inbox.answered(&self.place, &id),
        }
        self.urgent = true;
    }

    fn tuned(&mut self, tuning: &Tuning) {
        self.status.last_epoch = tuning.last_epoch;
        self.controls = Controls::of(&tuning.config, &self.status.session);
        self.put_controls();
    }

    fn put_controls(&mut self) {
        // A folder that refuses is told of where the run is saved.
        self.controlled = self.controls.put(&self.place).ok();
    }

    fn see_who_watches(&mut self) {
        let _ = watchers::prepare(&self.place);
        let before = std::mem::replace(&mut self.wants, watchers::wanted(&self.place, self.clock));
        if self.wants.covered && !before.covered {
            self.show_covered();
            self.urgent = true;
        }
        if self.wants.codes && !before.codes {
            let _ = self.ask.send(Asked::Codes);
        }
    }

    fn show_covered(&mut self) {
        if let Some(covered) = self.covered.as_ref().filter(|_| self.wants.covered) {
            self.status.live.covered = live::put_covered(&self.place, covered).ok();
        }
    }

    fn show_codes(&mut self, codes: &Codes) {
        if self.wants.codes {
            let done = codes.epoch.saturating_sub(1);
            self.status.live.codes = live::put_codes(&self.place, done, &codes.spaces).ok();
        }
    }

    /// Looks at the requests; returns true if there was nothing but what is none.
    fn look(&mut self) -> bool {
        let look = self.inbox.look(&self.place, self.clock);
        let junk = look.moved > 0 && look.arrived.is_empty();
        for arrival in look.arrived {
            let _ = self.ask.send(Asked::Request(Box::new(arrival)));
        }
        if let Some(problem) = look.problem {
            let _ = self.ask.send(Asked::Problem(problem));
        }
        self.moved.0 += look.moved;
        if let Some(first) = look.first
            && self.moved.1.is_empty()
        {
            self.moved.1 = first;
        }
        let may_note = self.noted.is_none_or(|noted| noted.elapsed() > NOTED);
        if self.moved.0 > 0 && may_note {
            self.noted = Some(Instant::now());
            let (count, first) = std::mem::take(&mut self.moved);
            let _ = self.ask.send(Asked::MovedAside(count, first));
        }
        junk
    }

    /// Writes the status, where that is due.
    fn beat(&mut self, now: Instant) {
        let progressed = !self.wants.is_nothing() && self.progress.has_changed().unwrap_or(false);
        let news = (self.urgent || progressed) && now >= self.due.often;
        if news || now >= self.due.heartbeat {
            self.put();
            self.due.often = now + OFTEN;
            self.due.heartbeat = now + HEARTBEAT;
        }
    }

    fn put(&mut self) {
        let at = *self.progress.borrow_and_update();
        let over = matches!(self.status.state, State::Finished | State::Failed);
        self.status.stage = Some(at.stage).filter(|stage| *stage != Stage::Preparing && !over);
        self.status.epoch = at.epoch;
        (self.status.batch, self.status.batches) = (at.done, at.of);
        self.status.epochs_per_minute = Some(at.epochs_per_minute).filter(|rate| *rate > 0.0);
        self.status.loss = Some(at.loss).filter(|loss| loss.is_finite());
        self.status.beat += 1;
        self.urgent = false;
        if !self.place.is_at(&self.path)
            && Marker::read(&self.path).as_ref() == Some(&self.marker)
            && let Ok(place) = Place::open(&self.path)
        {
            // Somebody removed or moved the folder, and the worker has made it anew.
            self.place = place;
            self.status.live = Live::default();
        }
        if let Ok(now) = self.status.put(&self.place) {
            self.clock = now;
        }
        if self.place.changed(CONTROLS).ok() != self.controlled {
            // Somebody removed or replaced them.
            self.put_controls();
        }
    }
}
