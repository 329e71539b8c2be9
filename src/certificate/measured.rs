//! Everything that a certificate states of a checkpoint and that can be measured again.

use super::checks::{Checks, Untrained, checks};
use super::evidence::Evidence;
use crate::device::DeviceFailure;
use crate::measure::{CoverageReport, Evaluator, Figure, Progress, Scale};

/// What was measured of a checkpoint.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Every figure.
    pub figures: Vec<Figure>,
    /// What untrained weights reach.
    pub untrained: Untrained,
    /// The checks.
    pub checks: Checks,
}

impl Measured {
    /// Measures a checkpoint.
    ///
    /// # Errors
    /// The device's failure.
    pub fn of(
        evidence: &Evidence,
        scale: &Scale,
        watch: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, DeviceFailure> {
        let evaluator = Evaluator::new(&evidence.weights);
        let report = CoverageReport::measure(&evaluator, scale, Some(&evidence.facts()), watch)?;
        let untrained = Untrained::measure(evidence.weights.architecture, scale)?;
        Ok(Self {
            figures: report.figures(),
            checks: checks(evidence, &report, &untrained),
            untrained,
        })
    }
}
