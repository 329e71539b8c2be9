//! The run that is followed: one of this program, with its configuration and records, or one of another.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::message::{
    Codes, Event, Foreign, GivenSamples, Notice, NoticeLevel, Recipe, RunKind, Tuning,
};
use crate::arrays::Array;
use crate::config::Config;
use crate::measure::given::{self, Given};
use crate::measure::neighbours::{Cloud, Spaces, embedding};
use crate::model::{Architecture, parameter_counts};
use crate::protocol::controls::Controls;
use crate::protocol::place::Place;
use crate::protocol::status::Status;
use crate::record::{EpochRecord, EpochReport};
use crate::run::names::{CODES, CODES_OF, SAMPLES};
use crate::run::{
    ForeignEpoch, ForeignRun, RunError, is_foreign, read_file, stored_config, upsert_epoch,
};

/// Largest array of samples that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// A run that is followed.
#[derive(Debug)]
pub(super) enum Followed {
    /// A run of this program.
    Own(Box<OwnRun>),
    /// A run of another program.
    Foreign(Box<Foreign>),
}

/// A run of this program that another process trains.
#[derive(Debug)]
pub(super) struct OwnRun {
    /// Configuration of the run, as stored.
    stored: Config,
    tuning: Arc<Tuning>,
    /// Finished epochs, in order.
    pub(super) records: Vec<Arc<EpochRecord>>,
}

impl Followed {
    /// Prepares to follow a run.
    ///
    /// # Errors
    /// Fails where the folder is no run, or its configuration cannot be read.
    pub(super) fn of(run: &Path) -> Result<Self, RunError> {
        if is_foreign(run) {
            let run = ForeignRun::open(run)?;
            return Ok(Self::Foreign(Box::new(Foreign {
                run,
                ..Foreign::default()
            })));
        }
        let stored = stored_config(run)?;
        Ok(Self::Own(Box::new(OwnRun {
            tuning: Arc::new(Tuning::new(&stored, stored.total_epochs)),
            stored,
            records: Vec::new(),
        })))
    }

    /// Takes all lines of the metrics, which are read from their beginning, and the values that the trainer says
    /// it has.
    pub(super) fn begin(&mut self, lines: &[String], run: &Place, status: &Status) {
        let controls = Controls::read(run);
        match self {
            Self::Own(own) => {
                own.records.clear();
                let records = parsed::<EpochRecord>(lines).map(Arc::new);
                records.for_each(|record| upsert_epoch(&mut own.records, &record));
                let config = controls.map_or_else(
                    || own.stored.clone(),
                    |controls| controls.applied_to(&own.stored),
                );
                own.tuning = Arc::new(Tuning::new(&config, last_epoch(status, &config)));
            }
            Self::Foreign(foreign) => {
                foreign.controls = controls;
                foreign.run.last_epoch = Some(status.last_epoch).filter(|last| *last > 0);
                foreign.run.epochs.clear();
                foreign.run.names.clear();
                let epochs = lines.iter().filter_map(|line| ForeignEpoch::parse(line));
                epochs.for_each(|epoch| foreign.run.add(Arc::new(epoch)));
            }
        }
    }

    /// Describes what is followed, as it is known now.
    pub(super) fn kind(&self) -> RunKind {
        match self {
            Self::Own(own) => RunKind::Own(Recipe {
                config_name: own.stored.name().unwrap_or("as stored").to_owned(),
                config_digest: own.stored.digest().unwrap_or_default(),
                ineffective: Vec::new(),
                seed: own.stored.seed,
                tuning: Arc::clone(&own.tuning),
                parameters: parameter_counts(
                    Architecture::from(&own.stored),
                    own.stored.model.use_statenet,
                ),
            }),
            Self::Foreign(foreign) => RunKind::Foreign(foreign.as_ref().clone()),
        }
    }

    /// Returns the run as one of this program; `None` where it is another's.
    pub(super) fn own(&self) -> Option<&OwnRun> {
        match self {
            Self::Own(own) => Some(own),
            Self::Foreign(_) => None,
        }
    }

    /// Returns the finished epochs that have records of this program.
    pub(super) fn records(&self) -> &[Arc<EpochRecord>] {
        self.own().map_or(&[], |own| &own.records)
    }

    /// Returns true if no epoch is finished yet.
    pub(super) fn has_no_epoch(&self) -> bool {
        match self {
            Self::Own(own) => own.records.is_empty(),
            Self::Foreign(foreign) => foreign.run.epochs.is_empty(),
        }
    }

    /// Takes new lines of the metrics; returns what they tell.
    pub(super) fn take(&mut self, lines: &[String]) -> Vec<Event> {
        match self {
            Self::Own(own) => {
                let records = parsed::<EpochRecord>(lines).map(Arc::new);
                let told = records.map(|record| {
                    upsert_epoch(&mut own.records, &record);
                    Event::Epoch(Arc::new(EpochReport {
                        record,
                        covered: None,
                    }))
                });
                told.collect()
            }
            Self::Foreign(foreign) => {
                let epochs = lines.iter().filter_map(|line| ForeignEpoch::parse(line));
                let told = epochs.map(|epoch| {
                    let epoch = Arc::new(epoch);
                    foreign.run.add(Arc::clone(&epoch));
                    Event::ForeignEpoch(epoch)
                });
                told.collect()
            }
        }
    }

    /// Takes into account that a value was changed; returns what follows from it.
    pub(super) fn changed(&mut self, key: &str, value: &str, status: &Status) -> Option<Event> {
        let Self::Own(own) = self else {
            return None;
        };
        if let Ok(changed) = own.tuning.config.changed(key, value) {
            let last = last_epoch(status, &changed.config);
            own.tuning = Arc::new(Tuning::new(&changed.config, last));
        }
        Some(Event::Tuned(Arc::clone(&own.tuning)))
    }

    /// Looks at the files that a trainer of another program may change at any time; returns what is new.
    pub(super) fn look(&mut self, path: &Path, run: &Place) -> Vec<Event> {
        let Self::Foreign(foreign) = self else {
            return Vec::new();
        };
        let mut told = Vec::new();
        if let Some(controls) = Controls::read(run)
            && foreign.controls.as_ref() != Some(&controls)
        {
            foreign.controls = Some(controls.clone());
            told.push(Event::Controls(Arc::new(controls)));
        }
        let newest = newest_array(&path.join(SAMPLES));
        let known = foreign.samples.as_ref().map(|samples| samples.epoch);
        if let Some((epoch, file)) = newest.filter(|(epoch, _)| known != Some(*epoch)) {
            let counts = counted(&file);
            let samples = Arc::new(GivenSamples { epoch, counts });
            foreign.samples = Some(Arc::clone(&samples));
            told.push(Event::Samples(samples));
        }
        let newest = newest_array(&path.join(CODES));
        if let Some((epoch, file)) = newest.filter(|(epoch, _)| foreign.codes != Some(*epoch)) {
            foreign.codes = Some(epoch);
            told.push(match given_codes(&file) {
                Ok(cloud) => Event::Codes(Arc::new(Codes {
                    epoch: epoch.saturating_add(1),
                    source: format!("epoch {epoch}, given by the trainer"),
                    spaces: Spaces::embedding(cloud),
                    weights: None,
                })),
                Err(problem) => Event::Notice(Notice {
                    level: NoticeLevel::Warning,
                    text: format!("codes given in epoch {epoch}: {problem}"),
                }),
            });
        }
        told
    }
}

fn last_epoch(status: &Status, config: &Config) -> u32 {
    match status.last_epoch {
        0 => config.total_epochs,
        last => last,
    }
}

/// Returns the newest `epoch-0007.npy` in a folder, with its epoch.
fn newest_array(folder: &Path) -> Option<(u32, std::path::PathBuf)> {
    let files = fs::read_dir(folder).ok()?.flatten();
    let numbered = files.filter_map(|file| {
        let name = file.file_name();
        let epoch = name
            .to_str()?
            .strip_prefix("epoch-")?
            .strip_suffix(".npy")?;
        Some((epoch.parse().ok()?, file.path()))
    });
    numbered.max()
}

fn array(file: &Path) -> Result<Array, String> {
    let bytes = read_file(file, LARGEST).map_err(|error| error.to_string())?;
    Array::parse(&bytes).map_err(|error| error.to_string())
}

/// Reads codes, and beside them the operations that they are of.
fn given_codes(file: &Path) -> Result<Cloud, String> {
    let of = file.with_file_name(CODES_OF);
    let operations = match of.exists() {
        true => Some(given::operations(&array(&of)?)?),
        false => None,
    };
    embedding(&array(file)?, operations)
}

fn counted(file: &Path) -> Result<Given, String> {
    let samples = given::operations(&array(file)?)?;
    Given::count(&samples).ok_or_else(|| "there is no sample in it".to_owned())
}

/// Parses lines of a file; what is none of its lines is left out.
pub(super) fn parsed<T: DeserializeOwned>(lines: &[String]) -> impl Iterator<Item = T> {
    lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
}
