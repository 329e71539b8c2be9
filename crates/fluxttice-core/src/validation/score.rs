//! Scores of tests, as they are kept in files.

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Group, Verdict};
use crate::measure::Estimators;
use crate::vae::Vae;

/// Score of one VAE in a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Name of the test.
    pub test: String,
    /// Group of the test.
    pub group: Group,
    /// VAE that was tested.
    pub which: Vae,
    /// Measured value; `None` where it is not a number.
    pub value: Option<f64>,
    /// Value of the best untrained model; `None` where it is not a number.
    pub untrained: Option<f64>,
    /// Value of the trivial baseline; `None` where it is not a number.
    pub baseline: Option<f64>,
    /// Bound that the value must keep, for people.
    pub bound: String,
    /// Verdict on the model.
    pub verdict: Verdict,
}

/// The present and the former name of a test that version 0.1.0 spelled differently.
const SPELLED: (&str, &str) = (
    "any renaming of the symbols",
    "any relabelling of the symbols",
);

impl Score {
    /// Returns the score as a certificate with this method of estimation states it.
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
