//! Errors of a configuration, each with the place where it was found.

use std::fmt;

use crate::shown;

/// Number of problems that are printed at most; the others are counted.
const SHOWN: usize = 20;

/// The reason why a configuration could not be loaded or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing, is a directory, or the system refused to read it.
    #[error("{}: cannot be read: {source}; expected {expected}", shown::printable(.file))]
    Unreadable {
        /// Path as it was given.
        file: String,
        /// Description of the file that was expected.
        expected: String,
        /// Error that the operating system returned.
        source: std::io::Error,
    },
    /// The text is longer than any configuration can reasonably be.
    #[error("{}: is larger than {limit} bytes; expected a configuration of a few kilobytes", shown::printable(.file))]
    TooLarge {
        /// Path or name of the text.
        file: String,
        /// Largest size that is read, in bytes.
        limit: u64,
    },
    /// The content cannot be used. Holds every problem that was found, in the order of the text.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
    /// A configuration could not be turned into YAML.
    #[error("the configuration cannot be written as YAML: {0}")]
    Unwritable(String),
}

impl ConfigError {
    /// Returns the single problems; empty where the file could not be read at all.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) => problems,
            _ => &[],
        }
    }
}

/// One problem of a configuration and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Source and position of the value.
    pub place: SourceSpan,
    /// Dotted key; empty where the text as a whole is meant.
    pub key: String,
    /// Kind of the problem, with what was found and expected.
    pub fault: Fault,
}

/// Source of a value, and its position there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpan {
    /// A file or another named text; line and column count from 1.
    Text {
        /// Path of the file, or name of the text.
        name: String,
        /// Line number; `None` where it is unknown.
        line: Option<usize>,
        /// Column in characters; `None` where it is unknown.
        column: Option<usize>,
    },
    /// An override, as it was typed.
    Override(String),
    /// A [`super::Config`] that a program has filled in.
    Program,
}

/// Kind of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No key has this name.
    UnknownKey {
        /// Key that was probably meant.
        suggestion: Option<String>,
        /// Description of the keys that may stand there.
        expected: String,
    },
    /// The value cannot be used.
    Unusable {
        /// Value that was found, in words.
        found: String,
        /// Description of the values that may stand there.
        expected: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.complaint())
    }
}

impl Problem {
    /// Returns the problem as text, without its place.
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

impl fmt::Display for SourceSpan {
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

/// Returns true for a character that looks like a blank or is invisible, and that YAML
/// does not accept as a separator.
pub(super) fn is_invisible(c: char) -> bool {
    !c.is_ascii() && shown::is_unsafe(c)
}

/// Returns text from outside on one line as a terminal may show it, cut to 80 characters.
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
