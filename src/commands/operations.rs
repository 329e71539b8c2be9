//! Operations as the user writes them, and as they are shown.

use std::io::{self, BufRead};

use fluxttice_core::space::{Operation, ParseOperationError};

use super::Failure;

/// One operation, or with `-` those on standard input, one a line.
pub fn read(text: &str) -> Result<Vec<Operation>, Failure> {
    if text != "-" {
        return Ok(vec![text.parse()?]);
    }
    let mut operations = Vec::new();
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|error| {
            Failure::Input(format!("standard input, line {}: {error}", number + 1))
        })?;
        if !line.trim().is_empty() {
            operations.push(line.parse().map_err(|error: ParseOperationError| {
                Failure::Input(format!("standard input, line {}: {error}", number + 1))
            })?);
        }
    }
    Ok(operations)
}

/// Index, trits and, where it has one, name.
pub fn titled(operation: Operation) -> String {
    let name = operation
        .name()
        .map_or(String::new(), |name| format!(" {name}"));
    format!("{} {operation}{name}", operation.index())
}
