//! Changes of single keys while a run goes on.

use serde_yaml::Value;

use super::error::{ConfigError, Problem};
use super::idle::idle;
use super::keys::{KEYS, KeyInfo, SafePoint, find_key};
use super::load::Given;
use super::schema::Config;
use super::shape::get;
use super::source::{NAMED, Source};
use crate::refusal::Refusal;

/// Longest key that is looked up, in bytes; none is as long.
const LONGEST_KEY: usize = 200;

/// A configuration with one key changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The configuration with the new value.
    pub config: Config,
    /// Time at which the change takes effect.
    pub from: SafePoint,
    /// Value before, as YAML; for a key that was not set, the value in effect.
    pub was: String,
    /// Reason why the change has no effect as long as the other values stay as they
    /// are; `None` where it has one.
    pub idle: Option<&'static str>,
}

/// Returns a key as it is written in a change: `place` selects an entry of a list of
/// sections; any other list is written as a whole.
pub fn written(info: &KeyInfo, place: usize) -> String {
    info.key
        .replace(".N.", &format!(".{place}."))
        .trim_end_matches(".N")
        .to_owned()
}

/// Returns every key that can be changed while a run goes on.
pub fn live_keys() -> impl Iterator<Item = &'static KeyInfo> {
    KEYS.iter().filter(|info| info.live.is_some())
}

impl Config {
    /// Returns every key that can be changed while a run goes on, as it is written in a change; a key of list
    /// entries once for each entry.
    pub fn live_keys(&self) -> impl Iterator<Item = (&'static KeyInfo, String)> {
        let steps = self.optimizer.lr_schedule.len();
        live_keys().flat_map(move |info| {
            let places = if info.key.contains(".N.") { steps } else { 1 };
            (0..places).map(move |place| (info, written(info, place)))
        })
    }

    /// Returns this configuration with another value (YAML) for a key, as a running session may ask for.
    ///
    /// # Errors
    /// Fails with one line where the key does not exist, decides the run from its start or changes nothing,
    /// and where the value cannot be used; the line then says which values can.
    pub fn changed(&self, key: &str, value: &str) -> Result<Changed, Refusal> {
        let key = key.trim();
        if key.len() > LONGEST_KEY {
            return Err(format!("expected a key of {LONGEST_KEY} bytes at most").into());
        }
        let entry = find_key(&format!("{key}.N"));
        let value = match entry {
            Some(_) => list(value),
            None => value.to_owned(),
        };
        let changed = self.with(&[format!("{key}={value}")])?;
        let info = entry
            .or_else(|| find_key(key))
            .ok_or_else(|| format!("{key}: expected a key, found a section"))?;
        if let Some(reason) = info.no_effect() {
            return Err(format!("{key} has no effect: {reason}").into());
        }
        let from = info.live.ok_or_else(|| {
            format!(
                "{key} decides the run from its start: it cannot be changed while the run goes on"
            )
        })?;
        let was = self.text_of(key);
        // An unset value may read like one that is written.
        let changed = if changed.text_of(key) == was {
            self.clone()
        } else {
            changed
        };
        let mut idle = idle(&changed, info).into_iter();
        Ok(Changed {
            idle: idle.next().map(|(_, beside)| beside),
            config: changed,
            from,
            was,
        })
    }

    /// Returns this configuration with `KEY=VALUE` overrides on top.
    ///
    /// # Errors
    /// Fails with all problems of the overrides, in one line.
    pub fn with(&self, overrides: &[String]) -> Result<Self, Refusal> {
        let told = |error: ConfigError| match &error {
            ConfigError::Invalid(problems) => {
                let complaints: Vec<String> = problems.iter().map(Problem::complaint).collect();
                complaints.join("; ")
            }
            _ => error.to_string(),
        };
        let loaded = Self::overridden(self.to_value(), Given::default(), overrides);
        Ok(loaded.map_err(told)?.config)
    }

    /// Returns the value of a key as one line of YAML; for a key that is not set, the value in effect.
    #[must_use]
    pub fn text_of(&self, key: &str) -> String {
        text_in(&self.to_value(), key)
    }

    fn to_value(&self) -> Value {
        serde_yaml::to_value(self).unwrap_or_default()
    }
}

/// Returns a list unchanged, a single value as a list of one, and nothing as an empty list.
fn list(value: &str) -> String {
    let value = value.trim();
    match value {
        "" | "null" => "[]".to_owned(),
        _ if value.starts_with('[') => value.to_owned(),
        // Quoted as in JSON: the typed text may be something else to YAML.
        _ => serde_json::json!([value]).to_string(),
    }
}

fn text_in(all: &Value, key: &str) -> String {
    let text = get(all, key).and_then(|value| match value {
        // Lists on one line, as a change of them is typed.
        Value::Sequence(_) => serde_json::to_string(value).ok(),
        _ => serde_yaml::to_string(value).ok(),
    });
    let unset = || find_key(key).map_or("null", |info| info.unset()).to_owned();
    text.map_or_else(unset, |text| text.trim().to_owned())
}

/// A key in which two configurations differ, with both values as YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferentKey {
    /// Dotted key, such as `model.rho_min`.
    pub key: String,
    /// Value in the first configuration.
    pub first: String,
    /// Value in the second configuration.
    pub second: String,
}

impl Config {
    /// Returns the name of the built-in configuration that equals this one in
    /// everything but the seed, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        let is_this = |(_, text): &&(&str, &str)| {
            let source = Source::Text {
                name: String::new(),
                text: (*text).to_owned(),
            };
            Self::load(source, &[]).is_ok_and(|loaded| loaded.config.differs_by_seed_alone(self))
        };
        NAMED.iter().find(is_this).map(|(name, _)| *name)
    }

    /// Returns true if another configuration differs from this one in the seed alone, or not at all.
    #[must_use]
    pub fn differs_by_seed_alone(&self, other: &Self) -> bool {
        let differences = self.differences(other);
        differences.iter().all(|key| key.key == "seed")
    }

    /// Returns every key in which another configuration differs from this one, in the order of the table.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<DifferentKey> {
        let (first, second) = (self.to_value(), other.to_value());
        let places = self
            .optimizer
            .lr_schedule
            .len()
            .max(other.optimizer.lr_schedule.len());
        KEYS.iter()
            .flat_map(|info| {
                let places = if info.key.contains(".N.") { places } else { 1 };
                (0..places).map(|place| written(info, place))
            })
            .map(|key| DifferentKey {
                first: text_in(&first, &key),
                second: text_in(&second, &key),
                key,
            })
            .filter(|key| key.first != key.second)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_changed_and_the_rest_is_not() {
        let config = Config::default();
        let changed = config.changed("hold.rho", "0.4").unwrap();
        assert_eq!(changed.config.hold.rho, Some(0.4));
        assert_eq!(
            (changed.from, changed.was.as_str()),
            (SafePoint::Batch, "null")
        );
        let again = changed.config.changed("hold.rho", "null").unwrap();
        assert_eq!((&again.config, again.was.as_str()), (&config, "0.4"));
        let rates = config
            .changed("optimizer.lr_schedule.1.lr", "0.002")
            .unwrap();
        assert_eq!(
            (rates.from, rates.was.as_str()),
            (SafePoint::Epoch, "0.0005")
        );
    }

    #[test]
    fn what_cannot_be_changed_is_refused_in_one_line() {
        for (key, value, problem) in [
            ("seed", "7", "decides the run from its start"),
            ("min_delta", "1", "has no effect"),
            ("hold", "{}", "found a section"),
            ("hold.row", "1", "expected one of rho, beta_a"),
            ("hold.rho", "2", "expected a number, 0 to 1, or null"),
            ("hold.rho", "much", "expected a number"),
            ("model.rho_min", "0.9", "at most model.rho_max"),
        ] {
            let error = Config::default().changed(key, value).unwrap_err();
            assert!(
                error.to_string().contains(problem) && !error.to_string().contains('\n'),
                "{key}: {error}"
            );
        }
    }

    #[test]
    fn rules_are_typed_as_sentences_and_taken_back_with_nothing() {
        let rule =
            "when argmax gains less than 0.2 in 10 epochs then beta-b:amplitude=0.3,epochs=5";
        let armed = Config::default().changed("rules", rule).unwrap();
        assert_eq!(
            (armed.config.rules.as_slice(), armed.was.as_str()),
            (&[rule.to_owned()][..], "null")
        );
        let two = format!("[\"{rule}\", \"{rule}\"]");
        let two = armed.config.changed("rules", &two).unwrap();
        assert_eq!(two.config.rules.len(), 2);
        let none = two.config.changed("rules", "null").unwrap();
        assert_eq!(none.config, Config::default());
        let wrong = Config::default()
            .changed("rules", "when it rains then beta-b")
            .unwrap_err();
        assert!(wrong.to_string().contains("is no rule"), "{wrong}");
    }

    #[test]
    fn differences_are_told_key_by_key() {
        let config = Config::default();
        let overrides =
            ["hold.rho=0.4", "optimizer.lr_schedule.2.lr=0.1", "seed=7"].map(str::to_owned);
        let other = config.with(&overrides).unwrap();
        let told: Vec<String> = config
            .differences(&other)
            .into_iter()
            .map(|key| format!("{} {} {}", key.key, key.first, key.second))
            .collect();
        assert_eq!(
            told,
            [
                "seed 42 7",
                "optimizer.lr_schedule.2.lr 0.0003 0.1",
                "hold.rho null 0.4"
            ]
        );
        assert!(config.differences(&config).is_empty());
    }

    #[test]
    fn every_live_key_takes_the_value_it_has() {
        for info in live_keys() {
            let key = info.key.replace(".N.", ".0.").replace(".N", "");
            let config = Config::default();
            let changed = config.changed(&key, &config.text_of(&key)).unwrap();
            assert_eq!(changed.config, config, "{key}");
        }
    }
}
