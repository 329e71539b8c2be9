//! Benchmark of a checkpoint: generation speed, and coverage over several seeds.

use std::time::Instant;

use burn::tensor::{DType, Device};
use serde::{Deserialize, Serialize};

use super::coverage::{CoverageTask, Samples};
use super::covered::ceiling;
use super::evaluator::Evaluator;
use super::prior::{PriorQuestion, sample_prior};
use super::report::Progress;
use crate::device::DeviceFailure;
use crate::model::{DualVae, LATENT, Weights, latent_entropy};
use crate::numbers::count32;
use crate::space::Operation;
use crate::vae::Vae;

/// Operations generated in one timed trial, and the larger of the two sample sizes of coverage.
const SATURATION: u32 = 195_000;
/// The smaller sample size of coverage.
const EFFECTIVE: u32 = 50_000;

/// Benchmark of one checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// Figures of VAE-A.
    pub a: VaeBenchmark,
    /// Figures of VAE-B.
    pub b: VaeBenchmark,
    /// Absolute difference of the two VAEs' entropies of real codes, in nats.
    pub entropy_difference: f64,
}

/// Benchmark of one VAE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VaeBenchmark {
    /// Operations generated per second. A round draws the codes, decodes them on the device in 32 bits, draws
    /// every entry and counts the distinct operations.
    pub operations_per_second: Spread,
    /// Coverage over several seeds, for each sample size.
    pub coverage: Vec<CoverageTrials>,
    /// Entropy of the histogram of μ over all operations, in nats; at most ln 50 = 3.912.
    pub entropy_of_real_codes: f64,
}

/// Distinct operations, of 19,683, for one sample size over several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverageTrials {
    /// Operations generated in each trial.
    pub samples: u32,
    /// Number that a uniform generator reaches on average.
    pub ceiling: f64,
    /// Coverage where every entry takes its most likely value.
    pub argmax: Spread,
    /// Coverage where every entry is drawn once.
    pub categorical: Spread,
    /// Coverage where every entry's expectation is rounded. This is no sample of the model, and it misleads;
    /// it is kept for comparison with figures that were made this way.
    pub rounded_expectation: Spread,
    /// Mean decode entropy H(x | z), in nats.
    pub decode_entropy: Spread,
}

/// Summary of several values of one figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of values.
    pub trials: u32,
    /// Mean of the values.
    pub mean: f64,
    /// Standard deviation of the values (n - 1); `None` for a single value.
    pub standard_deviation: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Spread {
    /// Summarises at least one value.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            trials: count32(values.len()),
            mean,
            standard_deviation: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

impl Benchmark {
    /// Times sampling on `device` and counts coverage in 64 bits on the CPU, with
    /// `trials` consecutive seeds from `seed` on.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn measure(
        weights: &Weights,
        device: &Device,
        seed: u64,
        trials: u32,
        watch: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, DeviceFailure> {
        let one = |which| VaeBenchmark::measure(weights, device, which, seed, trials, watch);
        let (a, b) = (one(Vae::A)?, one(Vae::B)?);
        Ok(Self {
            entropy_difference: (a.entropy_of_real_codes - b.entropy_of_real_codes).abs(),
            a,
            b,
        })
    }
}

impl VaeBenchmark {
    fn measure(
        weights: &Weights,
        device: &Device,
        which: Vae,
        seed: u64,
        trials: u32,
        watch: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, DeviceFailure> {
        let evaluator = Evaluator::new(weights);
        let sizes = [EFFECTIVE, SATURATION];
        let mut answers = Vec::new();
        for trial in 0..trials {
            let question = PriorQuestion {
                which,
                seed: seed.wrapping_add(u64::from(trial)),
                samples: sizes.to_vec(),
                probability_codes: 0,
            };
            answers.push(sample_prior(&evaluator, &question, &|_| {})?);
            watch(Progress {
                what: match which {
                    Vae::A => "coverage of A",
                    Vae::B => "coverage of B",
                },
                done: trial + 1,
                of: trials,
            });
        }
        let coverage = sizes.into_iter().enumerate().map(|(i, samples)| {
            let spread = |figure: &dyn Fn(&super::PriorAnswer) -> f64| {
                Spread::of(&answers.iter().map(figure).collect::<Vec<_>>())
            };
            CoverageTrials {
                samples,
                ceiling: ceiling(samples),
                argmax: spread(&|answer| f64::from(answer.covered[i].coverage.argmax.unique)),
                categorical: spread(&|answer| {
                    f64::from(answer.covered[i].coverage.categorical.unique)
                }),
                rounded_expectation: spread(&|answer| answer.rounded_expectation[i].len() as f64),
                decode_entropy: spread(&|answer| answer.covered[i].coverage.decode_entropy),
            }
        });
        let everything: Vec<Operation> = Operation::all().collect();
        Ok(Self {
            coverage: coverage.collect(),
            entropy_of_real_codes: latent_entropy(
                &evaluator.posteriors(which, &everything)?.mu,
                LATENT,
            ),
            operations_per_second: speed(weights, device, which, trials)?,
        })
    }
}

/// Times the operations generated per second, after one warm-up round that is not counted.
fn speed(
    weights: &Weights,
    device: &Device,
    which: Vae,
    trials: u32,
) -> Result<Spread, DeviceFailure> {
    let model = DualVae::new(weights, device, DType::F32);
    let samples = Samples {
        categorical: SATURATION,
        argmax: 0,
    };
    let round = |trial: u32| -> Result<f64, DeviceFailure> {
        let began = Instant::now();
        let mut task = CoverageTask::new(which, samples, u64::from(trial), 0);
        while !task.tile(&model, device, DType::F32)? {}
        Ok(f64::from(SATURATION) / began.elapsed().as_secs_f64())
    };
    round(0)?;
    let speeds: Vec<f64> = (0..trials).map(round).collect::<Result<_, _>>()?;
    Ok(Spread::of(&speeds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_mean_deviation_and_extremes() {
        let spread = Spread::of(&[1.0, 2.0, 3.0, 6.0]);
        assert!((spread.mean - 3.0).abs() < 1e-12);
        // √((4 + 1 + 0 + 9) / 3)
        assert!((spread.standard_deviation.unwrap() - (14.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!((spread.trials, spread.min, spread.max), (4, 1.0, 6.0));
        assert_eq!(Spread::of(&[5.0]).standard_deviation, None);
    }
}
