//! A weights file of another program as a run: its weights, and what its trainer reports beside them.
//!
//! The run is one of another program ([`crate::run::ForeignRun`]): the histories in the file are its metrics, and
//! nobody here has seen it train. Its weights can be named wherever a checkpoint is taken.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::digest::sha256;
use crate::model::Weights;
use crate::numbers::count32;
use crate::protocol::status::{Ended, State, Status};
use crate::protocol::{VERSION, new_id};
use crate::request::EndReason;
use crate::run::names::{CONFIG, METRICS, STATUS, WEIGHTS};
use crate::run::{Disk, ForeignRun, RunError, load_weights, read_file, saved_by_pytorch};
use crate::shown::shown;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 256 << 20;
/// Ending of the names of histories.
const HISTORY: &str = "_history";

/// Makes a run of a weights file, whole or not at all.
///
/// # Errors
/// Returns a [`RunError`] where the file is none of this model, where something lies at `to`, or where the disk
/// refuses.
pub fn import(disk: &Disk, from: &Path, to: &Path) -> Result<ForeignRun, RunError> {
    let saved = saved_by_pytorch(from)?;
    let weights = match &saved {
        Some(saved) => saved.weights.clone(),
        None => load_weights(from)?,
    };
    let mut metrics = String::new();
    let (mut figures, mut epoch) = (Map::new(), None);
    if let Some(saved) = &saved {
        let longest = saved.histories.values().map(Vec::len).max().unwrap_or(0);
        for at in 0..longest {
            let mut line = Map::new();
            for (name, history) in &saved.histories {
                let name = name.strip_suffix(HISTORY).unwrap_or(name);
                if let Some(value) = history.get(at) {
                    line.insert(name.to_owned(), json!(value));
                }
            }
            line.insert("event".to_owned(), json!("epoch"));
            line.insert("epoch".to_owned(), json!(at));
            metrics += &format!("{}\n", Value::Object(line));
        }
        figures.extend(
            saved
                .figures
                .iter()
                .map(|(name, value)| (name.clone(), json!(value))),
        );
        epoch = saved.epoch.or_else(|| longest.checked_sub(1).map(count32));
    }
    let source = json!({
        "imported_from": shown(from),
        "sha256": sha256(&read_file(from, LARGEST)?),
        "reported_by_its_trainer": figures,
    });
    let config = serde_json::to_vec_pretty(&source);
    let config = config.map_err(|error| RunError::unusable(from, error.to_string()))?;
    let bytes = bytes(&weights, from)?;
    let status = status(from, epoch.map_or(0, |epoch| epoch.saturating_add(1)))?;
    disk.publish_folder(to, false, |folder| {
        disk.write(&folder.join(WEIGHTS), &bytes)?;
        disk.write(&folder.join(CONFIG), &config)?;
        disk.write(&folder.join(METRICS), metrics.as_bytes())?;
        disk.write(&folder.join(STATUS), &status)
    })?;
    ForeignRun::read(to)
}

fn bytes(weights: &Weights, from: &Path) -> Result<Vec<u8>, RunError> {
    weights
        .to_bytes()
        .map_err(|error| RunError::unusable(from, error.to_string()))
}

/// Says of the run that it is over and was imported.
fn status(from: &Path, epochs: u32) -> Result<Vec<u8>, RunError> {
    let failed = |problem: String| RunError::unusable(from, problem);
    let status = Status {
        protocol: VERSION,
        program: format!("whoever made {}", shown(from)),
        session: new_id().map_err(failed)?,
        heartbeat_s: 2.0,
        state: State::Finished,
        epoch: epochs,
        last_epoch: epochs,
        end: Some(Ended {
            reason: EndReason::Finished,
            message: format!("imported from {}", shown(from)),
        }),
        ..Status::default()
    };
    serde_json::to_vec(&status).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::index;
    use crate::run::{built_in, find_checkpoint, is_foreign};

    #[test]
    fn weights_and_histories_come_over_and_nothing_is_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let checkpoint = built_in().unwrap();
        let file = home.path().join("latest.pt");
        std::fs::write(&file, crate::run::as_pytorch(&checkpoint).unwrap()).unwrap();
        let to = home.path().join("theirs");
        let run = import(&Disk::default(), &file, &to).unwrap();
        assert!(is_foreign(&to) && run.end == Some(EndReason::Finished));
        assert_eq!(run.epochs.len(), index(run.last_epoch.unwrap()));
        let newest = &run.epochs.last().unwrap().values;
        let names: Vec<&str> = newest.keys().map(String::as_str).collect();
        assert_eq!(names, ["H_A", "H_B", "coverage_A", "coverage_B"]);
        assert!(newest["coverage_A"] > 15_000.0);
        for named in ["theirs", to.to_str().unwrap()] {
            let found = find_checkpoint(home.path(), Some(named)).unwrap();
            assert_eq!(found.weights, checkpoint.weights, "{named}");
        }
        let error = import(&Disk::default(), &file, &to).unwrap_err();
        assert!(error.to_string().contains("exists"), "{error}");
        let odd = home.path().join("odd.pt");
        std::fs::write(&odd, b"PK\x03\x04nothing").unwrap();
        let other = home.path().join("other");
        assert!(import(&Disk::default(), &odd, &other).is_err() && !other.exists());
    }
}
