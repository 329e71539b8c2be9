//! Errors that end a session.

use std::any::Any;

use thiserror::Error;

use super::message::Unsaved;
use crate::device::{DeviceError, DeviceFailure, panic_text};
use crate::request::EndReason;
use crate::run::RunError;
use crate::training::StepError;

/// Reason why a session ended against its will.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The device that was asked for is not available.
    #[error(transparent)]
    NoDevice(#[from] DeviceError),
    /// The device failed during work.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
    /// The run's files could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The disk refused to the end, so that some epochs are not saved.
    #[error("{0}; --resume does those epochs again")]
    Unsaved(Unsaved),
    /// The loss or a gradient is not a finite number.
    #[error("{0}; the last saved epoch is intact")]
    Diverged(String),
    /// A defect of this program or of a library.
    #[error("stopped by a defect: {0}; the last saved epoch is intact, please report this")]
    Panicked(String),
}

impl From<StepError> for SessionError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Device(failure) => Self::Device(failure),
            diverged @ StepError::Diverged { .. } => Self::Diverged(diverged.to_string()),
        }
    }
}

impl SessionError {
    /// Makes the error for a caught panic.
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        Self::Panicked(panic_text(panic).to_owned())
    }

    /// Returns the reason as `train --json` prints it.
    pub fn reason(&self) -> EndReason {
        match self {
            Self::Diverged(_) => EndReason::Diverged,
            _ => EndReason::Failed,
        }
    }
}
