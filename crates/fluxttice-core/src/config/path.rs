//! Keys as paths such as `a.0.b`, and values in words.

use serde_path_to_error::Segment;
use serde_yaml::Value;

use super::error::printable;

/// Returns a path as the configuration writes it, `a.0.b`.
pub(super) fn dotted(path: &serde_path_to_error::Path) -> String {
    let parts: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    parts.join(".")
}

/// Returns the path of a key within a section; the key itself where the path is empty.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// Returns a value in words, as an error message names it.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing (null)".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text \"{}\"", printable(text)),
        Value::Sequence(entries) => format!("a list of {}", entries.len()),
        Value::Mapping(section) => {
            let keys: Vec<String> = section
                .keys()
                .take(3)
                .map(|k| printable(k.as_str().unwrap_or("?")))
                .collect();
            let more = if section.len() > 3 { ", …" } else { "" };
            format!("a section with the keys {}{more}", keys.join(", "))
        }
        Value::Tagged(tagged) => format!("a value tagged {}", printable(&tagged.tag.to_string())),
    }
}
