//! Which device runs the tensors, and why.

mod adapters;
mod choice;

pub use adapters::{Adapter, AdapterKind, adapters};
pub use choice::{Chosen, DeviceError, DeviceSpec, Listed, choose, list};

use burn::tensor::{ExecutionError, TensorReadError};
use thiserror::Error;

/// A device that stopped doing what it is asked: adapter lost, out of memory, driver error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the device failed: {reason}; the last saved state is intact, `--device cpu` continues it")]
pub struct DeviceFailure {
    /// What the backend says.
    pub reason: String,
}

impl From<TensorReadError> for DeviceFailure {
    fn from(error: TensorReadError) -> Self {
        Self {
            reason: error.to_string(),
        }
    }
}

impl From<ExecutionError> for DeviceFailure {
    fn from(error: ExecutionError) -> Self {
        Self {
            reason: error.to_string(),
        }
    }
}
