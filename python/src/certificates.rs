//! Certificates: made of a model's figures, and verified by measuring them again.

use std::path::PathBuf;
use std::sync::Arc;

use fluxttice_core::certificate::{
    PublicKey, SecretKey, Tool, Trust, certify as write, verify as check,
};
use fluxttice_core::digest::sha256;
use fluxttice_core::measure::MeasurementPlan;
use fluxttice_core::run::Disk;
use pyo3::prelude::*;
use serde_json::json;

use crate::errors::{certificate, failure};
use crate::model::Model;
use crate::work::done;

/// Adds the functions.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(certify, module)?)?;
    module.add_function(wrap_pyfunction!(verify, module)?)
}

fn tool() -> Tool {
    Tool {
        name: "fluxttice (Python)".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: "unknown".to_owned(),
        compiler: "unknown".to_owned(),
        lockfile: sha256(include_bytes!("../../Cargo.lock")),
    }
}

/// Writes a certificate; returns its figures as JSON.
#[pyfunction]
fn certify(
    py: Python<'_>,
    model: &Model,
    out: PathBuf,
    seed: u64,
    key: Option<PathBuf>,
) -> PyResult<String> {
    let checkpoint = Arc::clone(&model.checkpoint);
    let certified = done(py, move || {
        let key = key.as_deref().map(SecretKey::load).transpose()?;
        let scale = MeasurementPlan::certificate(seed);
        write(
            &Disk::default(),
            &tool(),
            &checkpoint,
            &scale,
            &out,
            key.as_ref(),
            &|_| {},
        )
    })?;
    let certified = certified.map_err(certificate)?;
    serde_json::to_string(&certified.statement.predicate.figures).map_err(failure)
}

/// Verifies a certificate; returns the verdict as JSON.
#[pyfunction]
fn verify(
    py: Python<'_>,
    folder: PathBuf,
    sums_only: bool,
    key: Option<PathBuf>,
) -> PyResult<String> {
    let verdict = done(py, move || {
        let key = key.as_deref().map(PublicKey::load).transpose()?;
        let trust = Trust {
            sums_only,
            key: key.as_ref(),
        };
        check(&folder, trust, &|_| {})
    })?;
    let verdict = verdict.map_err(certificate)?;
    let verdict = json!({
        "verdict": verdict.word(),
        "ok": verdict.ok(),
        "headline": verdict.headline(),
        "reason": verdict.foreign,
        "signature": verdict.signature,
        "signed_by": verdict.signed_by,
        "not_checked": verdict.unchecked,
        "checks": verdict.checks,
    });
    Ok(verdict.to_string())
}
