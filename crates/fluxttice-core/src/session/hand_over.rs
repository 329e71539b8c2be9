//! Leaving a run to a process of its own, which goes on with it.
//!
//! The lock of the run is never free in between: the other process has the open lock file from this one. This
//! one leaves only after the other has said, by a line on its standard output, that it trains; else it goes on.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use super::error::SessionError;
use super::message::{End, Event, Notice, NoticeLevel, RunState};
use super::publisher::Meeting;
use super::worker::Worker;
use crate::device::DeviceSpec;
use crate::protocol::Post;
use crate::request::{Author, Command, EndReason, Request};
use crate::run::RunError;
use crate::run::journal::JournalEvent;
use crate::shown::printable;
use crate::training::Planned;

/// Longest message of a process that failed, in bytes.
const MESSAGE: u64 = 4 << 10;

/// What a process needs to go on with a run.
#[derive(Debug)]
pub struct Estate {
    /// Folder of the run.
    pub run: PathBuf,
    /// Open lock file of the run.
    pub lock: File,
    /// Number of epochs to add before stopping; `None` goes on until the schedule ends.
    pub epochs: Option<u32>,
    /// Changes that are still to be made by themselves.
    pub planned: Vec<Planned>,
    /// Device that the run is trained on.
    pub device: DeviceSpec,
    /// True if training waits until it is asked to go on.
    pub paused: bool,
    /// Session that is over, of which requests may still be waiting; `None` where it met nobody.
    pub session: Option<String>,
    /// Time that is left for training; `None` where it may take as long as it does.
    pub time: Option<Duration>,
}

/// Starts processes that take runs over.
pub trait Successor: fmt::Debug + Send + Sync {
    /// Starts a process that takes a run over. It writes a line to its standard output, which is piped, once it
    /// has the run open; its standard error is read where it fails.
    ///
    /// # Errors
    /// Returns the system's error.
    fn start(&self, estate: Estate) -> io::Result<Child>;
}

impl Worker<'_> {
    /// Returns the reason why the run cannot be left to another process; `None` where it can.
    pub(super) fn bound(&self) -> Option<&'static str> {
        let meeting = self.plan.meeting.as_ref();
        match meeting.map(|meeting| &meeting.successor) {
            None | Some(None) => Some("this program cannot leave a run to another process"),
            Some(Some(_)) if self.plan.replay => Some("a replay is not left to another process"),
            Some(Some(_)) if self.open.trainer.at_once() > 1 => {
                Some("the runs of a population stay together")
            }
            Some(Some(_)) => None,
        }
    }

    /// Leaves the run, of which everything is saved, to a process of its own. Where that does not begin to
    /// train, everything is as it was, and the message says why.
    ///
    /// # Errors
    /// Returns an error of the journal that waiting does not help against.
    pub(super) fn hand_over(&mut self) -> Result<Result<End, String>, RunError> {
        if let Some(unsaved) = self.open.unsaved() {
            return Ok(Err(unsaved.to_string()));
        }
        self.close(EndReason::HandedOver)?;
        // From here on the folder is the other process's.
        let session = self.lines.publisher.take();
        let session = session.map(|publisher| publisher.session.clone());
        if let Some(meeting) = &mut self.plan.meeting {
            meeting.after.clone_from(&session);
        }
        let left = self.start_successor(session);
        if left.is_ok() {
            self.pass_on();
        }
        Ok(left.map(|pid| {
            let name = self.open.run.name();
            End {
                reason: EndReason::HandedOver,
                message: format!(
                    "{name} is left running: process {pid} goes on with it; `fluxttice-explorer attach {name}` looks in"
                ),
            }
        }))
    }

    /// Asks the other process for what was asked here meanwhile.
    fn pass_on(&self) {
        let claim = self.plan.meeting.as_ref().map(Meeting::claim);
        let post = Post::new(self.open.run.path(), claim.unwrap_or_default());
        for request in self.lines.requests.try_iter() {
            if let Err(problem) = post.send(request.command.clone()) {
                self.lines.event(Event::Notice(Notice {
                    level: NoticeLevel::Warning,
                    text: format!("{}: {problem}", request.command),
                }));
            }
        }
    }

    fn start_successor(&self, session: Option<String>) -> Result<u32, String> {
        let run = self.open.run.path().to_owned();
        let successor = self.plan.meeting.as_ref();
        let successor = successor.and_then(|meeting| meeting.successor.as_ref());
        let successor = successor.ok_or("this program cannot start one")?;
        let done = self.open.trainer.epoch();
        let estate = Estate {
            lock: self
                .open
                .run
                .lock_file()
                .map_err(|error| error.to_string())?,
            epochs: self
                .plan
                .epochs
                .map(|_| self.open.last_epoch().saturating_sub(done)),
            planned: self.agenda.waiting().to_vec(),
            device: self.chosen.spec,
            paused: self.paused,
            session,
            time: self
                .plan
                .until
                .map(|until| until.saturating_duration_since(Instant::now())),
            run: run.clone(),
        };
        let mut child = successor.start(estate).map_err(|error| error.to_string())?;
        // It says so itself, by a line: nothing else shows that it has not begun, and it is never ended from here.
        let mut told = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut told);
            read.map_err(|error| error.to_string())?;
        }
        match told.is_empty() {
            false => Ok(child.id()),
            true => match child.wait() {
                Ok(exit) => Err(failure(&mut child, exit)),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// Goes on with the run that could not be left to another process, and says so.
    ///
    /// # Errors
    /// Returns an error of the journal that waiting does not help against.
    pub(super) fn keep_on(&mut self, problem: &str) -> Result<(), SessionError> {
        self.handing_over = false;
        let opened = JournalEvent::Opened {
            epoch: self.open.trainer.epoch(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: self.chosen.name.clone(),
            seed: self.open.run.config().seed,
        };
        self.open.note(opened, self.lines)?;
        self.lines.meet(&self.plan, &self.open, &self.chosen);
        let request = Request {
            id: 0,
            by: Author::User,
            command: Command::HandOver,
        };
        let answer = format!("training goes on here: {problem}");
        if self.paused {
            self.lines.event(Event::State(RunState::Paused));
        }
        self.tell_outcome(request, Err(answer))
    }
}

/// Says how a process failed, in its own words where it left some.
fn failure(child: &mut Child, exit: ExitStatus) -> String {
    let mut words = Vec::new();
    if let Some(stderr) = &mut child.stderr {
        // What can be read of them is enough.
        let _ = stderr.take(MESSAGE).read_to_end(&mut words);
    }
    let words = String::from_utf8_lossy(&words);
    match words.trim() {
        "" => format!("the process ended: {exit}"),
        words => format!("the process ended: {}", printable(words)),
    }
}
