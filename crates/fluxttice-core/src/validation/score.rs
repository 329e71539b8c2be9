//! What a test found, as it is kept in files.

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Group, Verdict};
use crate::measure::Estimators;
use crate::vae::Vae;

/// What a test found of one VAE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The test.
    pub test: String,
    /// What it belongs to.
    pub group: Group,
    /// Whose.
    pub which: Vae,
    /// The value; `None` where it is no number.
    pub value: Option<f64>,
    /// What the best of the untrained models scores.
    pub untrained: Option<f64>,
    /// What the trivial baseline scores.
    pub baseline: Option<f64>,
    /// What must hold of the value, for people.
    pub bound: String,
    /// What follows.
    pub verdict: Verdict,
}

/// A test whose name version 0.1.0 spelled otherwise: now, and then.
const SPELLED: (&str, &str) = (
    "any renaming of the symbols",
    "any relabelling of the symbols",
);

impl Score {
    /// The score as a certificate by these estimators states it.
    pub fn stated(finding: &Finding, estimators: Estimators) -> Self {
        let mut score = Self::from(finding);
        if estimators == Estimators::Plain && score.test == SPELLED.0 {
            SPELLED.1.clone_into(&mut score.test);
        }
        score
    }
}

impl From<&Finding> for Score {
    fn from(finding: &Finding) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        Self {
            test: finding.test.name.to_owned(),
            group: finding.test.group,
            which: finding.which,
            value: finite(finding.measured.value),
            untrained: finite(finding.untrained),
            baseline: finite(finding.chance),
            bound: finding.test.bound.to_string(),
            verdict: finding.verdict,
        }
    }
}
