//! Outcome of a retraining, as it is stored in the run's folder.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::request::EndReason;
use crate::run::{Disk, RunError, files};
use crate::vae::Vae;
use crate::validation::{Finding, Score};

/// Name of the file in the run's folder.
use crate::run::names::VALIDATION as OUTCOME;
/// Version of the file's layout.
const VERSION: u32 = 1;
/// Largest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// A finished retraining and the findings of its validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Version of this layout.
    pub version: u32,
    /// Version of the program that measured.
    pub program: String,
    /// SHA-256 of the weights that were measured.
    pub weights: String,
    /// Number of epochs that were trained.
    pub epochs: u32,
    /// Reason for which training ended.
    pub end: EndReason,
    /// Seed of codes, draws and choices of the tests.
    pub seed: u64,
    /// Scores, one for each test and VAE.
    pub scores: Vec<Score>,
}

impl Outcome {
    /// Takes the findings of a validation of weights with this digest.
    pub(super) fn new(
        weights: String,
        epochs: u32,
        end: EndReason,
        seed: u64,
        findings: &[Finding],
    ) -> Self {
        Self {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            weights,
            epochs,
            end,
            seed,
            scores: findings.iter().map(Score::from).collect(),
        }
    }

    /// Returns the score of a test for one VAE; `None` where there is none.
    pub fn score(&self, test: &str, which: Vae) -> Option<&Score> {
        let wanted = |score: &&Score| score.test == test && score.which == which;
        self.scores.iter().find(wanted)
    }

    /// Writes the outcome into a run's folder.
    pub(super) fn write(&self, run: &Path) -> Result<(), RunError> {
        let path = run.join(OUTCOME);
        let text = serde_json::to_vec(self)
            .map_err(|error| RunError::unusable(&path, error.to_string()))?;
        Disk::default().write(&path, &text)
    }

    /// Reads the outcome from a run's folder; `None` where the retraining is not finished.
    pub(super) fn read(run: &Path) -> Result<Option<Self>, RunError> {
        let path = run.join(OUTCOME);
        if !path.exists() {
            return Ok(None);
        }
        let expected = |found: String| {
            RunError::unusable(
                &path,
                format!(
                    "expected a finished validation, found: {found}; remove the file to have it measured again"
                ),
            )
        };
        let read: Self = serde_json::from_slice(&files::read(&path, LIMIT)?)
            .map_err(|error| expected(error.to_string()))?;
        if read.version != VERSION {
            return Err(expected(format!("layout version {}", read.version)));
        }
        Ok(Some(read))
    }
}
