//! Threads beside the worker: one measures, certifies and verifies while training goes on, one makes
//! experiments, one does the quick jobs meanwhile.

mod codes;
mod experiments;
mod files;
mod measurements;
mod message;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use rayon::ThreadPoolBuilder;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub use codes::{
    FoundCodes, LoadCodes, LoadedCodes, LocatePoint, LocatedPoint, Toward, locate_point,
};
pub use message::{
    Content, Estimates, JobError, JobEvent, JobRequest, Measurement, Misleading, QuickJob,
    RunEntry, RunGlance, VaeEstimates,
};

use crate::certificate::Tool;
use crate::device::DeviceSpec;
use crate::experiment::Trial;
use crate::run::Disk;
use crate::threads;
use experiments::Experimenter;

/// The folder of all runs, and the program and disk that write there.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The program that certificates name as their maker.
    pub tool: Tool,
    /// The disk that everything is written with.
    pub disk: Disk,
    /// The folder that holds a folder for each run.
    pub folder: PathBuf,
}

/// The running threads; they end when the sender is dropped and their request at hand is done.
#[derive(Debug)]
pub struct Jobs {
    /// Answers, in order.
    pub events: UnboundedReceiver<JobEvent>,
    /// Sends requests.
    pub sender: JobSender,
}

/// Sends requests to the threads beside the worker.
#[derive(Clone, Debug)]
pub struct JobSender {
    measurements: Sender<Measurement>,
    quick: Sender<QuickJob>,
    trials: Sender<Trial>,
    /// Set to give up the experiment at work.
    given_up: Arc<AtomicBool>,
}

impl JobSender {
    /// Hands a request over without waiting; false where the thread is gone.
    pub fn send(&self, request: JobRequest) -> bool {
        match request {
            JobRequest::GiveUp => {
                self.given_up.store(true, Ordering::Relaxed);
                true
            }
            JobRequest::Try(trial) => self.trials.send(trial).is_ok(),
            JobRequest::Quick(job) => self.quick.send(job).is_ok(),
            JobRequest::Measure(measurement) => self.measurements.send(measurement).is_ok(),
        }
    }
}

impl Jobs {
    /// Starts the threads for the runs in a folder; experiments run on this device.
    ///
    /// Measurements leave one core to training where there are several.
    ///
    /// # Errors
    /// The system's refusal to start a thread.
    pub fn start(runs: Runs, device: DeviceSpec) -> std::io::Result<Self> {
        let (measurements, to_measure) = channel();
        let (quick, to_do) = channel();
        let (trials, to_try) = channel();
        let (answers, events) = unbounded_channel();
        let given_up = Arc::new(AtomicBool::new(false));
        let cores = threads::count();
        let spare = (cores - 1).max(1);
        let pool = ThreadPoolBuilder::new()
            .num_threads(spare)
            .build()
            .map_err(std::io::Error::other)?;
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let (of_files, told) = (runs.clone(), answers.clone());
        thread("quick jobs").spawn(move || files::serve(&of_files, &to_do, &told))?;
        let experimenter = Experimenter {
            disk: runs.disk.clone(),
            device,
            threads: spare,
            given_up: Arc::clone(&given_up),
            answers: answers.clone(),
        };
        thread("experiments").spawn(move || experimenter.serve(&to_try))?;
        thread("measurements")
            .spawn(move || measurements::serve(&runs, &pool, &to_measure, &answers))?;
        Ok(Self {
            events,
            sender: JobSender {
                measurements,
                quick,
                trials,
                given_up,
            },
        })
    }
}
