//! Overrides, `--set a.b=VALUE`: changes of single keys on top of a file.

use serde_yaml::{Mapping, Value};

use super::error::{Fault, Problem, SourceSpan, printable};
use super::keys::{Node, node};
use super::parse::parse_value;
use super::path::join;
use super::schema::Config;
use super::shape::{self, expected, get, unknown_key};

/// Keys that overrides have set, each with the text of its override, in the order in which they were applied.
#[derive(Debug, Default)]
pub(super) struct Applied(Vec<(String, String)>);

impl Applied {
    /// Returns the last override that set the key, a part of it, or a section around it.
    pub(super) fn to(&self, key: &str) -> Option<&str> {
        let within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let touches = |set: &str| within(key, set) || within(set, key);
        self.0
            .iter()
            .rev()
            .find(|(set, _)| touches(set))
            .map(|(_, text)| text.as_str())
    }
}

/// Applies the overrides to `root` in order; those that cannot be used are left out and reported.
pub(super) fn apply(root: &mut Value, overrides: &[String]) -> (Applied, Vec<Problem>) {
    let mut applied = Applied::default();
    let mut problems = Vec::new();
    for text in overrides {
        match one(root, text) {
            Ok(keys) => applied
                .0
                .extend(keys.into_iter().map(|key| (key, text.clone()))),
            Err(found) => problems.extend(found),
        }
    }
    (applied, problems)
}

/// Applies one override and returns the keys that it set.
fn one(root: &mut Value, text: &str) -> Result<Vec<String>, Vec<Problem>> {
    let place = SourceSpan::Override(text.to_owned());
    let unusable = |key: &str, found: String, expected: String| {
        let fault = Fault::Unusable { found, expected };
        vec![Problem {
            place: place.clone(),
            key: key.to_owned(),
            fault,
        }]
    };
    let Some((key, value)) = text.split_once('=') else {
        let found = format!("\"{}\" without `=`", printable(text));
        return Err(unusable(
            "",
            found,
            "KEY=VALUE, such as model.rho_min=0.2".to_owned(),
        ));
    };
    let key = key.trim();
    if key.is_empty() {
        let found = "no key before `=`".to_owned();
        return Err(unusable(
            "",
            found,
            "KEY=VALUE, such as model.rho_min=0.2".to_owned(),
        ));
    }
    if node(key) == Node::Unknown {
        let section = known_section(key);
        return Err(vec![unknown_key(key, section, place)]);
    }
    let value = parse_value(value).map_err(|found| unusable(key, found, expected(key)))?;
    let mut changed = root.clone();
    let keys = set(&mut changed, key, value)
        .map_err(|wrong| unusable(key, wrong.found, wrong.expected))?;
    // The file is known to be sound here, so that whatever is wrong now came with the override.
    shape::read(&changed, &|_| place.clone())?;
    *root = changed;
    Ok(keys)
}

/// Returns the longest known section that the key begins with.
fn known_section(key: &str) -> &str {
    let mut section = key;
    while let Some((outer, _)) = section.rsplit_once('.') {
        section = outer;
        if node(section) == Node::Section {
            return section;
        }
    }
    ""
}

struct Wrong {
    found: String,
    expected: String,
}

/// Sets a key and returns the keys that were set; a mapping is merged into a section key by key.
fn set(root: &mut Value, key: &str, value: Value) -> Result<Vec<String>, Wrong> {
    if let (Value::Mapping(section), Node::Section) = (&value, node(key)) {
        let mut keys = Vec::new();
        for (name, value) in section {
            let name = name.as_str().unwrap_or_default();
            keys.extend(set(root, &join(key, name), value.clone())?);
        }
        return Ok(keys);
    }
    let mut at = root;
    let mut path = String::new();
    for part in key.split('.') {
        let list = node(&path) == Node::List;
        path = join(&path, part);
        at = if list {
            entry(at, part)?
        } else {
            child(at, part, &path)
        };
    }
    *at = value;
    Ok(vec![key.to_owned()])
}

/// Returns the entry of a list at a position that must exist.
fn entry<'a>(list: &'a mut Value, position: &str) -> Result<&'a mut Value, Wrong> {
    let length = list.as_sequence().map_or(0, Vec::len);
    let found = format!("position {}", printable(position));
    let expected = format!("a position below {length}, the length of the list");
    position
        .parse::<usize>()
        .ok()
        .and_then(|position| list.as_sequence_mut()?.get_mut(position))
        .ok_or(Wrong { found, expected })
}

/// Returns the value below a section, which is made if it is missing.
///
/// A list that the file leaves out starts as the published one, so that `optimizer.lr_schedule.0.lr=1e-4`
/// means the same with or without it.
fn child<'a>(section: &'a mut Value, name: &str, path: &str) -> &'a mut Value {
    if !section.is_mapping() {
        *section = Value::Mapping(Mapping::new());
    }
    if section.get(name).is_none()
        && let Value::Mapping(entries) = section
    {
        let published = match node(path) {
            Node::List => published(path),
            _ => Value::Null,
        };
        entries.insert(Value::from(name), published);
    }
    &mut section[name]
}

fn published(path: &str) -> Value {
    let all = serde_yaml::to_value(Config::default()).unwrap_or_default();
    get(&all, path).cloned().unwrap_or_default()
}
