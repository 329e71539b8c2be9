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
    each_line(|line| {
        found.push(line.parse().map_err(|error: T::Err| error.to_string())?);
        Ok(())
    })?;
    Ok(found)
}

/// Takes in the lines of standard input that are not blank, without the byte order mark that some programs write in
/// front of the first; what is wrong with one is told with its number.
pub fn each_line(mut take: impl FnMut(&str) -> Result<(), String>) -> Result<(), Failure> {
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let wrong = |problem: String| {
            Failure::Input(format!("standard input, line {}: {problem}", number + 1))
        };
        let line = line.map_err(|error| wrong(error.to_string()))?;
        let line = match line.strip_prefix('\u{feff}') {
            Some(rest) if number == 0 => rest,
            _ => &line,
        };
        if !line.trim().is_empty() {
            take(line).map_err(wrong)?;
        }
    }
    Ok(())
}

/// Index, trits and, where it has one, name.
pub fn titled(operation: Operation) -> String {
    let name = operation
        .name()
        .map_or(String::new(), |name| format!(" {name}"));
    format!("{} {operation}{name}", operation.index())
}
