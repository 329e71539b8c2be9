//! A model with what several tests need, measured once.

use crate::config::Config;
use crate::device::DeviceFailure;
use crate::measure::{Evaluator, Posteriors, PriorAnswer, PriorQuestion, survey};
use crate::model::{LATENT, Weights, Which};
use crate::random::{Purpose, Stream};
use crate::space::{OPERATIONS, Operation, OperationSet};
use crate::training::Split;

/// Samples of coverage, and of decode entropy.
pub const SAMPLES: u32 = 50_000;
/// Codes behind I(z; x).
const CODES: u32 = 200_000;

/// The operations that a model was trained on, and those that it never saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Trained on.
    pub train: OperationSet,
    /// Neither trained on nor used to choose the model.
    pub test: OperationSet,
}

impl Held {
    /// By the split of a configuration.
    pub fn of(config: &Config) -> Self {
        let split = Split::new(config);
        Self {
            train: split.train.into_iter().collect(),
            test: split.test.into_iter().collect(),
        }
    }
}

/// A model under test.
pub struct Lab {
    /// What it saw.
    pub held: Held,
    /// Posteriors of all operations.
    pub posteriors: [Posteriors; 2],
    /// Operations that each VAE gives back exactly, alone (ρ = 0).
    pub alone: [OperationSet; 2],
    /// What comes out of the prior.
    pub prior: [PriorAnswer; 2],
    seed: u64,
}

/// A random choice that each test makes for itself.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    /// Pairs whose distance is typical.
    Typical,
    /// Pairs that are composed.
    Composed,
    /// Operations that are relabelled.
    Relabelled,
    /// Entries that are changed.
    Noise,
    /// Operations that are added and subtracted.
    Arithmetic,
}

impl Lab {
    /// Measures a model.
    ///
    /// # Errors
    /// The device's failure.
    pub fn new(weights: &Weights, held: Held, seed: u64) -> Result<Self, DeviceFailure> {
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
        Ok(Self {
            posteriors: [posteriors(Which::A)?, posteriors(Which::B)?],
            alone: evaluator.reconstructed(0.0)?,
            prior: [prior(Which::A)?, prior(Which::B)?],
            held,
            seed,
        })
    }

    /// The code of an operation: the mean of its posterior.
    pub fn code(&self, vae: usize, operation: Operation) -> &[f64] {
        &self.posteriors[vae].mu[operation.index() * LATENT..][..LATENT]
    }

    /// Uniform numbers for a choice, as many as a row may ask for.
    pub fn stream(&self, choice: Choice) -> Stream {
        Stream::new(self.seed, Purpose::Validation, choice as u32, 0)
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
