//! An experiment on disk: everything it measured and what follows from it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::arm::Pair;
use super::verdict::Verdict;
use crate::disruption::Disruption;
use crate::run::names::EXPERIMENTS;
use crate::run::{Disk, RunError, files};

/// Version of the file's layout.
pub(super) const VERSION: u32 = 1;
/// Largest file that is read.
const LIMIT: u64 = 64 << 20;

/// An experiment and what it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Version of this layout.
    pub version: u32,
    /// When it ended, in UTC (RFC 3339).
    pub made: String,
    /// Version of the program that made it.
    pub program: String,
    /// What the tensors ran on.
    pub device: String,
    /// Where both arms set out from.
    pub base: Base,
    /// What the treated arm did.
    pub disruption: Disruption,
    /// Epoch in which it did.
    pub epoch: u32,
    /// Batches of that epoch that both arms had in common.
    pub batch: u32,
    /// Epochs of each arm.
    pub horizon: u32,
    /// One treated and one control arm for each repetition.
    pub pairs: Vec<Pair>,
    /// What follows from them.
    pub verdict: Verdict,
}

/// Where both arms set out from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Name of the run.
    pub run: String,
    /// SHA-256 of its configuration.
    pub config_digest: String,
    /// Seed of the run.
    pub seed: u64,
    /// Finished epochs of the checkpoint.
    pub epochs: u32,
    /// SHA-256 of its weights; `None` before the first epoch.
    pub weights: Option<String>,
}

impl Experiment {
    /// A name for its file: where it began and what it did.
    pub(super) fn name(&self) -> String {
        format!(
            "epoch-{:04}-batch-{:03}-{}",
            self.epoch, self.batch, self.disruption.kind
        )
    }

    /// Writes it into the run's folder of experiments, never over another.
    ///
    /// # Errors
    /// [`RunError`] where it cannot be written.
    pub fn save(&self, disk: &Disk, run: &Path) -> Result<PathBuf, RunError> {
        let folder = run.join(EXPERIMENTS);
        if folder.is_symlink() {
            let problem =
                "expected a folder, found a link; nothing of a run is written through one";
            return Err(RunError::unusable(&folder, problem));
        }
        disk.create_folder(&folder)?;
        let base = self.name();
        let bytes = self.bytes(&folder)?;
        let named = |name: &str| folder.join(format!("{name}.json"));
        let free = || {
            let numbered = (2u32..).map(|number| named(&format!("{base}-{number}")));
            let all = std::iter::once(named(&base)).chain(numbered);
            let mut untaken = all.filter(|path| !files::is_there(path));
            untaken.next().unwrap_or_else(|| named(&base))
        };
        disk.write_free(free, &bytes)
    }

    /// As it is written to a file; `path` is only for messages.
    ///
    /// # Errors
    /// [`RunError`], which the JSON library does not give for experiments.
    pub fn bytes(&self, path: &Path) -> Result<Vec<u8>, RunError> {
        serde_json::to_vec(self).map_err(|error| RunError::unusable(path, error.to_string()))
    }

    /// Reads an experiment and works its verdict out again from what it measured.
    ///
    /// # Errors
    /// [`RunError`] where it is damaged, or says something else than follows from its figures.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let bytes = files::read(path, LIMIT)?;
        let read: Self = serde_json::from_slice(&bytes).map_err(|error| {
            RunError::unusable(path, format!("expected an experiment, found: {error}"))
        })?;
        if read.version != VERSION {
            let problem = format!(
                "layout version {}; this program reads {VERSION}",
                read.version
            );
            return Err(RunError::unusable(path, problem));
        }
        let follows = Verdict::of(&read.pairs, read.horizon, read.disruption.epochs);
        // Compared as text: what was not measured is no number, which equals nothing.
        if serde_json::to_value(&follows).ok() != serde_json::to_value(&read.verdict).ok() {
            let problem = "the verdict does not follow from the figures it is said to rest on";
            return Err(RunError::unusable(path, problem));
        }
        Ok(read)
    }
}

/// Every experiment of a run by its name, in the order of their names; those that are damaged with what is
/// wrong with them.
pub fn experiments(run: &Path) -> Vec<(String, Result<Experiment, RunError>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(run.join(EXPERIMENTS))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            (name.into_owned(), Experiment::read(&path))
        })
        .collect()
}
