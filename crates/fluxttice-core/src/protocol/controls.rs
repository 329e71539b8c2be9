//! `controls.json`: what may be changed while a run is trained.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::VERSION;
use super::place::Place;
use crate::config::{Config, KeyInfo, SafePoint};
use crate::disruption::{DisruptionKind, MAX_EPOCHS, Shape};
use crate::lenient;
use crate::request::Command;
use crate::run::names::CONTROLS;

/// Largest file of controls that is read, in bytes.
const LIMIT: u64 = 16 << 20;
/// Units of values, by the endings of their names.
const UNITS: [(&str, &str); 13] = [
    ("epochs", "epochs"),
    (".epoch", "epochs"),
    ("entropy_expansion_end", "epochs"),
    ("consolidation_end", "epochs"),
    ("patience", "epochs"),
    ("checkpoint_freq", "epochs"),
    ("check_interval", "epochs"),
    ("information_every", "epochs"),
    ("temp_lag", "epochs"),
    ("free_bits", "nats"),
    ("phase_lag", "radians"),
    ("num_samples", "codes"),
    ("prior_codes", "codes"),
];

/// What may be changed while a run is trained, and what can disrupt it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Controls {
    /// Version of the protocol.
    pub protocol: u32,
    /// Session of the trainer that wrote the file.
    pub session: String,
    /// Values that can be changed by the request `set`.
    pub controls: Vec<ControlInfo>,
    /// Kinds of disruption that can be asked for by the request `disrupt`.
    pub disruptions: Vec<DisruptionInfo>,
    /// Kinds of requests that the trainer takes, as `request` in a request's command names them; `None` where it
    /// does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Vec<String>>,
}

/// A value that can be changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ControlInfo {
    /// Name of the value, such as `hold.rho`.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Type of the value: `number`, `whole number`, `flag`, `choice` or `text`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: String,
    /// Values that it takes, in words.
    #[serde(deserialize_with = "lenient::text")]
    pub range: String,
    /// Unit of the value; `None` where it has none.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub unit: Option<String>,
    /// Value where nothing is set, as YAML.
    #[serde(deserialize_with = "lenient::text")]
    pub default: String,
    /// Value now, as YAML.
    #[serde(deserialize_with = "lenient::text")]
    pub value: String,
    /// Time at which a change takes effect: `batch` or `epoch`.
    #[serde(deserialize_with = "lenient::text")]
    pub safe_point: String,
    /// Meaning of the value, in one line.
    #[serde(deserialize_with = "lenient::text")]
    pub meaning: String,
}

/// A kind of disruption.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DisruptionInfo {
    /// Name of the kind, such as `beta-b`.
    pub kind: String,
    /// What it does, in one line.
    pub meaning: String,
    /// Amplitude where none is named.
    pub amplitude: f64,
    /// Smallest and largest value of what is pushed.
    pub limits: (f64, f64),
    /// Duration in epochs where none is named.
    pub epochs: u32,
    /// Longest duration in epochs.
    pub most_epochs: u32,
    /// Shapes of its course.
    pub shapes: Vec<String>,
}

impl ControlInfo {
    /// Describes a key of a configuration, with its value.
    pub fn of(key: &KeyInfo, name: String, config: &Config) -> Self {
        Self {
            kind: key.kind().to_owned(),
            range: key.range_text(),
            unit: unit(&name),
            default: key.default.to_owned(),
            value: config.text_of(&name),
            safe_point: match key.live {
                Some(SafePoint::Epoch) => "epoch".to_owned(),
                Some(SafePoint::Batch) | None => "batch".to_owned(),
            },
            meaning: key.meaning.to_owned(),
            name,
        }
    }
}

impl Controls {
    /// Lists the controls of a configuration, with its values.
    pub fn of(config: &Config, session: &str) -> Self {
        let controls = config
            .live_keys()
            .map(|(key, name)| ControlInfo::of(key, name, config));
        let disruptions = DisruptionKind::ALL.into_iter().map(|kind| DisruptionInfo {
            kind: kind.name().to_owned(),
            meaning: kind.meaning().to_owned(),
            amplitude: kind.default_amplitude(),
            limits: kind.limits(),
            epochs: kind.default_epochs(),
            most_epochs: MAX_EPOCHS,
            shapes: Shape::ALL.map(|shape| shape.name().to_owned()).to_vec(),
        });
        Self {
            protocol: VERSION,
            session: session.to_owned(),
            controls: controls.collect(),
            disruptions: disruptions.collect(),
            requests: None,
        }
    }

    /// Puts the controls into a run's folder, in one step; returns the time at which that was, by the clock of the
    /// file system.
    ///
    /// # Errors
    /// Returns the system's error.
    pub fn put(&self, run: &Place) -> std::io::Result<SystemTime> {
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::other)?;
        run.put(CONTROLS, &text)
    }

    /// Reads the controls in a run's folder; `None` where there are none, or none that can be read.
    pub fn read(run: &Place) -> Option<Self> {
        let found = run.read(CONTROLS, LIMIT).ok()?;
        lenient::object(&found.bytes)
    }

    /// Returns true if the trainer takes a command; one that does not say which takes all.
    pub fn takes(&self, command: &Command) -> bool {
        let kind = serde_json::to_value(command).unwrap_or_default();
        let kind = kind.get("request").and_then(|kind| kind.as_str());
        let takes = |kinds: &Vec<String>| kinds.iter().any(|other| Some(other.as_str()) == kind);
        self.requests.as_ref().is_none_or(takes)
    }

    /// Returns a configuration with the values of these controls; it itself where they do not fit it.
    pub fn applied_to(&self, config: &Config) -> Config {
        let differs = |control: &&ControlInfo| control.value != config.text_of(&control.name);
        let overrides: Vec<String> = self
            .controls
            .iter()
            .filter(differs)
            .map(|control| format!("{}={}", control.name, control.value))
            .collect();
        config.with(&overrides).unwrap_or_else(|_| config.clone())
    }
}

/// Returns the unit of a value; `None` where it has none.
fn unit(name: &str) -> Option<String> {
    let mut units = UNITS.into_iter();
    let unit = units.find(|(ending, _)| name.ends_with(ending));
    unit.map(|(_, unit)| unit.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_now_come_back_as_a_configuration() {
        let home = tempfile::tempdir().unwrap();
        let run = Place::open(home.path()).unwrap();
        let stored = Config::default();
        let rule =
            "when argmax gains less than 0.2 in 10 epochs then beta-b:amplitude=0.3,epochs=5";
        let mut now = stored.clone();
        for (key, value) in [
            ("hold.rho", "0.4"),
            ("optimizer.lr_schedule.1.lr", "0.002"),
            ("rules", rule),
        ] {
            now = now.changed(key, value).unwrap().config;
        }
        Controls::of(&now, "S").put(&run).unwrap();
        let read = Controls::read(&run).unwrap();
        assert_eq!(read, Controls::of(&now, "S"));
        assert_eq!(read.applied_to(&stored), now);
        assert!(read.controls.iter().all(|control| {
            !control.meaning.is_empty() && !control.range.is_empty() && !control.kind.is_empty()
        }));
        assert_eq!(read.disruptions.len(), DisruptionKind::ALL.len());
    }
}
