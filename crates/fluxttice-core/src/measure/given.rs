//! Operations that another program drew, counted as this one counts its own.

use super::covered::ceiling;
use super::prior::chi_squared;
use crate::arrays::{Array, Numbers};
use crate::numbers::count32;
use crate::record::Unique;
use crate::space::{ENTRIES, OPERATIONS, Operation, OperationSet, percent_of_all};
use crate::words::thousands;

/// Counts of samples that were given, not drawn here.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Distinct operations among them, with the ceiling of a uniform generator.
    pub unique: Unique,
    /// χ² statistic of the counts of all operations, against equal shares.
    pub chi_squared: f64,
    /// The distinct operations.
    pub set: OperationSet,
}

impl Given {
    /// Counts samples; `None` where there are none.
    pub fn count(samples: &[Operation]) -> Option<Self> {
        if samples.is_empty() {
            return None;
        }
        let set: OperationSet = samples.iter().copied().collect();
        let count = count32(samples.len());
        Some(Self {
            unique: Unique {
                unique: count32(set.len()),
                samples: count,
                ceiling: ceiling(count),
            },
            chi_squared: chi_squared(samples.iter().copied()),
            set,
        })
    }

    /// Describes the counts in words, with sample size and ceiling.
    pub fn words(&self) -> String {
        let unique = self.unique;
        format!(
            "{} distinct operations among {}, {:.1} % of all; {:.1} % expected of a uniform generator",
            thousands(unique.unique.into()),
            thousands(unique.samples.into()),
            percent_of_all(f64::from(unique.unique)),
            percent_of_all(unique.ceiling)
        )
    }
}

/// Reads operations from an array: indices in one dimension, or rows of nine entries -1, 0 and +1. Floating
/// numbers count where they are whole.
///
/// # Errors
/// Says what was expected, what was found and in which row, counted from 0.
pub fn operations(array: &Array) -> Result<Vec<Operation>, String> {
    match array.shape.as_slice() {
        [_] | [_, 1] => each(array, |row: &[i64; 1]| index(row[0])),
        [_, ENTRIES] => each(array, |row| table(*row)),
        shape => Err(format!(
            "expected indices of the shape [samples] or entries of the shape [samples, {ENTRIES}], found {shape:?}"
        )),
    }
}

/// Returns the operation with an index.
///
/// # Errors
/// Says what was expected and found.
pub fn index(number: i64) -> Result<Operation, String> {
    let operation = usize::try_from(number).ok().and_then(Operation::new);
    operation.ok_or_else(|| {
        let last = OPERATIONS - 1;
        format!("expected an index from 0 to {last}, found {number}")
    })
}

/// Returns the operation with these entries.
///
/// # Errors
/// Says what was expected and found.
pub fn table(row: [i64; ENTRIES]) -> Result<Operation, String> {
    let entries = row.map(|entry| i8::try_from(entry).unwrap_or(i8::MAX));
    Operation::from_entries(entries)
        .ok_or_else(|| format!("expected entries of -1, 0 and 1, found {row:?}"))
}

fn each<const N: usize>(
    array: &Array,
    operation: impl Fn(&[i64; N]) -> Result<Operation, String>,
) -> Result<Vec<Operation>, String> {
    let converted;
    let numbers = match &array.numbers {
        Numbers::Whole(numbers) => numbers,
        Numbers::Floats(numbers) => {
            converted = whole(numbers, N)?;
            &converted
        }
    };
    let rows = numbers.as_chunks().0.iter().enumerate();
    rows.map(|(number, row)| operation(row).map_err(|problem| format!("row {number}: {problem}")))
        .collect()
}

/// Returns floating numbers as whole ones, where all are whole; `columns` of them are a row.
fn whole(numbers: &[f64], columns: usize) -> Result<Vec<i64>, String> {
    let largest = OPERATIONS as f64;
    let whole = |(place, number): (usize, &f64)| {
        if number.fract() == 0.0 && number.abs() <= largest {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
            return Ok(*number as i64);
        }
        let row = place / columns;
        Err(format!(
            "row {row}: expected whole numbers up to {largest}, found {number}"
        ))
    };
    numbers.iter().enumerate().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], numbers: Numbers) -> Array {
        Array {
            shape: shape.to_vec(),
            numbers,
        }
    }

    #[test]
    fn indices_and_entries_of_either_kind_are_the_same_operations() {
        let all: Vec<Operation> = Operation::all().step_by(97).collect();
        let indices: Vec<i64> = all
            .iter()
            .map(|it| i64::try_from(it.index()).unwrap())
            .collect();
        let entries = || all.iter().flat_map(|operation| operation.entries());
        for given in [
            array(&[all.len()], Numbers::Whole(indices.clone())),
            array(&[all.len(), 1], Numbers::Whole(indices.clone())),
            array(
                &[all.len()],
                Numbers::Floats(indices.iter().map(|it| *it as f64).collect()),
            ),
            array(
                &[all.len(), 9],
                Numbers::Whole(entries().map(i64::from).collect()),
            ),
            array(
                &[all.len(), 9],
                Numbers::Floats(entries().map(f64::from).collect()),
            ),
            array(
                &[all.len(), 9],
                Numbers::Floats(
                    entries()
                        .map(|it| if it == 0 { -0.0 } else { f64::from(it) })
                        .collect(),
                ),
            ),
        ] {
            assert_eq!(operations(&given).unwrap(), all);
        }
    }

    #[test]
    fn what_is_no_operation_is_named_with_its_row() {
        let refused = |shape: &[usize], numbers| operations(&array(shape, numbers)).unwrap_err();
        let message = refused(&[3], Numbers::Whole(vec![0, 1, 19_683]));
        assert!(
            message.contains("row 2") && message.contains("found 19683"),
            "{message}"
        );
        assert!(refused(&[1], Numbers::Whole(vec![-1])).contains("row 0"));
        let mut entries = vec![0; 18];
        entries[10] = 2;
        assert!(refused(&[2, 9], Numbers::Whole(entries)).contains("row 1"));
        for odd in [f64::NAN, 0.5, f64::INFINITY, 1e300] {
            let message = refused(&[2], Numbers::Floats(vec![0.0, odd]));
            assert!(message.contains("row 1"), "{message}");
        }
        assert!(refused(&[3, 3, 1], Numbers::Whole(vec![0; 9])).contains("[3, 3, 1]"));
    }

    #[test]
    fn samples_are_counted_with_ceiling_evenness_and_digest() {
        let all: Vec<Operation> = Operation::all().collect();
        let even = Given::count(&all).unwrap();
        assert_eq!(even.unique.unique, 19_683);
        assert!(even.chi_squared.abs() < 1e-6);
        let one = Given::count(&[all[7]; 100]).unwrap();
        assert_eq!((one.unique.unique, one.unique.samples), (1, 100));
        assert!((one.chi_squared - 100.0 * 19_682.0).abs() < 1e-6);
        assert!(one.set.digest() != even.set.digest());
        assert_eq!(Given::count(&[]), None);
    }
}
