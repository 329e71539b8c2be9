//! Populations: several runs of one configuration that differ by their seed alone, trained side by side.
//!
//! Each is a run like any other, with a folder, a journal and checkpoints of its own. The events of the first
//! are sent as if it were alone; of the others only their epochs, and what went wrong. A request goes to all.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::handle::{Inlet, Session};
use super::message::{End, Event, Member, Notice, NoticeLevel, RunState};
use super::plan::{Plan, RunLocation};
use crate::config::Config;
use crate::request::{Command, EndReason, Outcome, Request};
use crate::run::{RunError, stored_config};
use crate::training::GroupHandle;

/// Most runs at a time: each has a model, an optimizer and a thread.
pub const MOST_MEMBERS: usize = 64;

/// Makes the plan of one run into those of several seeds, each with its seed.
///
/// Without `out` they are new runs beside all others. In `out` each has a folder of its own, and a run that
/// lies there already is continued.
///
/// # Errors
/// Returns a [`RunError`] where a folder in `out` holds something else.
pub fn plans(
    plan: &Plan,
    config: &Config,
    seeds: &[u64],
    out: Option<&Path>,
) -> Result<Vec<(u64, Plan)>, RunError> {
    let of_seed = |seed: &u64| {
        let config = Config {
            seed: *seed,
            ..config.clone()
        };
        let folder = out.map(|out| out.join(format!("s{seed}")));
        let place = match (folder, &plan.place) {
            (Some(folder), _) if !folder.exists() => RunLocation::NewAt(folder, Box::new(config)),
            (Some(folder), _) if stored_config(&folder)? == config => RunLocation::Existing(folder),
            (Some(folder), _) => {
                let problem =
                    "holds a run with another configuration; name another folder with --out";
                return Err(RunError::unusable(&folder, problem));
            }
            (None, RunLocation::NewUnder(runs, _)) => {
                RunLocation::NewUnder(runs.clone(), Box::new(config))
            }
            (None, other) => other.clone(),
        };
        let plan = Plan {
            place,
            ..plan.clone()
        };
        Ok((*seed, plan))
    };
    seeds.iter().map(of_seed).collect()
}

impl Session {
    /// Trains several runs at once, each on a thread of its own; on a GPU their batches are computed
    /// together.
    ///
    /// The session has ended when all have; [`Worker::join`](super::Worker::join) then returns the first
    /// error of any.
    ///
    /// # Errors
    /// Returns the system's refusal to start a thread, or `InvalidInput` where there is no plan at all.
    pub fn population(plans: Vec<(u64, Plan)>) -> std::io::Result<Self> {
        let (outbox, events) = unbounded_channel();
        let gathering = Arc::new(Mutex::new(Gathering {
            outbox: outbox.clone(),
            seeds: plans.iter().map(|(seed, _)| *seed).collect(),
            waiting: Some(Vec::new()),
            going_on: plans.len(),
            end: None,
        }));
        let mut population: Option<Self> = None;
        let mut others = Vec::new();
        let handles = GroupHandle::group_of(plans.len())?;
        for (member, ((_, plan), group)) in plans.into_iter().zip(handles).enumerate() {
            let mut session = Self::train_in_group(plan, Some(group))?;
            let gathering = Arc::clone(&gathering);
            let (_, nothing) = unbounded_channel();
            let mut told = std::mem::replace(&mut session.events, nothing);
            let passed_on = std::thread::Builder::new().name(format!("member {member}"));
            passed_on.spawn(move || {
                while let Some(event) = told.blocking_recv() {
                    let gathering = gathering.lock();
                    gathering
                        .unwrap_or_else(PoisonError::into_inner)
                        .tell(member, event);
                }
            })?;
            match &mut population {
                None => population = Some(session),
                Some(first) => {
                    others.push(session.inlet);
                    first.worker.join_with(session.worker);
                }
            }
        }
        let first = population.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(Self {
            events,
            inlet: first.inlet.with_others(Others {
                inlets: others,
                outbox,
            }),
            ..first
        })
    }
}

/// Merges the events of all members into one stream.
#[derive(Debug)]
struct Gathering {
    outbox: UnboundedSender<Event>,
    seeds: Vec<u64>,
    /// Events of others from before the first one was open, which is told first; `None` since then.
    waiting: Option<Vec<(usize, Event)>>,
    going_on: usize,
    /// End of the first one, to be sent when all have ended.
    end: Option<End>,
}

impl Gathering {
    /// Sends an event; nobody listening is no reason to stop training.
    fn send(&self, event: Event) {
        let _ = self.outbox.send(event);
    }

    fn notice(&self, member: usize, level: NoticeLevel, text: &str) {
        let text = format!("seed {}: {text}", self.seeds[member]);
        self.send(Event::Notice(Notice { level, text }));
    }

    fn tell(&mut self, member: usize, event: Event) {
        match &mut self.waiting {
            Some(waiting) if member > 0 => waiting.push((member, event)),
            Some(_) if matches!(event, Event::Started(_) | Event::Ended(_)) => {
                let waiting = self.waiting.take().unwrap_or_default();
                self.pass_on(member, event);
                for (member, event) in waiting {
                    self.pass_on(member, event);
                }
            }
            _ => self.pass_on(member, event),
        }
    }

    fn pass_on(&mut self, member: usize, event: Event) {
        match event {
            Event::Ended(end) => self.ended(member, end),
            // Told once all are over.
            Event::State(RunState::Finished | RunState::Failed) => {}
            event if member == 0 => self.send(event),
            Event::Started(info) => self.send(Event::Joined(info)),
            Event::Epoch(report) => self.send(Event::Member(Member {
                seed: self.seeds[member],
                record: Arc::clone(&report.record),
            })),
            Event::Outcome(outcome) if !outcome.applied => {
                let text = format!("refused, {}: {}", outcome.command, outcome.message);
                self.notice(member, NoticeLevel::Warning, &text);
            }
            Event::Unsaved(Some(unsaved)) => {
                self.notice(member, NoticeLevel::Warning, &unsaved.to_string());
            }
            Event::Notice(notice) => self.notice(member, notice.level, &notice.text),
            _ => {}
        }
    }

    fn ended(&mut self, member: usize, end: End) {
        self.going_on -= 1;
        let failed = matches!(end.reason, EndReason::Failed | EndReason::Diverged);
        let level = if failed {
            NoticeLevel::Error
        } else {
            NoticeLevel::Info
        };
        if member > 0 || self.going_on > 0 {
            self.notice(member, level, &end.message);
        }
        if member == 0 {
            self.end = Some(end);
        }
        if self.going_on == 0
            && let Some(end) = self.end.take()
        {
            let state = match end.reason {
                EndReason::Failed | EndReason::Diverged => RunState::Failed,
                _ => RunState::Finished,
            };
            self.send(Event::State(state));
            self.send(Event::Ended(end));
        }
    }
}

/// The other members of a population, as the first one's inlet knows them.
#[derive(Debug)]
pub(super) struct Others {
    inlets: Vec<Inlet>,
    outbox: UnboundedSender<Event>,
}

impl Others {
    /// Refuses a request that would take the first one away from the others; returns true if it did.
    pub(super) fn refuse(&self, request: &Request) -> bool {
        let leaves = matches!(
            request.command,
            Command::Open { .. } | Command::Branch { .. }
        );
        if leaves {
            let outcome = Outcome {
                id: request.id,
                by: request.by.clone(),
                command: request.command.clone(),
                epoch: 0,
                batch: 0,
                applied: false,
                message: "the runs of a population stay together; --resume takes one up by itself"
                    .to_owned(),
            };
            // Nobody listening is no reason to fail.
            let _ = self.outbox.send(Event::Outcome(outcome));
        }
        leaves
    }

    /// Sends the others a command of the first, unless it only looks at the model.
    pub(super) fn ask(&mut self, command: &Command) {
        if matches!(command, Command::Encode | Command::Weights) {
            return;
        }
        for inlet in &mut self.inlets {
            inlet.send(command.clone());
        }
    }
}
