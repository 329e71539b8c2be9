//! Digests of a checkpoint's files, and of its run up to its epoch, which are checked whenever it is read.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::files;
use super::lines::Prefix;
use super::names::{CONFIG, DIGESTS, JOURNAL, METRICS};
use crate::digest::hex;

/// Version of the layout of `digests.json`.
const VERSION: u32 = 1;
/// Largest file of digests that is read, in bytes.
const LIMIT: u64 = 64 << 10;

/// Digests in a checkpoint; they are written last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    version: u32,
    /// SHA-256 of the checkpoint's other files, by name.
    pub files: BTreeMap<String, String>,
    /// Digests of the run that it was made in; `None` where it was made outside of one.
    pub run: Option<HistoryDigests>,
}

/// Digests of a run's own files up to a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryDigests {
    /// SHA-256 of the configuration file.
    pub config: String,
    /// First lines of the metrics, one for each finished epoch.
    pub metrics: Prefix,
    /// Lines of the journal that were there when the checkpoint was saved.
    pub journal: Prefix,
}

impl Digests {
    /// Computes the digests of these files, to be stored with those of their run.
    pub fn of<'a>(
        files: impl Iterator<Item = (&'a str, &'a [u8])>,
        run: Option<HistoryDigests>,
    ) -> Self {
        Self {
            version: VERSION,
            files: files
                .map(|(name, bytes)| (name.to_owned(), hex(bytes)))
                .collect(),
            run,
        }
    }

    /// Reads the digests of a checkpoint; `None` where it has none, because version 0.1.0 made it.
    ///
    /// # Errors
    /// Returns [`RunError::Unusable`] where they are damaged.
    pub fn read(checkpoint: &Path) -> Result<Option<Self>, RunError> {
        let path = checkpoint.join(DIGESTS);
        if !files::is_there(&path) {
            return Ok(None);
        }
        let read: Self = serde_json::from_slice(&files::read(&path, LIMIT)?).map_err(|error| {
            RunError::unusable(&path, format!("expected digests, found: {error}"))
        })?;
        if read.version != VERSION {
            let problem = format!(
                "layout version {}; this program reads {VERSION}",
                read.version
            );
            return Err(RunError::unusable(&path, problem));
        }
        Ok(Some(read))
    }

    /// Serializes the digests; `path` is only for messages.
    ///
    /// # Errors
    /// Returns [`RunError::Unusable`] where the JSON library refuses, which it does not for digests.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, RunError> {
        let text = serde_json::to_vec_pretty(self);
        text.map_err(|error| RunError::unusable(path, error.to_string()))
    }

    /// Verifies a file of the checkpoint against its digest; `bytes` is `None` where the file is not there.
    ///
    /// # Errors
    /// Returns [`RunError::Unusable`] where it is not what was saved.
    pub fn check(&self, path: &Path, name: &str, bytes: Option<&[u8]>) -> Result<(), RunError> {
        let problem = match (self.files.get(name), bytes) {
            (Some(saved), Some(bytes)) if *saved == hex(bytes) => return Ok(()),
            (None, None) => return Ok(()),
            (Some(_), Some(_)) => "is damaged: it is not what was saved (SHA-256)",
            (Some(_), None) => "is missing: it was there when the checkpoint was saved",
            (None, Some(_)) => "was not there when the checkpoint was saved",
        };
        Err(RunError::unusable(path, problem))
    }
}

impl HistoryDigests {
    /// Verifies the files of a run against their digests, metrics only where `metrics` is set; `checkpoint`
    /// is its name in messages.
    ///
    /// # Errors
    /// Returns a [`RunError::Unusable`] that names the file that is not what it was.
    pub fn check(
        &self,
        run: &Path,
        checkpoint: &str,
        own: &Own,
        metrics: bool,
    ) -> Result<(), RunError> {
        let as_saved = [
            (CONFIG, hex(&own.config) == self.config),
            (METRICS, !metrics || self.metrics.begins(&own.metrics)),
            (JOURNAL, self.journal.begins(&own.journal)),
        ];
        match as_saved.into_iter().find(|(_, same)| !same) {
            None => Ok(()),
            Some((name, _)) => Err(RunError::unusable(
                &run.join(name),
                format!("is damaged: it is not what it was when {checkpoint} was saved (SHA-256)"),
            )),
        }
    }
}

/// Contents of a run's own files.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Bytes of `config.yaml`.
    pub config: Vec<u8>,
    /// Bytes of `metrics.jsonl`; empty where there is none.
    pub metrics: Vec<u8>,
    /// Bytes of `journal.jsonl`; empty where there is none.
    pub journal: Vec<u8>,
}
