//! The metrics of an epoch, each defined once: tables, comparisons, plots, rules, experiments and the screen read
//! them from here, and `metrics list` prints them. A line of `metrics.jsonl` has more: `docs/reference/metrics.md`.

use serde::Serialize;

use crate::record::EpochRecord;
use crate::space::percent_of_all;

/// VAE that a metric describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// VAE-A alone.
    A,
    /// VAE-B alone.
    B,
    /// Mean of A's and B's values.
    Mean,
    /// The model as a whole, not one VAE.
    Model,
}

/// Unit of a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Natural units of information.
    Nats,
    /// Distinct operations, of 19,683.
    Operations,
    /// Seconds of wall time.
    Seconds,
    /// A share of a whole, 0 to 1.
    Share,
    /// A number without a unit.
    Number,
}

impl Unit {
    /// Returns the unit in tables and files.
    pub fn words(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Share => "share",
            unit => unit.of_levels(),
        }
    }

    /// Returns the unit of a level: counts of operations are shown in percent of all.
    pub fn of_levels(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Operations | Self::Share => "%",
            Self::Seconds => "s",
            Self::Number => "",
        }
    }

    /// Returns the unit of a difference between two levels.
    pub fn of_differences(self) -> &'static str {
        match self {
            Self::Operations | Self::Share => "points",
            unit => unit.of_levels(),
        }
    }

    /// Returns the lowest and the highest level that there can be.
    pub fn range(self) -> [f64; 2] {
        match self {
            Self::Operations | Self::Share => [0.0, 100.0],
            _ => [f64::NEG_INFINITY, f64::INFINITY],
        }
    }
}

/// Direction in which a metric gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The higher of two values.
    Higher,
    /// The lower of two values.
    Lower,
}

/// One metric of an epoch.
#[derive(Debug, Serialize)]
pub struct Metric {
    /// Name in tables; rules write it with hyphens.
    pub id: &'static str,
    /// Name for people, without that of the VAE.
    pub title: &'static str,
    /// VAE that the metric describes.
    pub whose: Whose,
    /// Unit of the value in tables and files.
    pub unit: Unit,
    /// Direction in which the metric gets better; `None` where that depends.
    pub better: Option<Better>,
    /// Definition, as `metrics list` prints it.
    pub definition: &'static str,
    /// Path in a line of `metrics.jsonl`. Several paths are added up, or averaged where `whose` is
    /// [`Whose::Mean`].
    pub source: &'static str,
    /// True for a metric that tables of runs have, as the exported ones and `runs compare`.
    pub in_tables: bool,
    #[serde(skip)]
    value: fn(&EpochRecord) -> f64,
}

impl Metric {
    /// Returns the value in [`Metric::unit`]; NaN where it was not measured.
    pub fn value(&self, record: &EpochRecord) -> f64 {
        (self.value)(record)
    }

    /// Returns the value as it is shown, in [`Unit::of_levels`]; NaN where it was not measured.
    pub fn level(&self, record: &EpochRecord) -> f64 {
        match self.unit {
            Unit::Operations => percent_of_all(self.value(record)),
            Unit::Share => 100.0 * self.value(record),
            _ => self.value(record),
        }
    }

    /// Returns the name for people: `argmax coverage of A`.
    pub fn name(&self) -> String {
        let title = self.title;
        match self.whose {
            Whose::A => format!("{title} of A"),
            Whose::B => format!("{title} of B"),
            Whose::Mean => format!("{title}, mean of A and B"),
            Whose::Model => title.to_owned(),
        }
    }
}

/// Returns the mean of A's and B's values.
fn mean(a: impl Into<f64>, b: impl Into<f64>) -> f64 {
    0.5 * (a.into() + b.into())
}

macro_rules! metrics {
    ($($constant:ident: $id:literal, $title:literal, $whose:ident, $unit:ident, $better:expr, $in_tables:literal, $source:literal,
        $definition:literal, $value:expr;)*) => {
        $(
            #[doc = $definition]
            pub static $constant: Metric = Metric {
                id: $id,
                title: $title,
                whose: Whose::$whose,
                unit: Unit::$unit,
                better: $better,
                definition: $definition,
                source: $source,
                in_tables: $in_tables,
                value: $value,
            };
        )*

        /// All metrics, in the order of tables.
        pub static ALL: &[&Metric] = &[$(&$constant),*];
    };
}

const HIGHER: Option<Better> = Some(Better::Higher);
const LOWER: Option<Better> = Some(Better::Lower);

metrics! {
    PHASE: "phase", "phase", Model, Number, None, true, "phase",
        "Phase of the schedule, 1 to 4.",
        |r| r.phase.into();
    RHO: "rho", "permeability ρ", Model, Number, None, true, "rho",
        "Permeability of the cross-injection in that epoch.",
        |r| r.rho;
    BETA_A: "beta_a", "β_A", Model, Number, None, true, "beta_a",
        "Weight of VAE-A's KL term.",
        |r| r.beta_a;
    BETA_B: "beta_b", "β_B", Model, Number, None, true, "beta_b",
        "Weight of VAE-B's KL term.",
        |r| r.beta_b;
    TEMPERATURE_A: "temperature_a", "τ_A", Model, Number, None, true, "temperature_a",
        "Temperature of VAE-A's posterior noise.",
        |r| r.temperature_a;
    TEMPERATURE_B: "temperature_b", "τ_B", Model, Number, None, true, "temperature_b",
        "Temperature of VAE-B's posterior noise.",
        |r| r.temperature_b;
    LAMBDA1: "lambda1", "λ1", Model, Number, None, true, "lambda1",
        "Weight of VAE-A's loss, as the epoch left it.",
        |r| r.lambda1;
    LAMBDA2: "lambda2", "λ2", Model, Number, None, true, "lambda2",
        "Weight of VAE-B's loss, as the epoch left it.",
        |r| r.lambda2;
    LAMBDA3: "lambda3", "λ3", Model, Number, None, true, "lambda3",
        "Weight of the entropy alignment, as the epoch left it.",
        |r| r.lambda3;
    LEARNING_RATE: "learning_rate", "learning rate", Model, Number, None, true, "learning_rate.corrected",
        "Learning rate that the optimizer used: as scheduled, changes and disruptions included, then corrected by StateNet.",
        |r| r.learning_rate.corrected;
    GRADIENT_RATIO: "gradient_ratio", "gradient ratio B/A", Model, Number, None, true, "gradient.ratio",
        "Moving average of the norm of VAE-B's part of the clipped gradient, over that of VAE-A's, as the epoch began.",
        |r| r.gradient.ratio;
    ENTROPY_A: "entropy_a", "latent entropy", A, Nats, None, true, "entropy_a",
        "Latent entropy H_A: of histograms of the codes, mean over the training batches; at most ln 50.",
        |r| r.entropy_a;
    ENTROPY_B: "entropy_b", "latent entropy", B, Nats, None, true, "entropy_b",
        "Latent entropy H_B: of histograms of the codes, mean over the training batches; at most ln 50.",
        |r| r.entropy_b;
    TRAIN_LOSS: "train_loss", "training loss", Model, Nats, LOWER, true, "train.loss",
        "Loss for each operation, unweighted mean over the training batches. It contains β and λ and rises with them, so that epochs of different ones cannot be compared by it.",
        |r| r.train.loss;
    VALIDATION_LOSS: "validation_loss", "validation loss", Model, Nats, LOWER, true, "validation.loss",
        "Loss for each operation, unweighted mean over the validation batches, in evaluation mode. It contains β and λ and rises with them, so that epochs of different ones cannot be compared by it.",
        |r| r.validation.loss;
    ARGMAX_A: "argmax_a", "argmax coverage", A, Operations, HIGHER, true, "coverage.a.argmax.unique",
        "Distinct operations among N generated by VAE-A, every entry its most likely value; N is `coverage.a.argmax.samples`.",
        |r| r.coverage.map_or(f64::NAN, |c| c.a.argmax.unique.into());
    ARGMAX_B: "argmax_b", "argmax coverage", B, Operations, HIGHER, true, "coverage.b.argmax.unique",
        "Distinct operations among N generated by VAE-B, every entry its most likely value; N is `coverage.b.argmax.samples`.",
        |r| r.coverage.map_or(f64::NAN, |c| c.b.argmax.unique.into());
    DECODE_ENTROPY_A: "decode_entropy_a", "decode entropy", A, Nats, LOWER, true, "coverage.a.decode_entropy",
        "Mean H(x | z) over the codes of the argmax samples: 0 where a code means one operation, 9.8875 where it means nothing.",
        |r| r.coverage.map_or(f64::NAN, |c| c.a.decode_entropy);
    DECODE_ENTROPY_B: "decode_entropy_b", "decode entropy", B, Nats, LOWER, true, "coverage.b.decode_entropy",
        "Mean H(x | z) over the codes of the argmax samples: 0 where a code means one operation, 9.8875 where it means nothing.",
        |r| r.coverage.map_or(f64::NAN, |c| c.b.decode_entropy);
    INFORMATION_A: "information_a", "I(z; x)", A, Nats, HIGHER, true, "information.a",
        "Mutual information of code and operation, jackknifed; at most ln 19,683 = 9.8875. Measured every `stopping.information_every` epochs (10 where that is not set) and in the last one; none where the codes are too few.",
        |r| r.information.map_or(f64::NAN, |i| i.a);
    INFORMATION_B: "information_b", "I(z; x)", B, Nats, HIGHER, true, "information.b",
        "Mutual information of code and operation, jackknifed; at most ln 19,683 = 9.8875. Measured every `stopping.information_every` epochs (10 where that is not set) and in the last one; none where the codes are too few.",
        |r| r.information.map_or(f64::NAN, |i| i.b);
    PENALTY: "penalty", "penalty", Model, Nats, LOWER, true, "train.penalty",
        "What `beyond.consistency`, `composition`, `certainty` and `evenness` add to the loss, mean over the training batches; not in the file where it is 0.",
        |r| r.train.penalty;
    SECONDS: "seconds", "time of an epoch", Model, Seconds, LOWER, true, "seconds.train, seconds.validation, seconds.coverage",
        "Wall time of training, validation and coverage together.",
        |r| r.seconds.total();
    ARGMAX: "argmax", "argmax coverage", Mean, Operations, HIGHER, false, "coverage.a.argmax.unique, coverage.b.argmax.unique",
        "Mean of A's and B's distinct operations among N generated, every entry its most likely value.",
        |r| r.coverage.map_or(f64::NAN, |c| mean(c.a.argmax.unique, c.b.argmax.unique));
    INFORMATION: "information", "I(z; x)", Mean, Nats, HIGHER, false, "information.a, information.b",
        "Mean of A's and B's mutual information of code and operation, jackknifed.",
        |r| r.information.map_or(f64::NAN, |i| mean(i.a, i.b));
    CATEGORICAL_A: "categorical_a", "categorical coverage", A, Operations, None, false, "coverage.a.categorical.unique",
        "Distinct operations among N generated by VAE-A, one categorical draw for each entry. It says nothing about learning: untrained weights reach as many.",
        |r| r.coverage.map_or(f64::NAN, |c| c.a.categorical.unique.into());
    CATEGORICAL_B: "categorical_b", "categorical coverage", B, Operations, None, false, "coverage.b.categorical.unique",
        "Distinct operations among N generated by VAE-B, one categorical draw for each entry. It says nothing about learning: untrained weights reach as many.",
        |r| r.coverage.map_or(f64::NAN, |c| c.b.categorical.unique.into());
    CROSS_ENTROPY_A: "cross_entropy_a", "cross entropy", A, Nats, LOWER, false, "train.ce_a",
        "Cross entropy of VAE-A's reconstruction, summed over the nine entries, mean over the training batches.",
        |r| r.train.ce_a;
    CROSS_ENTROPY_B: "cross_entropy_b", "cross entropy", B, Nats, LOWER, false, "train.ce_b",
        "Cross entropy of VAE-B's reconstruction, summed over the nine entries, mean over the training batches.",
        |r| r.train.ce_b;
    KL_A: "kl_a", "KL divergence", A, Nats, None, false, "train.kl_a",
        "KL divergence of VAE-A's posterior from the prior with the floor of `free_bits` for each element, as the loss has it.",
        |r| r.train.kl_a;
    KL_B: "kl_b", "KL divergence", B, Nats, None, false, "train.kl_b",
        "KL divergence of VAE-B's posterior from the prior with the floor of `free_bits` for each element, as the loss has it.",
        |r| r.train.kl_b;
    SCHEDULED_RATE: "scheduled_rate", "scheduled learning rate", Model, Number, None, false, "learning_rate.scheduled",
        "Learning rate as scheduled, changes and disruptions included, before StateNet corrects it.",
        |r| r.learning_rate.scheduled;
    REBUILT_A: "rebuilt_a", "operations rebuilt", A, Share, HIGHER, false, "latent.exact_alone.a",
        "Share of the validation operations whose mean code VAE-A alone decodes to the operation itself.",
        |r| r.latent.map_or(f64::NAN, |l| l.exact_alone.a);
    REBUILT_B: "rebuilt_b", "operations rebuilt", B, Share, HIGHER, false, "latent.exact_alone.b",
        "Share of the validation operations whose mean code VAE-B alone decodes to the operation itself.",
        |r| r.latent.map_or(f64::NAN, |l| l.exact_alone.b);
    BEST_COVERAGE: "best_coverage", "best argmax coverage", Model, Number, HIGHER, false, "best_coverage.value",
        "Highest argmax coverage so far, mean of A and B in percent of all operations.",
        |r| r.best_coverage.map_or(f64::NAN, |best| best.value);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::run::Origin;
    use crate::run::names::METRICS;

    #[test]
    fn no_two_metrics_have_one_name() {
        let ids: BTreeSet<&str> = ALL.iter().map(|metric| metric.id).collect();
        let names: BTreeSet<String> = ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!((ids.len(), names.len()), (ALL.len(), ALL.len()));
    }

    #[test]
    fn each_is_where_it_says_in_a_line_of_the_file() {
        let files = Origin::BuiltIn.files().unwrap();
        let text = String::from_utf8(files[METRICS].clone()).unwrap();
        let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let record: EpochRecord = serde_json::from_value(line.clone()).unwrap();
        let mut compared = 0;
        for metric in ALL {
            let found = metric.source.split(", ").map(|source| {
                let pointer = format!("/{}", source.replace('.', "/"));
                line.pointer(&pointer).and_then(Value::as_f64)
            });
            let found: Option<Vec<f64>> = found.collect();
            // The built-in model is older than some.
            let Some(found) = found else { continue };
            let sum: f64 = found.iter().sum();
            let expected = match metric.whose {
                Whose::Mean => sum / found.len() as f64,
                _ => sum,
            };
            assert!(
                (metric.value(&record) - expected).abs() < 1e-12,
                "{}",
                metric.id
            );
            compared += 1;
        }
        assert!(compared > 18, "{compared}");
    }
}
