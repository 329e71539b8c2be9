//! Why an experiment came to nothing.

use thiserror::Error;

use crate::device::{DeviceError, DeviceFailure};
use crate::run::RunError;
use crate::training::StepError;

/// Why an experiment came to nothing. The run it was made for is not touched by it.
#[derive(Debug, Error)]
pub enum ExperimentError {
    /// It cannot be made as asked for.
    #[error("{0}")]
    Unusable(String),
    /// The device is not to be had.
    #[error(transparent)]
    NoDevice(#[from] DeviceError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
    /// Files of the run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An arm diverged, or its device failed.
    #[error("the {arm} arm, repetition {repetition}: {source}")]
    Step {
        /// `treated` or `control`.
        arm: &'static str,
        /// Number of the repetition, from 1.
        repetition: u32,
        /// What happened.
        source: StepError,
    },
    /// The system refuses a thread.
    #[error("the system refuses a thread: {0}")]
    System(std::io::Error),
    /// Whoever asked for it changed their mind.
    #[error("given up")]
    Cancelled,
}
