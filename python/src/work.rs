//! Work that takes long: in a thread of its own, so that other threads of Python go on and Ctrl-C is obeyed.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Time between two looks for a signal.
const LOOK: Duration = Duration::from_millis(50);

/// Does work and returns its result. Python's signals are handled meanwhile; where one raises an exception, that
/// is returned at once, and what the work comes to is dropped.
///
/// # Errors
/// Returns the exception of a signal; `RuntimeError` where the work panicked.
pub fn done<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (sender, mut receiver) = sync_channel(1);
    let thread = thread::Builder::new()
        .name("fluxttice".to_owned())
        .spawn(move || {
            // Nobody waits any more after a signal.
            let _ = sender.send(work());
        })?;
    loop {
        let result;
        (result, receiver) = py.detach(move || (receiver.recv_timeout(LOOK), receiver));
        match result {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                let panic = py.detach(|| thread.join()).err();
                let text = panic.and_then(|panic| {
                    let text = panic.downcast_ref::<String>().cloned();
                    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                });
                let text = text.unwrap_or_else(|| "no message".to_owned());
                return Err(PyRuntimeError::new_err(format!(
                    "defect of fluxttice: {text}"
                )));
            }
        }
    }
}
