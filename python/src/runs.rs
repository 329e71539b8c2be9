//! Metrics of runs as columns.

use std::path::PathBuf;

use fluxttice_core::listing::Listing;
use fluxttice_core::run::{ForeignRun, figures, find_run, is_foreign, read_metrics, runs_folder};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::errors::file;
use crate::work::done;

/// Adds the function.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(metrics, module)?)
}

/// Folder of a run, and each metric by its name: NaN where an epoch does not have it.
type Columns<'py> = (PathBuf, Vec<(String, Bound<'py, PyArray1<f64>>)>);

/// Reads the metrics of a run, by its name or folder.
#[pyfunction]
fn metrics<'py>(
    py: Python<'py>,
    named: String,
    data_dir: Option<PathBuf>,
) -> PyResult<Columns<'py>> {
    let read = done(py, move || {
        let path = find_run(&runs_folder(data_dir.as_deref())?, Some(&named))?;
        let listing = match is_foreign(&path) {
            true => ForeignRun::read(&path)?.figures(),
            false => figures(read_metrics(&path)?.iter()),
        };
        Ok((path, listing))
    })?;
    let (path, Listing { columns, rows }) = read.map_err(file)?;
    let column = |(place, name): (usize, _)| {
        let value = |row: &Vec<serde_json::Value>| row[place].as_f64().unwrap_or(f64::NAN);
        let values: Vec<f64> = rows.iter().map(value).collect();
        (String::from(name), values.into_pyarray(py))
    };
    Ok((path, columns.into_iter().enumerate().map(column).collect()))
}
