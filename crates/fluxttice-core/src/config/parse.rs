//! Parses text into a YAML value, without yet knowing its expected content.

use serde_yaml::{Deserializer, Value};

use super::error::{ConfigError, Fault, Problem, SourceSpan, is_invisible, printable};
use super::keys::{KeyInfo, find_key};
use super::locate::{Locations, Position};
use super::path::{describe, dotted};

/// Number of brackets that may be open at any point of a text. The YAML library's time
/// grows with the square of this.
const DEEPEST: usize = 64;

const BLANKS: &str = "plain blanks, which YAML indents and separates with";

const EXPECTED: &str = "a YAML mapping such as `seed: 42`";

/// Returns the top-level mapping of a configuration file.
pub(super) fn parse(name: &str, text: &str) -> Result<Value, ConfigError> {
    let problem = |position: Option<Position>, key: String, found: String, expected: &str| {
        let place = SourceSpan::Text {
            name: name.to_owned(),
            line: position.map(|p| p.line),
            column: position.map(|p| p.column),
        };
        let expected = expected.to_owned();
        ConfigError::Invalid(vec![Problem {
            place,
            key,
            fault: Fault::Unusable { found, expected },
        }])
    };
    match value(text) {
        Ok(Value::Null) => Err(problem(
            None,
            String::new(),
            "no keys at all".to_owned(),
            EXPECTED,
        )),
        Ok(root @ Value::Mapping(_)) => Ok(root),
        Ok(_) if let Some((position, found)) = odd_blank(text) => {
            Err(problem(Some(position), String::new(), found, BLANKS))
        }
        Ok(other) => Err(problem(None, String::new(), describe(&other), EXPECTED)),
        Err(Syntax::TooDeep(position)) => {
            let found = format!("brackets nested deeper than {DEEPEST}");
            Err(problem(Some(position), String::new(), found, EXPECTED))
        }
        Err(Syntax::HugeNumber {
            path,
            position,
            digits,
        }) => {
            let expected = find_key(&path).map_or(EXPECTED.to_owned(), KeyInfo::expected);
            Err(problem(position, path, digits, &expected))
        }
        Err(Syntax::Twice(path)) => {
            let locations = Locations::of(text);
            let lines: Vec<_> = locations.exactly(&path).collect();
            let found = match lines.first() {
                Some(first) => format!("the key a second time, first in line {}", first.line),
                None => "the key twice".to_owned(),
            };
            Err(problem(lines.get(1).copied(), path, found, "it once"))
        }
        Err(Syntax::Documents) => {
            let found = "more than one YAML document".to_owned();
            Err(problem(None, String::new(), found, "one"))
        }
        Err(Syntax::Other { .. }) if let Some((position, found)) = odd_blank(text) => {
            Err(problem(Some(position), String::new(), found, BLANKS))
        }
        Err(Syntax::Other { message, position }) => {
            let found = format!("text that is not YAML: {message}");
            Err(problem(position, String::new(), found, EXPECTED))
        }
    }
}

/// Returns the value of an override, or a description of its problem.
pub(super) fn parse_value(text: &str) -> Result<Value, String> {
    value(text).map_err(|error| match error {
        Syntax::TooDeep(_) => format!("brackets nested deeper than {DEEPEST}"),
        Syntax::HugeNumber { digits, .. } => digits,
        Syntax::Twice(key) => format!("the key `{}` twice", printable(&key)),
        Syntax::Documents => "more than one YAML document".to_owned(),
        Syntax::Other { message, .. } => format!("text that is not YAML: {message}"),
    })
}

enum Syntax {
    TooDeep(Position),
    HugeNumber {
        path: String,
        position: Option<Position>,
        digits: String,
    },
    Twice(String),
    Documents,
    Other {
        message: String,
        position: Option<Position>,
    },
}

fn value(text: &str) -> Result<Value, Syntax> {
    if let Some(position) = too_deep(text) {
        return Err(Syntax::TooDeep(position));
    }
    serde_path_to_error::deserialize(Deserializer::from_str(text)).map_err(|error| {
        let path = dotted(error.path());
        syntax(path, error.inner())
    })
}

/// Sorts the YAML library's messages; one that is not recognised is passed on in its words.
fn syntax(path: String, error: &serde_yaml::Error) -> Syntax {
    let message = error.to_string();
    let position = error.location().map(|at| Position {
        line: at.line().max(1),
        column: at.column().max(1),
    });
    if message.contains("more than one document") {
        return Syntax::Documents;
    }
    if let Some((_, rest)) = message.split_once("duplicate entry with key \"")
        && let Some((key, _)) = rest.split_once('"')
    {
        let path = if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        };
        return Syntax::Twice(path);
    }
    if message.contains("as u128") || message.contains("as i128") {
        let digits = message.split('`').nth(1).unwrap_or_default();
        return Syntax::HugeNumber {
            path,
            position,
            digits: printable(digits),
        };
    }
    // The place is said in front of the message already.
    let said = error
        .location()
        .map(|at| format!(" at line {} column {}", at.line(), at.column()))
        .unwrap_or_default();
    Syntax::Other {
        message: printable(&message.replacen(&said, "", 1)),
        position,
    }
}

/// Returns the first position where too many brackets are open.
///
/// Brackets in comments and quotes count too. No honest file comes near the limit,
/// which makes the shorter rule the safer one.
fn too_deep(text: &str) -> Option<Position> {
    let mut open = 0_usize;
    for (number, line) in text.lines().enumerate() {
        for (column, c) in line.chars().enumerate() {
            match c {
                '[' | '{' => open += 1,
                ']' | '}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > DEEPEST {
                return Some(Position {
                    line: number + 1,
                    column: column + 1,
                });
            }
        }
    }
    None
}

/// Returns the first blank that YAML does not accept: a tab in the indentation, or a
/// character that only looks like a blank.
///
/// Called where a text is not YAML: in comments and quotes such characters are harmless.
fn odd_blank(text: &str) -> Option<(Position, String)> {
    text.lines().enumerate().find_map(|(number, line)| {
        let indentation = line.len() - line.trim_start().len();
        let odd = |(at, c): (usize, char)| match c {
            '\t' if at < indentation => Some("a tab in the indentation".to_owned()),
            _ if is_invisible(c) => Some(format!(
                "the character U+{:04X}, which only looks like a blank",
                u32::from(c)
            )),
            _ => None,
        };
        let mut characters = line.char_indices().enumerate();
        characters.find_map(|(column, character)| {
            let position = Position {
                line: number + 1,
                column: column + 1,
            };
            odd(character).map(|found| (position, format!("text that is not YAML: {found}")))
        })
    })
}
