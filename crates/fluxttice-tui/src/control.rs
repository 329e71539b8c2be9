//! Controls: values that can be changed during training.

use fluxttice_core::config::Config;
use fluxttice_core::protocol::controls::{ControlInfo, Controls};
use fluxttice_core::record::EpochRecord;

/// A value that can be changed during training.
#[derive(Clone, Debug)]
pub struct Control {
    /// Name, value now, type, range and meaning.
    pub info: ControlInfo,
    /// Value that the newest epoch used, where the value holds a quantity; `None` for others.
    pub followed: Option<f64>,
    /// True if the value is not set, so that its quantity follows the schedule.
    pub follows: bool,
}

/// Lists every control of a configuration: keys that the published file does not have come first, such as
/// holds; then the others, in the order of the file.
pub fn of_config(config: &Config, newest: Option<&EpochRecord>) -> Vec<Control> {
    let mut all: Vec<(bool, Control)> = config
        .live_keys()
        .map(|(key, name)| {
            let control = Control {
                followed: newest.and_then(|newest| followed(&name, newest)),
                follows: !key.published && config.text_of(&name) == key.unset(),
                info: ControlInfo::of(key, name, config),
            };
            (key.published, control)
        })
        .collect();
    all.sort_by_key(|(published, _)| *published);
    all.into_iter().map(|(_, control)| control).collect()
}

/// Lists the controls that a trainer of another program declares.
pub fn declared(controls: Option<&Controls>) -> Vec<Control> {
    let declared = controls.into_iter().flat_map(|controls| &controls.controls);
    let control = |info: &ControlInfo| Control {
        info: info.clone(),
        followed: None,
        follows: false,
    };
    declared.map(control).collect()
}

/// Returns what is wrong with a value of a declared control by its type; its trainer judges the rest.
pub fn problem(controls: &[Control], key: &str, value: &str) -> Option<String> {
    let Some(control) = controls.iter().find(|control| control.info.name == key) else {
        return Some(format!("`{key}` cannot be changed any more"));
    };
    let value = value.trim();
    let fits = match control.info.kind.as_str() {
        "number" => value.parse::<f64>().is_ok(),
        "whole number" => value.parse::<i64>().is_ok(),
        "flag" => ["true", "false"].contains(&value),
        _ => true,
    };
    (!fits).then(|| format!("{key}: expected a {}, found `{value}`", control.info.kind))
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
