//! A checkpoint as the original's program saves one.

use serde_json::{Map, Value, json};

use super::error::RunError;
use super::locate::Checkpoint;
use crate::model::to_pytorch;
use crate::record::EpochRecord;

/// Writes a checkpoint as a file that PyTorch loads, with the keys of the original's: `model`, `epoch` (the last
/// finished one, from 0), `best_val_loss`, the histories `coverage_A_history`, `coverage_B_history` (distinct
/// operations by argmax), `H_A_history`, `H_B_history` (the entropies of the codes), one entry an epoch, and
/// `config`. What is not known of the checkpoint is not there.
///
/// # Errors
/// Returns a [`RunError`] where the run that it comes from cannot be read.
pub fn as_pytorch(checkpoint: &Checkpoint) -> Result<Vec<u8>, RunError> {
    let (config, records, _) = checkpoint.origin.history()?;
    let done = checkpoint.moment.map_or(u32::MAX, |(epochs, _)| epochs);
    let past: Vec<&EpochRecord> = records
        .iter()
        .filter(|record| record.epoch < done)
        .collect();
    let mut beside = Map::new();
    if let Some(last) = past.last() {
        let each = |figure: fn(&EpochRecord) -> Value| -> Value {
            past.iter().map(|record| figure(record)).collect()
        };
        for (key, value) in [
            ("epoch", json!(last.epoch)),
            ("best_val_loss", json!(last.best.validation_loss)),
            (
                "coverage_A_history",
                each(|record| json!(record.coverage.map(|found| found.a.argmax.unique))),
            ),
            (
                "coverage_B_history",
                each(|record| json!(record.coverage.map(|found| found.b.argmax.unique))),
            ),
            ("H_A_history", each(|record| json!(record.entropy_a))),
            ("H_B_history", each(|record| json!(record.entropy_b))),
        ] {
            beside.insert(key.to_owned(), value);
        }
        beside.insert("config".to_owned(), json!(config));
    }
    to_pytorch(&checkpoint.weights, &beside).map_err(|error| {
        let name = checkpoint.origin.to_string();
        RunError::unusable(std::path::Path::new(&name), error.to_string())
    })
}
