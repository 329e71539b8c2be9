//! The controls: every key that can be changed while the run goes on.

use fluxttice_core::config::{Config, KeyInfo, live_keys, written};
use fluxttice_core::record::EpochRecord;
use tui_input::Input;

use super::modal::distance;
use crate::format::{scientific, significant};

/// A control and its value now.
#[derive(Clone, Debug)]
pub struct Control {
    /// The dotted key.
    pub key: String,
    /// Its value as YAML.
    pub value: String,
    /// The value that its schedule or rule gives where it is not held.
    pub followed: Option<f64>,
    /// What there is to know about it.
    pub info: &'static KeyInfo,
}

/// Every control of a configuration, what is held first, then in the order of the file.
pub fn controls(config: &Config, newest: Option<&EpochRecord>) -> Vec<Control> {
    let steps = config.optimizer.lr_schedule.len();
    let mut all: Vec<Control> = live_keys()
        .flat_map(|info| {
            let places = if info.key.contains(".N.") { steps } else { 1 };
            (0..places).map(move |place| (info, written(info, place)))
        })
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

/// What an epoch used for a quantity that can be held.
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

/// A value as it is shown and typed; learning rates are thousandths.
pub fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 {
        scientific(value)
    } else {
        significant(value)
    }
}

impl Control {
    /// Whether it is a quantity that is not held.
    pub fn follows(&self) -> bool {
        !self.info.published && self.value == self.info.unset()
    }
}

/// The dialog: a list to choose from, then a value to type.
#[derive(Clone, Debug, Default)]
pub struct ControlForm {
    /// What is typed to find a control.
    pub wanted: Input,
    /// Chosen row.
    pub selected: usize,
    /// The key that is being changed, with the value as typed.
    pub editing: Option<(String, Input)>,
}

impl ControlForm {
    /// The line that typed characters go to.
    pub(super) fn input(&mut self) -> &mut Input {
        match &mut self.editing {
            Some((_, value)) => value,
            None => &mut self.wanted,
        }
    }

    /// Those of some controls that match what is typed, best first.
    pub fn matches(&self, controls: Vec<Control>) -> Vec<Control> {
        let wanted = self.wanted.value().trim().to_lowercase();
        let mut found: Vec<(usize, Control)> = controls
            .into_iter()
            .filter_map(|control| {
                let text = format!("{} {}", control.key, control.info.meaning).to_lowercase();
                distance(&wanted, &text).map(|distance| (distance, control))
            })
            .collect();
        found.sort_by_key(|(distance, _)| *distance);
        found.into_iter().map(|(_, control)| control).collect()
    }

    /// Moves the choice.
    pub fn step(&mut self, by: isize, controls: Vec<Control>) {
        if self.editing.is_none() {
            let last = self.matches(controls).len().saturating_sub(1);
            self.selected = self.selected.saturating_add_signed(by).min(last);
        }
    }

    /// A form in which this control is being changed.
    pub fn editing(control: Control) -> Self {
        let mut form = Self {
            wanted: Input::new(control.key.clone()),
            ..Self::default()
        };
        form.edit(vec![control]);
        form
    }

    /// Starts typing a value for the chosen control, from the one it has.
    pub fn edit(&mut self, controls: Vec<Control>) {
        if let Some(control) = self.matches(controls).into_iter().nth(self.selected) {
            let value = match control.followed.filter(|_| control.follows()) {
                Some(now) => number(now),
                None => control.value,
            };
            self.editing = Some((control.key, Input::new(value)));
        }
    }

    /// Takes the value back and returns to the list.
    pub fn back(&mut self) {
        self.editing = None;
    }
}
