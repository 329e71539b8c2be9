//! Why a session ended against its will.

use std::any::Any;

use thiserror::Error;

use super::message::Unsaved;
use crate::device::{DeviceError, DeviceFailure, panic_text};
use crate::request::EndReason;
use crate::run::RunError;
use crate::training::StepError;

/// Why a session ended against its will.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The device is not to be had.
    #[error(transparent)]
    NoDevice(#[from] DeviceError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
    /// Files could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The disk took no more, to the end.
    #[error("{0}; --resume does those epochs again")]
    Unsaved(Unsaved),
    /// A figure is not finite.
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
    /// A caught panic.
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        Self::Panicked(panic_text(panic).to_owned())
    }

    /// The reason as `train --json` says it.
    pub fn reason(&self) -> EndReason {
        match self {
            Self::Diverged(_) => EndReason::Diverged,
            _ => EndReason::Failed,
        }
    }
}
