//! Checks that must hold before a checkpoint is certified.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::TOLERANCE;
use super::evidence::Evidence;
use super::untrained::{COVERAGE_MARGIN, INFORMATION_MARGIN, Untrained, information};
use crate::device::DeviceFailure;
use crate::measure::{
    CoverageReport, Covered, Estimators, Evaluator, Generator, Mean, MeasurementPlan, PriorAnswer,
    PriorQuestion, sample_prior,
};
use crate::record::Unique;
use crate::space::OPERATIONS;
use crate::vae::Vae;
use crate::words::counted;

/// Largest difference to the coverage that the run recorded last, as a share of all operations.
const HISTORY_MARGIN: f64 = 0.02;
/// Sample size at which a run measures its argmax coverage.
const HISTORY_SAMPLES: u32 = 50_000;
/// Codes needed for each sample of a coverage before the probabilities are compared with it.
const CODES_PER_SAMPLE: u32 = 4;
/// Largest distance of a count from its expectation, in standard deviations.
const DEVIATIONS: f64 = 6.0;

/// One check of a measured checkpoint, with its finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Condition that must hold, in words.
    pub name: String,
    /// Measured values that decide the check, in words.
    pub found: String,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.found)
    }
}

/// All checks, those that passed and those that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Checks that passed, in the order in which they were made.
    pub passed: Vec<Check>,
    /// Checks that failed; a certificate with any is not made.
    pub failed: Vec<Check>,
}

impl Checks {
    fn add(&mut self, name: impl Into<String>, holds: bool, found: impl Into<String>) {
        let check = Check {
            name: name.into(),
            found: found.into(),
        };
        if holds {
            self.passed.push(check);
        } else {
            self.failed.push(check);
        }
    }

    /// Returns the one check that fails where nothing is known of a run; `found` says what is missing.
    pub(super) fn untold(found: String) -> Self {
        let mut checks = Self::default();
        checks.add(HISTORY, false, found);
        checks
    }
}

const HISTORY: &str = "the weights have a training history";

/// Runs every check of a measured checkpoint.
///
/// `again` is argmax coverage of A and B at the sample size that the run recorded, where that is less than
/// [`HISTORY_SAMPLES`].
pub fn checks(
    evidence: &Evidence,
    report: &CoverageReport,
    untrained: &Untrained,
    estimators: Estimators,
    again: [Option<u32>; 2],
) -> Checks {
    let mut checks = Checks::default();
    checks.add(
        HISTORY,
        evidence.epochs > 0,
        format!(
            "{} in the metrics",
            counted(u64::from(evidence.epochs), "epoch")
        ),
    );
    for (i, which) in Vae::BOTH.into_iter().enumerate() {
        let name = which.title();
        let answer = &report.prior[which];
        beats_untrained(&mut checks, (name, i), answer, untrained, estimators);
        if let Some(generator) = &answer.generator {
            let sum = generator.mean().sum();
            checks.add(
                format!("probabilities of {name} add up to 1"),
                (sum - 1.0).abs() < TOLERANCE,
                format!("{sum:.9}"),
            );
            for covered in &answer.covered {
                expected(&mut checks, name, covered, generator, estimators);
            }
        }
        for covered in &answer.covered {
            possible(&mut checks, name, covered);
        }
        history(&mut checks, name, i, evidence, answer);
        if let (Some(measured), Some(recorded)) = (again[i], evidence.recorded()[i]) {
            elsewhere(&mut checks, name, measured, recorded);
        }
    }
    checks
}

fn beats_untrained(
    checks: &mut Checks,
    (name, i): (&str, usize),
    answer: &PriorAnswer,
    untrained: &Untrained,
    estimators: Estimators,
) {
    let same_size = |covered: &&Covered| covered.coverage.argmax.samples == untrained.samples;
    let found = answer.covered.iter().find(same_size);
    let found = found.map_or(0, |covered| covered.coverage.argmax.unique);
    let fresh = untrained.argmax_coverage[i];
    checks.add(
        format!(
            "argmax coverage of {name} is at least {COVERAGE_MARGIN} times that of untrained weights"
        ),
        f64::from(found) >= COVERAGE_MARGIN * f64::from(fresh),
        format!("{found} operations of {} samples, untrained {fresh}", untrained.samples),
    );
    let found = information(answer.generator.as_ref(), estimators);
    let fresh = untrained.mutual_information[i];
    checks.add(
        format!(
            "mutual information of {name} is at least {INFORMATION_MARGIN} nat above that of untrained weights"
        ),
        found >= fresh + INFORMATION_MARGIN,
        format!("{found:.3} nats, untrained {fresh:.3}"),
    );
}

/// Compares the counted coverage with the one that the probabilities expect, two ways to the same figure.
/// Nothing is checked where there are not many more codes than samples: the second is too biased then.
fn expected(
    checks: &mut Checks,
    name: &str,
    covered: &Covered,
    generator: &Generator,
    estimators: Estimators,
) {
    let unique = covered.coverage.categorical;
    if unique.samples > generator.codes() / CODES_PER_SAMPLE {
        return;
    }
    let samples = f64::from(unique.samples);
    let take = |mean: &Mean| mean.expected_coverage(samples);
    let (value, error, bias) = match estimators {
        Estimators::Plain => {
            let plain = generator.plain(take);
            let bias = (plain.value - plain.trend[1]).abs();
            (plain.value, plain.standard_error, bias)
        }
        Estimators::Corrected => match generator.estimate(take).corrected {
            Some(found) => (found.value, found.standard_error, 0.0),
            None => return,
        },
    };
    // Hits of different operations are negatively correlated: the sum of variances bounds it.
    let variance: f64 = generator
        .mean()
        .probabilities
        .iter()
        .map(|p| libm::exp(samples * libm::log1p(-p)))
        .map(|missed| missed * (1.0 - missed))
        .sum();
    let apart = (f64::from(unique.unique) - value).abs();
    let margin = DEVIATIONS * (variance.sqrt() + error) + bias;
    checks.add(
        format!(
            "categorical coverage of {name} at {} is what its probabilities expect",
            unique.samples
        ),
        apart <= margin,
        format!(
            "counted {}, expected {value:.1} within {margin:.1}",
            unique.unique
        ),
    );
}

/// Checks that a coverage is possible: no generator is expected to cover more than a uniform one.
fn possible(checks: &mut Checks, name: &str, covered: &Covered) {
    let coverage = covered.coverage;
    let unique = coverage.argmax.unique.max(coverage.categorical.unique);
    let samples = f64::from(coverage.argmax.samples);
    let missed = libm::exp(samples * libm::log1p(-1.0 / OPERATIONS as f64));
    let deviation = (OPERATIONS as f64 * missed * (1.0 - missed)).sqrt();
    let most = coverage.argmax.ceiling + DEVIATIONS * deviation;
    checks.add(
        format!("coverage of {name} at {samples} is possible"),
        f64::from(unique) <= most && unique <= coverage.argmax.samples,
        format!("{unique}, ceiling {:.1}", coverage.argmax.ceiling),
    );
}

/// Checks that the coverage which the run recorded last is near the one measured now. The run used other
/// codes and another rounding, so the two differ a little; weights of another run or epoch are seldom near.
fn history(checks: &mut Checks, name: &str, i: usize, evidence: &Evidence, answer: &PriorAnswer) {
    let Some(recorded) = evidence.recorded()[i] else {
        return;
    };
    let mut measured = answer.covered.iter().map(|covered| covered.coverage.argmax);
    let Some(measured) = measured.find(|unique| unique.samples == HISTORY_SAMPLES) else {
        return;
    };
    if recorded.samples != HISTORY_SAMPLES {
        return;
    }
    let apart = measured.unique.abs_diff(recorded.unique);
    checks.add(
        format!("argmax coverage of {name} is near the one that the run recorded"),
        f64::from(apart) <= HISTORY_MARGIN * OPERATIONS as f64,
        format!(
            "{} now, {} in the metrics",
            measured.unique, recorded.unique
        ),
    );
}

/// Does the check of `history` at another sample size. Certificates of version 0.1.0 do not state it, so that
/// it stands in one only where it failed.
fn elsewhere(checks: &mut Checks, name: &str, measured: u32, recorded: Unique) {
    let samples = f64::from(recorded.samples);
    let share = HISTORY_MARGIN * (samples / f64::from(HISTORY_SAMPLES)).min(1.0);
    // A count of distinct ones among N varies by less than √N / 2.
    let margin = share * OPERATIONS as f64 + DEVIATIONS * samples.sqrt() / 2.0;
    if f64::from(measured.abs_diff(recorded.unique)) > margin {
        checks.add(
            format!("argmax coverage of {name} is near the one that the run recorded"),
            false,
            format!(
                "{measured} of {} samples now, {} in the metrics",
                recorded.samples, recorded.unique
            ),
        );
    }
}

/// Measures argmax coverage of A and B at the sample size that their run recorded; `None` where that is not
/// less than [`HISTORY_SAMPLES`], or nothing was recorded.
///
/// # Errors
/// Returns the device's failure.
pub fn again(
    evidence: &Evidence,
    scale: &MeasurementPlan,
) -> Result<[Option<u32>; 2], DeviceFailure> {
    let evaluator = Evaluator::new(&evidence.weights);
    let count = |which, recorded: Option<Unique>| {
        // Whoever wrote the metrics must not decide how long we are at work.
        let Some(recorded) = recorded.filter(|unique| unique.samples < HISTORY_SAMPLES) else {
            return Ok(None);
        };
        let question = PriorQuestion {
            which,
            seed: scale.seed,
            samples: vec![recorded.samples],
            probability_codes: 0,
        };
        let answer = sample_prior(&evaluator, &question, &|_| {})?;
        let unique = answer
            .covered
            .first()
            .map(|covered| covered.coverage.argmax.unique);
        Ok::<_, DeviceFailure>(unique)
    };
    let [a, b] = evidence.recorded();
    Ok([count(Vae::A, a)?, count(Vae::B, b)?])
}
