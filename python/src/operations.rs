//! The space of all operations: entries, names, laws, expressions.

use std::collections::BTreeMap;

use fluxttice_core::space::laws::LAWS;
use fluxttice_core::space::query::Query;
use fluxttice_core::space::{ENTRIES, OPERATIONS, Operation, OperationSet, names};
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::prelude::*;

use crate::arrays::{indices, operations, shaped};
use crate::errors::value;

/// Adds the functions.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(table, module)?)?;
    module.add_function(wrap_pyfunction!(as_indices, module)?)?;
    module.add_function(wrap_pyfunction!(parse, module)?)?;
    module.add_function(wrap_pyfunction!(named, module)?)?;
    module.add_function(wrap_pyfunction!(laws, module)?)?;
    module.add_function(wrap_pyfunction!(law, module)?)?;
    module.add_function(wrap_pyfunction!(find, module)?)
}

/// Entries of all operations, int8 of the shape [19683, 9].
#[pyfunction]
fn table(py: Python<'_>) -> PyResult<Bound<'_, PyArray2<i8>>> {
    let entries = Operation::all().flat_map(Operation::entries).collect();
    shaped(py, entries, [OPERATIONS, ENTRIES])
}

/// Indices of operations that are given as indices or entries.
#[pyfunction]
fn as_indices<'py>(
    py: Python<'py>,
    given: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    Ok(indices(py, operations(given)?.into_iter()))
}

/// Indices of operations that are given as texts: an index, nine trits, nine numbers or a name.
#[pyfunction]
fn parse(py: Python<'_>, texts: Vec<String>) -> PyResult<Bound<'_, PyArray1<i64>>> {
    let parsed = texts
        .iter()
        .map(|text| text.parse::<Operation>().map_err(value));
    let parsed: Vec<Operation> = parsed.collect::<PyResult<_>>()?;
    Ok(indices(py, parsed.into_iter()))
}

/// Index of each operation that has a name.
#[pyfunction]
fn named() -> BTreeMap<&'static str, usize> {
    names::all()
        .map(|(operation, name)| (name, operation.index()))
        .collect()
}

/// Words of all laws, each with its statement.
#[pyfunction]
fn laws() -> Vec<(&'static str, &'static str)> {
    LAWS.iter().map(|law| (law.word, law.meaning)).collect()
}

/// True for each operation that obeys a law.
#[pyfunction]
fn law<'py>(py: Python<'py>, word: &str) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let found = LAWS.iter().find(|law| law.word == word);
    let found = found.ok_or_else(|| value(format!("expected a law, found {word:?}")))?;
    Ok(members(found.operations()).into_pyarray(py))
}

/// Indices of the operations that an expression finds.
#[pyfunction]
fn find<'py>(py: Python<'py>, expression: &str) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let query: Query = expression.parse().map_err(value)?;
    Ok(indices(py, query.operations().iter()))
}

/// Returns whether each operation is in a set.
pub fn members(set: &OperationSet) -> Vec<bool> {
    Operation::all()
        .map(|operation| set.contains(operation))
        .collect()
}
