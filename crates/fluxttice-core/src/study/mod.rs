//! Questions that only training again can answer: how much the seed decides, what a part of the model
//! contributes, what becomes of a claim where nothing can leak.
//!
//! Each retraining is an ordinary run in the study's folder, so that one that was interrupted goes on where
//! it was, and one that is finished is not made again. What is measured is its last epoch, by the tests
//! of [`crate::validation`].

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

/// Most seeds of a study.
pub const MOST_SEEDS: usize = MOST_VALUES;

/// A study to be made.
#[derive(Clone, Debug)]
pub struct Study {
    /// The configuration that every arm changes; its own seed plays no part.
    pub config: Config,
    /// Seeds of the retrainings, the first of them that of sweeps.
    pub seeds: Vec<u64>,
    /// What is asked.
    pub parts: Vec<&'static Part>,
    /// The folder of its runs.
    pub folder: PathBuf,
    /// What the tensors run on.
    pub device: DeviceSpec,
    /// Retrainings at a time.
    pub at_a_time: usize,
    /// Seed of codes, draws and choices of the tests.
    pub measure_seed: u64,
}

impl Study {
    /// Makes it, or goes on with it; ends early, after the epochs at hand, once `stop` is set, and sets it
    /// where a retraining fails.
    ///
    /// `told` hears of every finished epoch and retraining, from any thread.
    ///
    /// # Errors
    /// [`StudyError`]; what is finished stays.
    pub fn make(
        &self,
        stop: &AtomicBool,
        told: &(dyn Fn(StudyProgress<'_>) + Sync),
    ) -> Result<Vec<Summary>, StudyError> {
        let all = self.retrainings()?;
        // Refused before anything is trained.
        all.iter()
            .try_for_each(|retraining| retraining.check_folder())?;
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

    /// Every outcome, in no order, from so many threads at a time.
    ///
    /// Not rayon's: a thread of its pool that waits for a measurement would begin another retraining
    /// meanwhile.
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
                // What went wrong, not that the others were stopped for it.
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

    /// Every retraining that is needed, each once, what others are held against first.
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
