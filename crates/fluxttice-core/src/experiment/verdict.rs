//! Verdict of an experiment: the differences between its arms, and the decision that they allow.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::arm::Pair;
use crate::metrics::{self, Metric};
use crate::record::EpochRecord;
use crate::statistics::{interval, mean};

/// Every metric by which arms are compared. The first one alone decides, and was chosen before any
/// experiment was made.
pub const FIGURES: [&Metric; 6] = [
    &metrics::ARGMAX,
    &metrics::ARGMAX_A,
    &metrics::ARGMAX_B,
    &metrics::DECODE_ENTROPY_A,
    &metrics::DECODE_ENTROPY_B,
    &metrics::VALIDATION_LOSS,
];

/// Difference between the arms in one figure, treated minus control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Name of the figure, one of [`FIGURES`].
    pub figure: String,
    /// Unit of a difference; `points` where the figure itself is in percent.
    pub unit: String,
    /// Mean over repetitions of the treated arms.
    pub treated: f64,
    /// Mean over repetitions of the control arms.
    pub control: f64,
    /// Treated minus control, one for each repetition.
    pub differences: Vec<f64>,
    /// Mean of the differences.
    pub mean: f64,
    /// 95 % interval of that mean by Student's t; `None` with one repetition.
    pub interval: Option<[f64; 2]>,
}

/// Decision by the deciding figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The arms are the same to the bit.
    Identical,
    /// One repetition cannot tell a difference from chance. Also where the deciding figure was not measured.
    NotRepeated,
    /// The interval of the difference lies above 0, on the better side.
    Helped,
    /// The interval of the difference lies below 0, on the worse side.
    Hurt,
    /// The interval of the difference contains 0.
    NoDifferenceShown,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Identical => "no difference at all",
            Self::NotRepeated => "one repetition, no verdict",
            Self::Helped => "it helped",
            Self::Hurt => "it hurt",
            Self::NoDifferenceShown => "no difference shown",
        })
    }
}

/// Findings of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Decision by the first of [`FIGURES`].
    pub decision: Decision,
    /// Number of epochs at the end of each arm that are averaged.
    pub window: u32,
    /// Every figure that was measured in all arms, in the order of [`FIGURES`].
    pub figures: Vec<Difference>,
    /// Epoch and size of the largest difference of the deciding figure in one epoch, mean over
    /// repetitions; `None` where it was not measured.
    pub peak: Option<(u32, f64)>,
}

/// Epochs averaged at the end of an arm, where so many lie behind the disruption.
const WINDOW: u32 = 5;

impl Verdict {
    /// Compares arms that lasted `horizon` epochs, the first `disrupted` of them disrupted.
    ///
    /// Each arm counts with the mean over its last 5 epochs, or over all that lie behind the
    /// disruption where those are fewer.
    pub fn of(pairs: &[Pair], horizon: u32, disrupted: u32) -> Self {
        let window = WINDOW.min(horizon.saturating_sub(disrupted)).max(1);
        let figures: Vec<Difference> = FIGURES
            .iter()
            .map(|figure| difference(figure, pairs, window as usize))
            .filter(|difference| difference.mean.is_finite())
            .collect();
        let mut verdict = Self {
            decision: Decision::NotRepeated,
            window,
            figures,
            peak: peak(pairs),
        };
        let same = |pair: &Pair| pair.treated.weights == pair.control.weights;
        verdict.decision = match verdict.deciding().and_then(|first| first.interval) {
            _ if pairs.iter().all(same) => Decision::Identical,
            None => Decision::NotRepeated,
            Some([low, _]) if low > 0.0 => Decision::Helped,
            Some([_, high]) if high < 0.0 => Decision::Hurt,
            Some(_) => Decision::NoDifferenceShown,
        };
        verdict
    }

    /// Returns the figure that decides: the first of [`FIGURES`], of which more is better. `None` where it
    /// was not measured.
    pub fn deciding(&self) -> Option<&Difference> {
        let decides = |difference: &&Difference| difference.figure == FIGURES[0].name();
        self.figures.iter().find(decides)
    }
}

/// Writes one line: the decision, the deciding difference, its interval, and the repetitions and epochs
/// behind it.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.deciding() else {
            return self.decision.fmt(f);
        };
        write!(
            f,
            "{}: {} {:+.2} {}",
            self.decision, first.figure, first.mean, first.unit
        )?;
        if let Some([low, high]) = first.interval {
            write!(f, " (95 % interval {low:+.2} to {high:+.2})")?;
        }
        let n = first.differences.len();
        let plural = if n == 1 { "" } else { "s" };
        write!(
            f,
            ", {n} repetition{plural}, {}",
            match self.window {
                1 => "the last epoch".to_owned(),
                window => format!("mean of the last {window} epochs"),
            }
        )
    }
}

fn difference(figure: &Metric, pairs: &[Pair], window: usize) -> Difference {
    let end = |records: &[EpochRecord]| {
        let last = &records[records.len().saturating_sub(window)..];
        // Coverage need not be counted in every epoch; both arms count it in the same ones.
        let measured: Vec<f64> = last
            .iter()
            .map(|record| figure.level(record))
            .filter(|value| !value.is_nan())
            .collect();
        mean(measured.into_iter())
    };
    let ends: Vec<[f64; 2]> = pairs
        .iter()
        .map(|pair| [end(&pair.treated.records), end(&pair.control.records)])
        .collect();
    let differences: Vec<f64> = ends
        .iter()
        .map(|[treated, control]| treated - control)
        .collect();
    Difference {
        figure: figure.name(),
        unit: figure.unit.of_differences().to_owned(),
        treated: mean(ends.iter().map(|ends| ends[0])),
        control: mean(ends.iter().map(|ends| ends[1])),
        mean: mean(differences.iter().copied()),
        interval: interval(&differences),
        differences,
    }
}

/// The difference between the arms in one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtEpoch {
    /// Number of the epoch, from 0.
    pub epoch: u32,
    /// Treated minus control, mean over repetitions; NaN where the figure was not measured.
    pub mean: f64,
    /// 95 % interval of that mean; `None` with one repetition.
    pub interval: Option<[f64; 2]>,
}

/// Returns the difference between the arms in every epoch.
pub fn course(pairs: &[Pair], figure: &Metric) -> Vec<AtEpoch> {
    let records = pairs.first().map_or(&[][..], |pair| &pair.treated.records);
    let at = |(place, record): (usize, &EpochRecord)| {
        let of = |records: &[EpochRecord]| {
            records
                .get(place)
                .map_or(f64::NAN, |record| figure.level(record))
        };
        let differences: Vec<f64> = pairs
            .iter()
            .map(|pair| of(&pair.treated.records) - of(&pair.control.records))
            .collect();
        AtEpoch {
            epoch: record.epoch,
            mean: mean(differences.iter().copied()),
            interval: interval(&differences),
        }
    };
    records.iter().enumerate().map(at).collect()
}

/// Returns epoch and size of the largest difference of the deciding figure, averaged over repetitions.
fn peak(pairs: &[Pair]) -> Option<(u32, f64)> {
    course(pairs, FIGURES[0])
        .into_iter()
        .map(|at| (at.epoch, at.mean))
        .filter(|(_, difference)| difference.is_finite())
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
}
