//! Figures and checks of a checkpoint that a certificate states and anybody can measure again.

use super::checks::{Checks, again, checks};
use super::evidence::Evidence;
use super::statement::Measurement;
use super::untrained::Untrained;
use crate::device::DeviceFailure;
use crate::measure::{CoverageReport, Evaluator, Figure, MeasurementPlan, Progress};
use crate::validation::{Past, Score, validate_as};

/// Measured figures, checks and scores of a checkpoint.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Every figure, in the order of the certificate.
    pub figures: Vec<Figure>,
    /// Figures of untrained weights, for comparison.
    pub untrained: Untrained,
    /// Checks that the figures passed or failed.
    pub checks: Checks,
    /// Scores of every test in [`crate::validation`]; empty at any scale but that of a certificate.
    pub validation: Vec<Score>,
}

impl Measured {
    /// Measures a checkpoint; `watch` gets the progress.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn of(
        evidence: &Evidence,
        measurement: &Measurement,
        watch: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, DeviceFailure> {
        let (scale, estimators) = (&measurement.scale(), measurement.estimators);
        let evaluator = Evaluator::new(&evidence.weights);
        let report = CoverageReport::measure(&evaluator, scale, Some(&evidence.facts()), watch)?;
        let untrained = Untrained::of(evidence.weights.architecture, scale, estimators)?;
        let validation = if *scale == MeasurementPlan::certificate(scale.seed) {
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
