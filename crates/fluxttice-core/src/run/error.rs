//! What can go wrong with files, and the exit code each kind deserves.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::ConfigError;
use crate::model::WeightsError;
use crate::shown::{printable, shown};

/// A run's files could not be used.
#[derive(Debug, Error)]
pub enum RunError {
    /// The disk refused: full, read-only, not permitted.
    #[error("cannot {action} {}: {source}; what was saved before is intact", shown(.path))]
    Disk {
        /// What was tried (`write`, `create`, …).
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something is missing, unreadable or not what it should be.
    #[error("{}: {}", shown(.path), printable(.problem))]
    Unusable {
        /// Where.
        path: PathBuf,
        /// What was expected and what was found.
        problem: String,
    },
    /// The system does not give what is there: not permitted, a broken disk, a server that does not answer.
    #[error("{}: {source}", shown(.path))]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A weights file that is not this model's.
    #[error("{}: {}", shown(.path), printable(&.source.to_string()))]
    Weights {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: WeightsError,
    },
    /// The stored configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another process has the run.
    #[error("{} is in use by another fluxttice-explorer; wait for it or start a new run", shown(.0))]
    InUse(PathBuf),
}

impl RunError {
    /// A problem with what lies at a path.
    pub fn unusable(path: &Path, problem: impl Into<String>) -> Self {
        Self::Unusable {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    /// What keeps a file from being read, for `map_err`.
    pub fn unread(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        use std::io::ErrorKind::{InvalidInput, NotADirectory, NotFound};
        const TOO_MANY_LINKS: i32 = 40;
        move |source| match source.kind() {
            // Nothing is there, or no plain file: so it will be for everybody.
            NotFound | InvalidInput | NotADirectory => Self::unusable(path, source.to_string()),
            _ if cfg!(target_os = "linux") && source.raw_os_error() == Some(TOO_MANY_LINKS) => {
                Self::unusable(path, source.to_string())
            }
            _ => Self::Unreadable {
                path: path.to_owned(),
                source,
            },
        }
    }

    /// Turns an I/O error into [`RunError::Disk`], for `map_err`.
    pub fn disk(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Disk {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
