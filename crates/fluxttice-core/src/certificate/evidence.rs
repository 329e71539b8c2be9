//! Evidence of a checkpoint: its weights, and the records of the run that trained them.

use std::path::{Path, PathBuf};

use super::sums::Files;
use crate::config::{Config, Source};
use crate::digest::sha256;
use crate::measure::RunFacts;
use crate::model::Weights;
use crate::numbers::count32;
use crate::record::{EpochRecord, Unique};
use crate::run::checkpoint::position;
use crate::run::journal::{self, JournalEvent};
use crate::run::names::{CONFIG, JOURNAL, METRICS, STATE, WEIGHTS};
use crate::run::{Origin, RunError, parse_metrics};
use crate::training::Split;

/// Weights with the records of the run that trained them.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Name of the run, as its caller gives it.
    pub name: String,
    /// Weights that are measured.
    pub weights: Weights,
    /// Configuration of the run, as used.
    pub config: Config,
    /// Metrics of every epoch up to these weights, in order.
    pub metrics: Vec<EpochRecord>,
    /// SHA-256 of the journal up to these weights.
    pub journal: String,
    /// Device of the last training session in the journal; `None` where the journal names none.
    pub device: Option<String>,
    /// Epochs finished in these weights.
    pub epochs: u32,
    /// Batches of the next epoch that are in the weights too; 0 at the end of an epoch.
    pub batch: u32,
}

impl Evidence {
    /// Reads the files of a certificate folder; `place` is only for messages.
    ///
    /// # Errors
    /// Returns a [`RunError`] that names the missing or damaged file.
    pub fn read(name: &str, files: &Files, place: &Path) -> Result<Self, RunError> {
        let path = |file: &str| place.join(file);
        let bytes = |file: &str| {
            let found = files.get(file);
            found.ok_or_else(|| RunError::unusable(&path(file), "missing"))
        };
        let text = |file: &str| -> Result<String, RunError> {
            String::from_utf8(bytes(file)?.clone())
                .map_err(|_| RunError::unusable(&path(file), "expected UTF-8 text"))
        };
        let weights = Weights::from_bytes(bytes(WEIGHTS)?).map_err(|source| RunError::Weights {
            path: path(WEIGHTS),
            source,
        })?;
        let source = Source::Text {
            name: path(CONFIG).display().to_string(),
            text: text(CONFIG)?,
        };
        let config = Config::load(source, &[])?.config;
        let metrics = parse_metrics(&text(METRICS)?, &path(METRICS))?;
        let entries = journal::parse(&text(JOURNAL)?, &path(JOURNAL))?;
        let device = entries.iter().rev().find_map(|entry| match &entry.event {
            JournalEvent::Opened { device, .. } => Some(device.clone()),
            _ => None,
        });
        let (epochs, batch) = match files.get(STATE) {
            Some(bytes) => position(bytes, &path(STATE))?,
            None => (count32(metrics.len()), 0),
        };
        if !metrics.iter().map(|record| record.epoch).eq(0..epochs) {
            return Err(RunError::unusable(
                &path(METRICS),
                format!("expected epochs 0 to {epochs} (exclusive), each once and in order"),
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            weights,
            config,
            metrics,
            journal: sha256(bytes(JOURNAL)?),
            device,
            epochs,
            batch,
        })
    }

    /// Returns the argmax coverage of A and B that the run recorded of these very weights: `None` in the
    /// middle of an epoch, or after an epoch that counted none.
    pub fn recorded(&self) -> [Option<Unique>; 2] {
        let coverage = self.metrics.last().and_then(|record| record.coverage);
        let coverage = coverage.filter(|_| self.batch == 0);
        let [a, b] = [coverage.map(|pair| pair.a), coverage.map(|pair| pair.b)];
        [a, b].map(|coverage| Some(coverage?.argmax))
    }

    /// Returns what measuring needs to know of the run: ρ, and the validation and test operations.
    pub fn facts(&self) -> RunFacts {
        let split = Split::new(&self.config);
        RunFacts {
            rho: self.metrics.last().map_or(0.0, |record| record.rho),
            validation: split.validation.into_iter().collect(),
            test: split.test.into_iter().collect(),
        }
    }
}

/// Gathers the files of a checkpoint and of the run it belongs to, cut off after the checkpoint's epoch.
///
/// # Errors
/// Returns a [`RunError`] that names the missing or damaged file.
pub fn gather(origin: &Origin) -> Result<Files, RunError> {
    let mut files = origin.files()?;
    let place = PathBuf::from(origin.to_string());
    let Some(state) = files.get(STATE) else {
        return Ok(files);
    };
    let (epochs, _) = position(state, &place.join(STATE))?;
    cut(&mut files, METRICS, |text| {
        let records = parse_metrics(text, &place.join(METRICS))?;
        Ok(records.iter().map(|record| record.epoch < epochs).collect())
    })?;
    cut(&mut files, JOURNAL, |text| {
        let entries = journal::parse(text, &place.join(JOURNAL))?;
        Ok(entries
            .iter()
            .map(|entry| entry.event.epoch() <= epochs)
            .collect())
    })?;
    // Each line is sealed to the one before it, and some are left out.
    if let Some(bytes) = files.get_mut(JOURNAL) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        *bytes = journal::resealed(text.lines()).into_bytes();
    }
    Ok(files)
}

/// Keeps the lines of a file for which `keep` gives true; an unfinished last line is dropped.
fn cut(
    files: &mut Files,
    name: &str,
    keep: impl FnOnce(&str) -> Result<Vec<bool>, RunError>,
) -> Result<(), RunError> {
    let Some(bytes) = files.get_mut(name) else {
        return Ok(());
    };
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    let text = String::from_utf8_lossy(&bytes[..end.map_or(0, |end| end + 1)]).into_owned();
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let kept = lines.zip(keep(&text)?).filter(|(_, keep)| *keep);
    *bytes = kept
        .flat_map(|(line, _)| [line, "\n"])
        .collect::<String>()
        .into_bytes();
    Ok(())
}
