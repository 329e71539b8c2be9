//! Threads beside the worker: one measures, certifies and verifies while training goes on, one tries
//! disruptions against their control, one does what takes no time meanwhile.

mod chores;
mod measuring;
mod recall;
mod request;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use rayon::ThreadPoolBuilder;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub use chores::RunEntry;
pub use measuring::{Estimates, Misleading, VaeEstimates};
pub use recall::{Moment, Recall, Recalled, Toward};
pub use request::{Chore, Content, DeskEvent, DeskRequest, Measurement};

use super::lab::Lab;
use crate::certificate::Tool;
use crate::device::DeviceSpec;
use crate::experiment::Trial;
use crate::run::Disk;
use crate::threads;
use chores::look_after;
use measuring::measure;

/// The folder of all runs and what it is written with.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The program that certificates name as their maker.
    pub tool: Tool,
    /// What it is written with.
    pub disk: Disk,
    /// The folder.
    pub folder: PathBuf,
}

/// A running desk; it ends when the inlet is dropped and the request at hand is done.
#[derive(Debug)]
pub struct Desk {
    /// What the desk has to tell.
    pub events: UnboundedReceiver<DeskEvent>,
    /// Where requests go in.
    pub inlet: DeskInlet,
}

/// Where requests go in.
#[derive(Clone, Debug)]
pub struct DeskInlet {
    measurements: Sender<Measurement>,
    chores: Sender<Chore>,
    trials: Sender<Trial>,
    /// Set to give up the experiment at hand.
    given_up: Arc<AtomicBool>,
}

impl DeskInlet {
    /// Hands a request over without waiting; false where the desk is gone.
    pub fn send(&self, request: DeskRequest) -> bool {
        match request {
            DeskRequest::GiveUp => {
                self.given_up.store(true, Ordering::Relaxed);
                true
            }
            DeskRequest::Try(trial) => self.trials.send(trial).is_ok(),
            DeskRequest::Chore(chore) => self.chores.send(chore).is_ok(),
            DeskRequest::Measure(measurement) => self.measurements.send(measurement).is_ok(),
        }
    }
}

impl Desk {
    /// Opens a desk for the runs in a folder; experiments run on this device.
    ///
    /// It leaves one core to training where there are several.
    ///
    /// # Errors
    /// The system's refusal to start a thread.
    pub fn open(runs: Runs, device: DeviceSpec) -> std::io::Result<Self> {
        let (measurements, to_measure) = channel();
        let (chores, to_do) = channel();
        let (told, events) = unbounded_channel();
        let (trials, to_try) = channel();
        let given_up = Arc::new(AtomicBool::new(false));
        let cores = threads::count();
        let spare = (cores - 1).max(1);
        let pool = ThreadPoolBuilder::new()
            .num_threads(spare)
            .build()
            .map_err(std::io::Error::other)?;
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let (shelf, to_tell) = (runs.clone(), told.clone());
        thread("chores").spawn(move || look_after(&shelf, &to_do, &to_tell))?;
        let lab = Lab {
            disk: runs.disk.clone(),
            device,
            threads: spare,
            given_up: Arc::clone(&given_up),
            told: told.clone(),
        };
        thread("lab").spawn(move || lab.work(&to_try))?;
        thread("desk").spawn(move || measure(&runs, &pool, &to_measure, &told))?;
        Ok(Self {
            events,
            inlet: DeskInlet {
                measurements,
                chores,
                trials,
                given_up,
            },
        })
    }
}
