//! Training of an experiment's arms, and their comparison.

use std::path::PathBuf;

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use super::arm::{Course, Pair, Start};
use super::error::ExperimentError;
use super::report::{Base, Experiment, VERSION};
use super::verdict::Verdict;
use crate::device::Chosen;
use crate::disruption::Disruption;
use crate::record::EpochRecord;
use crate::run::{self, RunError, journal, read_journal, stored_config};
use crate::training::{Planned, Steer};

/// Largest number of epochs of an arm.
pub const MAX_HORIZON: u32 = 2_000;
/// Largest number of repetitions, each of which trains two arms.
pub const MAX_REPETITIONS: u32 = 20;
/// Distance of the keys of two repetitions: 2^64 divided by the golden ratio, which is odd, so that no key
/// comes twice.
const KEY_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// An experiment to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Folder of the run.
    pub run: PathBuf,
    /// Epoch in which the disruption begins; the checkpoint after the epoch before it must be there.
    pub epoch: u32,
    /// Batches of that epoch that are trained before the disruption begins.
    pub batch: u32,
    /// Disruption of the treated arms.
    pub disruption: Disruption,
    /// Number of epochs of each arm; the one in which the disruption begins counts as the first.
    pub horizon: u32,
    /// Number of pairs of arms.
    pub repetitions: u32,
}

/// A finished epoch of one arm.
#[derive(Clone, Debug)]
pub struct TrialProgress {
    /// Number of the repetition, from 0.
    pub repetition: u32,
    /// True if the arm has the disruption.
    pub treated: bool,
    /// Record of the epoch.
    pub record: EpochRecord,
}

impl Trial {
    /// Checks horizon, repetitions and the disruption.
    ///
    /// # Errors
    /// Fails where one of them is out of range; the message names it and its range.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let disruption = self.disruption.check();
        disruption.map_err(|error| ExperimentError::Unusable(error.to_string()))?;
        if self.horizon == 0 || self.horizon > MAX_HORIZON {
            return Err(ExperimentError::Unusable(format!(
                "{} epochs is no length for an arm; expected 1..={MAX_HORIZON}",
                self.horizon
            )));
        }
        if self.repetitions == 0 || self.repetitions > MAX_REPETITIONS {
            return Err(ExperimentError::Unusable(format!(
                "{} repetitions cannot be made; expected 1..={MAX_REPETITIONS}",
                self.repetitions
            )));
        }
        Ok(())
    }

    /// Returns the disruption as a change that is planned for its epoch and batch.
    fn treatment(&self) -> Planned {
        Planned {
            epoch: self.epoch,
            batch: self.batch,
            steer: Steer::Disrupt {
                disruption: self.disruption,
            },
        }
    }

    /// Returns the changes that the run itself made in that epoch before the disruption begins.
    fn before(&self, steps: Vec<Planned>) -> Vec<Planned> {
        let treatment = self.treatment();
        steps
            .into_iter()
            // Where the run itself made this disruption, its later changes are no part of the experiment.
            .take_while(|step| *step != treatment)
            .filter(|step| step.epoch == self.epoch && step.batch <= self.batch)
            .collect()
    }
}

/// Trains both arms of every repetition on `threads` threads, and compares them.
///
/// `seen` takes each finished epoch and returns false to cancel. The result does not depend on the
/// number of threads.
///
/// # Errors
/// Fails with an [`ExperimentError`]; the run stays as it was.
pub fn run(
    trial: &Trial,
    chosen: &Chosen,
    threads: usize,
    seen: &(dyn Fn(TrialProgress) -> bool + Sync),
) -> Result<Experiment, ExperimentError> {
    trial.check()?;
    let config = stored_config(&trial.run)?;
    let snapshot = run::state_after(&trial.run, trial.epoch)?;
    let base = Base {
        run: run::name(&trial.run),
        config_digest: config.digest().map_err(RunError::from)?,
        seed: config.seed,
        epochs: trial.epoch,
        weights: run::weights_digest(snapshot.as_ref(), &trial.run)?,
    };
    let start = Start {
        before: trial.before(journal::steps(&read_journal(&trial.run)?)),
        config,
        snapshot,
        device: chosen.device.clone(),
    };
    let pairs = all_pairs(trial, &start, base.seed, threads, seen)?;
    Ok(Experiment {
        version: VERSION,
        made: journal::now(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        device: chosen.name.clone(),
        base,
        disruption: trial.disruption,
        epoch: trial.epoch,
        batch: trial.batch,
        horizon: trial.horizon,
        verdict: Verdict::of(&pairs, trial.horizon, trial.disruption.epochs),
        pairs,
    })
}

fn all_pairs(
    trial: &Trial,
    start: &Start,
    seed: u64,
    threads: usize,
    seen: &(dyn Fn(TrialProgress) -> bool + Sync),
) -> Result<Vec<Pair>, ExperimentError> {
    let treatment = trial.treatment();
    let key = |repetition: u32| seed.wrapping_add(u64::from(repetition).wrapping_mul(KEY_STEP));
    let arm = |repetition: u32, treated: bool| {
        let course = Course {
            name: if treated { "treated" } else { "control" },
            repetition: repetition + 1,
            key: key(repetition),
            treatment: treated.then_some(&treatment),
            until: trial.epoch.saturating_add(trial.horizon),
        };
        start.arm(&course, &|record| {
            seen(TrialProgress {
                repetition,
                treated,
                record: record.clone(),
            })
        })
    };
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| ExperimentError::System(std::io::Error::other(error)))?;
    pool.install(|| {
        (0..trial.repetitions)
            .into_par_iter()
            .map(|repetition| {
                let (treated, control) =
                    rayon::join(|| arm(repetition, true), || arm(repetition, false));
                Ok(Pair {
                    key: key(repetition),
                    treated: treated?,
                    control: control?,
                })
            })
            .collect()
    })
}
