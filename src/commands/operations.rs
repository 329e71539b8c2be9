//! Operations as the user writes them, and as they are shown.

use std::fmt::Display;
use std::io::{self, BufRead};
use std::str::FromStr;

use fluxttice_core::space::Operation;

use super::Failure;

/// One operation, or another thing that is spelled in a line; with `-` those on standard input, one a
/// line.
pub fn read<T>(text: &str) -> Result<Vec<T>, Failure>
where
    T: FromStr<Err: Display>,
    Failure: From<T::Err>,
{
    if text != "-" {
        return Ok(vec![text.parse()?]);
    }
    let mut found = Vec::new();
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|error| {
            Failure::Input(format!("standard input, line {}: {error}", number + 1))
        })?;
        if !line.trim().is_empty() {
            found.push(line.parse().map_err(|error| {
                Failure::Input(format!("standard input, line {}: {error}", number + 1))
            })?);
        }
    }
    Ok(found)
}

/// Index, trits and, where it has one, name.
pub fn titled(operation: Operation) -> String {
    let name = operation
        .name()
        .map_or(String::new(), |name| format!(" {name}"));
    format!("{} {operation}{name}", operation.index())
}
