//! The figures of a run as a table.

use serde_json::json;

use crate::listing::Listing;
use crate::record::EpochRecord;

/// A figure of an epoch; not a number where it was not measured.
pub type Figure = fn(&EpochRecord) -> f64;

/// What runs are compared by, and what a table of figures holds.
pub const FIGURES: [(&str, Figure); 23] = [
    ("phase", |r| r.phase.into()),
    ("rho", |r| r.rho),
    ("beta_a", |r| r.beta_a),
    ("beta_b", |r| r.beta_b),
    ("temperature_a", |r| r.temperature_a),
    ("temperature_b", |r| r.temperature_b),
    ("lambda1", |r| r.lambda1),
    ("lambda2", |r| r.lambda2),
    ("lambda3", |r| r.lambda3),
    ("learning_rate", |r| r.learning_rate.corrected),
    ("gradient_ratio", |r| r.gradient.ratio),
    ("entropy_a", |r| r.entropy_a),
    ("entropy_b", |r| r.entropy_b),
    ("train_loss", |r| r.train.loss),
    ("validation_loss", |r| r.validation.loss),
    ("argmax_a", |r| {
        r.coverage.map_or(f64::NAN, |c| c.a.argmax.unique.into())
    }),
    ("argmax_b", |r| {
        r.coverage.map_or(f64::NAN, |c| c.b.argmax.unique.into())
    }),
    ("decode_entropy_a", |r| {
        r.coverage.map_or(f64::NAN, |c| c.a.decode_entropy)
    }),
    ("decode_entropy_b", |r| {
        r.coverage.map_or(f64::NAN, |c| c.b.decode_entropy)
    }),
    ("information_a", |r| r.information.map_or(f64::NAN, |i| i.a)),
    ("information_b", |r| r.information.map_or(f64::NAN, |i| i.b)),
    ("penalty", |r| r.train.penalty),
    ("seconds", |r| r.seconds.total()),
];

/// A row for each epoch; what was not measured is not known, never NaN.
pub fn figures<'a>(records: impl Iterator<Item = &'a EpochRecord>) -> Listing {
    let names = FIGURES.iter().map(|(name, _)| *name);
    let row = |record: &EpochRecord| {
        // JSON has no NaN: what is no number becomes null.
        let values = FIGURES.iter().map(|(_, figure)| json!(figure(record)));
        std::iter::once(json!(record.epoch)).chain(values).collect()
    };
    Listing {
        columns: std::iter::once("epoch").chain(names).collect(),
        rows: records.map(row).collect(),
    }
}
