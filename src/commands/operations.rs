//! Operations as text: read from the user's input, and written for people.

use std::fmt::Display;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::str::FromStr;

use fluxttice_core::arrays::{Array, is_array};
use fluxttice_core::measure::given;
use fluxttice_core::measure::neighbours::{self, Cloud};
use fluxttice_core::run::read_file;
use fluxttice_core::shown::shown;
use fluxttice_core::space::Operation;

use super::Failure;

/// Length of the longest line of standard input, in bytes: 16 numbers take about 400.
const LONGEST: u64 = 64 << 10;
/// Largest number of lines that are read from standard input: enough for all operations fifty times.
const MOST_LINES: u64 = 1_000_000;
/// Largest source of samples, in bytes: ten million of them as text take a tenth of it.
const MOST_BYTES: u64 = 1 << 30;

/// Reads an operation, or another value that is written on one line; `-` reads one from
/// each line of standard input.
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

/// Passes the lines of standard input that are not blank to `take`, without the byte order mark that some
/// programs write in front of the first. An error names the number of its line.
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

/// Returns how a source of samples is called in messages.
pub fn source_name(file: &str) -> String {
    match file {
        "-" => "standard input".to_owned(),
        file => shown(file),
    }
}

/// Reads samples from a file, or with `-` from standard input: an array of NumPy, or one operation a line.
pub fn samples(file: &str) -> Result<Vec<Operation>, Failure> {
    let wrong = |problem: String| Failure::Input(format!("{}: {problem}", source_name(file)));
    let bytes = bytes(file)?;
    if is_array(&bytes) {
        let array = Array::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
        return given::operations(&array).map_err(wrong);
    }
    let text = String::from_utf8(bytes);
    let text =
        text.map_err(|_| wrong("expected an array of NumPy, or text in UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let parsed = lines.map(|(number, line)| {
        let operation = line.parse::<Operation>();
        operation.map_err(|error| wrong(format!("line {number}: {error}")))
    });
    parsed.collect()
}

/// Reads the codes of an embedding: an array of NumPy, and the operation of each row from a source of samples; all
/// operations in the order of their indices without one.
pub fn embedding(path: &Path, of: Option<&str>) -> Result<Cloud, Failure> {
    let wrong = |problem: String| Failure::Input(format!("{}: {problem}", shown(path)));
    let of = of.map(samples).transpose()?;
    let array = Array::parse(&read_file(path, MOST_BYTES)?);
    let array = array.map_err(|error| wrong(error.to_string()))?;
    neighbours::embedding(&array, of).map_err(wrong)
}

/// Reads a file, or with `-` standard input, as far as it is not too large.
fn bytes(file: &str) -> Result<Vec<u8>, Failure> {
    if file != "-" {
        return Ok(read_file(Path::new(file), MOST_BYTES)?);
    }
    let mut bytes = Vec::new();
    let mut input = io::stdin().lock().take(MOST_BYTES + 1);
    input.read_to_end(&mut bytes).map_err(Failure::System)?;
    match bytes.len() as u64 > MOST_BYTES {
        true => Err(Failure::Input(format!(
            "standard input: more than the {MOST_BYTES} bytes that are read at most"
        ))),
        false => Ok(bytes),
    }
}

/// Returns index, trits and, where there is one, name of an operation.
pub fn titled(operation: Operation) -> String {
    let name = operation
        .name()
        .map_or(String::new(), |name| format!(" {name}"));
    format!("{} {operation}{name}", operation.index())
}
