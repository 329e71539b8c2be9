//! One retraining: trained or resumed, and measured.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use super::Study;
use super::outcome::Outcome;
use super::parts::Arm;
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::numbers::count32;
use crate::request::{Command, EndReason};
use crate::run::{Disk, LATEST, RunError, checkpoint_folder, enter, read_metrics, stored_config};
use crate::session::message::Event;
use crate::session::{Plan, RunLocation, Session, SessionError};
use crate::validation::{Past, validate};

/// A retraining of a study.
#[derive(Debug)]
pub(super) struct Retraining {
    pub(super) arm: &'static Arm,
    pub(super) seed: u64,
    pub(super) config: Config,
    pub(super) folder: PathBuf,
}

/// Progress of a study, told after each finished epoch and each finished retraining.
#[derive(Clone, Copy, Debug)]
pub struct StudyProgress<'a> {
    /// Name of the arm.
    pub arm: &'static str,
    /// Seed of the retraining.
    pub seed: u64,
    /// Number of finished epochs.
    pub epochs: u32,
    /// Outcome; `None` until the retraining is finished.
    pub outcome: Option<&'a Outcome>,
    /// Number of retrainings of the study.
    pub of: usize,
}

/// Reason for which a study was not finished.
#[derive(Debug, Error)]
pub enum StudyError {
    /// A retraining failed.
    #[error("{arm}, seed {seed}: {source}")]
    Session {
        /// Name of the arm.
        arm: &'static str,
        /// Seed of the retraining.
        seed: u64,
        /// Error of the training session.
        source: SessionError,
    },
    /// Files could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The device failed while measuring.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
    /// The system refuses to start a thread.
    #[error("the system refuses what the program needs: {0}")]
    System(std::io::Error),
    /// The study was asked to stop.
    #[error("stopped; the same command resumes from here")]
    Stopped,
}

impl Retraining {
    /// Returns true if this is the retraining of this arm and seed.
    pub(super) fn is(&self, arm: &str, seed: u64) -> bool {
        self.arm.name == arm && self.seed == seed
    }

    /// Trains and measures as far as that is not finished yet, and returns the outcome.
    pub(super) fn outcome(
        &self,
        study: &Study,
        of: usize,
        stop: &AtomicBool,
        told: &(dyn Fn(StudyProgress<'_>) + Sync),
    ) -> Result<Outcome, StudyError> {
        let progress = |epochs, outcome| StudyProgress {
            arm: self.arm.name,
            seed: self.seed,
            epochs,
            outcome,
            of,
        };
        // What was measured with another seed answers another question.
        let kept = Outcome::read(&self.folder)?;
        let outcome = match kept.filter(|kept| kept.seed == study.measure_seed) {
            Some(outcome) => outcome,
            None => {
                let end = self.train(study, stop, &|epochs| told(progress(epochs, None)))?;
                self.measure(end, study.measure_seed)?
            }
        };
        told(progress(outcome.epochs, Some(&outcome)));
        Ok(outcome)
    }

    /// Checks that the folder holds nothing yet, or this very run.
    pub(super) fn check_folder(&self) -> Result<(), RunError> {
        if !self.folder.exists() || stored_config(&self.folder)? == self.config {
            return Ok(());
        }
        let problem = "holds a run with another configuration than this study's; name another folder with --out";
        Err(RunError::unusable(&self.folder, problem))
    }

    /// Trains, or resumes training, until the configuration ends it.
    fn train(
        &self,
        study: &Study,
        stop: &AtomicBool,
        epoch: &dyn Fn(u32),
    ) -> Result<EndReason, StudyError> {
        let place = if self.folder.exists() {
            RunLocation::Existing(self.folder.clone())
        } else {
            RunLocation::NewAt(self.folder.clone(), Box::new(self.config.clone()))
        };
        let plan = Plan {
            disk: Disk::default(),
            device: study.device,
            place,
            config_name: self.arm.name.to_owned(),
            ineffective: Vec::new(),
            epochs: None,
            planned: Vec::new(),
            meeting: None,
            replay: false,
            until: None,
            paused: false,
        };
        if stop.load(Ordering::Relaxed) {
            return Err(StudyError::Stopped);
        }
        let Session {
            mut events,
            mut inlet,
            worker,
            ..
        } = Session::train(plan).map_err(StudyError::System)?;
        let mut end = None;
        while let Some(event) = events.blocking_recv() {
            match event {
                Event::Epoch(report) => epoch(report.record.epoch + 1),
                Event::Ended(ended) => {
                    end = Some(ended.reason);
                    break;
                }
                _ => {}
            }
            if stop.load(Ordering::Relaxed) {
                inlet.send(Command::StopNow);
            }
        }
        drop(inlet);
        match worker.join() {
            Ok(()) => {}
            // Divergence is an answer too: the last checkpoint is measured.
            Err(SessionError::Diverged(_)) if checkpoint_folder(&self.folder, LATEST).is_ok() => {}
            Err(source) => {
                return Err(StudyError::Session {
                    arm: self.arm.name,
                    seed: self.seed,
                    source,
                });
            }
        }
        end.filter(|end| *end != EndReason::Stopped)
            .ok_or(StudyError::Stopped)
    }

    /// Makes every test on the last epoch, and stores the outcome in the run's folder.
    fn measure(&self, end: EndReason, seed: u64) -> Result<Outcome, StudyError> {
        let last = checkpoint_folder(&self.folder, LATEST)?;
        let weights = enter(&self.folder, &last)?.files.weights()?;
        let digest = weights
            .digest()
            .map_err(|error| RunError::unusable(&last, error.to_string()))?;
        let records = read_metrics(&self.folder)?;
        let epochs = count32(records.len());
        let past = Past::new(self.config.clone(), records);
        let findings = validate(&weights, &past, seed, &|_| {})?;
        let outcome = Outcome::new(digest, epochs, end, seed, &findings);
        outcome.write(&self.folder)?;
        Ok(outcome)
    }
}
