//! Errors of a run's files.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::ConfigError;
use crate::model::WeightsError;
use crate::shown::{printable, shown};

/// Reason why a run's files could not be used.
#[derive(Debug, Error)]
pub enum RunError {
    /// The disk refused: full, read-only, not permitted.
    #[error("cannot {action} {}: {source}; what was saved before is intact", shown(.path))]
    Disk {
        /// Operation that was tried (`write`, `create`, …).
        action: &'static str,
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the system.
        source: std::io::Error,
    },
    /// Something is missing, unreadable or not what it should be.
    #[error("{}: {}", shown(.path), printable(.problem))]
    Unusable {
        /// Path of the file or folder.
        path: PathBuf,
        /// Description of what was expected and what was found.
        problem: String,
    },
    /// The system refuses to read what is there: not permitted, a broken disk, a server that does not answer.
    #[error("{}: {source}", shown(.path))]
    Unreadable {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the system.
        source: std::io::Error,
    },
    /// A weights file that is not this model's.
    #[error("{}: {}", shown(.path), printable(&.source.to_string()))]
    Weights {
        /// Path of the weights file.
        path: PathBuf,
        /// Error of reading or writing the weights.
        source: WeightsError,
    },
    /// The stored configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another process has the run in this folder open.
    #[error("{place} is in use by another fluxttice-explorer; `fluxttice-explorer attach {place}` looks in and steers it, or wait for it or start a new run", place = shown(.0))]
    InUse(PathBuf),
}

impl RunError {
    /// Makes a [`RunError::Unusable`] about what lies at a path.
    pub fn unusable(path: &Path, problem: impl Into<String>) -> Self {
        Self::Unusable {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    /// Turns an I/O error of reading into a [`RunError`], for `map_err`: [`RunError::Unusable`] where no
    /// plain file is there, else [`RunError::Unreadable`].
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
