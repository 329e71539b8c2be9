//! The device that runs the tensors, and the reason for its choice.

mod adapters;
mod choice;
mod read;

/// Burn's tensor device, and the number type of tensors.
pub use burn::tensor::{DType, Device};

pub use adapters::{Adapter, AdapterKind, adapters};
pub use choice::{Chosen, DeviceError, DeviceSpec, Listed, choose, is_cpu, list};
pub use read::read_all;

use std::any::Any;

use burn::tensor::{ExecutionError, TensorReadError};
use thiserror::Error;

/// Failure of a device that was in use: adapter lost, out of memory, driver error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the device failed: {reason}; the last saved state is intact, `--device cpu` continues it")]
pub struct DeviceFailure {
    /// Text of the backend.
    reason: String,
}

impl DeviceFailure {
    /// Makes a failure from a panic of the backend: Burn's wgpu backend panics where a driver gives up.
    pub fn of_panic(panic: &(dyn Any + Send)) -> Self {
        Self::new(panic_text(panic))
    }

    /// Makes a failure from the backend's report, of which only the root causes are kept: the report lists
    /// every operation that had to be left out because of them.
    pub fn new(report: &str) -> Self {
        let lines: Vec<&str> = report.lines().map(str::trim).collect();
        let is_root = |three: &&[&str]| {
            let [before, _, after] = three else {
                return false;
            };
            *before == CAUSE && *after != CAUSE && !after.starts_with(SKIPPED)
        };
        let ends = [lines.as_slice(), &[""]].concat();
        let mut roots: Vec<&str> = Vec::new();
        for root in ends.windows(3).filter(is_root).map(|three| three[1]) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        let reason = match roots.as_slice() {
            [] => report.trim().to_owned(),
            roots => roots.join(", "),
        };
        let advice = if reason.contains("allocate") {
            " (a smaller batch_size needs less memory)"
        } else {
            ""
        };
        Self {
            reason: reason + advice,
        }
    }
}

/// Returns the message of a panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Line before a cause in a report of CubeCL.
const CAUSE: &str = "Caused by:";
/// Start of the line of an operation that was left out because of a failure.
const SKIPPED: &str = "skipped ";

impl From<TensorReadError> for DeviceFailure {
    fn from(error: TensorReadError) -> Self {
        Self::new(&error.to_string())
    }
}

impl From<ExecutionError> for DeviceFailure {
    fn from(error: ExecutionError) -> Self {
        Self::new(&error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_by_its_roots() {
        let report = "An error happened during execution\nCaused by:\n  Several failures at once\nCaused by:\n  \
            The bytes were never written (failure #231)\n  skipped `SharedSumKernel`: it needed memory\nCaused by:\n  \
            An IO error happened\nCaused by:\n  can't allocate buffer of size: 1024\nNo backtrace available\n\
            Asked at:\nNo backtrace available\nThe bytes were never written (failure #329)\nCaused by:\n  \
            An IO error happened\nCaused by:\n  can't allocate buffer of size: 1024";
        let told = DeviceFailure::new(report).to_string();
        assert_eq!(
            told,
            "the device failed: can't allocate buffer of size: 1024 (a smaller batch_size needs less memory); \
             the last saved state is intact, `--device cpu` continues it"
        );
        let plain = DeviceFailure::new("the wgpu device was lost\n").to_string();
        assert!(plain.starts_with("the device failed: the wgpu device was lost;"));
    }
}
