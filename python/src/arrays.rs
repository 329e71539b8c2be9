//! Arrays of NumPy as operations and numbers.

use fluxttice_core::measure::given;
use fluxttice_core::space::{ENTRIES, Operation};
use numpy::ndarray::ArrayViewD;
use numpy::{
    Element, IntoPyArray, PyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::errors::value;

/// Largest whole number that a floating one is taken as.
const LARGEST: f64 = 1e15;

/// Reads operations from an array: indices of the shape `[n]`, or entries -1, 0 and 1 of the shape `[n, 9]`, of any
/// whole type, or of a floating one where all are whole.
///
/// # Errors
/// Returns `TypeError` for another type, `ValueError` for another shape or number.
pub fn operations(array: &Bound<'_, PyAny>) -> PyResult<Vec<Operation>> {
    macro_rules! whole {
        ($($kind:ty),*) => {$(
            if let Ok(array) = array.cast::<PyArrayDyn<$kind>>() {
                return read(array, |number| i64::try_from(number).ok());
            }
        )*};
    }
    whole!(i8, i16, i32, i64, u8, u16, u32, u64);
    if let Ok(array) = array.cast::<PyArrayDyn<f32>>() {
        return read(array, |number| from_float(number.into()));
    }
    if let Ok(array) = array.cast::<PyArrayDyn<f64>>() {
        return read(array, from_float);
    }
    let found = array.getattr("dtype").and_then(|kind| kind.str());
    let found = found.map_or_else(|_| "no array".to_owned(), |kind| kind.to_string());
    Err(PyTypeError::new_err(format!(
        "expected an array of whole numbers, found {found}"
    )))
}

fn from_float(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and not large")]
    (number.fract() == 0.0 && number.abs() < LARGEST).then_some(number as i64)
}

fn read<T: Element + Copy + ToString>(
    array: &Bound<'_, PyArrayDyn<T>>,
    whole: impl Fn(T) -> Option<i64>,
) -> PyResult<Vec<Operation>> {
    let array = array.try_readonly().map_err(value)?;
    let view = array.as_array();
    let whole = |number: T| {
        whole(number).ok_or_else(|| format!("expected whole numbers, found {}", number.to_string()))
    };
    match array.shape() {
        [_] | [_, 1] => rows(&view, |[index]: [T; 1]| given::index(whole(index)?)),
        [_, ENTRIES] => rows(&view, |row: [T; ENTRIES]| {
            let mut entries = [0; ENTRIES];
            for (entry, number) in entries.iter_mut().zip(row) {
                *entry = whole(number)?;
            }
            given::table(entries)
        }),
        shape => Err(value(format!(
            "expected indices of the shape [n] or entries of the shape [n, {ENTRIES}], found {shape:?}"
        ))),
    }
}

/// Makes an operation of each row, the numbers of which lie one behind the other.
fn rows<T: Copy, const N: usize>(
    view: &ArrayViewD<'_, T>,
    operation: impl Fn([T; N]) -> Result<Operation, String>,
) -> PyResult<Vec<Operation>> {
    let told = |(number, row): (usize, [T; N])| {
        operation(row).map_err(|problem| value(format!("row {number}: {problem}")))
    };
    if let Some(numbers) = view.as_slice() {
        return numbers
            .as_chunks()
            .0
            .iter()
            .copied()
            .enumerate()
            .map(told)
            .collect();
    }
    let numbers: Vec<T> = view.iter().copied().collect();
    numbers
        .as_chunks()
        .0
        .iter()
        .copied()
        .enumerate()
        .map(told)
        .collect()
}

/// Returns the indices of operations as an array.
pub fn indices<'py>(
    py: Python<'py>,
    operations: impl Iterator<Item = Operation>,
) -> Bound<'py, PyArray1<i64>> {
    let index = |operation: Operation| i64::try_from(operation.index()).unwrap_or(i64::MAX);
    operations.map(index).collect::<Vec<i64>>().into_pyarray(py)
}

/// Hands numbers over as an array of this shape, without copying them.
///
/// # Errors
/// Fails where there are more or fewer numbers than the shape has places.
pub fn shaped<'py, T: Element, D: numpy::ndarray::IntoDimension>(
    py: Python<'py>,
    numbers: Vec<T>,
    shape: D,
) -> PyResult<Bound<'py, PyArray<T, D::Dim>>> {
    numbers.into_pyarray(py).reshape(shape)
}
