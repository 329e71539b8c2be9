//! Errors of the engine as exceptions of Python.

use std::fmt::Display;

use fluxttice_core::certificate::CertificateError;
use fluxttice_core::run::RunError;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// Returns a `ValueError`: what was given is not what was expected.
pub fn value(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Returns a `RuntimeError`: the engine failed at what should work.
pub fn failure(error: impl Display) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

/// Returns the exception for a file or folder: `OSError` where the system refuses, else `ValueError`.
pub fn file(error: RunError) -> PyErr {
    match error {
        RunError::Disk { .. } | RunError::Unreadable { .. } => {
            PyOSError::new_err(error.to_string())
        }
        other => value(other),
    }
}

/// Returns the exception for a certificate.
pub fn certificate(error: CertificateError) -> PyErr {
    match error {
        CertificateError::Run(error) => file(error),
        CertificateError::Device(error) => failure(error),
        other => value(other),
    }
}
