//! Tests of the configuration through its public interface.

mod bounds;
mod files;
mod noise;
mod overrides;
mod problems;
mod table;

use super::{Config, ConfigError, Loaded, Source};

/// The built-in configuration with these keys set.
pub fn config(set: &[&str]) -> Config {
    let overrides: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
    Config::load(Source::BuiltIn, &overrides).unwrap().config
}

/// Loads a text called `my.yaml`.
fn load(text: &str, overrides: &[&str]) -> Result<Loaded, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    Config::load(
        Source::Text {
            name: "my.yaml".to_owned(),
            text: text.to_owned(),
        },
        &overrides,
    )
}

/// The message with which a text is refused.
fn refused(text: &str, overrides: &[&str]) -> String {
    load(text, overrides).unwrap_err().to_string()
}

/// Each text is refused with exactly this message.
fn all(cases: &[(&str, &str)]) {
    for (text, message) in cases {
        assert_eq!(refused(text, &[]), *message, "for {text:?}");
    }
}
