//! Main functions of the library: operations to codes, codes to operations, and the report of coverage.

use crate::device::DeviceFailure;
use crate::measure::neighbours::{Centre, LatentPoint, LatentPointError, Spaces};
use crate::measure::{CoverageReport, Decoding, Evaluator, MeasurementPlan, most_likely};
use crate::model::{LATENT, Weights};
use crate::space::{ENTRIES, Operation, VALUES};
use crate::vae::{Scope, Vae};

/// An operation's posterior: a diagonal Gaussian over codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Code {
    /// Mean, which is taken as the operation's code.
    pub mu: [f64; LATENT],
    /// Logarithm of the variance, for each dimension.
    pub log_variance: [f64; LATENT],
}

/// Operation that a decoder makes of one code, with its probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoded {
    /// Every entry's most likely value.
    pub operation: Operation,
    /// Probability of that operation, the product over entries.
    pub probability: f64,
    /// H(x | z) in nats: 0 where the code means one operation, 9.8875 where it means nothing.
    pub entropy: f64,
    /// Part of each entry in that entropy, in nats: ln 3 = 1.0986 where it could be any value.
    pub entropies: [f64; ENTRIES],
    /// Probabilities of -1, 0 and +1 for each entry.
    pub probabilities: [[f64; VALUES]; ENTRIES],
}

/// A place in a latent space, from which neighbours are counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// Operation or point at that place.
    pub centre: Centre,
    /// Decoding of the point by each VAE that has codes in the space; empty for an operation, which needs no
    /// decoding.
    pub decoded: Vec<(Vae, Decoded)>,
}

impl From<Operation> for Located {
    fn from(operation: Operation) -> Self {
        Self {
            centre: Centre::Operation(operation),
            decoded: Vec::new(),
        }
    }
}

/// Finds a place in a latent space, and decodes it where it is a point.
///
/// # Errors
/// Returns the reason for which the place is not in that space, or the device's failure.
pub fn locate(
    weights: &Weights,
    spaces: &Spaces,
    space: Scope,
    place: &LatentPoint,
) -> Result<Located, LatentPointError> {
    if let Some(operation) = place.operation() {
        return Ok(operation.into());
    }
    let mu = place.coordinates(spaces.of(space))?;
    let mut decoded = Vec::new();
    for (which, code) in spaces.own(space, &mu) {
        let expected =
            |code: Vec<f64>| place.error(format!("{} dimensions, expected {LATENT}", code.len()));
        let code: [f64; LATENT] = code.try_into().map_err(expected)?;
        let found = decode(weights, which, &[code]);
        let found = found.map_err(|failure| place.error(failure.to_string()))?;
        decoded.extend(found.into_iter().map(|decoded| (which, decoded)));
    }
    let first = decoded.first().map(|(_, first)| first.operation);
    let centre = Centre::Point {
        mu,
        decoded: first.ok_or_else(|| place.error("nothing was decoded".to_owned()))?,
    };
    Ok(Located { centre, decoded })
}

/// Encodes operations, in 64 bits on the CPU.
///
/// # Errors
/// Returns the device's failure.
///
/// ```
/// use fluxttice_core::{encode, vae::Vae, run::built_in, space::Operation};
///
/// let weights = built_in()?.weights;
/// let min: Operation = "min".parse()?;
/// let codes = encode(&weights, Vae::A, &[min])?;
/// assert!(codes[0].mu.iter().all(|x| x.abs() < 10.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode(
    weights: &Weights,
    which: Vae,
    operations: &[Operation],
) -> Result<Vec<Code>, DeviceFailure> {
    let found = Evaluator::new(weights).posteriors(which, operations)?;
    let rows = found
        .mu
        .chunks_exact(LATENT)
        .zip(found.log_variance.chunks_exact(LATENT));
    let row = |numbers: &[f64]| std::array::from_fn(|dimension| numbers[dimension]);
    Ok(rows
        .map(|(mu, log_variance)| Code {
            mu: row(mu),
            log_variance: row(log_variance),
        })
        .collect())
}

/// Decodes codes with one VAE alone, without cross-injection, in 64 bits on the CPU.
///
/// # Errors
/// Returns the device's failure.
///
/// ```
/// use fluxttice_core::{decode, encode, vae::Vae, run::built_in, space::Operation};
///
/// let weights = built_in()?.weights;
/// let max: Operation = "max".parse()?;
/// let code = encode(&weights, Vae::B, &[max])?[0].mu;
/// let decoded = decode(&weights, Vae::B, &[code])?[0];
/// assert_eq!(decoded.operation, max);
/// assert!(decoded.probability > 0.5 && decoded.entropy < 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode(
    weights: &Weights,
    which: Vae,
    codes: &[[f64; LATENT]],
) -> Result<Vec<Decoded>, DeviceFailure> {
    let logits = Evaluator::new(weights).logits(which, codes.concat())?;
    let decoded = |logits: &[f64]| {
        let decoding = Decoding::new(logits);
        let (operation, probabilities) = (most_likely(logits), decoding.probabilities());
        let chosen = operation.classes().into_iter().zip(&probabilities);
        Decoded {
            operation,
            probability: chosen
                .map(|(class, entry)| entry[usize::from(class)])
                .product(),
            entropy: decoding.entropy(),
            entropies: decoding.entropies(),
            probabilities,
        }
    };
    Ok(logits.chunks_exact(ENTRIES * VALUES).map(decoded).collect())
}

/// Measures everything that [`CoverageReport`] holds, in 64 bits on all cores of the CPU.
///
/// Counts and digests are the same on every machine and any number of threads; real-valued figures
/// agree to 1e-9.
///
/// # Errors
/// Returns the device's failure.
///
/// ```
/// use fluxttice_core::{coverage_report, measure::MeasurementPlan, run::built_in, vae::Vae};
///
/// let plan = MeasurementPlan { seed: 0, samples: vec![2_000], probability_codes: 2_000 };
/// let report = coverage_report(&built_in()?.weights, &plan)?;
/// let covered = &report.prior[Vae::A].covered[0].coverage;
/// println!(
///     "A covers {} operations with {} samples, a uniform generator {:.0}; decode entropy {:.2} nats",
///     covered.argmax.unique, covered.argmax.samples, covered.argmax.ceiling, covered.decode_entropy,
/// );
/// assert!(covered.argmax.unique > 1_800 && covered.decode_entropy < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn coverage_report(
    weights: &Weights,
    plan: &MeasurementPlan,
) -> Result<CoverageReport, DeviceFailure> {
    CoverageReport::measure(&Evaluator::new(weights), plan, None, &|_| {})
}
