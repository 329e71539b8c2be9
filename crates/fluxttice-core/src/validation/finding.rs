//! What a test is, and what came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vae::Vae;
use crate::words::{for_people, separated};

/// What must hold of a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

impl Bound {
    /// `≥ 16,731`: for people.
    pub fn readable(self) -> String {
        for_people(&self.to_string())
    }

    /// Whether a value keeps it; what is no number does not.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    /// By how much one value is better than another.
    fn advantage(self, value: f64, over: f64) -> f64 {
        match self {
            Self::AtLeast(_) => value - over,
            Self::AtMost(_) => over - value,
        }
    }
}

/// `≥ 0.900`, with its digits as they are, as certificates state it.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => f.pad(&format!("≥ {}", number(*bound))),
            Self::AtMost(bound) => f.pad(&format!("≤ {}", number(*bound))),
        }
    }
}

/// Four significant digits, counts in full, a dash for what is no number.
pub fn number(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        1000.0.. => format!("{value:.0}"),
        100.0.. => format!("{value:.1}"),
        10.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A value for people: as [`number`] has it, with its thousands separated.
pub fn readable(value: f64) -> String {
    separated(&number(value))
}

/// What a test belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Named in advance: these decide.
    Deciding,
    /// The published tests of generalization: these claim nothing.
    Generalization,
    /// The published tests of the latent space: these claim nothing.
    Latent,
    /// The published tests of training: these claim nothing.
    Training,
    /// What the original planned and never built, as far as one model can answer it: these claim nothing.
    Shift,
}

impl Group {
    /// What follows from its tests, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Deciding => "these decide",
            Self::Generalization => "published tests of generalization, which claim nothing",
            Self::Latent => "published tests of the latent space, which claim nothing",
            Self::Training => "published tests of training, which claim nothing",
            Self::Shift => "tests that were planned, which claim nothing",
        }
    }
}

/// A test.
#[derive(Debug, Serialize)]
pub struct Test {
    /// Name.
    pub name: &'static str,
    /// What it belongs to.
    pub group: Group,
    /// Unit of its values.
    pub unit: &'static str,
    /// What is measured.
    pub definition: &'static str,
    /// What the trivial baseline is.
    pub baseline: &'static str,
    /// What must hold.
    pub bound: Bound,
    /// Where the bound is from.
    pub source: &'static str,
    /// How much better than untrained models and the baseline a model must be.
    pub margin: f64,
    /// Method of the 95 % intervals of its values.
    pub interval: Method,
}

impl Test {
    /// A test; the last three are its bound, where that is from, and the margin.
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

    /// The same test with intervals of its values.
    pub(super) const fn with(mut self, interval: Method) -> Self {
        self.interval = interval;
        self
    }
}

/// A measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// 95 % confidence interval, where there is one.
    pub interval: Option<[f64; 2]>,
    /// Method of that interval.
    pub method: Method,
    /// Operations, pairs or codes it rests on.
    pub samples: u32,
}

/// Method of a 95 % confidence interval; `docs/results/validation.md` has the references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// There is none: nothing is sampled, or what varies is no mean.
    #[default]
    None,
    /// Wilson's, of a share.
    Wilson,
    /// Wilson's, of shares whose parts are not independent.
    Clustered,
    /// The normal one, of a mean.
    Normal,
    /// The normal one of a ratio of two means.
    Ratio,
    /// Student's t over blocks of codes, of a figure that is corrected for its bias.
    Blocks,
}

impl Method {
    /// The method in words.
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

/// What came of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The bound holds, and neither an untrained model nor the baseline comes near.
    Passes,
    /// The bound does not hold.
    Fails,
    /// The bound holds, but an untrained model or the baseline does as well, within the margin.
    DoesNotDiscriminate,
    /// There is no value: nothing is known of a run, or what was measured is no number.
    NotMeasured,
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Fails => "fails",
            Self::DoesNotDiscriminate => "does not discriminate",
            Self::NotMeasured => "not measured",
        }
    }
}

/// A test made on one VAE.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The test.
    pub test: &'static Test,
    /// Whose.
    pub which: Vae,
    /// Seed of codes, draws and choices of operations.
    pub seed: u64,
    /// What this model scores.
    pub measured: Measured,
    /// What the best of the untrained models scores.
    pub untrained: f64,
    /// What the trivial baseline scores.
    pub chance: f64,
    /// What follows.
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
            // What is no number is better than nothing.
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

    /// Whether it decides, and the model does not pass.
    pub fn condemns(&self) -> bool {
        self.test.group == Group::Deciding && self.verdict != Verdict::Passes
    }
}

/// How many of the tests that decide are not passed.
pub fn condemned(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.condemns()).count()
}

/// `rival` is the better of what untrained models and the baseline score.
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
