//! The one way to read a run for further use: what is read is what was saved, or an error says that it is
//! not.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::checkpoint::{Files, epoch_name, epoch_of};
use super::digests::Own;
use super::error::RunError;
use super::files;
use super::folder::{self, METRICS_LIMIT};
use super::journal::{self, Entry};
use super::lines::is_whole;
use super::marker::Marker;
use super::names::{CHECKPOINTS, CONFIG, DIGESTS, JOURNAL, METRICS, OPTIMIZER, STATE, WEIGHTS};
use crate::config::{Config, Source};
use crate::shown::shown;
use crate::words::counted;

/// Largest configuration that is read, in bytes.
const CONFIG_LIMIT: u64 = 4 << 20;
/// Most attempts to read the newest checkpoint of a run that goes on, which may remove it meanwhile.
const TRIES: usize = 3;

/// A checkpoint or snapshot and its run, verified against the digests that were saved with it.
#[derive(Clone, Debug)]
pub struct Entered {
    /// Files of the checkpoint or snapshot.
    pub files: Files,
    /// Configuration, metrics and journal of the run, as bytes.
    pub own: Own,
    /// Configuration of the run, parsed.
    pub config: Config,
    /// Everything that could not be checked, in whole sentences.
    pub unchecked: Vec<String>,
}

/// Reads a checkpoint or snapshot of a run together with the run's own files, and verifies both.
///
/// # Errors
/// Returns a [`RunError`] that names what is missing or is not what was saved, and the newest checkpoint that
/// is intact.
pub fn enter(run: &Path, checkpoint: &Path) -> Result<Entered, RunError> {
    entered(run, checkpoint, true).map_err(|error| with_offer(run, checkpoint, error))
}

/// Reads the newest checkpoint of a run, with its epoch; `None` before the first epoch was saved.
///
/// # Errors
/// Returns the errors of [`enter`].
pub fn enter_newest(run: &Path) -> Result<Option<(u32, Entered)>, RunError> {
    newest_entered(run, true)
}

/// Reads the newest checkpoint as [`enter_newest`] does, but leaves the metrics unverified: they are verified
/// where they are repaired.
///
/// # Errors
/// Returns the errors of [`enter`].
pub fn enter_but_for_metrics(run: &Path) -> Result<Option<(u32, Entered)>, RunError> {
    newest_entered(run, false)
}

fn newest_entered(run: &Path, metrics: bool) -> Result<Option<(u32, Entered)>, RunError> {
    let mut tries = 0;
    loop {
        let Some(epoch) = newest(run)? else {
            return Ok(None);
        };
        tries += 1;
        let place = folder(run, epoch);
        let read = entered(run, &place, metrics);
        match read.map_err(|error| with_offer(run, &place, error)) {
            Err(_) if tries < TRIES && newest(run).is_ok_and(|now| now != Some(epoch)) => {}
            done => return done.map(|entered| Some((epoch, entered))),
        }
    }
}

fn entered(run: &Path, checkpoint: &Path, metrics: bool) -> Result<Entered, RunError> {
    let files = Files::read(checkpoint)?;
    let own = own(run)?;
    let name = folder::name(checkpoint);
    let mut unchecked = Vec::new();
    match files.digests.as_ref().map(|digests| &digests.run) {
        Some(Some(story)) => story.check(run, &name, &own, metrics)?,
        Some(None) => unchecked.push(format!(
            "{} was saved outside of a run: whether it belongs to this one is not checked",
            shown(checkpoint)
        )),
        None => unchecked.push(format!(
            "{} has no digests, as version 0.1.0 saved it: whether it was changed since is not checked",
            shown(checkpoint)
        )),
    }
    let config = config(run, &own)?;
    files.state(&config.digest()?).map(drop).or_else(|error| {
        // Some runs have folders of weights alone, without a state.
        match files.moment() {
            Ok(None) => Ok(()),
            _ => Err(error),
        }
    })?;
    let numbered = epoch_of(&name).filter(|_| checkpoint.parent().is_some_and(is_checkpoints));
    agrees(checkpoint, numbered, &files)?;
    Ok(Entered {
        files,
        own,
        config,
        unchecked,
    })
}

/// Checks that the state in a checkpoint is the one after the epoch in the checkpoint's name.
///
/// # Errors
/// Returns a [`RunError::Unusable`] that names both.
pub fn agrees(checkpoint: &Path, epoch: Option<u32>, files: &Files) -> Result<(), RunError> {
    match (epoch, files.moment()?) {
        (Some(epoch), Some((epochs, batch))) if (epochs, batch) != (epoch.saturating_add(1), 0) => {
            let problem = format!(
                "is that of {} and {batch} batches, in the checkpoint saved after epoch {epoch}",
                counted(epochs, "finished epoch")
            );
            Err(RunError::unusable(&checkpoint.join(STATE), problem))
        }
        _ => Ok(()),
    }
}

fn is_checkpoints(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == CHECKPOINTS)
}

/// Reads a run's own files as they lie; a last line that lacks nothing but its end gets it.
///
/// # Errors
/// Returns a [`RunError`] where one cannot be read.
pub fn own(run: &Path) -> Result<Own, RunError> {
    Marker::is_known(run)?;
    let or_nothing = |name: &str, limit: u64| {
        let path = run.join(name);
        let mut bytes = match files::is_there(&path) {
            true => files::read(&path, limit)?,
            false => Vec::new(),
        };
        let last = bytes
            .rsplit(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        if is_whole(last.trim_ascii_end()) {
            bytes.truncate(bytes.trim_ascii_end().len());
            bytes.push(b'\n');
        }
        Ok::<_, RunError>(bytes)
    };
    Ok(Own {
        config: files::read(&run.join(CONFIG), CONFIG_LIMIT)?,
        metrics: or_nothing(METRICS, METRICS_LIMIT)?,
        journal: or_nothing(JOURNAL, journal::LIMIT)?,
    })
}

/// Parses the configuration in a run's own files.
///
/// # Errors
/// Returns a [`RunError::Config`] that names what is wrong with it, or [`RunError::Unusable`] where it is no
/// UTF-8 text.
pub fn config(run: &Path, own: &Own) -> Result<Config, RunError> {
    let path = run.join(CONFIG);
    let text = String::from_utf8(own.config.clone())
        .map_err(|_| RunError::unusable(&path, "expected UTF-8 text"))?;
    let name = shown(path);
    Ok(Config::load(Source::Text { name, text }, &[])?.config)
}

/// Reads the journal in a file; where that is a run's own, the run is verified against its newest checkpoint.
///
/// # Errors
/// Returns a [`RunError`] that names the line that cannot be read, or the file that is not what was saved.
pub fn read_whole_journal(path: &Path) -> Result<Vec<Entry>, RunError> {
    let run = super::disk::parent(path);
    let of_run = path.file_name().is_some_and(|name| name == JOURNAL);
    if of_run && folder::is_run(&run).is_ok() {
        enter_newest(&run)?;
    }
    journal::read(path)
}

/// Returns the folder of a run's checkpoint after an epoch, counted from 0.
pub fn folder(run: &Path, epoch: u32) -> PathBuf {
    run.join(CHECKPOINTS).join(epoch_name(epoch))
}

/// Returns the epoch of the newest checkpoint, by its number; links do not count. `None` where there is none.
///
/// # Errors
/// Returns a [`RunError`] where the folder of checkpoints cannot be read.
pub fn newest(run: &Path) -> Result<Option<u32>, RunError> {
    Ok(numbered(run)?.last().copied())
}

/// Lists the epochs after which any file of a checkpoint is there, in order.
///
/// # Errors
/// Returns a [`RunError`] where the folder of checkpoints cannot be read.
pub fn numbered(run: &Path) -> Result<Vec<u32>, RunError> {
    let place = run.join(CHECKPOINTS);
    let told = |error: std::io::Error| RunError::unusable(&place, error.to_string());
    let entries = match fs::read_dir(&place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(told)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(told)?;
        let epoch = epoch_of(&entry.file_name().to_string_lossy());
        let holds = |name: &str| files::is_there(&entry.path().join(name));
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder
            && [WEIGHTS, OPTIMIZER, STATE, DIGESTS]
                .iter()
                .any(|name| holds(name))
        {
            found.extend(epoch);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Adds to an error of a checkpoint the newest other one that is intact, from which the run can go on.
pub fn with_offer(run: &Path, checkpoint: &Path, error: RunError) -> RunError {
    let (path, problem) = match error {
        RunError::Unusable { path, problem } => (path, problem),
        RunError::Weights { path, source } => (path, source.to_string()),
        other => return other,
    };
    let others = numbered(run).unwrap_or_default();
    let intact = others.into_iter().rev().find(|epoch| {
        let other = folder(run, *epoch);
        other != checkpoint && entered(run, &other, false).is_ok()
    });
    let name = shown(run);
    let offer = match intact {
        Some(epoch) => format!(
            "the newest intact checkpoint is {} (`{name}@{epoch}`)",
            epoch_name(epoch)
        ),
        None => "no other checkpoint of the run is intact".to_owned(),
    };
    RunError::Unusable {
        path,
        problem: format!(
            "{problem}; {offer}; `runs check` says what else is wrong and `--repair` sets it right"
        ),
    }
}
