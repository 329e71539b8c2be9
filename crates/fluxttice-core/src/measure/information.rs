//! Mutual information I(z; x) of both decoders in an epoch.

use super::estimate::{Corrected, Estimate};
use super::evaluator::Evaluator;
use super::generator::{Generator, Mean};
use super::prior::{PriorQuestion, sample_prior};
use crate::device::DeviceFailure;
use crate::record::{Information, Pair};
use crate::vae::Vae;

/// Returns I(z; x) in nats of A's and B's decoder, each from the same number of prior codes.
pub(super) fn information([a, b]: [&Generator; 2]) -> Information {
    let [of_a, of_b] = [a, b].map(|generator| generator.estimate(Mean::mutual_information));
    let figure = |figure: fn(Corrected) -> f64| {
        let of = |estimate: Estimate| estimate.corrected.map_or(f64::NAN, figure);
        Pair {
            a: of(of_a),
            b: of(of_b),
        }
    };
    let corrected = figure(|found| found.value);
    Information {
        a: corrected.a,
        b: corrected.b,
        codes: a.codes(),
        standard_error: Some(figure(|found| found.standard_error)),
        raw: Some(Pair {
            a: of_a.raw,
            b: of_b.raw,
        }),
    }
}

/// Returns I(z; x) from the first `codes` prior codes of a seed, in 64 bits, as
/// `coverage` and certificates report it.
///
/// # Errors
/// Returns the device's failure.
pub fn prior_information(
    evaluator: &Evaluator,
    seed: u64,
    codes: u32,
) -> Result<Option<Information>, DeviceFailure> {
    let of = |which| {
        let question = PriorQuestion {
            which,
            seed,
            samples: Vec::new(),
            probability_codes: codes,
        };
        sample_prior(evaluator, &question, &|_| {}).map(|found| found.generator)
    };
    let (a, b) = (of(Vae::A)?, of(Vae::B)?);
    Ok(a.zip(b).map(|(a, b)| information([&a, &b])))
}
