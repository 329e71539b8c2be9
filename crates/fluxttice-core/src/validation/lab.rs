//! A model with what several tests need, measured once.

use super::Measured;
use super::shift::Shown;
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::measure::{Estimators, Evaluator, Posteriors, PriorAnswer, PriorQuestion, survey};
use crate::model::{LATENT, Weights};
use crate::random::{Purpose, Stream};
use crate::record::EpochRecord;
use crate::run::{Origin, RunError};
use crate::space::{OPERATIONS, Operation, OperationSet};
use crate::training::Split;
use crate::vae::Vae;

/// Samples of coverage, and of decode entropy.
pub const SAMPLES: u32 = 50_000;
/// Codes behind I(z; x).
const CODES: u32 = 200_000;

/// How a model came about, as far as that is known.
#[derive(Clone, Debug)]
pub struct Past {
    /// The configuration of its run.
    pub config: Config,
    /// Every epoch of its run; none where nothing is known of one.
    pub records: Vec<EpochRecord>,
    /// Operations that it was trained on.
    pub train: OperationSet,
    /// Operations that it was neither trained on nor chosen by.
    pub test: OperationSet,
}

impl Past {
    /// With the split that is the configuration's.
    pub fn new(config: Config, records: Vec<EpochRecord>) -> Self {
        let split = Split::new(&config);
        Self {
            train: split.train.into_iter().collect(),
            test: split.test.into_iter().collect(),
            config,
            records,
        }
    }

    /// Of a checkpoint: its run up to its own epoch, or the published configuration.
    ///
    /// # Errors
    /// [`RunError`] where a run's files are damaged.
    pub fn of(origin: &Origin) -> Result<Self, RunError> {
        let (config, mut records, _) = origin.story()?;
        if let Some((epochs, _)) = origin.moment()? {
            records.truncate(epochs as usize);
        }
        Ok(Self::new(config, records))
    }
}

/// A model under test.
pub struct Lab {
    /// How it came about; the epochs of untrained models are not known.
    pub past: Past,
    /// Posteriors of all operations.
    pub posteriors: [Posteriors; 2],
    /// Operations that each VAE gives back exactly, alone (ρ = 0).
    pub alone: [OperationSet; 2],
    /// What comes out of the prior.
    pub prior: [PriorAnswer; 2],
    /// Entries that each VAE gives back, of the operations that were held out.
    pub entries: [Measured; 2],
    /// Operations that each VAE gives back although it is shown them with noise, by
    /// [`RATES`](super::shift::RATES).
    pub denoised: [Vec<Measured>; 2],
    /// Operations of which each VAE gives back what it is shown, beside an entry that is no value.
    pub off_grid: [Measured; 2],
    /// How figures of p(x) are estimated.
    pub estimators: Estimators,
    seed: u64,
}

/// A random choice that each test makes for itself.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    /// Pairs whose distance is typical.
    Typical,
    /// Pairs that are composed.
    Composed,
    /// Operations whose values are renamed.
    Renamed,
    /// Entries that are changed.
    Noise,
    /// Operations that are added and subtracted.
    Arithmetic,
    /// Operations that are shown with noise.
    Shift,
    /// Operations of which one entry is shown as no value.
    OffGrid,
}

impl Choice {
    /// Uniform numbers for it, as many as a row may ask for.
    pub fn stream(self, seed: u64) -> Stream {
        Stream::new(seed, Purpose::Validation, self as u32, 0)
    }
}

impl Lab {
    /// Measures a model.
    ///
    /// # Errors
    /// The device's failure.
    pub fn new(
        weights: &Weights,
        past: Past,
        seed: u64,
        estimators: Estimators,
    ) -> Result<Self, DeviceFailure> {
        let evaluator = Evaluator::new(weights);
        let everything: Vec<Operation> = Operation::all().collect();
        let posteriors = |which| evaluator.posteriors(which, &everything);
        let prior = |which| {
            let question = PriorQuestion {
                which,
                seed,
                samples: vec![SAMPLES],
                probability_codes: CODES,
            };
            survey(&evaluator, &question, &|_| {})
        };
        let shown = |which| Shown::new(&evaluator, which, &past, seed);
        let [a, b] = [shown(Vae::A)?, shown(Vae::B)?];
        Ok(Self {
            entries: [a.entries, b.entries],
            denoised: [a.denoised, b.denoised],
            off_grid: [a.off_grid, b.off_grid],
            posteriors: [posteriors(Vae::A)?, posteriors(Vae::B)?],
            alone: evaluator.reconstructed(0.0)?,
            prior: [prior(Vae::A)?, prior(Vae::B)?],
            past,
            estimators,
            seed,
        })
    }

    /// The code of an operation: the mean of its posterior.
    pub fn code(&self, vae: usize, operation: Operation) -> &[f64] {
        &self.posteriors[vae].mu[operation.index() * LATENT..][..LATENT]
    }

    /// Uniform numbers for a choice, as many as a row may ask for.
    pub fn stream(&self, choice: Choice) -> Stream {
        choice.stream(self.seed)
    }

    /// An operation by a uniform number.
    pub fn operation(uniform: f64) -> Operation {
        let index = ((uniform * OPERATIONS as f64) as usize).min(OPERATIONS - 1);
        Operation::new(index).unwrap_or_else(|| Operation::from_classes([0; 9]))
    }

    /// Distances between codes of unrelated operations.
    pub fn typical(&self, vae: usize) -> Vec<f64> {
        const PAIRS: u32 = 5_000;
        let stream = self.stream(Choice::Typical);
        (0..PAIRS)
            .map(|row| {
                let [a, b] = [0, 1].map(|column| Self::operation(stream.uniform(row, column)));
                super::statistics::distance(self.code(vae, a), self.code(vae, b))
            })
            .collect()
    }
}
