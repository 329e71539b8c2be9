//! The metrics of a run as a table.

use std::borrow::Cow;

use serde_json::json;

use crate::listing::Listing;
use crate::metrics::{self, Metric};
use crate::record::EpochRecord;

/// Lists the metrics that runs are compared by and that a table of metrics holds: A's and B's instead of
/// their means.
pub fn columns() -> impl Iterator<Item = &'static Metric> {
    let all = metrics::ALL.iter().copied();
    all.filter(|metric| metric.in_tables)
}

/// Makes a table with a row for each epoch; a value that was not measured is `null`, never NaN.
pub fn figures<'a>(records: impl Iterator<Item = &'a EpochRecord>) -> Listing {
    let row = |record: &EpochRecord| {
        // JSON has no NaN: what is no number becomes null.
        let values = columns().map(|metric| json!(metric.value(record)));
        std::iter::once(json!(record.epoch)).chain(values).collect()
    };
    Listing {
        columns: std::iter::once("epoch")
            .chain(columns().map(|metric| metric.id))
            .map(Cow::from)
            .collect(),
        rows: records.map(row).collect(),
    }
}
