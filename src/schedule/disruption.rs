//! A disruption: one scheduled quantity pushed off its schedule for some epochs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a disruption pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisruptionKind {
    /// β_B jumps up, as the published schedule does once at epoch 50.
    BetaB,
    /// A's posterior noise gets hotter.
    TemperatureA,
    /// More of the partner's code is injected.
    Permeability,
}

impl DisruptionKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::BetaB, Self::TemperatureA, Self::Permeability];

    /// The name used on the command line and in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::BetaB => "beta-b",
            Self::TemperatureA => "temperature-a",
            Self::Permeability => "permeability",
        }
    }

    /// The symbol of the quantity it pushes.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::BetaB => "β_B",
            Self::TemperatureA => "τ_A",
            Self::Permeability => "ρ",
        }
    }

    /// One line on what it does to the run.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::BetaB => {
                "B must pay for its codes: they move towards the prior, coverage of both can surge"
            }
            Self::TemperatureA => {
                "A's codes are sampled with more noise: it must use more of the latent space"
            }
            Self::Permeability => "each decoder sees more of its partner's code",
        }
    }

    /// Amplitude unless another is given; β_B's is the published jump, 0.3 · sin(0.785).
    pub fn default_amplitude(self) -> f64 {
        match self {
            Self::BetaB => 0.212,
            Self::TemperatureA => 0.5,
            Self::Permeability => 0.2,
        }
    }

    /// Values that the pushed quantity is kept within.
    pub fn limits(self) -> (f64, f64) {
        match self {
            Self::BetaB => (0.0, 10.0),
            Self::TemperatureA => (0.0, 10.0),
            Self::Permeability => (0.0, 1.0),
        }
    }
}

impl fmt::Display for DisruptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A disruption: `value = clamp(scheduled + amplitude)` for some epochs from the one it starts in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disruption {
    /// What is pushed.
    pub kind: DisruptionKind,
    /// How far, in the quantity's own unit.
    pub amplitude: f64,
    /// For how many epochs, the one in which it starts counted as the first.
    pub epochs: u32,
}

/// Epochs a disruption lasts unless told otherwise.
pub const DEFAULT_EPOCHS: u32 = 5;
/// Longest disruption.
pub const MAX_EPOCHS: u32 = 1_000;

impl Disruption {
    /// A disruption of this kind at its default strength.
    pub fn new(kind: DisruptionKind) -> Self {
        Self {
            kind,
            amplitude: kind.default_amplitude(),
            epochs: DEFAULT_EPOCHS,
        }
    }

    /// Checks amplitude and duration.
    ///
    /// # Errors
    /// Says which of the two is out of range, and the range.
    pub fn check(self) -> Result<Self, DisruptionError> {
        let (low, high) = self.kind.limits();
        let reach = high - low;
        if !self.amplitude.is_finite() || self.amplitude == 0.0 || self.amplitude.abs() > reach {
            return Err(DisruptionError::Amplitude {
                kind: self.kind,
                found: self.amplitude,
                reach,
            });
        }
        if self.epochs == 0 || self.epochs > MAX_EPOCHS {
            return Err(DisruptionError::Epochs(self.epochs));
        }
        Ok(self)
    }

    /// The value in effect where the schedule says `scheduled`.
    pub fn apply(self, scheduled: f64) -> f64 {
        let (low, high) = self.kind.limits();
        (scheduled + self.amplitude).clamp(low, high)
    }
}

impl fmt::Display for Disruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.epochs == 1 { "" } else { "s" };
        write!(
            f,
            "{} {:+.3} for {} epoch{plural}",
            self.kind.symbol(),
            self.amplitude,
            self.epochs
        )
    }
}

/// Why a disruption is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DisruptionError {
    /// Amplitude zero, not a number, or larger than the quantity's whole range.
    #[error(
        "{kind}: amplitude {found} is not usable; expected a number other than 0 between -{reach} and {reach}"
    )]
    Amplitude {
        /// The kind.
        kind: DisruptionKind,
        /// As given.
        found: f64,
        /// Largest absolute value.
        reach: f64,
    },
    /// Duration out of range.
    #[error("{0} epochs is not a duration; expected 1..={MAX_EPOCHS}")]
    Epochs(u32),
    /// Text that does not read `KIND[:key=value,…]`.
    #[error(
        "`{found}` is not a disruption: {problem}; expected KIND[:amplitude=X,epochs=N] with KIND one of beta-b, temperature-a, permeability"
    )]
    Text {
        /// As given.
        found: String,
        /// What is wrong.
        problem: String,
    },
}

/// Reads `KIND[:amplitude=X,epochs=N]`.
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
            let number = |what: &str| fail(format!("{what} `{value}` is not a number"));
            match key.trim() {
                "amplitude" => {
                    disruption.amplitude = value.trim().parse().map_err(|_| number("amplitude"))?
                }
                "epochs" => {
                    disruption.epochs = value.trim().parse().map_err(|_| number("epochs"))?
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
        assert_eq!(
            read,
            Disruption {
                kind: DisruptionKind::BetaB,
                amplitude: 0.3,
                epochs: 5
            }
        );
        assert_eq!(
            "permeability".parse::<Disruption>().unwrap(),
            Disruption::new(DisruptionKind::Permeability)
        );
    }

    #[test]
    fn refuses_what_cannot_be_done() {
        for (text, problem) in [
            ("gamma", "no kind `gamma`"),
            ("beta-b:amplitude=much", "not a number"),
            ("beta-b:amplitude=nan", "not usable"),
            ("beta-b:amplitude=0", "not usable"),
            ("permeability:amplitude=2", "between -1 and 1"),
            ("beta-b:epochs=0", "not a duration"),
            ("beta-b:shape=round", "no setting `shape`"),
        ] {
            let error = text.parse::<Disruption>().unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn the_value_stays_within_its_limits() {
        let push = Disruption {
            kind: DisruptionKind::Permeability,
            amplitude: 0.9,
            epochs: 1,
        };
        assert!((push.apply(0.3) - 1.0).abs() < 1e-12);
        let pull = Disruption {
            kind: DisruptionKind::BetaB,
            amplitude: -0.5,
            epochs: 1,
        };
        assert!(pull.apply(0.2).abs() < 1e-12);
    }
}
