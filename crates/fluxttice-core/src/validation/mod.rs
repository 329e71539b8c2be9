//! Tests that show whether a model has learned. Each compares the score of this model with those of untrained
//! models of the same shape and of a trivial baseline, and says whether the score tells them apart.
//!
//! The original's tests passed on untrained weights, some of them for reasons other than learning: bounds
//! wider than the space, a hold-out that was trained on. Here a test that an untrained model or the baseline
//! passes as well *does not discriminate*, whatever this model scores.

mod deciding;
mod finding;
mod generalization;
mod lab;
mod latent;
mod score;
mod shift;
mod statistics;
mod training;

pub use deciding::HOLD_OUT;
pub use finding::{
    Bound, Finding, Group, Measured, Method, Test, Verdict, failed_deciding, number, readable,
};
pub use lab::Past;
pub use score::Score;

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::device::DeviceFailure;
use crate::measure::{Estimators, Progress};
use crate::model::Weights;
use crate::numbers::count32;
use crate::vae::{PerVae, Vae};
use lab::Lab;

/// Seeds of the untrained models; in each test the best of them is compared with the model. Of the first ten
/// seeds, these reach the highest argmax coverage and the highest I(z; x).
pub const UNTRAINED: [u64; 3] = [3, 5, 7];
/// Seeds of the untrained models in certificates of version 0.1.0.
const EARLIER: [u64; 3] = [0, 1, 2];

/// A value for A and a value for B.
type Measure = fn(&Lab) -> PerVae<Measured>;
type Chance = fn(&Lab) -> PerVae<f64>;

/// A test, with functions that measure it and its baseline.
struct Trial {
    test: Test,
    measure: Measure,
    chance: Chance,
}

fn trials() -> impl Iterator<Item = &'static Trial> {
    let all = [
        deciding::TRIALS,
        generalization::TRIALS,
        latent::TRIALS,
        training::TRIALS,
        shift::TRIALS,
    ];
    all.into_iter().flatten()
}

/// Returns every test, in the order in which they are made.
pub fn tests() -> impl Iterator<Item = &'static Test> {
    trials().map(|trial| &trial.test)
}

/// Makes every test on a model, on all cores in 64 bits, and returns for each test A's finding, then B's.
///
/// `seed` is the seed of codes, draws and choices of operations; `watch` is called with the progress.
///
/// # Errors
/// Returns the device's failure.
pub fn validate(
    weights: &Weights,
    past: &Past,
    seed: u64,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Finding>, DeviceFailure> {
    validate_as(weights, past, seed, Estimators::Corrected, watch)
}

/// Makes every test with the given method of estimation, as a certificate has it.
///
/// # Errors
/// Returns the device's failure.
pub fn validate_as(
    weights: &Weights,
    past: &Past,
    seed: u64,
    estimators: Estimators,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Finding>, DeviceFailure> {
    let done = AtomicU32::new(0);
    let open = |weights: &Weights, past: Past| {
        let lab = Lab::new(weights, past, seed, estimators);
        watch(Progress {
            what: "measuring models",
            done: 1 + done.fetch_add(1, Ordering::Relaxed),
            of: 1 + count32(UNTRAINED.len()),
        });
        lab
    };
    let model = open(weights, past.clone())?;
    let unknown = || Past {
        records: Vec::new(),
        ..past.clone()
    };
    let seeds = match estimators {
        Estimators::Plain => EARLIER,
        Estimators::Corrected => UNTRAINED,
    };
    let untrained = seeds
        .par_iter()
        .map(|seed| open(&Weights::start(weights.architecture, *seed), unknown()))
        .collect::<Result<Vec<Lab>, _>>()?;
    let mut findings = Vec::new();
    for (done, trial) in (0..).zip(trials()) {
        watch(Progress {
            what: "tests",
            done,
            of: count32(tests().count()),
        });
        let values = (trial.measure)(&model);
        let chances = (trial.chance)(&model);
        let rivals: Vec<PerVae<Measured>> = untrained
            .par_iter()
            .map(|lab| (trial.measure)(lab))
            .collect();
        for which in Vae::BOTH {
            let rivals = rivals.iter().map(|pair| pair[which].value);
            findings.push(Finding::new(
                &trial.test,
                which,
                seed,
                values[which],
                rivals,
                chances[which],
            ));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::built_in;

    #[test]
    fn each_interval_is_made_as_the_test_says() {
        let built_in = built_in().unwrap();
        let past = Past::of(&built_in.origin).unwrap();
        let found = validate(&built_in.weights, &past, 0, &|_| {}).unwrap();
        for finding in found {
            let (measured, test) = (finding.measured, finding.test);
            assert_eq!(measured.method, test.interval, "{}", test.name);
            let none = measured.method == Method::None;
            assert_eq!(measured.interval.is_none(), none, "{}", test.name);
        }
    }
}
