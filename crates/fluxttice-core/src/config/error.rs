//! What is wrong with a configuration, and where.

use std::fmt;

use crate::shown;

/// At most this many problems are printed; the rest is counted.
const SHOWN: usize = 20;

/// Why a configuration could not be loaded or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing, is a directory, or the system refused to read it.
    #[error("{}: cannot be read: {source}; expected {expected}", shown::printable(.file))]
    Unreadable {
        /// The path as it was given.
        file: String,
        /// What should have been there.
        expected: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The text is longer than any configuration can reasonably be.
    #[error("{}: is larger than {limit} bytes; expected a configuration of a few kilobytes", shown::printable(.file))]
    TooLarge {
        /// The path or name of the text.
        file: String,
        /// The largest size that is read, in bytes.
        limit: u64,
    },
    /// The content cannot be used; every problem that was found, in the order of the text.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
    /// A configuration could not be turned into YAML.
    #[error("the configuration cannot be written as YAML: {0}")]
    Unwritable(String),
}

impl ConfigError {
    /// The single problems, empty where the file could not be read at all.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) => problems,
            _ => &[],
        }
    }
}

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the value was given.
    pub place: Place,
    /// The dotted key, empty where the text as a whole is meant.
    pub key: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file or another named text; line and column count from 1.
    Text {
        /// The path or name.
        name: String,
        /// The line, where it is known.
        line: Option<usize>,
        /// The column in characters, where it is known.
        column: Option<usize>,
    },
    /// In an override, which is given as it was typed.
    Override(String),
    /// In a [`super::Config`] that a program has filled in.
    Program,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such key.
    UnknownKey {
        /// The key that was probably meant.
        suggestion: Option<String>,
        /// What could stand there.
        expected: String,
    },
    /// The value cannot be used.
    Unusable {
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.complaint())
    }
}

impl Problem {
    /// What is wrong, without where it was given.
    #[must_use]
    pub fn complaint(&self) -> String {
        let key = match self.key.as_str() {
            "" => String::new(),
            key => format!("{}: ", printable(key)),
        };
        format!("{key}{}", self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey {
                suggestion: Some(key),
                ..
            } => write!(f, "unknown key; did you mean `{key}`?"),
            Self::UnknownKey { expected, .. } => write!(f, "unknown key; expected {expected}"),
            Self::Unusable { found, expected } => write!(f, "found {found}; expected {expected}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { name, line, column } => {
                f.write_str(&shown::printable(name))?;
                if let Some(line) = line {
                    write!(f, ":{line}")?;
                    if let Some(column) = column {
                        write!(f, ":{column}")?;
                    }
                }
                Ok(())
            }
            Self::Override(text) => write!(f, "--set {}", printable(text)),
            Self::Program => f.write_str("configuration"),
        }
    }
}

/// Whether a character looks like a blank, or like nothing, and is none of those that YAML separates with.
pub(super) fn is_invisible(c: char) -> bool {
    !c.is_ascii() && shown::is_unsafe(c)
}

/// Text from outside on one line as a terminal may show it, cut to a readable length.
pub(super) fn printable(text: &str) -> String {
    const LENGTH: usize = 80;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => shown::printable(&text[..end]).into_owned() + "…",
        None => shown::printable(text).into_owned(),
    }
}

fn list(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems
        .iter()
        .take(SHOWN)
        .map(Problem::to_string)
        .collect();
    if problems.len() > SHOWN {
        lines.push(format!(
            "… and at least {} more problems",
            problems.len() - SHOWN
        ));
    }
    lines.join("\n")
}
