//! Studies of questions that only training again can answer: the influence of the seed, the contribution of a
//! part of the model, and claims under conditions in which nothing can leak.
//!
//! Each retraining is an ordinary run in the study's folder, so that one that was interrupted goes on from
//! there, and one that is finished is not made again. Only its last epoch is measured, by the tests of
//! [`crate::validation`].

mod outcome;
mod parts;
mod retrain;
mod summary;

pub use outcome::Outcome;
pub use parts::{Arm, Expectation, PARTS, Part};
pub use retrain::{StudyError, StudyProgress};
pub use summary::{Difference, Summary, Surprise, Tested};

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::config::{Config, ConfigError};
use crate::device::DeviceSpec;
use crate::run::RunError;
use crate::statistics::MOST_VALUES;
use retrain::Retraining;

/// Largest number of seeds of a study; a mean over more has no interval.
pub const MOST_SEEDS: usize = MOST_VALUES;

/// A study to be made.
#[derive(Clone, Debug)]
pub struct Study {
    /// The configuration that every arm changes; its own seed plays no part.
    pub config: Config,
    /// Seeds of the retrainings; a sweep uses the first of them only.
    pub seeds: Vec<u64>,
    /// Questions to be answered.
    pub parts: Vec<&'static Part>,
    /// The folder of its runs.
    pub folder: PathBuf,
    /// Device that the tensors run on.
    pub device: DeviceSpec,
    /// Number of retrainings at a time; 0 counts as 1.
    pub at_a_time: usize,
    /// Seed of codes, draws and choices of the tests.
    pub measure_seed: u64,
}

impl Study {
    /// Makes the study, or goes on with it. Ends early, after the epochs at hand, once `stop` is set; sets
    /// `stop` itself where a retraining fails.
    ///
    /// `told` is called for every finished epoch and retraining, from any thread.
    ///
    /// # Errors
    /// Fails with a [`StudyError`]; finished retrainings stay.
    pub fn make(
        &self,
        stop: &AtomicBool,
        told: &(dyn Fn(StudyProgress<'_>) + Sync),
    ) -> Result<Vec<Summary>, StudyError> {
        let all = self.retrainings()?;
        // Refused before anything is trained.
        all.iter().try_for_each(Retraining::check_folder)?;
        let outcomes = self.outcomes(&all, stop, told)?;
        let found = |arm: &str, seed: u64| {
            let wanted = |(made, _): &&(&Retraining, Outcome)| made.is(arm, seed);
            outcomes.iter().find(wanted).map(|(_, outcome)| outcome)
        };
        let summary = |part: &&'static Part| {
            let arms = part.arms.iter();
            arms.map(|arm| Summary::new(part, arm, self.seeds_of(part), &found))
        };
        let all = self.parts.iter().flat_map(summary);
        Ok(all.filter(|summary| !summary.epochs.is_empty()).collect())
    }

    /// Makes all retrainings, [`at_a_time`](Self::at_a_time) of them at once, and returns their outcomes in
    /// no order.
    ///
    /// The threads are not rayon's: a thread of its pool that waits for a measurement would begin another
    /// retraining meanwhile.
    fn outcomes<'a>(
        &self,
        all: &'a [Retraining],
        stop: &AtomicBool,
        told: &(dyn Fn(StudyProgress<'_>) + Sync),
    ) -> Result<Vec<(&'a Retraining, Outcome)>, StudyError> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut made = Vec::new();
            while let Some(retraining) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = retraining.outcome(self, all.len(), stop, told);
                // Where one fails, the others need not be finished.
                let outcome = outcome.inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                made.push((retraining, outcome));
            }
            Ok(made)
        };
        let done: Vec<Result<Vec<_>, StudyError>> = thread::scope(|scope| {
            let workers = (0..self.at_a_time.max(1)).map(|_| {
                let worker = thread::Builder::new().spawn_scoped(scope, work);
                worker.map_err(StudyError::System)
            });
            let workers: Vec<_> = workers.collect();
            let join = |worker: thread::ScopedJoinHandle<'_, _>| {
                worker.join().unwrap_or_else(|panic| resume_unwind(panic))
            };
            workers
                .into_iter()
                .map(|worker| worker.and_then(join))
                .collect()
        });
        let mut outcomes = Vec::new();
        let mut problem = None;
        for done in done {
            match done {
                Ok(made) => outcomes.extend(made),
                // The error itself is returned, not that other retrainings were stopped for it.
                Err(StudyError::Stopped) if problem.is_some() => {}
                Err(error) => problem = Some(error),
            }
        }
        problem.map_or(Ok(outcomes), Err)
    }

    fn seeds_of(&self, part: &Part) -> &[u64] {
        let most = if part.one_seed { 1 } else { self.seeds.len() };
        &self.seeds[..most.min(self.seeds.len())]
    }

    /// Returns every retraining that is needed, each once; an arm comes after the one that it is compared
    /// with.
    fn retrainings(&self) -> Result<Vec<Retraining>, StudyError> {
        let mut all: Vec<Retraining> = Vec::new();
        for part in &self.parts {
            for arm in part.arms {
                if !arm.is_another(&self.config)? {
                    continue;
                }
                let needed = arm.against.and_then(parts::named).into_iter().chain([arm]);
                for arm in needed {
                    for seed in self.seeds_of(part) {
                        if !all.iter().any(|made| made.is(arm.name, *seed)) {
                            all.push(self.retraining(arm, *seed)?);
                        }
                    }
                }
            }
        }
        Ok(all)
    }

    fn retraining(&self, arm: &'static Arm, seed: u64) -> Result<Retraining, StudyError> {
        Ok(Retraining {
            arm,
            seed,
            config: arm.config(&self.config, seed)?,
            folder: self.folder.join(format!("{}-s{seed}", arm.name)),
        })
    }
}

impl From<ConfigError> for StudyError {
    fn from(error: ConfigError) -> Self {
        Self::Run(RunError::from(error))
    }
}
