//! A disruption that starts by itself: `when argmax gains less than 0.2 in 10 epochs then beta-b`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Disruption, DisruptionError};
use crate::metrics::{self, Metric};
use crate::record::EpochRecord;

/// Metrics that a rule can watch: those that every epoch has, or every epoch with a coverage pass.
const WATCHED: [&Metric; 8] = [
    &metrics::ARGMAX,
    &metrics::ARGMAX_A,
    &metrics::ARGMAX_B,
    &metrics::DECODE_ENTROPY_A,
    &metrics::DECODE_ENTROPY_B,
    &metrics::GRADIENT_RATIO,
    &metrics::TRAIN_LOSS,
    &metrics::VALIDATION_LOSS,
];

/// Returns a metric's name in a rule: its id with hyphens.
fn word(metric: &Metric) -> String {
    metric.id.replace('_', "-")
}

/// Returns a metric's name in a rule; `None` where rules cannot watch it.
pub fn watched(metric: &Metric) -> Option<String> {
    let known = WATCHED.iter().any(|one| one.id == metric.id);
    known.then(|| word(metric))
}

/// Condition under which a rule acts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// The figure rose by less than this, or fell.
    GainsLessThan(f64),
    /// The figure was above this in every epoch.
    Above(f64),
    /// The figure was below this in every epoch.
    Below(f64),
}

/// Longest span of epochs that a rule can look back.
const LONGEST: u32 = 10_000;

/// A rule that starts a disruption when a metric meets a condition over some epochs.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The metric that is watched: coverage in percent, entropies and losses in nats.
    pub watched: &'static Metric,
    /// Condition that the metric must meet.
    pub condition: Condition,
    /// Number of epochs over which the condition is judged.
    pub epochs: u32,
    /// Disruption that starts then.
    pub disruption: Disruption,
}

impl Rule {
    /// Returns true if the condition holds after these epochs, given oldest first. An epoch without a count
    /// of coverage takes the figures of the last count; before the first count, no condition on them holds.
    pub fn holds<'a>(&self, records: impl DoubleEndedIterator<Item = &'a EpochRecord>) -> bool {
        let span = self.span();
        let recent = self.recent(records, span);
        let (Some(now), Some(then)) = (recent.first(), recent.last()) else {
            return false;
        };
        recent.len() == span
            && match self.condition {
                Condition::GainsLessThan(least) => now - then < least,
                Condition::Above(bound) => recent.iter().all(|value| *value > bound),
                Condition::Below(bound) => recent.iter().all(|value| *value < bound),
            }
    }

    /// Returns the number of finished epochs that the rule looks back over.
    pub fn span(&self) -> usize {
        match self.condition {
            // To gain something in n epochs takes n + 1 values.
            Condition::GainsLessThan(_) => self.epochs as usize + 1,
            Condition::Above(_) | Condition::Below(_) => self.epochs as usize,
        }
    }

    /// Returns the metric's values in up to `span` epochs, newest first. An epoch without a value takes that
    /// of the last one that has it.
    fn recent<'a>(
        &self,
        records: impl DoubleEndedIterator<Item = &'a EpochRecord>,
        span: usize,
    ) -> Vec<f64> {
        let mut recent = Vec::with_capacity(span);
        let mut epochs = 0;
        for value in records.rev().map(|record| self.watched.level(record)) {
            epochs += 1;
            if !value.is_nan() {
                recent.resize(epochs.min(span), value);
            }
            if recent.len() == span {
                break;
            }
        }
        recent
    }

    /// Returns the disruption that the rule starts. The cool-down is at least as long as the rule looks back,
    /// so that the rule does not judge the effect of the disruption itself.
    pub fn push(&self) -> Disruption {
        Disruption {
            cooldown: self.disruption.cooldown.max(self.epochs),
            ..self.disruption
        }
    }
}

/// The two forms that a rule's text can have.
pub const GRAMMAR: &str = "`when FIGURE gains less than X in N epochs then DISRUPTION` or `when FIGURE above|below X for N epochs then DISRUPTION`";

/// Reason for which a text is not a rule.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RuleError {
    /// The text has neither form of [`GRAMMAR`], or one of its parts is unusable.
    #[error("{problem}; expected {GRAMMAR}")]
    Text {
        /// Description of the fault.
        problem: String,
    },
    /// The part after `then` is not a disruption.
    #[error(transparent)]
    Disruption(#[from] DisruptionError),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, n) = (word(self.watched), self.epochs);
        match self.condition {
            Condition::GainsLessThan(x) => {
                write!(f, "when {name} gains less than {x} in {n} epochs")
            }
            Condition::Above(x) => write!(f, "when {name} above {x} for {n} epochs"),
            Condition::Below(x) => write!(f, "when {name} below {x} for {n} epochs"),
        }?;
        write!(f, " then {}", self.disruption)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |problem: String| RuleError::Text { problem };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (figure, condition, bound, epochs, disruption) = match words.as_slice() {
            [
                "when",
                figure,
                "gains",
                "less",
                "than",
                bound,
                "in",
                n,
                "epochs" | "epoch",
                "then",
                push,
            ] => (figure, "gains", bound, n, push),
            [
                "when",
                figure,
                side @ ("above" | "below"),
                bound,
                "for",
                n,
                "epochs" | "epoch",
                "then",
                push,
            ] => (figure, *side, bound, n, push),
            _ => {
                let shown: String = text.chars().take(100).collect();
                return Err(fail(format!("`{shown}` is no rule")));
            }
        };
        let watched = WATCHED
            .into_iter()
            .find(|watched| word(watched) == *figure)
            .ok_or_else(|| {
                let names = WATCHED.map(word).join(", ");
                fail(format!("no figure `{figure}`; there are {names}"))
            })?;
        let bound: f64 = bound
            .parse()
            .ok()
            .filter(|bound: &f64| bound.is_finite())
            .ok_or_else(|| fail(format!("`{bound}` is not a number")))?;
        let epochs: u32 = epochs
            .parse()
            .ok()
            .filter(|epochs| (1..=LONGEST).contains(epochs))
            .ok_or_else(|| fail(format!("`{epochs}` is no number of epochs, 1 to {LONGEST}")))?;
        Ok(Self {
            watched,
            condition: match condition {
                "above" => Condition::Above(bound),
                "below" => Condition::Below(bound),
                _ => Condition::GainsLessThan(bound),
            },
            epochs,
            disruption: disruption.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::{count32, rounded};
    use crate::space::OPERATIONS;

    /// A line of the built-in model's figures.
    fn any() -> EpochRecord {
        let lines = include_str!("../../../../assets/builtin/metrics.jsonl");
        serde_json::from_str(lines.lines().next().unwrap()).unwrap()
    }

    fn covered(shares: &[f64]) -> Vec<EpochRecord> {
        let record = |(epoch, share): (u32, &f64)| {
            let mut record = EpochRecord { epoch, ..any() };
            if let Some(pair) = &mut record.coverage {
                let unique = count32(rounded(share / 100.0 * OPERATIONS as f64));
                pair.a.argmax.unique = unique;
                pair.b.argmax.unique = unique;
            }
            record
        };
        (0..).zip(shares).map(record).collect()
    }

    fn rule(text: &str) -> Rule {
        text.parse().unwrap()
    }

    #[test]
    fn a_plateau_is_seen_when_it_is_one_and_not_before_there_are_epochs_enough() {
        let plateau = rule("when argmax gains less than 0.2 in 3 epochs then beta-b:epochs=2");
        for (shares, holds) in [
            (&[50.0, 50.0, 50.0][..], false),
            (&[50.0, 50.0, 50.1, 50.1], true),
            (&[40.0, 50.0, 50.0, 50.1, 50.1], true),
            (&[49.0, 50.0, 50.0, 50.1], false),
            (&[50.0, 55.0, 52.0, 49.0], true),
        ] {
            assert_eq!(plateau.holds(covered(shares).iter()), holds, "{shares:?}");
        }
    }

    #[test]
    fn between_two_counts_the_last_one_stands() {
        let counted = |shares: &[f64], epochs: &[usize]| {
            let mut records = covered(shares);
            for epoch in epochs {
                records[*epoch].coverage = None;
            }
            records
        };
        let plateau = rule("when argmax gains less than 0.2 in 3 epochs then beta-b:epochs=2");
        // What an uncounted epoch would have had does not matter.
        assert!(plateau.holds(counted(&[50.0, 9.0, 50.1, 90.0], &[1, 3]).iter()));
        assert!(!plateau.holds(counted(&[50.0, 50.0, 51.0, 50.0], &[1, 3]).iter()));
        // The count that is looked back to is the one before.
        assert!(!plateau.holds(counted(&[40.0, 50.0, 50.0, 50.0, 50.0], &[1, 2]).iter()));
        assert!(
            !plateau.holds(counted(&[50.0; 4], &[0]).iter()),
            "no count yet"
        );
        let low = rule("when argmax-b below 60 for 2 epochs then permeability");
        assert!(low.holds(counted(&[50.0, 90.0, 50.0], &[1]).iter()));
        assert!(!low.holds(counted(&[90.0, 50.0, 50.0], &[1]).iter()));
    }

    #[test]
    fn a_bound_must_be_passed_in_every_epoch() {
        let low = rule("when argmax-b below 60 for 2 epochs then permeability");
        assert!(low.holds(covered(&[90.0, 59.0, 58.0]).iter()));
        assert!(!low.holds(covered(&[59.0, 61.0, 58.0]).iter()));
        assert!(!low.holds(covered(&[58.0]).iter()));
        let high = rule("when argmax above 60 for 1 epochs then permeability");
        assert!(high.holds(covered(&[10.0, 61.0]).iter()));
    }

    #[test]
    fn it_rests_at_least_as_long_as_it_looks_back() {
        let short = rule("when argmax gains less than 1 in 8 epochs then beta-b:cooldown=2");
        assert_eq!(short.push().cooldown, 8);
        let long = rule("when argmax gains less than 1 in 8 epochs then beta-b:cooldown=20");
        assert_eq!(long.push().cooldown, 20);
    }

    #[test]
    fn what_is_no_rule_is_told_why() {
        for (text, problem) in [
            ("", "is no rule"),
            ("when argmax then beta-b", "is no rule"),
            (
                "when beauty above 1 for 2 epochs then beta-b",
                "no figure `beauty`",
            ),
            (
                "when argmax above much for 2 epochs then beta-b",
                "`much` is not a number",
            ),
            (
                "when argmax above nan for 2 epochs then beta-b",
                "`nan` is not a number",
            ),
            (
                "when argmax above 1 for 0 epochs then beta-b",
                "no number of epochs",
            ),
            (
                "when argmax above 1 for 2 epochs then rest",
                "no kind `rest`",
            ),
        ] {
            let error = text.parse::<Rule>().unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
