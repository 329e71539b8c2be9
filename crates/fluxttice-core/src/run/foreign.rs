//! A run that another program trains: whatever metrics it has, by their names.
//!
//! Such a run has a `status.json` of its trainer and lines of metrics, and no marker of this program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::RunError;
use super::files;
use super::folder::{METRICS_LIMIT, name, read_journal};
use super::journal::last_end;
use super::names::{MARKER, METRICS, STATUS};
use crate::lenient;
use crate::listing::Listing;
use crate::request::EndReason;
use crate::shown::printable;

/// Name by which this program's status calls it.
const OWN: &str = "fluxttice-explorer";
/// Largest status that is read, in bytes.
const STATUS_LIMIT: u64 = 64 << 10;
/// Most metrics of an epoch that are kept.
const MOST: usize = 10_000;
/// Longest name of a metric that is kept, and of a program, in characters.
const LONGEST: [usize; 2] = [300, 80];

/// A run that another program trains.
#[derive(Clone, Debug, Default)]
pub struct ForeignRun {
    /// Name of the run, which is its folder's.
    pub name: String,
    /// Path of the run's folder.
    pub path: PathBuf,
    /// Name and version of the program that trains it.
    pub program: String,
    /// Number of epochs after which it stops by itself; `None` where it does not say.
    pub last_epoch: Option<u32>,
    /// Finished epochs, in order; [`ForeignRun::add`] adds to them.
    pub epochs: Vec<Arc<ForeignEpoch>>,
    /// Names of all metrics that an epoch had.
    pub names: BTreeSet<String>,
    /// Reason why its last session ended; `None` where that was cut off or still goes on.
    pub end: Option<EndReason>,
}

/// A finished epoch of a run that another program trains.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignEpoch {
    /// Number of the epoch.
    pub epoch: u32,
    /// Every finite number in its line, by its name; that of a number within an object is `outer/inner`.
    pub values: BTreeMap<String, f64>,
}

/// Parts of a status that say what a run is; anything else may be in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    session: String,
    program: String,
    version: String,
    last_epoch: u32,
    state: String,
    end: Option<ToldEnd>,
}

#[derive(Deserialize)]
struct ToldEnd {
    reason: EndReason,
}

impl Told {
    /// Returns the reason of its end; one that only says that it is over ended as it should, or failed.
    fn ended(&self) -> Option<EndReason> {
        let by_state = match self.state.as_str() {
            "finished" => Some(EndReason::Finished),
            "failed" => Some(EndReason::Failed),
            _ => None,
        };
        self.end.as_ref().map(|end| end.reason).or(by_state)
    }

    fn read(run: &Path) -> Option<Self> {
        let bytes = files::read(&run.join(STATUS), STATUS_LIMIT).ok()?;
        let told: Self = lenient::object(&bytes)?;
        Some(told).filter(|told| !told.session.is_empty())
    }
}

/// Returns true if a folder is a run that another program trains.
pub fn is_foreign(run: &Path) -> bool {
    let is_other = |told: Told| told.program != OWN;
    !files::is_there(&run.join(MARKER)) && Told::read(run).is_some_and(is_other)
}

/// Checks that a run is none of another program, where only its own trainer could do what is asked for.
///
/// # Errors
/// Returns a [`RunError::Unusable`] that names the program.
pub fn not_foreign(run: &Path) -> Result<(), RunError> {
    match is_foreign(run) {
        false => Ok(()),
        true => {
            let program = ForeignRun::open(run)
                .map(|run| run.program)
                .unwrap_or_default();
            let problem = format!(
                "another program trains it ({program}): only that one can continue, branch, certify, check or repair it; `attach`, `watch`, `steer`, `runs` and `runs delete` work here"
            );
            Err(RunError::unusable(run, problem))
        }
    }
}

impl ForeignRun {
    /// Reads a run that another program trains.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it has no status, or its metrics cannot be read.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let mut run = Self::open(path)?;
        let metrics = path.join(METRICS);
        if files::is_there(&metrics) {
            let text = files::read(&metrics, METRICS_LIMIT)?;
            let text = String::from_utf8_lossy(&text);
            // A line without its end is still being written.
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            for line in whole.lines() {
                if let Some(epoch) = ForeignEpoch::parse(line) {
                    run.add(Arc::new(epoch));
                }
            }
        }
        Ok(run)
    }

    /// Reads what the status of a run says, without its epochs.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it has no status.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let told = Told::read(path).ok_or_else(|| {
            RunError::unusable(
                path,
                format!("expected a run with a {STATUS} that can be read"),
            )
        })?;
        Ok(Self {
            name: name(path),
            path: path.to_owned(),
            program: short(&format!("{} {}", told.program, told.version), LONGEST[1])
                .trim()
                .to_owned(),
            last_epoch: Some(told.last_epoch).filter(|last| *last > 0),
            epochs: Vec::new(),
            names: BTreeSet::new(),
            // A journal of other lines than ours is not read.
            end: told.ended().or_else(|| last_end(&read_journal(path).ok()?)),
        })
    }

    /// Adds a finished epoch; one that was done again takes the place of the first, and of all after it.
    pub fn add(&mut self, epoch: Arc<ForeignEpoch>) {
        let before = self
            .epochs
            .partition_point(|other| other.epoch < epoch.epoch);
        self.epochs.truncate(before);
        for name in epoch.values.keys() {
            if !self.names.contains(name) {
                self.names.insert(name.clone());
            }
        }
        self.epochs.push(epoch);
    }

    /// Makes a table with a row for each epoch; a value that an epoch does not have is `null`.
    pub fn figures(&self) -> Listing {
        let metrics = self.metrics();
        let row = |epoch: &Arc<ForeignEpoch>| {
            let values = metrics.iter().map(|name| json!(epoch.values.get(*name)));
            std::iter::once(json!(epoch.epoch)).chain(values).collect()
        };
        Listing {
            rows: self.epochs.iter().map(row).collect(),
            columns: std::iter::once("epoch")
                .chain(metrics.iter().copied())
                .map(|name| name.to_owned().into())
                .collect(),
        }
    }

    /// Returns the names of all metrics, in alphabetical order.
    pub fn metrics(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

impl ForeignEpoch {
    /// Reads a line of metrics; `None` where it tells of no finished epoch.
    pub fn parse(line: &str) -> Option<Self> {
        let line: Map<String, Value> = serde_json::from_str(line).ok()?;
        if line.get("event").is_some_and(|event| event != "epoch") {
            return None;
        }
        let epoch = line
            .get("epoch")?
            .as_u64()
            .and_then(|epoch| epoch.try_into().ok())?;
        let mut values = BTreeMap::new();
        for (name, value) in line.iter().filter(|(name, _)| *name != "epoch") {
            take(name, value, &mut values);
        }
        Some(Self { epoch, values })
    }
}

fn take(name: &str, value: &Value, values: &mut BTreeMap<String, f64>) {
    match value {
        Value::Number(number) if values.len() < MOST => {
            if let Some(number) = number.as_f64().filter(|number| number.is_finite()) {
                values.insert(short(name, LONGEST[0]), number);
            }
        }
        Value::Object(inner) => {
            for (key, value) in inner {
                take(&format!("{name}/{key}"), value, values);
            }
        }
        _ => {}
    }
}

fn short(text: &str, longest: usize) -> String {
    let text: String = text.chars().take(longest).collect();
    printable(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_number_of_an_epoch_is_a_metric_by_its_name() {
        let line = r#"{"event":"epoch","epoch":7,"loss":1.5,"val":{"loss":2,"ok":true},"note":"x","nan":null,"list":[1]}"#;
        let epoch = ForeignEpoch::parse(line).unwrap();
        let expected = [("loss".to_owned(), 1.5), ("val/loss".to_owned(), 2.0)];
        assert_eq!(
            (epoch.epoch, epoch.values),
            (7, expected.into_iter().collect())
        );
        let bare = ForeignEpoch::parse(r#"{"epoch":0,"loss":1}"#).unwrap();
        assert_eq!(bare.values.len(), 1);
        for other in [
            r#"{"event":"start","epoch":1}"#,
            r#"{"loss":1}"#,
            "[]",
            "",
            r#"{"epoch":-1}"#,
        ] {
            assert_eq!(ForeignEpoch::parse(other), None, "{other}");
        }
        let deep = format!(
            "{{\"epoch\":1,\"a\":{}1{}}}",
            "{\"a\":".repeat(500),
            "}".repeat(500)
        );
        assert_eq!(ForeignEpoch::parse(&deep), None);
    }

    #[test]
    fn a_run_of_another_program_is_told_from_ours_and_read() {
        let home = tempfile::tempdir().unwrap();
        let run = home.path();
        assert!(!is_foreign(run));
        fs::write(run.join(STATUS), r#"{"session":"S","program":"mine","version":"2","last_epoch":9,"end":{"reason":"stopped","message":""}}"#).unwrap();
        fs::write(
            run.join(METRICS),
            "{\"epoch\":0,\"x\":1}\nodd\n{\"epoch\":1,\"x\":2}\n{\"epoch\":2,\"x\":3}\n{\"epoch\":1,\"y\":4}\n{\"epoch\":2,\"x\":",
        )
        .unwrap();
        assert!(is_foreign(run));
        let read = ForeignRun::read(run).unwrap();
        assert_eq!(
            (read.program.as_str(), read.last_epoch),
            ("mine 2", Some(9))
        );
        assert_eq!(read.end, Some(EndReason::Stopped));
        let over = Told {
            state: "failed".to_owned(),
            ..Told::default()
        };
        assert_eq!(over.ended(), Some(EndReason::Failed));
        let epochs: Vec<u32> = read.epochs.iter().map(|epoch| epoch.epoch).collect();
        assert_eq!((epochs, read.metrics()), (vec![0, 1], vec!["x", "y"]));
        // It may keep checkpoints of its own.
        fs::create_dir(run.join("checkpoints")).unwrap();
        assert!(is_foreign(run));
        fs::write(run.join(MARKER), "{}").unwrap();
        assert!(!is_foreign(run));
    }
}
