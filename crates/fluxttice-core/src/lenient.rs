//! JSON that other programs write: what fits is taken, and what does not is left out.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Reads an object all fields of which have defaults; a field of another type than expected counts as missing.
/// `None` where it is no object.
pub fn object<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let mut fields: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    if let Ok(whole) = serde_json::from_value(Value::Object(fields.clone())) {
        return Some(whole);
    }
    fields.retain(|name, value| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<T>(Value::Object(alone)).is_ok()
    });
    serde_json::from_value(Value::Object(fields)).ok()
}

/// Reads a text; a number or anything else becomes the text that JSON has for it, and `null` an empty one.
///
/// # Errors
/// Fails where it is no JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

/// Reads a text as [`text`] does; `None` for `null`.
///
/// # Errors
/// Fails where it is no JSON.
pub fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    text(deserializer).map(|text| Some(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Read {
        count: u32,
        name: String,
        #[serde(deserialize_with = "text")]
        value: String,
        #[serde(deserialize_with = "optional_text")]
        unit: Option<String>,
    }

    #[test]
    fn a_field_of_another_type_is_left_out_and_the_others_stay() {
        let read = |text: &str| object::<Read>(text.as_bytes());
        let found = read(r#"{"count":-1,"name":"x","value":0.5,"unit":null,"other":[]}"#).unwrap();
        let expected = Read {
            name: "x".to_owned(),
            value: "0.5".to_owned(),
            ..Read::default()
        };
        assert_eq!(found, expected);
        assert_eq!(read(r#"{"name":null,"count":7}"#).unwrap().count, 7);
        for none in ["[]", "7", "", "{", "null"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
