//! Honest counts of samples, and of what a decoder makes of codes from the prior.

use fluxttice_core::measure::given::Given;
use fluxttice_core::measure::{Decoding, deviation, most_likely};
use fluxttice_core::random::{Purpose, Stream};
use fluxttice_core::space::{ENTRIES, VALUES};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::arrays::{indices, operations, shaped};
use crate::errors::value;
use crate::operations::members;
use crate::work::done;

/// Adds the functions.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(count, module)?)?;
    module.add_function(wrap_pyfunction!(prior_codes, module)?)?;
    module.add_function(wrap_pyfunction!(drawn, module)?)
}

/// Counts: samples, distinct, ceiling, χ², its deviation, digest, and whether each operation is among them.
type Counts<'py> = (u32, u32, f64, f64, f64, String, Bound<'py, PyArray1<bool>>);

/// Counts samples.
#[pyfunction]
fn count<'py>(py: Python<'py>, samples: &Bound<'py, PyAny>) -> PyResult<Counts<'py>> {
    let samples = operations(samples)?;
    let given = done(py, move || Given::count(&samples))?;
    let given = given.ok_or_else(|| value("samples: expected at least one, found none"))?;
    Ok((
        given.unique.samples,
        given.unique.unique,
        given.unique.ceiling,
        given.chi_squared,
        deviation(given.chi_squared),
        given.set.digest(),
        members(&given.set).into_pyarray(py),
    ))
}

/// Codes number `start` to `start + rows` from the prior, the same ones as VAE-A is measured with.
#[pyfunction]
fn prior_codes(
    py: Python<'_>,
    seed: u64,
    start: u32,
    rows: u32,
    dimensions: usize,
) -> PyResult<Bound<'_, PyArray2<f64>>> {
    let prior = Stream::new(seed, Purpose::PriorA, 0, 0);
    let mut codes = vec![0.0; rows as usize * dimensions];
    if dimensions > 0 {
        for (row, code) in (start..).zip(codes.chunks_exact_mut(dimensions)) {
            prior.normals(row, code);
        }
    }
    shaped(py, codes, [rows as usize, dimensions])
}

/// Operations that codes decode to: the most likely ones, one categorical draw of each, and H(x | z).
type Drawn<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<f64>>,
);

/// Decodes logits of the shape [n, 27] of the codes from number `start` on.
#[pyfunction]
fn drawn<'py>(
    py: Python<'py>,
    logits: PyReadonlyArray2<'py, f64>,
    seed: u64,
    start: u32,
) -> PyResult<Drawn<'py>> {
    let view = logits.as_array();
    let logits = view
        .as_slice()
        .ok_or_else(|| value("logits: expected rows one after another"))?;
    let draws = Stream::new(seed, Purpose::DrawA, 0, 0);
    let (mut argmax, mut categorical, mut entropies) = (Vec::new(), Vec::new(), Vec::new());
    for (row, logits) in (start..).zip(logits.chunks_exact(ENTRIES * VALUES)) {
        if let Some(found) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(value(format!(
                "logits, row {row}: expected finite numbers, found {found}"
            )));
        }
        let decoding = Decoding::new(logits);
        let mut uniforms = [0.0; ENTRIES];
        draws.uniforms(row, &mut uniforms);
        argmax.push(most_likely(logits));
        categorical.push(decoding.draw(&uniforms));
        let entropy = decoding.entropy();
        if !entropy.is_finite() {
            return Err(value(format!(
                "logits, row {row}: too far apart to be told from each other"
            )));
        }
        entropies.push(entropy);
    }
    Ok((
        indices(py, argmax.into_iter()),
        indices(py, categorical.into_iter()),
        entropies.into_pyarray(py),
    ))
}
