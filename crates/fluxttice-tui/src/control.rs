//! Controls: configuration keys that can be changed during training.

use fluxttice_core::config::{Config, KeyInfo};
use fluxttice_core::record::EpochRecord;

/// A configuration key that can be changed during training, with its value now.
#[derive(Clone, Debug)]
pub struct Control {
    /// Dotted name, such as `hold.rho`.
    pub key: String,
    /// Value as it is written in YAML.
    pub value: String,
    /// Value that the newest epoch used, where the key holds a quantity; `None` for other keys.
    pub followed: Option<f64>,
    /// Description of the key: meaning, type and bounds.
    pub info: &'static KeyInfo,
}

/// Lists every control of a configuration: keys that the published file does not have come first, such as
/// holds; then the others, in the order of the file.
pub fn controls(config: &Config, newest: Option<&EpochRecord>) -> Vec<Control> {
    let mut all: Vec<Control> = config
        .live_keys()
        .map(|(info, key)| Control {
            value: config.text_of(&key),
            followed: newest.and_then(|newest| followed(&key, newest)),
            key,
            info,
        })
        .collect();
    all.sort_by_key(|control| control.info.published);
    all
}

/// Returns the value that an epoch used for a quantity that can be held.
fn followed(key: &str, newest: &EpochRecord) -> Option<f64> {
    Some(match key {
        "hold.rho" => newest.rho,
        "hold.beta_a" => newest.beta_a,
        "hold.beta_b" => newest.beta_b,
        "hold.temperature_a" => newest.temperature_a,
        "hold.temperature_b" => newest.temperature_b,
        "hold.lambda1" => newest.lambda1,
        "hold.lambda2" => newest.lambda2,
        "hold.lambda3" => newest.lambda3,
        "hold.learning_rate" => newest.learning_rate.corrected,
        _ => return None,
    })
}

impl Control {
    /// Returns true if the published file does not have the key and it is not set: its quantity follows the
    /// schedule.
    pub fn follows(&self) -> bool {
        !self.info.published && self.value == self.info.unset()
    }
}
