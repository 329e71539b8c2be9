//! Comparison of what a certificate states with what was measured again.

use super::TOLERANCE;
use super::checks::Check;
use super::measured::Measured;
use super::statement::{Defined, Predicate, definitions};
use super::untrained::Untrained;
use super::verdict::Verdict;
use crate::measure::Figure;
use crate::validation::Score;

/// Compares every stated figure, score and check with the one measured again; the verdict gets each result.
pub fn measured(predicate: &Predicate, measured: &Measured, verdict: &mut Verdict) {
    let (stated, found) = (&predicate.checks, &measured.checks);
    lists(&predicate.figures, &measured.figures, verdict);
    verdict.add(
        "untrained weights, for comparison",
        same_untrained(&predicate.untrained, &measured.untrained),
        reached(&predicate.untrained),
        reached(&measured.untrained),
    );
    lists(&predicate.validation, &measured.validation, verdict);
    lists(&stated.passed, &found.passed, verdict);
    verdict.compare("checks failed", "", failed(&found.failed));
    verdict.compare("checks failed, as stated", "", failed(&stated.failed));
}

/// Compares the stated definitions of the figures with this program's.
pub fn meanings(predicate: &Predicate, verdict: &mut Verdict) {
    let known = definitions(&predicate.figures, predicate.measurement.estimators);
    if known == predicate.definitions {
        verdict.compare("definitions", "this program's", "this program's");
        return;
    }
    let others: Vec<&str> = beside(&predicate.definitions, &known)
        .into_iter()
        .filter(|(stated, known)| stated != known)
        .filter_map(|(stated, known)| Some(stated.or(known)?.name.as_str()))
        .collect();
    let name = match others.is_empty() {
        true => "order of definitions".to_owned(),
        false => format!("definitions of {}", others.join(", ")),
    };
    verdict.version_dependent(&name, false, "this program's", "another");
}

/// An entry of one of a certificate's lists: a figure, a score, a check or a definition.
trait Entry {
    /// True if another version of the program may rightly state the entry otherwise; where false, a
    /// difference fails the check.
    const MAY_DIFFER: bool = false;
    fn name(&self) -> String;
    /// Returns everything that the entry says, as text for the verdict.
    fn shown(&self) -> String;
    /// Returns true if both entries are about the same thing, whatever their values.
    fn is_like(&self, other: &Self) -> bool;
    /// Returns true if both entries say the same, with real-valued figures within the tolerance.
    fn agrees(&self, measured: &Self) -> bool;
}

/// Pairs each stated entry with the measured one about the same thing; `None` where one list lacks it.
fn beside<'a, T: Entry>(stated: &'a [T], measured: &'a [T]) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut left: Vec<&T> = measured.iter().collect();
    let mut pairs = Vec::new();
    for stated in stated {
        let place = left.iter().position(|measured| stated.is_like(measured));
        pairs.push((Some(stated), place.map(|place| left.remove(place))));
    }
    pairs.extend(left.into_iter().map(|measured| (None, Some(measured))));
    pairs
}

fn lists<T: Entry>(stated: &[T], measured: &[T], verdict: &mut Verdict) {
    for pair in beside(stated, measured) {
        let name = pair.0.or(pair.1).map_or_else(String::new, T::name);
        let expected = pair.0.map_or_else(|| "not stated".to_owned(), T::shown);
        let found = pair.1.map_or_else(|| "not measured".to_owned(), T::shown);
        match pair {
            (Some(stated), Some(measured)) if !T::MAY_DIFFER => {
                verdict.add(name, stated.agrees(measured), expected, found);
            }
            (stated, measured) => {
                let both = stated.zip(measured);
                let ok = both.is_some_and(|(stated, measured)| stated.agrees(measured));
                verdict.version_dependent(&name, ok, expected, found);
            }
        }
    }
}

impl Entry for Figure {
    fn name(&self) -> String {
        match self.samples {
            Some(samples) => format!("{} of {} (N = {samples})", self.title(), self.vae),
            None => format!("{} of {}", self.title(), self.vae),
        }
    }

    fn shown(&self) -> String {
        let mut text = digits(self.value);
        for (name, value) in [
            ("±", self.standard_error),
            ("raw", self.raw),
            ("of", self.ceiling),
            ("from", self.trend.map(|[quarter, _]| quarter)),
            ("and", self.trend.map(|[_, half]| half)),
        ] {
            if value.is_some() {
                text.extend([" ", name, " ", &digits(value)]);
            }
        }
        if let Some(digest) = &self.digest {
            text.extend([" ", digest]);
        }
        text
    }

    fn is_like(&self, other: &Self) -> bool {
        let key = |figure: &Self| (figure.vae, figure.samples);
        key(self) == key(other) && self.name == other.name && self.of == other.of
    }

    fn agrees(&self, measured: &Self) -> bool {
        let bare = |figure: &Self| Self {
            value: None,
            ceiling: None,
            standard_error: None,
            raw: None,
            trend: None,
            ..figure.clone()
        };
        // A standard error is a difference of figures: it rounds as they do.
        let size = measured.value.unwrap_or(0.0).abs();
        let error = |figure: &Self| figure.standard_error.map(|error| error + size);
        let trend = |figure: &Self, i: usize| figure.trend.map(|trend| trend[i]);
        bare(self) == bare(measured)
            && near(self.value, measured.value)
            && near(self.ceiling, measured.ceiling)
            && near(error(self), error(measured))
            && near(self.raw, measured.raw)
            && near(trend(self, 0), trend(measured, 0))
            && near(trend(self, 1), trend(measured, 1))
    }
}

impl Entry for Score {
    fn name(&self) -> String {
        let vae = self.which.title();
        format!("validation: {} of {vae}", self.test)
    }

    fn shown(&self) -> String {
        let [value, untrained, baseline] = [self.value, self.untrained, self.baseline].map(digits);
        let (bound, words) = (&self.bound, self.verdict.words());
        format!("{value}, untrained {untrained}, baseline {baseline}, bound {bound}: {words}")
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.test, self.which) == (&other.test, other.which)
    }

    fn agrees(&self, measured: &Self) -> bool {
        let bare = |score: &Self| Self {
            value: None,
            untrained: None,
            baseline: None,
            ..score.clone()
        };
        bare(self) == bare(measured)
            && near(self.value, measured.value)
            && near(self.untrained, measured.untrained)
            && near(self.baseline, measured.baseline)
    }
}

impl Entry for Check {
    const MAY_DIFFER: bool = true;

    fn name(&self) -> String {
        format!("check: {}", self.name)
    }

    fn shown(&self) -> String {
        self.found.clone()
    }

    fn is_like(&self, other: &Self) -> bool {
        self.name == other.name
    }

    fn agrees(&self, measured: &Self) -> bool {
        self == measured
    }
}

impl Entry for Defined {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn shown(&self) -> String {
        self.definition.clone()
    }

    fn is_like(&self, other: &Self) -> bool {
        self.name == other.name
    }

    fn agrees(&self, measured: &Self) -> bool {
        self == measured
    }
}

fn failed(checks: &[Check]) -> String {
    let lines: Vec<String> = checks.iter().map(Check::to_string).collect();
    lines.join("; ")
}

/// Formats a number at full precision; `none` where there is no number.
fn digits(value: Option<f64>) -> String {
    value.map_or("none".to_owned(), |value| value.to_string())
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()),
        (None, None) => true,
        _ => false,
    }
}

fn reached(untrained: &Untrained) -> String {
    let [a, b] = untrained.argmax_coverage;
    let [about_a, about_b] = untrained.mutual_information;
    format!(
        "A {a} operations and {about_a} nats, B {b} and {about_b}, of {} samples with seed {}{}; margins {} times and {} nats",
        untrained.samples,
        untrained.seed,
        match untrained.seeds[..] {
            [] => String::new(),
            _ => format!(
                ", the best of weights of seeds {:?} ({})",
                untrained.seeds,
                untrained.weights.join(", ")
            ),
        },
        untrained.coverage_margin,
        untrained.information_margin
    )
}

/// Returns true if both say the same, with mutual information within the tolerance.
pub(super) fn same_untrained(stated: &Untrained, measured: &Untrained) -> bool {
    let pairs = stated
        .mutual_information
        .iter()
        .zip(&measured.mutual_information);
    let information = measured.mutual_information;
    pairs.into_iter().all(|(a, b)| near(Some(*a), Some(*b)))
        && Untrained {
            mutual_information: information,
            ..stated.clone()
        } == *measured
}
