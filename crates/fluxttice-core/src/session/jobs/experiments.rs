//! The thread that makes experiments: disruptions tried against their control.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use tokio::sync::mpsc::UnboundedSender;

use super::message::{JobError, JobEvent};
use crate::device::{DeviceSpec, choose};
use crate::experiment::{Experiment, ExperimentError, Trial, run};
use crate::run::Disk;
use crate::run::journal::{self, JournalEvent};
use crate::run::names::JOURNAL;

/// Makes experiments, one after another.
pub(super) struct Experimenter {
    pub(super) disk: Disk,
    pub(super) device: DeviceSpec,
    pub(super) threads: usize,
    pub(super) given_up: Arc<AtomicBool>,
    pub(super) answers: UnboundedSender<JobEvent>,
}

impl Experimenter {
    pub(super) fn serve(&self, trials: &Receiver<Trial>) {
        while let Ok(trial) = trials.recv() {
            self.given_up.store(false, Ordering::Relaxed);
            let tried = self.make(&trial);
            let tried = tried.map(|(name, found)| (name, Arc::new(found)));
            let _ = self
                .answers
                .send(JobEvent::Tried(tried.map_err(JobError::new)));
        }
    }

    /// Makes an experiment, saves it, and notes its verdict in the run's journal.
    fn make(&self, trial: &Trial) -> Result<(String, Experiment), ExperimentError> {
        let chosen = choose(self.device)?;
        let found = run(trial, &chosen, self.threads, &|progress| {
            // Nobody listens where the explorer was left; the arms are left then too.
            let listening = self
                .answers
                .send(JobEvent::Trying(Arc::new(progress)))
                .is_ok();
            listening && !self.given_up.load(Ordering::Relaxed)
        })?;
        let path = found.save(&self.disk, &trial.run)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let verdict = JournalEvent::Verdict {
            experiment: name.clone().into_owned(),
            epoch: trial.epoch,
            finding: found.verdict.to_string(),
        };
        journal::append(&self.disk, &trial.run.join(JOURNAL), verdict)?;
        Ok((name.into_owned(), found))
    }
}
