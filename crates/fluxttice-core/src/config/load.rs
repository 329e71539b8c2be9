//! Loads a checked configuration from a source and overrides.

use std::fmt;

use serde_yaml::Value;

use super::error::{ConfigError, Fault, Problem, SourceSpan};
use super::idle::{idle, list_of};
use super::keys::{Effect, KEYS};
use super::locate::Locations;
use super::overrides::{self, Applied};
use super::parse;
use super::schema::Config;
use super::shape::{self, get};
use super::source::Source;
use super::validate::{Violation, violations};

/// A configuration that can be used, with notes for its author.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The checked configuration.
    pub config: Config,
    /// Keys that were given and change nothing, in the order of the table of keys.
    pub ineffective: Vec<IneffectiveKey>,
    /// Keys with an effect that were left out and so have their published value.
    pub defaulted: Vec<&'static str>,
}

/// A key that was given and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IneffectiveKey {
    /// Dotted key; an entry of a list is given by its position.
    pub key: String,
    /// Reason why the key changes nothing.
    pub reason: &'static str,
    /// Source and position of the value.
    pub place: SourceSpan,
}

impl fmt::Display for IneffectiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} has no effect: {}",
            self.place, self.key, self.reason
        )
    }
}

impl Config {
    /// Reads a configuration, applies `KEY=VALUE` overrides in order, and checks the result.
    ///
    /// Keys that the source leaves out have their published values.
    ///
    /// # Errors
    /// Fails where the source is unreadable or too large, and with all problems of the content together.
    /// A file must be sound without the overrides as far as keys and types go; bounds
    /// are checked on the result.
    pub fn load(source: Source, overrides: &[String]) -> Result<Loaded, ConfigError> {
        let name = source.name();
        let text = source.read()?;
        let root = parse::parse(&name, &text)?;
        let given = Given {
            name,
            locations: Locations::of(&text),
            applied: Applied::default(),
        };
        shape::read(&root, &|key| given.place(key)).map_err(in_order)?;
        Self::overridden(root, given, overrides)
    }

    /// Applies `KEY=VALUE` overrides, in order, to the values that were given, and checks the result.
    ///
    /// # Errors
    /// Fails with all problems together.
    pub(super) fn overridden(
        mut root: Value,
        given: Given,
        overrides: &[String],
    ) -> Result<Loaded, ConfigError> {
        let (applied, problems) = overrides::apply(&mut root, overrides);
        if !problems.is_empty() {
            return Err(ConfigError::Invalid(problems));
        }
        let given = Given { applied, ..given };
        let place = |key: &str| given.place(key);
        let config = shape::read(&root, &place).map_err(ConfigError::Invalid)?;
        let broken = violations(&config)?;
        if broken.is_empty() {
            let ineffective = ineffective(&root, &config, &given);
            Ok(Loaded {
                config,
                ineffective,
                defaulted: defaulted(&root),
            })
        } else {
            let problems = broken.into_iter().take(shape::MOST);
            Err(in_order(problems.map(|v| given.blame(v)).collect()))
        }
    }
}

/// Returns all problems as one error, from the top of the file to its bottom, overrides at the end.
fn in_order(mut problems: Vec<Problem>) -> ConfigError {
    problems.sort_by_key(|problem| match problem.place {
        SourceSpan::Text { line, .. } => (false, line),
        SourceSpan::Override(_) | SourceSpan::Program => (true, None),
    });
    ConfigError::Invalid(problems)
}

/// Origin of the values.
#[derive(Default)]
pub(super) struct Given {
    name: String,
    locations: Locations,
    applied: Applied,
}

impl Given {
    fn place(&self, key: &str) -> SourceSpan {
        if let Some(text) = self.applied.to(key) {
            return SourceSpan::Override(text.to_owned());
        }
        let position = self.locations.find(key);
        SourceSpan::Text {
            name: self.name.clone(),
            line: position.map(|p| p.line),
            column: position.map(|p| p.column),
        }
    }

    /// Returns the violation as a problem of the key that was given, by an override or in the file, rather
    /// than of one that has its default.
    fn blame(&self, violation: Violation) -> Problem {
        let Violation {
            keys,
            found,
            expected,
        } = violation;
        let set = keys.iter().find(|key| self.applied.to(key).is_some());
        let written = keys
            .iter()
            .find(|key| self.locations.exactly(key).next().is_some());
        let key = set
            .or(written)
            .or(keys.first())
            .cloned()
            .unwrap_or_default();
        Problem {
            place: self.place(&key),
            key,
            fault: Fault::Unusable { found, expected },
        }
    }
}

/// Returns the keys that were given (not as null) and change nothing, by themselves or
/// beside the other values.
fn ineffective(root: &Value, config: &Config, given: &Given) -> Vec<IneffectiveKey> {
    let is_given = |key: &str| get(root, key).is_some_and(|value| !value.is_null());
    let mut found: Vec<IneffectiveKey> = KEYS
        .iter()
        .filter(|info| is_given(list_of(info)))
        .flat_map(|info| match info.no_effect() {
            Some(reason) => vec![(info.key.to_owned(), reason)],
            None => idle(config, info),
        })
        .map(|(key, reason)| IneffectiveKey {
            place: given.place(&key),
            key,
            reason,
        })
        .collect();
    // A list of sections has a row in the table for each key of a section.
    found.dedup();
    found
}

fn defaulted(root: &Value) -> Vec<&'static str> {
    KEYS.iter()
        .filter(|info| info.effect == Effect::Used && info.published)
        .map(|info| info.key)
        .filter(|key| {
            let list = key.split_once(".N.").map_or(*key, |(list, _)| list);
            get(root, list).is_none()
        })
        .collect()
}
