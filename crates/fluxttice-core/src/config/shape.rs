//! Reads a YAML value into a [`Config`]. Checks that all keys are known and all values have the right type.
//!
//! Every unknown key and every wrong type is reported, not only the first: a wrong part is taken out of the
//! value, which is then read again.

use serde_yaml::{Mapping, Value};

use super::error::{Fault, Problem, SourceSpan, printable};
use super::keys::{KeyInfo, Node, children, find_key, node};
use super::path::{describe, dotted, join};
use super::schema::Config;
use super::suggest::nearest;

/// Number of problems after which the search ends: a text with so many is not a configuration.
pub(super) const MOST: usize = 100;

/// Function that returns the place where the value of a dotted key was given.
pub(super) type PlaceOf<'a> = &'a dyn Fn(&str) -> SourceSpan;

/// Returns the configuration, or all problems of the value's shape.
pub(super) fn read(value: &Value, place: PlaceOf) -> Result<Config, Vec<Problem>> {
    let mut value = value.clone();
    let mut problems = Vec::new();
    prune(&mut value, "", place, &mut problems);
    while problems.len() < MOST {
        let error = match serde_path_to_error::deserialize::<_, Config>(&value) {
            Ok(config) if problems.is_empty() => return Ok(config),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let path = dotted(error.path());
        problems.push(wrong_type(&value, &path, &error.inner().to_string(), place));
        if !remove(&mut value, &path) {
            break;
        }
    }
    Err(problems)
}

/// Takes out unknown keys, and single values where a section or a list is expected.
fn prune(value: &mut Value, path: &str, place: PlaceOf, problems: &mut Vec<Problem>) {
    match value {
        Value::Mapping(section) => {
            let keys: Vec<Value> = section.keys().cloned().collect();
            for key in keys {
                if problems.len() >= MOST {
                    return;
                }
                prune_entry(section, &key, path, place, problems);
            }
        }
        Value::Sequence(entries) => {
            let before = problems.len();
            for (index, entry) in entries.iter_mut().enumerate() {
                let path = join(path, &index.to_string());
                if fits(entry, &path) {
                    prune(entry, &path, place, problems);
                } else if problems.len() < MOST {
                    problems.push(misfit(entry, &path, place));
                }
            }
            // Gaps would move the entries behind them to other positions.
            if problems.len() > before {
                entries.clear();
            }
        }
        _ => {}
    }
}

fn prune_entry(
    section: &mut Mapping,
    key: &Value,
    path: &str,
    place: PlaceOf,
    problems: &mut Vec<Problem>,
) {
    let Some(name) = key.as_str().filter(|name| !name.contains('.')) else {
        let name = key.as_str().map_or_else(|| describe(key), str::to_owned);
        problems.push(unknown(&join(path, &name), path, place));
        section.remove(key);
        return;
    };
    let path_of_key = join(path, name);
    if node(&path_of_key) == Node::Unknown {
        problems.push(unknown(&path_of_key, path, place));
        section.remove(key);
        return;
    }
    let Some(value) = section.get_mut(key) else {
        return;
    };
    if fits(value, &path_of_key) {
        prune(value, &path_of_key, place, problems);
    } else {
        problems.push(misfit(value, &path_of_key, place));
        section.remove(key);
    }
}

/// Returns true if the kind of YAML node is right; the type of single values is checked by the schema.
///
/// The schema alone would accept a list as a section, its entries in the order of the fields.
fn fits(value: &Value, path: &str) -> bool {
    match node(path) {
        Node::Section => value.is_mapping(),
        Node::List => value.is_sequence(),
        Node::Value(_) | Node::Unknown => !matches!(value, Value::Tagged(_)),
    }
}

fn unknown(key: &str, section: &str, place: PlaceOf) -> Problem {
    unknown_key(key, section, place(key))
}

/// Returns the problem of a key that is not in the table.
pub(super) fn unknown_key(key: &str, section: &str, place: SourceSpan) -> Problem {
    // A dotted name in a file is an unknown key, but its nearest key would look the same.
    let suggestion = nearest(key).filter(|suggestion| suggestion != key && !key.ends_with("<<"));
    let expected = match section {
        "" => "a key that `config keys` lists, nested below its section".to_owned(),
        _ => format!("one of {}", children(section).join(", ")),
    };
    let expected = match key.rsplit('.').next() {
        Some("<<") => format!("{expected}, written out: merge keys are not read"),
        _ => expected,
    };
    Problem {
        place,
        key: key.to_owned(),
        fault: Fault::UnknownKey {
            suggestion,
            expected,
        },
    }
}

fn wrong_type(value: &Value, path: &str, message: &str, place: PlaceOf) -> Problem {
    match get(value, path) {
        Some(value) => misfit(value, path, place),
        None => unusable(printable(message), path, place),
    }
}

fn misfit(value: &Value, path: &str, place: PlaceOf) -> Problem {
    unusable(describe(value), path, place)
}

fn unusable(found: String, path: &str, place: PlaceOf) -> Problem {
    Problem {
        place: place(path),
        key: path.to_owned(),
        fault: Fault::Unusable {
            found,
            expected: expected(path),
        },
    }
}

/// Returns a description of the values that a key takes.
pub(super) fn expected(path: &str) -> String {
    match node(path) {
        Node::Value(_) => find_key(path).map(KeyInfo::expected).unwrap_or_default(),
        Node::Section => format!("a section with the keys {}", children(path).join(", ")),
        Node::List => {
            let entry = children(&join(path, "0")).join(", ");
            format!("a list of entries with the keys {entry}")
        }
        Node::Unknown => "a known key".to_owned(),
    }
}

/// Returns the value of a dotted key.
pub(super) fn get<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .filter(|part| !part.is_empty())
        .try_fold(root, |value, part| match value {
            Value::Sequence(entries) => entries.get(part.parse::<usize>().ok()?),
            _ => value.get(part),
        })
}

/// Removes a key, or the whole list if the path leads into one; returns false if nothing is there.
fn remove(root: &mut Value, path: &str) -> bool {
    let mut value = root;
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let Value::Mapping(section) = value else {
            return false;
        };
        let list = section.get(part).is_some_and(Value::is_sequence);
        if list || parts.peek().is_none() {
            return section.remove(part).is_some();
        }
        match section.get_mut(part) {
            Some(inner) => value = inner,
            None => return false,
        }
    }
    false
}
