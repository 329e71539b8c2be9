//! A training session in this process, its events read with patience but not for ever.

use std::path::Path;
use std::time::Duration;

use fluxttice_core::certificate::Tool;
use fluxttice_core::config::{Config, Source};
use fluxttice_core::device::DeviceSpec;
use fluxttice_core::record::Stage;
use fluxttice_core::request::{Command, Outcome};
use fluxttice_core::run::Disk;
use fluxttice_core::run::names::WEIGHTS;
use fluxttice_core::session::message::{Codes, End, Event, Progress, RunInfo};
use fluxttice_core::session::{Meeting, Plan, RunLocation, Runs, Session, SessionError};

use crate::SMALL;

/// Limit of a wait, far above what anything here takes: only an event that never comes reaches it.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A fiftieth of the operations; KL without its floor, so that every weight matters at once.
pub fn config(more: &[&str]) -> Config {
    let overrides: Vec<String> = SMALL
        .iter()
        .chain(&["free_bits=0"])
        .chain(more)
        .map(ToString::to_string)
        .collect();
    Config::load(Source::BuiltIn, &overrides).unwrap().config
}

/// A new run in a folder.
pub fn new_run(folder: &Path, config: &Config, epochs: Option<u32>) -> Plan {
    let place = RunLocation::NewAt(folder.to_owned(), Box::new(config.clone()));
    plan(place, epochs)
}

/// An existing run.
pub fn continued(folder: &Path, epochs: Option<u32>) -> Plan {
    plan(RunLocation::Existing(folder.to_owned()), epochs)
}

/// The tests, as other programs are told of them.
pub fn meeting() -> Meeting {
    Meeting {
        program: "tests".to_owned(),
        version: "1".to_owned(),
        allow_group: false,
        after: None,
        successor: None,
    }
}

fn plan(place: RunLocation, epochs: Option<u32>) -> Plan {
    Plan {
        disk: Disk::default(),
        device: "cpu".parse::<DeviceSpec>().unwrap(),
        place,
        config_name: "test".into(),
        ineffective: Vec::new(),
        epochs,
        planned: Vec::new(),
        meeting: Some(meeting()),
        replay: false,
        until: None,
        paused: false,
    }
}

/// The newest weights of a run, as bytes.
pub fn weights(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("checkpoints/latest").join(WEIGHTS)).unwrap()
}

/// A session and everything it has told so far.
pub struct Watched {
    session: Session,
    runtime: tokio::runtime::Runtime,
    pub told: Vec<Event>,
}

impl Watched {
    pub fn train(plan: Plan) -> Self {
        Self::new(Session::train(plan).unwrap())
    }

    pub fn new(session: Session) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        Self {
            session,
            runtime,
            told: Vec::new(),
        }
    }

    /// Asks; the worker must have room for it.
    pub fn ask(&mut self, command: Command) -> u64 {
        self.session.inlet.send(command).unwrap()
    }

    /// Asks if the worker has room for it.
    pub fn try_ask(&mut self, command: Command) -> Option<u64> {
        self.session.inlet.send(command)
    }

    /// Reads on until an event is the one waited for.
    pub fn until<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let events = &mut self.session.events;
            let next = self
                .runtime
                .block_on(async { tokio::time::timeout(PATIENCE, events.recv()).await });
            let event = next
                .unwrap_or_else(|_| panic!("waited in vain for {what}"))
                .unwrap_or_else(|| panic!("the worker went away before {what}"));
            let picked = pick(&event);
            self.told.push(event);
            if let Some(picked) = picked {
                return picked;
            }
        }
    }

    /// Asks and waits for the outcome.
    pub fn outcome(&mut self, command: Command) -> Outcome {
        let asked = self.ask(command);
        self.until("an outcome", |event| match event {
            Event::Outcome(outcome) if outcome.id == asked => Some(outcome.clone()),
            _ => None,
        })
    }

    /// Asks for codes and waits for them.
    pub fn codes(&mut self) -> Codes {
        self.ask(Command::Encode);
        self.until("codes", |event| match event {
            Event::Codes(codes) => Some(codes.as_ref().clone()),
            _ => None,
        })
    }

    pub fn started(&mut self) -> RunInfo {
        self.until("the start", |event| match event {
            Event::Started(info) => Some(info.as_ref().clone()),
            _ => None,
        })
    }

    /// Waits for an epoch to be finished.
    pub fn epoch(&mut self) -> u32 {
        self.until("an epoch", |event| match event {
            Event::Epoch(report) => Some(report.record.epoch),
            _ => None,
        })
    }

    pub fn ended(&mut self) -> End {
        self.until("the end", |event| match event {
            Event::Ended(end) => Some(end.clone()),
            _ => None,
        })
    }

    /// Lets the epoch at hand be the last, and waits for the end.
    pub fn stop(&mut self) -> End {
        self.ask(Command::StopAfterEpoch);
        self.ended()
    }

    /// Waits until this many batches of an epoch are done.
    pub fn batches(&mut self, at_least: u32) {
        self.progress(|at| at.done >= at_least);
    }

    /// Waits until this is being done.
    pub fn stage(&mut self, stage: Stage) {
        self.progress(|at| at.stage == stage);
    }

    fn progress(&mut self, wanted: impl Fn(&Progress) -> bool) {
        let reached = self.session.progress.wait_for(|at| wanted(at));
        self.runtime
            .block_on(async { tokio::time::timeout(PATIENCE, reached).await.map(|_| ()) })
            .expect("waited in vain");
    }

    /// Drops the inlet, waits for the worker, and gives back how it ended and all it told.
    pub fn leave(self) -> (Result<(), SessionError>, Vec<Event>) {
        let Self {
            session,
            mut told,
            runtime,
        } = self;
        let Session {
            mut events,
            inlet,
            worker,
            ..
        } = session;
        drop(inlet);
        // The channel closes when the worker's thread is done with it.
        let rest = async {
            while let Some(event) = events.recv().await {
                told.push(event);
            }
        };
        runtime
            .block_on(async { tokio::time::timeout(PATIENCE, rest).await })
            .expect("the worker ends once nobody can ask it any more");
        (worker.join(), told)
    }
}

/// The folder of all runs.
pub fn runs(folder: &Path) -> Runs {
    Runs {
        tool: Tool {
            name: "tests".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: "unknown".to_owned(),
            compiler: "unknown".to_owned(),
            lockfile: "unknown".to_owned(),
        },
        disk: Disk::default(),
        folder: folder.to_owned(),
    }
}
