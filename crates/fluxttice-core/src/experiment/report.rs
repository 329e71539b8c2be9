//! File of an experiment: its measurements, and the verdict that follows from them.

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
/// Largest file that is read, in bytes.
const LIMIT: u64 = 64 << 20;

/// A finished experiment, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Version of this layout.
    pub version: u32,
    /// Time at which it ended, in UTC (RFC 3339).
    pub made: String,
    /// Version of the program that made it.
    pub program: String,
    /// Name of the device that the tensors ran on.
    pub device: String,
    /// State from which both arms started.
    pub base: Base,
    /// Disruption of the treated arm.
    pub disruption: Disruption,
    /// Epoch in which the disruption began.
    pub epoch: u32,
    /// Batches of that epoch that both arms had in common.
    pub batch: u32,
    /// Number of epochs of each arm.
    pub horizon: u32,
    /// One treated and one control arm for each repetition.
    pub pairs: Vec<Pair>,
    /// Verdict that follows from the pairs; [`Experiment::read`] checks it.
    pub verdict: Verdict,
}

/// State from which both arms of an experiment started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Name of the run.
    pub run: String,
    /// SHA-256 of its configuration.
    pub config_digest: String,
    /// Seed of the run.
    pub seed: u64,
    /// Number of finished epochs of the checkpoint.
    pub epochs: u32,
    /// SHA-256 of the checkpoint's weights; `None` before the first epoch.
    pub weights: Option<String>,
}

impl Experiment {
    /// Returns a name for the file, without number and extension: epoch, batch and kind of the disruption.
    pub(super) fn name(&self) -> String {
        format!(
            "epoch-{:04}-batch-{:03}-{}",
            self.epoch, self.batch, self.disruption.kind
        )
    }

    /// Writes the experiment into the run's folder of experiments, never over another.
    ///
    /// # Errors
    /// Fails where the file cannot be written.
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

    /// Returns the experiment as JSON, as it is written to a file; `path` only serves in messages.
    ///
    /// # Errors
    /// Fails where the JSON library refuses, which it does not do for experiments.
    pub fn bytes(&self, path: &Path) -> Result<Vec<u8>, RunError> {
        serde_json::to_vec(self).map_err(|error| RunError::unusable(path, error.to_string()))
    }

    /// Reads an experiment and computes its verdict again from its measurements.
    ///
    /// # Errors
    /// Fails where the file is damaged, or where its verdict does not follow from its figures.
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
        // Compared as JSON, in which an unmeasured figure is `null`; as a number it is NaN, which equals
        // nothing.
        if serde_json::to_value(&follows).ok() != serde_json::to_value(&read.verdict).ok() {
            let problem = "the verdict does not follow from the figures it is said to rest on";
            return Err(RunError::unusable(path, problem));
        }
        Ok(read)
    }
}

/// Returns every experiment of a run with its name, in the order of the names; a damaged one comes as an
/// error.
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
