//! Everything that a certificate states of a checkpoint and that can be measured again.

use super::checks::{Checks, again, checks};
use super::evidence::Evidence;
use super::statement::Measurement;
use super::untrained::Untrained;
use crate::device::DeviceFailure;
use crate::measure::{CoverageReport, Evaluator, Figure, Progress, Scale};
use crate::validation::{Past, Score, validate_as};

/// What was measured of a checkpoint.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Every figure.
    pub figures: Vec<Figure>,
    /// What untrained weights reach.
    pub untrained: Untrained,
    /// The checks.
    pub checks: Checks,
    /// What every test of [`crate::validation`] finds; only at the full scale of a certificate.
    pub validation: Vec<Score>,
}

impl Measured {
    /// Measures a checkpoint.
    ///
    /// # Errors
    /// The device's failure.
    pub fn of(
        evidence: &Evidence,
        measurement: &Measurement,
        watch: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, DeviceFailure> {
        let (scale, estimators) = (&measurement.scale(), measurement.estimators);
        let evaluator = Evaluator::new(&evidence.weights);
        let report = CoverageReport::measure(&evaluator, scale, Some(&evidence.facts()), watch)?;
        let untrained = Untrained::of(evidence.weights.architecture, scale, estimators)?;
        let validation = if *scale == Scale::certificate(scale.seed) {
            let past = Past::new(evidence.config.clone(), evidence.metrics.clone());
            validate_as(&evidence.weights, &past, scale.seed, estimators, watch)?
        } else {
            Vec::new()
        };
        let stated = |finding| Score::stated(finding, estimators);
        Ok(Self {
            figures: report.figures_as(estimators),
            checks: checks(
                evidence,
                &report,
                &untrained,
                estimators,
                again(evidence, scale)?,
            ),
            untrained,
            validation: validation.iter().map(stated).collect(),
        })
    }
}
