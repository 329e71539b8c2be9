//! Reasons for which an experiment has no result.

use thiserror::Error;

use crate::device::{DeviceError, DeviceFailure};
use crate::run::RunError;
use crate::training::StepError;

/// Reason for which an experiment has no result. The run it was made for stays untouched.
#[derive(Debug, Error)]
pub enum ExperimentError {
    /// The experiment cannot be made as asked for; the text says why.
    #[error("{0}")]
    Unusable(String),
    /// The device cannot be opened.
    #[error(transparent)]
    NoDevice(#[from] DeviceError),
    /// The device failed while it computed.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
    /// Files of the run could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An arm diverged, or its device failed.
    #[error("the {arm} arm, repetition {repetition}: {source}")]
    Step {
        /// `treated` or `control`.
        arm: &'static str,
        /// Number of the repetition, from 1.
        repetition: u32,
        /// Error of the training step.
        source: StepError,
    },
    /// The system refuses to start a thread.
    #[error("the system refuses a thread: {0}")]
    System(std::io::Error),
    /// The caller cancelled the experiment.
    #[error("given up")]
    Cancelled,
}
