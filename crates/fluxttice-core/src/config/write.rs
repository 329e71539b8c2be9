//! Writes a configuration as YAML, complete and always in the same form, and computes its digest.

use super::error::ConfigError;
use super::schema::Config;
use crate::digest::sha256;

impl Config {
    /// Returns every key with its value, in the order of the schema; loading the text
    /// gives an equal `Config`.
    ///
    /// # Errors
    /// Fails with [`ConfigError::Unwritable`] if the YAML library refuses, which no
    /// value of the schema causes.
    pub fn to_yaml(&self) -> Result<String, ConfigError> {
        let lines = self.plain_yaml()?;
        let quoted = lines.iter().map(|line| yaml_1_1_text(line) + "\n");
        Ok(quoted.collect())
    }

    /// Returns the lines of [`Config::to_yaml`] without quotes around text that YAML 1.1 takes for something
    /// else. Digests are made of these lines, as they were before the quotes were added.
    fn plain_yaml(&self) -> Result<Vec<String>, ConfigError> {
        let text = serde_yaml::to_string(self)
            .map_err(|error| ConfigError::Unwritable(error.to_string()))?;
        Ok(text.lines().map(yaml_1_1_number).collect())
    }

    /// Returns the digest: `sha256:` and the hexadecimal SHA-256 of the configuration as YAML.
    ///
    /// # Errors
    /// Fails as [`Config::to_yaml`] does.
    pub fn digest(&self) -> Result<String, ConfigError> {
        let text = self.plain_yaml()?.join("\n") + "\n";
        Ok(sha256(text.as_bytes()))
    }
}

/// Returns the line with its value in quotes if that is text which readers of YAML 1.1 take for a flag, a
/// number, a time or a date. Flags and numbers of the configuration are never written so.
fn yaml_1_1_text(line: &str) -> String {
    const FLAGS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    let Some((head, value)) = line.split_once(": ") else {
        return line.to_owned();
    };
    let is_flag = FLAGS.contains(&value.to_ascii_lowercase().as_str());
    let like_a_number = value.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && value
            .chars()
            .all(|c| c.is_ascii_hexdigit() || "_:.+-xob".contains(c));
    if is_flag || (like_a_number && value.parse::<f64>().is_err()) {
        format!("{head}: '{value}'")
    } else {
        line.to_owned()
    }
}

/// Returns the line with `1e-7` written as `1.0e-7`.
///
/// Readers of YAML 1.1, Python's among them, take a number without a dot before its exponent,
/// or without a sign after the `e`, for text.
fn yaml_1_1_number(line: &str) -> String {
    let Some((head, value)) = line.rsplit_once(' ') else {
        return line.to_owned();
    };
    let Some((mantissa, exponent)) = value.split_once('e') else {
        return line.to_owned();
    };
    if value.parse::<f64>().is_err() || !head.ends_with(':') {
        return line.to_owned();
    }
    let dot = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) {
        ""
    } else {
        "+"
    };
    format!("{head} {mantissa}{dot}e{sign}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::{yaml_1_1_number, yaml_1_1_text};
    use crate::config::{Config, Source};

    const DIGEST: &str = "sha256:fcf80960a6d820879fe19c784b2cb80c19c02cfa43b455fc59c08f211ce75cb0";

    #[test]
    fn exponents_get_a_dot_and_a_sign() {
        assert_eq!(yaml_1_1_number("    lr: 1e-7"), "    lr: 1.0e-7");
        assert_eq!(yaml_1_1_number("  x: 1e16"), "  x: 1.0e+16");
        assert_eq!(yaml_1_1_number("  x: 1.5e-9"), "  x: 1.5e-9");
        assert_eq!(yaml_1_1_number("  x: 0.5"), "  x: 0.5");
    }

    #[test]
    fn text_that_yaml_1_1_takes_for_something_else_is_quoted_and_digests_stay() {
        for value in [
            "no",
            "Yes",
            "ON",
            "n",
            "1_000",
            "12:30",
            "2026-01-01",
            "0x1F",
        ] {
            let line = format!("dir: {value}");
            assert_eq!(yaml_1_1_text(&line), format!("dir: '{value}'"));
        }
        for line in [
            "a: true",
            "a: 0.5",
            "a: -3",
            "a: 1.0e-7",
            "a: none",
            "a: '5'",
            "a:",
            "- x",
        ] {
            assert_eq!(yaml_1_1_text(line), line);
        }
        let config = Config {
            checkpoint_dir: "no".to_owned(),
            ..Config::default()
        };
        let text = config.to_yaml().unwrap();
        assert!(text.contains("checkpoint_dir: 'no'\n"), "{text}");
        let name = "x".to_owned();
        let read = Config::load(Source::Text { name, text }, &[]).unwrap();
        assert_eq!(read.config, config);
        // As version 0.1.0 wrote it down in checkpoints and certificates.
        assert_eq!(config.digest().unwrap(), DIGEST);
    }

    #[test]
    fn text_stays_as_it_is() {
        for line in ["dir: '1e5'", "dir: some place 1e5", "dir: one", "model:"] {
            assert_eq!(yaml_1_1_number(line), line);
        }
    }
}
