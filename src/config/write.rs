//! A configuration as YAML, complete and always in the same form, and its digest.

use sha2::{Digest, Sha256};

use super::error::ConfigError;
use super::schema::Config;

impl Config {
    /// Every key with its value, in the order of the schema; loading it gives an equal `Config`.
    ///
    /// # Errors
    /// [`ConfigError::Unwritable`] if the YAML library refuses, which no value of the schema
    /// causes.
    pub fn to_yaml(&self) -> Result<String, ConfigError> {
        let text = serde_yaml::to_string(self)
            .map_err(|error| ConfigError::Unwritable(error.to_string()))?;
        Ok(text
            .lines()
            .map(|line| yaml_1_1_number(line) + "\n")
            .collect())
    }

    /// `sha256:` and the hexadecimal SHA-256 of [`Config::to_yaml`].
    ///
    /// # Errors
    /// As [`Config::to_yaml`].
    pub fn digest(&self) -> Result<String, ConfigError> {
        let hash = Sha256::digest(self.to_yaml()?.as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("sha256:{hex}"))
    }
}

/// The line with `1e-7` written as `1.0e-7`.
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
    use super::yaml_1_1_number;

    #[test]
    fn exponents_get_a_dot_and_a_sign() {
        assert_eq!(yaml_1_1_number("    lr: 1e-7"), "    lr: 1.0e-7");
        assert_eq!(yaml_1_1_number("  x: 1e16"), "  x: 1.0e+16");
        assert_eq!(yaml_1_1_number("  x: 1.5e-9"), "  x: 1.5e-9");
        assert_eq!(yaml_1_1_number("  x: 0.5"), "  x: 0.5");
    }

    #[test]
    fn text_stays_as_it_is() {
        for line in ["dir: '1e5'", "dir: some place 1e5", "dir: one", "model:"] {
            assert_eq!(yaml_1_1_number(line), line);
        }
    }
}
