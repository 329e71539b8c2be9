//! A model, with the measurements that several tests need, each made once.

use super::Measured;
use super::shift::Shown;
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::measure::{Estimators, Evaluator, Posteriors, PriorAnswer, PriorQuestion, sample_prior};
use crate::model::{LATENT, Weights};
use crate::random::{Purpose, Stream, pick};
use crate::record::EpochRecord;
use crate::run::{Origin, RunError};
use crate::space::{OPERATIONS, Operation, OperationSet};
use crate::training::Split;
use crate::vae::{PerVae, Vae};

/// Number of samples of coverage, and of decode entropy.
pub const SAMPLES: u32 = 50_000;
/// Number of codes from which I(z; x) is estimated.
const CODES: u32 = 200_000;

/// History of a model, as far as it is known.
#[derive(Clone, Debug)]
pub struct Past {
    /// Configuration of the run.
    pub config: Config,
    /// Records of every epoch of the run; empty where no run is known.
    pub records: Vec<EpochRecord>,
    /// Operations that the model was trained on.
    pub train: OperationSet,
    /// Operations that were used neither to train the model nor to choose its epoch.
    pub test: OperationSet,
}

impl Past {
    /// Makes a history with the split of the configuration.
    pub fn new(config: Config, records: Vec<EpochRecord>) -> Self {
        let split = Split::new(&config);
        Self {
            train: split.train.into_iter().collect(),
            test: split.test.into_iter().collect(),
            config,
            records,
        }
    }

    /// Returns the history of a checkpoint: its run up to its own epoch, or the published configuration.
    ///
    /// # Errors
    /// Fails with [`RunError`] where a run's files are damaged.
    pub fn of(origin: &Origin) -> Result<Self, RunError> {
        let (config, mut records, _) = origin.history()?;
        if let Some((epochs, _)) = origin.moment()? {
            records.truncate(epochs as usize);
        }
        Ok(Self::new(config, records))
    }
}

/// A model under test.
pub struct Lab {
    /// History of the model; the epochs of untrained models are not known.
    pub past: Past,
    /// Posteriors of all operations, by A and by B.
    pub posteriors: PerVae<Posteriors>,
    /// Operations that each VAE reconstructs exactly, alone (ρ = 0).
    pub alone: PerVae<OperationSet>,
    /// Coverage and probabilities of each VAE's decoder over prior codes.
    pub prior: PerVae<PriorAnswer>,
    /// Share of entries that each VAE reconstructs, of the operations that were held out.
    pub entries: PerVae<Measured>,
    /// Share of operations that each VAE reconstructs although they are shown with noise, for each rate of
    /// [`RATES`](super::shift::RATES).
    pub denoised: PerVae<Vec<Measured>>,
    /// Share of operations of which each VAE reconstructs the eight entries beside one
    /// that is shown as no value.
    pub off_grid: PerVae<Measured>,
    /// Method by which figures of p(x) are estimated.
    pub estimators: Estimators,
    seed: u64,
}

/// A random choice, which has its own random numbers.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    /// Choice of pairs whose distance is typical.
    Typical,
    /// Choice of pairs that are composed.
    Composed,
    /// Choice of operations whose values are renamed.
    Renamed,
    /// Choice of entries that are changed.
    Noise,
    /// Choice of operations that are added and subtracted.
    Arithmetic,
    /// Choice of operations that are shown with noise.
    Shift,
    /// Choice of operations of which one entry is shown as no value.
    OffGrid,
}

impl Choice {
    /// Returns the uniform numbers of the choice, as many as a row may ask for.
    pub fn stream(self, seed: u64) -> Stream {
        Stream::new(seed, Purpose::Validation, self as u32, 0)
    }
}

impl Lab {
    /// Measures a model; `seed` is the seed of codes, draws and choices.
    ///
    /// # Errors
    /// Returns the device's failure.
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
            sample_prior(&evaluator, &question, &|_| {})
        };
        let shown = |which| Shown::new(&evaluator, which, &past, seed);
        let [a, b] = PerVae::try_from_fn(shown)?.into_array();
        Ok(Self {
            entries: [a.entries, b.entries].into(),
            denoised: [a.denoised, b.denoised].into(),
            off_grid: [a.off_grid, b.off_grid].into(),
            posteriors: PerVae::try_from_fn(posteriors)?,
            alone: evaluator.reconstructed(0.0)?,
            prior: PerVae::try_from_fn(prior)?,
            past,
            estimators,
            seed,
        })
    }

    /// Returns the code of an operation: the mean of its posterior.
    pub fn code(&self, vae: Vae, operation: Operation) -> &[f64] {
        &self.posteriors[vae].mu[operation.index() * LATENT..][..LATENT]
    }

    /// Returns the uniform numbers of a choice, as many as a row may ask for.
    pub fn stream(&self, choice: Choice) -> Stream {
        choice.stream(self.seed)
    }

    /// Returns an operation for a uniform number in [0, 1).
    pub fn operation(uniform: f64) -> Operation {
        let index = pick(uniform, OPERATIONS);
        Operation::new(index).unwrap_or_else(|| Operation::from_classes([0; 9]))
    }

    /// Returns 5,000 distances between codes of unrelated operations.
    pub fn typical(&self, vae: Vae) -> Vec<f64> {
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
