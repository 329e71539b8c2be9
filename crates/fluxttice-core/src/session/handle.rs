//! Starting a session and talking to it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use super::error::SessionError;
use super::explore::{explore, explore_codes};
use super::follow::{Next, follow};
use super::message::{End, Event, Progress, RunState};
use super::plan::Plan;
use super::population::Others;
use super::worker::{Lines, work};
use crate::measure::neighbours::Cloud;
use crate::request::{Author, Command, Request};
use crate::run::Checkpoint;
use crate::training::GroupHandle;

/// Most requests that may wait for the worker; it looks at them after every batch.
const WAITING: usize = 64;

/// A running session: the worker's thread, and the channels to and from it.
#[derive(Debug)]
pub struct Session {
    /// Events of the worker, in order; none is dropped.
    pub events: mpsc::UnboundedReceiver<Event>,
    /// Progress of the worker; only the newest value is kept.
    pub progress: watch::Receiver<Progress>,
    /// Sender of commands to the worker.
    pub inlet: Inlet,
    /// Thread of the worker, to be waited for once the inlet is dropped.
    pub worker: Worker,
}

/// Sender of commands to a worker. When the last one is dropped, the worker stops by itself.
#[derive(Debug)]
pub struct Inlet {
    requests: SyncSender<Request>,
    next: u64,
    others: Option<Others>,
}

impl Inlet {
    /// Sends a command without waiting; its outcome carries the number returned.
    ///
    /// Returns `None` where the worker is gone or has not looked at the last 64 requests yet.
    pub fn send(&mut self, command: Command) -> Option<u64> {
        let request = Request {
            id: self.next,
            by: Author::User,
            command,
        };
        let id = request.id;
        match &mut self.others {
            Some(others) if others.refuse(&request) => {}
            Some(others) => {
                self.requests.try_send(request.clone()).ok()?;
                others.ask(&request.command);
            }
            None => self.requests.try_send(request).ok()?,
        }
        self.next += 1;
        Some(id)
    }

    /// Makes the inlet send every command to the others of a population too.
    pub(super) fn with_others(mut self, others: Others) -> Self {
        self.others = Some(others);
        self
    }
}

impl Session {
    /// Starts training on a thread of its own.
    ///
    /// # Errors
    /// Returns the system's refusal to start a thread.
    pub fn train(plan: Plan) -> std::io::Result<Self> {
        Self::train_in_group(plan, None)
    }

    /// Starts training as [`Session::train`] does. With a group, batches are computed together with those of
    /// the other members, where that is faster.
    pub(super) fn train_in_group(plan: Plan, group: Option<GroupHandle>) -> std::io::Result<Self> {
        Self::start(move |lines| {
            let followed = plan.clone();
            go_on(work(plan, group, lines)?, &followed, lines)
        })
    }

    /// Follows a run that another process trains, on a thread of its own: its events come from the run's
    /// folder, and requests go there. The plan says how a branch of it is trained, which this process does.
    ///
    /// # Errors
    /// Returns the system's refusal to start a thread.
    pub fn attach(run: PathBuf, plan: Plan) -> std::io::Result<Self> {
        Self::start(move |lines| go_on(Next::Follow(run), &plan, lines))
    }

    /// Starts serving a model that is not trained further, on a thread of its own.
    ///
    /// # Errors
    /// Returns the system's refusal to start a thread.
    pub fn explore(checkpoint: Checkpoint) -> std::io::Result<Self> {
        Self::start(move |lines| explore(&checkpoint, lines))
    }

    /// Starts serving codes that any program made, on a thread of its own; `name` says where they are from.
    ///
    /// # Errors
    /// Returns the system's refusal to start a thread.
    pub fn explore_codes(name: String, codes: Cloud) -> std::io::Result<Self> {
        Self::start(move |lines| {
            explore_codes(name, codes, lines);
            Ok(())
        })
    }

    fn start(
        job: impl FnOnce(&Lines) -> Result<(), SessionError> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = sync_channel(WAITING);
        let (outbox, events) = mpsc::unbounded_channel();
        let (progress_in, progress) = watch::channel(Progress::default());
        let lines = Lines {
            requests: inbox,
            events: outbox,
            progress: progress_in,
            publisher: RefCell::new(None),
        };
        let thread = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || {
                // A defect must reach the screen as a message, not take it down.
                let done = catch_unwind(AssertUnwindSafe(|| job(&lines)));
                let result =
                    done.unwrap_or_else(|panic| Err(SessionError::panicked(panic.as_ref())));
                if let Err(error) = &result {
                    lines.event(Event::State(RunState::Failed));
                    lines.event(Event::Ended(End {
                        reason: error.reason(),
                        message: error.to_string(),
                    }));
                }
                result
            })?;
        Ok(Self {
            events,
            progress,
            inlet: Inlet {
                requests,
                next: 1,
                others: None,
            },
            worker: Worker(vec![thread]),
        })
    }
}

/// Goes on with whatever comes next, until nobody is left to ask for anything; `plan` says how branches of a
/// run that is followed are trained.
fn go_on(mut next: Next, plan: &Plan, lines: &Lines) -> Result<(), SessionError> {
    loop {
        next = match next {
            Next::Nothing => return Ok(()),
            Next::Follow(run) => follow(plan, &run, lines)?,
            Next::Train(plan) => work(*plan, None, lines)?,
        };
    }
}

/// Thread of a worker; for a population, the threads of all its workers.
#[derive(Debug)]
pub struct Worker(Vec<JoinHandle<Result<(), SessionError>>>);

impl Worker {
    /// Waits for the worker; it ends once its inlet is dropped.
    ///
    /// # Errors
    /// Returns what ended the session against its will; the first of several.
    pub fn join(self) -> Result<(), SessionError> {
        let one = |thread: JoinHandle<Result<(), SessionError>>| {
            let done = thread.join();
            done.unwrap_or_else(|panic| Err(SessionError::panicked(panic.as_ref())))
        };
        // All are waited for, whatever the first ones say.
        let results: Vec<_> = self.0.into_iter().map(one).collect();
        results.into_iter().collect()
    }

    /// Takes over the threads of another worker, so that [`Worker::join`] waits for them too.
    pub(super) fn join_with(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}
