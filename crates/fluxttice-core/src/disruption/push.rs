//! A disruption: one scheduled quantity pushed off its schedule for some epochs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{DisruptionKind, Shape};

/// A disruption: `value = clamp(scheduled + amplitude · envelope(t))` for some epochs.
/// The epoch in which it starts has t = 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disruption {
    /// Quantity that is pushed.
    pub kind: DisruptionKind,
    /// Size and sign of the push at full strength, in the quantity's own unit.
    /// 0 changes nothing, which is what a control has.
    pub amplitude: f64,
    /// Duration in epochs; the epoch in which it starts counts as the first.
    pub epochs: u32,
    /// Course of its strength over these epochs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shape: Shape,
    /// Epochs after its end during which no other disruption is accepted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cooldown: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Longest duration and longest cool-down of a disruption, in epochs.
pub const MAX_EPOCHS: u32 = 1_000;

impl Disruption {
    /// Returns a disruption of this kind with default amplitude and duration, at full strength throughout and
    /// without a cool-down.
    pub fn new(kind: DisruptionKind) -> Self {
        Self {
            kind,
            amplitude: kind.default_amplitude(),
            epochs: kind.default_epochs(),
            shape: Shape::default(),
            cooldown: 0,
        }
    }

    /// Checks amplitude, duration and cool-down.
    ///
    /// # Errors
    /// Fails where one of them is out of range; the error names it and its range.
    pub fn check(self) -> Result<Self, DisruptionError> {
        let (low, high) = self.kind.limits();
        let reach = high - low;
        if !self.amplitude.is_finite() || self.amplitude.abs() > reach {
            return Err(DisruptionError::Amplitude {
                kind: self.kind,
                found: self.amplitude,
                reach,
            });
        }
        if self.epochs == 0 || self.epochs > MAX_EPOCHS {
            return Err(DisruptionError::Epochs(self.epochs));
        }
        if self.cooldown > MAX_EPOCHS {
            return Err(DisruptionError::Cooldown(self.cooldown));
        }
        Ok(self)
    }

    /// Writes the disruption as it is read.
    pub fn to_text(self) -> String {
        let Self {
            kind,
            amplitude,
            epochs,
            shape,
            cooldown,
        } = self;
        let (kind, shape) = (kind.name(), shape.name());
        format!("{kind}:amplitude={amplitude},epochs={epochs},shape={shape},cooldown={cooldown}")
    }

    /// Returns the value in effect `t` epochs after the start, where the schedule prescribes `scheduled`.
    ///
    /// A push of 0 is not clamped either, so that an amplitude of 0 changes no bit.
    pub fn apply(self, scheduled: f64, t: u32) -> f64 {
        let push = self.amplitude * self.shape.envelope(t, self.epochs);
        if push == 0.0 {
            return scheduled;
        }
        let (low, high) = self.kind.limits();
        (scheduled + push).clamp(low, high)
    }
}

impl fmt::Display for Disruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.epochs == 1 { "" } else { "s" };
        // Learning rates are thousandths.
        let digits = if self.amplitude.abs() < 0.01 { 5 } else { 3 };
        write!(
            f,
            "{} {:+.digits$} for {} epoch{plural}",
            self.kind.symbol(),
            self.amplitude,
            self.epochs
        )?;
        if self.shape != Shape::Step {
            write!(f, ", {}", self.shape)?;
        }
        Ok(())
    }
}

/// Reason for which a disruption is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DisruptionError {
    /// The amplitude is not a number, or is larger than the quantity's whole range.
    #[error(
        "{kind}: amplitude {found} is not usable; expected a number between -{reach} and {reach}"
    )]
    Amplitude {
        /// Kind of the refused disruption.
        kind: DisruptionKind,
        /// Amplitude as given.
        found: f64,
        /// Largest absolute value that is accepted.
        reach: f64,
    },
    /// The duration, given here in epochs, is out of range.
    #[error("{0} epochs is not a duration; expected 1..={MAX_EPOCHS}")]
    Epochs(u32),
    /// The cool-down, given here in epochs, is out of range.
    #[error("{0} epochs is not a cool-down; expected 0..={MAX_EPOCHS}")]
    Cooldown(u32),
    /// The text does not read `KIND[:key=value,…]`.
    #[error(
        "`{found}` is not a disruption: {problem}; expected KIND[:amplitude=X,epochs=N,shape=S,cooldown=N] with KIND one of {kinds} and S one of {shapes}",
        kinds = names(DisruptionKind::ALL),
        shapes = names(Shape::ALL)
    )]
    Text {
        /// First 60 characters of the text.
        found: String,
        /// Description of the fault.
        problem: String,
    },
}

fn names<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    names.join(", ")
}

/// Reads `KIND[:amplitude=X,epochs=N,shape=S,cooldown=N]`.
impl FromStr for Disruption {
    type Err = DisruptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |problem: String| DisruptionError::Text {
            found: text.chars().take(60).collect(),
            problem,
        };
        let (kind, settings) = text.split_once(':').unwrap_or((text, ""));
        let kind = DisruptionKind::ALL
            .into_iter()
            .find(|candidate| candidate.name() == kind.trim())
            .ok_or_else(|| fail(format!("no kind `{}`", kind.trim())))?;
        let mut disruption = Self::new(kind);
        for setting in settings
            .split(',')
            .filter(|setting| !setting.trim().is_empty())
        {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| fail(format!("`{setting}` is not key=value")))?;
            let (key, value) = (key.trim(), value.trim());
            let number = || fail(format!("{key} `{value}` is not a number"));
            match key {
                "amplitude" => disruption.amplitude = value.parse().map_err(|_| number())?,
                "epochs" => disruption.epochs = value.parse().map_err(|_| number())?,
                "cooldown" => disruption.cooldown = value.parse().map_err(|_| number())?,
                "shape" => {
                    disruption.shape = Shape::ALL
                        .into_iter()
                        .find(|shape| shape.name() == value)
                        .ok_or_else(|| fail(format!("no shape `{value}`")))?;
                }
                other => return Err(fail(format!("no setting `{other}`"))),
            }
        }
        disruption.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_command_line_promises() {
        let read: Disruption = "beta-b:amplitude=0.3,epochs=5".parse().unwrap();
        let wanted = Disruption {
            amplitude: 0.3,
            ..Disruption::new(DisruptionKind::BetaB)
        };
        assert_eq!(read, wanted);
        assert_eq!(read.to_text().parse(), Ok(read));
        let read: Disruption = "latent-noise:shape=cosine,cooldown=8".parse().unwrap();
        assert_eq!(read.to_text().parse(), Ok(read));
        let wanted = Disruption {
            shape: Shape::Cosine,
            cooldown: 8,
            ..Disruption::new(DisruptionKind::LatentNoise)
        };
        assert_eq!(read, wanted);
        for kind in DisruptionKind::ALL {
            assert_eq!(
                kind.name().parse::<Disruption>().unwrap(),
                Disruption::new(kind)
            );
        }
    }

    #[test]
    fn refuses_what_cannot_be_done() {
        for (text, problem) in [
            ("gamma", "no kind `gamma`"),
            ("beta-b:amplitude=much", "not a number"),
            ("beta-b:amplitude=nan", "not usable"),
            ("permeability:amplitude=2", "between -1 and 1"),
            ("learning-rate:amplitude=1", "between -0.01 and 0.01"),
            ("beta-b:epochs=0", "not a duration"),
            ("beta-b:cooldown=5000", "not a cool-down"),
            ("beta-b:shape=round", "no shape `round`"),
            ("beta-b:colour=red", "no setting `colour`"),
        ] {
            let error = text.parse::<Disruption>().unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn the_value_stays_within_its_limits_and_follows_its_shape() {
        let push = Disruption {
            amplitude: 0.9,
            ..Disruption::new(DisruptionKind::Permeability)
        };
        assert!((push.apply(0.3, 0) - 1.0).abs() < 1e-12);
        let pull = Disruption {
            amplitude: -0.5,
            ..Disruption::new(DisruptionKind::BetaB)
        };
        assert!(pull.apply(0.2, 0).abs() < 1e-12);
        let falling = Disruption {
            amplitude: 0.4,
            epochs: 4,
            shape: Shape::Cosine,
            ..Disruption::new(DisruptionKind::BetaB)
        };
        assert!((falling.apply(0.1, 2) - 0.3).abs() < 1e-12);
        assert!((falling.apply(0.1, 4) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn an_amplitude_of_zero_changes_no_bit() {
        let nothing = Disruption {
            amplitude: 0.0,
            ..Disruption::new(DisruptionKind::Permeability)
        };
        // Outside of the limits on purpose: a clamp would be a change.
        assert_eq!(nothing.apply(1.5, 0).to_bits(), 1.5f64.to_bits());
    }

    #[test]
    fn a_journal_of_before_there_were_shapes_is_read_and_written_alike() {
        let text = r#"{"kind":"beta-b","amplitude":0.2,"epochs":5}"#;
        let read: Disruption = serde_json::from_str(text).unwrap();
        assert_eq!((read.shape, read.cooldown), (Shape::Step, 0));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
