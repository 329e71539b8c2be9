//! Checks that every value is within its bounds and that the values fit together.

use serde_yaml::Value;

use super::error::{ConfigError, Fault, Problem, SourceSpan, printable};
use super::keys::{KeyInfo, find_key};
use super::path::{describe, join};
use super::schema::{Config, StopBy};
use crate::disruption::{GRAMMAR, Rule, RuleError};
use crate::numbers::single;

/// Number of truth tables of two ternary inputs.
const OPERATIONS: f64 = crate::space::OPERATIONS as f64;

/// Largest distance of the sum of the three shares from 1: more than rounding, less than any real change.
const SHARE_TOLERANCE: f64 = 1e-9;

/// A rule that is broken, and the keys that break it.
#[derive(Debug, PartialEq)]
pub(super) struct Violation {
    /// Keys that take part; the first is named where none was given explicitly.
    pub(super) keys: Vec<String>,
    pub(super) found: String,
    pub(super) expected: String,
}

impl Config {
    /// Checks a configuration that a program has filled in; loading a configuration includes this check.
    ///
    /// # Errors
    /// Fails with [`ConfigError::Invalid`], which holds every rule that is broken.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let problems: Vec<Problem> = violations(self)?
            .into_iter()
            .map(|violation| Problem {
                place: SourceSpan::Program,
                key: violation.keys.into_iter().next().unwrap_or_default(),
                fault: Fault::Unusable {
                    found: violation.found,
                    expected: violation.expected,
                },
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Invalid(problems))
        }
    }
}

/// Returns every rule that is broken: first the bounds of single keys, then the rules on several.
pub(super) fn violations(config: &Config) -> Result<Vec<Violation>, ConfigError> {
    let value =
        serde_yaml::to_value(config).map_err(|error| ConfigError::Unwritable(error.to_string()))?;
    let mut broken = Vec::new();
    bounds(&value, "", &mut broken);
    // A value outside its bounds would only break the rules below once more.
    if broken.is_empty() {
        permeability(config, &mut broken);
        learning_rates(config, &mut broken);
        shares(config, &mut broken);
        phases(config, &mut broken);
        stopping(config, &mut broken);
        rules(config, &mut broken);
    }
    Ok(broken)
}

fn bounds(value: &Value, path: &str, broken: &mut Vec<Violation>) {
    match value {
        Value::Mapping(section) => {
            for (key, value) in section {
                bounds(value, &join(path, key.as_str().unwrap_or_default()), broken);
            }
        }
        Value::Sequence(entries) => {
            for (index, value) in entries.iter().enumerate() {
                bounds(value, &join(path, &index.to_string()), broken);
            }
        }
        single => {
            if let Some(info) = find_key(path).filter(|info| !holds(info, single)) {
                broken.push(Violation {
                    keys: vec![path.to_owned()],
                    found: describe(single),
                    expected: wanted(info, single),
                });
            }
        }
    }
}

/// Returns a description of the values that the key takes; for a number too large or
/// too near to a bound, it mentions single precision.
fn wanted(info: &KeyInfo, value: &Value) -> String {
    match value.as_f64() {
        Some(number) if !single(number).is_finite() => {
            format!("{}, finite in single precision", info.expected())
        }
        // A number very near to a bound is rounded to the bound.
        Some(number) if number.fract() != 0.0 && single(number).fract() == 0.0 => {
            format!("{}, also rounded to single precision", info.expected())
        }
        _ => info.expected(),
    }
}

fn holds(info: &KeyInfo, value: &Value) -> bool {
    match value {
        Value::Null => info.optional,
        Value::String(text) => info.range.holds_text(text),
        Value::Number(number) => match number.as_u64() {
            Some(whole) => info.range.holds_whole(whole),
            None => number
                .as_f64()
                .is_some_and(|real| info.range.holds_real(real)),
        },
        _ => true,
    }
}

fn permeability(config: &Config, broken: &mut Vec<Violation>) {
    let (min, max) = (config.model.rho_min, config.model.rho_max);
    if min > max {
        broken.push(Violation {
            keys: vec!["model.rho_min".to_owned(), "model.rho_max".to_owned()],
            found: format!("model.rho_min {min} above model.rho_max {max}"),
            expected: "model.rho_min at most model.rho_max".to_owned(),
        });
    }
}

fn learning_rates(config: &Config, broken: &mut Vec<Violation>) {
    const TABLE: &str = "optimizer.lr_schedule";
    let steps = &config.optimizer.lr_schedule;
    match steps.first() {
        None => broken.push(Violation {
            keys: vec![TABLE.to_owned()],
            found: "an empty list".to_owned(),
            expected: "at least one step, the first at epoch 0".to_owned(),
        }),
        Some(first) if first.epoch != 0 => broken.push(Violation {
            keys: vec![format!("{TABLE}.0.epoch")],
            found: first.epoch.to_string(),
            expected: "0: the table must say where the learning rate starts".to_owned(),
        }),
        Some(_) => {}
    }
    for (index, pair) in steps.windows(2).enumerate() {
        let (before, after) = (pair[0].epoch, pair[1].epoch);
        if after <= before {
            broken.push(Violation {
                keys: vec![
                    format!("{TABLE}.{}.epoch", index + 1),
                    format!("{TABLE}.{index}.epoch"),
                ],
                found: format!("epoch {after} after epoch {before}"),
                expected: "epochs that ascend from step to step".to_owned(),
            });
        }
    }
}

fn shares(config: &Config, broken: &mut Vec<Violation>) {
    let (train, val, test) = (config.train_split, config.val_split, config.test_split);
    let keys = || {
        ["train_split", "val_split", "test_split"]
            .map(str::to_owned)
            .to_vec()
    };
    // Rounded so that 0.8 + 0.5 + 0.1 reads 1.4, far below the tolerance.
    let sum = ((train + val + test) * 1e12).round() / 1e12;
    if (sum - 1.0).abs() > SHARE_TOLERANCE {
        broken.push(Violation {
            keys: keys(),
            found: format!("train_split {train} + val_split {val} + test_split {test} = {sum}"),
            expected: "a sum of 1".to_owned(),
        });
        return;
    }
    let sizes = [(train * OPERATIONS).floor(), (val * OPERATIONS).floor()];
    let rest = OPERATIONS - sizes[0] - sizes[1];
    let sizes = [sizes[0], sizes[1], rest];
    if sizes.iter().any(|size| *size < 1.0) {
        broken.push(Violation {
            keys: keys(),
            found: format!(
                "{} operations to train on, {} to validate on and {} held back",
                sizes[0], sizes[1], sizes[2]
            ),
            expected: "at least one of the 19683 in each share".to_owned(),
        });
    }
}

fn stopping(config: &Config, broken: &mut Vec<Violation>) {
    let stopping = &config.stopping;
    if stopping.figure() == StopBy::Information && stopping.information_every.epochs().is_none() {
        broken.push(Violation {
            keys: vec![
                "stopping.by".to_owned(),
                "stopping.information_every".to_owned(),
            ],
            found: "information, which is not measured".to_owned(),
            expected: "a number of epochs for `stopping.information_every`, or the key not set"
                .to_owned(),
        });
    }
}

fn rules(config: &Config, broken: &mut Vec<Violation>) {
    for (place, text) in config.rules.iter().enumerate() {
        if let Err(error) = text.parse::<Rule>() {
            let (found, expected) = match error {
                RuleError::Text { problem } => (problem, GRAMMAR.to_owned()),
                RuleError::Disruption(error) => (printable(text), error.to_string()),
            };
            broken.push(Violation {
                keys: vec![format!("rules.{place}")],
                found,
                expected,
            });
        }
    }
}

fn phases(config: &Config, broken: &mut Vec<Violation>) {
    let at = &config.phase_transitions;
    let key = |name: &str| format!("phase_transitions.{name}");
    let borders = [
        ("entropy_expansion_end", at.entropy_expansion_end),
        ("consolidation_end", at.consolidation_end),
        ("resonant_coupling_end", at.resonant_coupling_end),
    ];
    for pair in borders.windows(2) {
        let ((earlier, start), (later, end)) = (pair[0], pair[1]);
        if end <= start {
            broken.push(Violation {
                keys: vec![key(later), key(earlier)],
                found: format!("{later} {end} with {earlier} {start}"),
                expected: format!("{later} above {earlier}"),
            });
        }
    }
    if at.ultra_exploration_start != at.resonant_coupling_end {
        broken.push(Violation {
            keys: vec![key("ultra_exploration_start"), key("resonant_coupling_end")],
            found: format!(
                "ultra_exploration_start {} with resonant_coupling_end {}",
                at.ultra_exploration_start, at.resonant_coupling_end
            ),
            expected: "the same epoch for both, as they name the same border".to_owned(),
        });
    }
}
