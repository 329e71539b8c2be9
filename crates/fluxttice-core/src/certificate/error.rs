//! Errors of certificates and keys.

use std::path::PathBuf;

use thiserror::Error;

use super::checks::Check;
use crate::device::DeviceFailure;
use crate::run::RunError;
use crate::words::for_people;

/// Reason why a certificate could not be made or checked, or a key not be used.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The device failed while measuring.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
    /// The checkpoint does not pass the checks that every certificate must pass.
    #[error("no certificate for {origin}:{}", list(.failed))]
    Refused {
        /// Origin of the weights, for people: a path, or `built-in model`.
        origin: String,
        /// Every check that failed.
        failed: Vec<Check>,
    },
    /// A key that cannot be used.
    #[error("{path}: {problem}")]
    Key {
        /// Path of the key file.
        path: PathBuf,
        /// Description of what was expected and what was found.
        problem: String,
    },
    /// The system has no random numbers for a key.
    #[error("the system gives no random numbers for a key: {0}")]
    Random(getrandom::Error),
    /// A plot could not be drawn.
    #[error("cannot draw the coverage plot: {0}")]
    Plot(String),
}

fn list(failed: &[Check]) -> String {
    let line = |check: &Check| format!("\n  {}", for_people(&check.to_string()));
    failed.iter().map(line).collect::<Vec<_>>().concat()
}
