//! The compiled part of the Python package `fluxttice`: models, operations, measurements and certificates. The
//! package's own modules check and describe arguments; this one computes.

mod arrays;
mod certificates;
mod count;
mod errors;
mod model;
mod operations;
mod runs;
mod work;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    model::add(module)?;
    operations::add(module)?;
    count::add(module)?;
    certificates::add(module)?;
    runs::add(module)
}
