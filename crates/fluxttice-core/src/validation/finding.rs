//! Tests and their findings.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vae::Vae;
use crate::words::{for_people, separated};

/// Bound that a value must keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The value is at least this number.
    AtLeast(f64),
    /// The value is at most this number.
    AtMost(f64),
}

impl Bound {
    /// Returns the bound for people: `≥ 16,731`.
    pub fn readable(self) -> String {
        for_people(&self.to_string())
    }

    /// Returns true if a value keeps the bound; a value that is not a number does not.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    /// Returns the difference by which one value is better than another; negative where it is worse.
    fn advantage(self, value: f64, over: f64) -> f64 {
        match self {
            Self::AtLeast(_) => value - over,
            Self::AtMost(_) => over - value,
        }
    }
}

/// Writes `≥ 0.900`, without separated thousands, as certificates state it.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => f.pad(&format!("≥ {}", number(*bound))),
            Self::AtMost(bound) => f.pad(&format!("≤ {}", number(*bound))),
        }
    }
}

/// Returns a value with four significant digits; counts are written in full, and a dash stands for no number.
pub fn number(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        1000.0.. => format!("{value:.0}"),
        100.0.. => format!("{value:.1}"),
        10.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Returns a value for people: as [`number`] writes it, with its thousands separated.
pub fn readable(value: f64) -> String {
    separated(&number(value))
}

/// Group of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Tests named in advance, which decide.
    Deciding,
    /// The published tests of generalization, informational.
    Generalization,
    /// The published tests of the latent space, informational.
    Latent,
    /// The published tests of training, informational.
    Training,
    /// Tests that the original planned and never built, as far as one model can answer
    /// them. They claim nothing.
    Shift,
}

impl Group {
    /// Returns the title of the group, which says what follows from its tests.
    pub fn title(self) -> &'static str {
        match self {
            Self::Deciding => "deciding tests",
            Self::Generalization => "published tests of generalization, informational",
            Self::Latent => "published tests of the latent space, informational",
            Self::Training => "published tests of training, informational",
            Self::Shift => "tests that were planned, informational",
        }
    }
}

/// Definition of a test.
#[derive(Debug, Serialize)]
pub struct Test {
    /// Name of the test.
    pub name: &'static str,
    /// Group of the test.
    pub group: Group,
    /// Unit of its values.
    pub unit: &'static str,
    /// Definition of the measured value.
    pub definition: &'static str,
    /// Description of the trivial baseline.
    pub baseline: &'static str,
    /// Bound that the value must keep.
    pub bound: Bound,
    /// Source of the bound.
    pub source: &'static str,
    /// Smallest advantage over untrained models and the baseline that a model must have.
    pub margin: f64,
    /// Method of the 95 % intervals of its values.
    pub interval: Method,
}

impl Test {
    /// Makes a test; the last three values are its bound, the source of the bound, and the margin.
    pub(super) const fn new(
        group: Group,
        name: &'static str,
        unit: &'static str,
        definition: &'static str,
        baseline: &'static str,
        (bound, source, margin): (Bound, &'static str, f64),
    ) -> Self {
        Self {
            name,
            group,
            unit,
            definition,
            baseline,
            bound,
            source,
            margin,
            interval: Method::None,
        }
    }

    /// Returns the test with this method for the intervals of its values.
    pub(super) const fn with(mut self, interval: Method) -> Self {
        self.interval = interval;
        self
    }
}

/// A measured value with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Value in the unit of the test.
    pub value: f64,
    /// 95 % confidence interval; `None` where there is none.
    pub interval: Option<[f64; 2]>,
    /// Method of the interval.
    pub method: Method,
    /// Number of operations, pairs or codes that the value is computed from.
    pub samples: u32,
}

/// Method of a 95 % confidence interval; `docs/results/validation.md` has the references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// No interval: nothing is sampled, or the quantity that varies is not a mean.
    #[default]
    None,
    /// Wilson's interval, for a share.
    Wilson,
    /// Wilson's interval, for shares whose parts are not independent.
    Clustered,
    /// Normal interval, for a mean.
    Normal,
    /// Normal interval, for a ratio of two means.
    Ratio,
    /// Student's t over blocks of codes, for a figure that is corrected for its bias.
    Blocks,
}

impl Method {
    /// Returns the method in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Wilson => "Wilson",
            Self::Clustered => "Wilson, clustered by table",
            Self::Normal => "normal, of a mean",
            Self::Ratio => "normal, of a ratio of two means (delta method)",
            Self::Blocks => "Student's t over 16 blocks of codes (jackknife)",
        }
    }
}

/// Verdict of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The bound holds, and neither an untrained model nor the baseline comes within the margin.
    Passes,
    /// The bound does not hold.
    Fails,
    /// The bound holds, but an untrained model or the baseline keeps it too, or comes within the margin.
    DoesNotDiscriminate,
    /// There is no value: no run is known, or the measured value is not a number.
    NotMeasured,
}

impl Verdict {
    /// Returns the verdict in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Fails => "fails",
            Self::DoesNotDiscriminate => "does not discriminate",
            Self::NotMeasured => "not measured",
        }
    }
}

/// Result of a test on one VAE.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Definition of the test.
    pub test: &'static Test,
    /// VAE that was tested.
    pub which: Vae,
    /// Seed of codes, draws and choices of operations.
    pub seed: u64,
    /// Value of this model.
    pub measured: Measured,
    /// Value of the best untrained model.
    pub untrained: f64,
    /// Value of the trivial baseline.
    pub chance: f64,
    /// Verdict on this model.
    pub verdict: Verdict,
}

impl Finding {
    pub(super) fn new(
        test: &'static Test,
        which: Vae,
        seed: u64,
        measured: Measured,
        untrained: impl Iterator<Item = f64>,
        chance: f64,
    ) -> Self {
        let better = |one: f64, other: f64| {
            // Any number is better than none.
            if one.is_nan() || test.bound.advantage(other, one) > 0.0 {
                other
            } else {
                one
            }
        };
        let untrained = untrained.reduce(better).unwrap_or(f64::NAN);
        Self {
            test,
            which,
            seed,
            measured,
            untrained,
            chance,
            verdict: verdict(test, measured.value, better(untrained, chance)),
        }
    }

    /// Returns true if the test is a deciding one and the model does not pass it.
    pub fn condemns(&self) -> bool {
        self.test.group == Group::Deciding && self.verdict != Verdict::Passes
    }
}

/// Returns the number of deciding tests that are not passed.
pub fn failed_deciding(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.condemns()).count()
}

/// Judges a value; `rival` is the better of the values of untrained models and the baseline.
fn verdict(test: &Test, value: f64, rival: f64) -> Verdict {
    let Test { bound, margin, .. } = test;
    if value.is_nan() {
        Verdict::NotMeasured
    } else if !bound.holds(value) {
        Verdict::Fails
    } else if bound.holds(rival) || bound.advantage(value, rival) < *margin {
        Verdict::DoesNotDiscriminate
    } else {
        Verdict::Passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn test(bound: Bound) -> Test {
        Test {
            name: "n",
            group: Group::Deciding,
            unit: "",
            definition: "",
            baseline: "",
            bound,
            source: "",
            margin: 0.1,
            interval: Method::None,
        }
    }
    static AT_LEAST: Test = test(Bound::AtLeast(0.5));
    static AT_MOST: Test = test(Bound::AtMost(0.5));

    fn found(test: &'static Test, value: f64, untrained: [f64; 2], chance: f64) -> Finding {
        let measured = Measured {
            value,
            interval: None,
            method: Method::None,
            samples: 1,
        };
        Finding::new(test, Vae::A, 0, measured, untrained.into_iter(), chance)
    }

    #[test]
    fn a_verdict_weighs_the_model_against_its_rivals() {
        use Verdict::{DoesNotDiscriminate, Fails, NotMeasured, Passes};
        for (value, untrained, chance, at_least) in [
            (0.9, [0.1, 0.2], 0.0, Passes),
            (0.4, [0.1, 0.2], 0.0, Fails),
            // An untrained model keeps the bound; so does the baseline.
            (0.9, [0.1, 0.6], 0.0, DoesNotDiscriminate),
            (0.9, [0.1, 0.2], 0.5, DoesNotDiscriminate),
            // Nearer than the margin.
            (0.55, [0.1, 0.46], 0.0, DoesNotDiscriminate),
            (0.4, [0.9, 0.9], 0.9, Fails),
            (f64::NAN, [0.1, 0.1], 0.0, NotMeasured),
            // Of untrained models there is no value; the baseline is a rival all the same.
            (0.9, [f64::NAN; 2], 0.0, Passes),
            (0.9, [f64::NAN; 2], 0.6, DoesNotDiscriminate),
        ] {
            let one = found(&AT_LEAST, value, untrained, chance);
            assert_eq!(one.verdict, at_least, "{value} {untrained:?} {chance}");
            // The same turned upside down.
            let other = found(
                &AT_MOST,
                1.0 - value,
                untrained.map(|u| 1.0 - u),
                1.0 - chance,
            );
            assert_eq!(other.verdict, at_least, "{value} {untrained:?} {chance}");
        }
    }

    #[test]
    fn the_best_of_the_untrained_is_the_rival() {
        assert_eq!(found(&AT_LEAST, 0.9, [0.1, 0.3], 0.0).untrained, 0.3);
        assert_eq!(found(&AT_MOST, 0.1, [0.9, 0.7], 1.0).untrained, 0.7);
    }
}
