//! Operations as the user writes them, and as they are shown.

use std::fmt::Display;
use std::io::{self, BufRead, Read};
use std::str::FromStr;

use fluxttice_core::space::Operation;

use super::Failure;

/// Longest line of standard input, in bytes: 16 numbers take some 400.
const LONGEST: u64 = 64 << 10;
/// Most lines of standard input that are taken at a time: all operations fifty times.
const MOST_LINES: u64 = 1_000_000;

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
    let mut input = io::stdin().lock();
    for number in 0.. {
        let wrong = |problem: String| {
            Failure::Input(format!("standard input, line {}: {problem}", number + 1))
        };
        let mut line = Vec::new();
        let read = input
            .by_ref()
            .take(LONGEST + 1)
            .read_until(b'\n', &mut line);
        if read.map_err(|error| wrong(error.to_string()))? == 0 {
            break;
        }
        if number >= MOST_LINES {
            let problem = format!("more than the {MOST_LINES} that are taken at a time");
            return Err(wrong(problem));
        }
        if line.len() as u64 > LONGEST {
            let problem = format!("longer than the {LONGEST} bytes that a line has at most");
            return Err(wrong(problem));
        }
        let line = String::from_utf8(line).map_err(|_| wrong("expected UTF-8".to_owned()))?;
        let line = line.trim_end_matches(['\n', '\r']);
        let line = match line.strip_prefix('\u{feff}') {
            Some(rest) if number == 0 => rest,
            _ => line,
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
