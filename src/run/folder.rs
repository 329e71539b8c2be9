//! A run's folder: configuration, metrics, journal, checkpoints, snapshots.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint;
use super::disk::{Disk, maker};
use super::error::RunError;
use super::files;
use super::journal::{self, Entry, JournalEvent};
use super::names::{
    CERTIFICATES, CHECKPOINTS, CONFIG, EXPERIMENTS, JOURNAL, METRICS, SNAPSHOTS, STATE,
};
use super::record::EpochRecord;
use crate::config::{Config, Source};
use crate::training::Snapshot;

const LOCK: &str = ".lock";
/// The library's and the program's log.
pub const LOG: &str = "log.txt";
/// Name of the newest checkpoint.
pub const LATEST: &str = "latest";
/// Name of the checkpoint with the lowest validation loss.
pub const BEST: &str = "best";
/// Name of the checkpoint with the highest argmax coverage.
pub const BEST_COVERAGE: &str = "best-coverage";
/// Name of the checkpoint with the highest I(z; x).
pub const BEST_INFORMATION: &str = "best-information";
/// Every name that points at a checkpoint.
const LINKS: [&str; 4] = [LATEST, BEST, BEST_COVERAGE, BEST_INFORMATION];

/// Largest state file that is read.
const STATE_LIMIT: u64 = 8 << 20;
/// Largest metrics file that is read.
const METRICS_LIMIT: u64 = 256 << 20;

/// An open run: this process alone writes to it.
#[derive(Debug)]
pub struct RunFolder {
    disk: Disk,
    path: PathBuf,
    config: Config,
    digest: String,
    // Held for its lock; the system releases it when the process ends, however it ends.
    _lock: File,
}

impl RunFolder {
    /// Makes a new run.
    ///
    /// # Errors
    /// [`RunError`] where the folder exists already or cannot be written.
    pub fn create(disk: &Disk, path: &Path, config: &Config) -> Result<Self, RunError> {
        vacant(path)?;
        disk.create_folder(path)?;
        let run = Self {
            disk: disk.clone(),
            path: path.to_owned(),
            config: config.clone(),
            digest: config.digest()?,
            _lock: lock(path)?,
        };
        run.make_folders()?;
        run.replace_metrics([].into_iter())?;
        // Last: a folder with a configuration is a run.
        disk.write(&path.join(CONFIG), config.to_yaml()?.as_bytes())?;
        Ok(run)
    }

    fn make_folders(&self) -> Result<(), RunError> {
        [CHECKPOINTS, SNAPSHOTS]
            .iter()
            .try_for_each(|name| self.disk.create_folder(&self.path.join(name)))
    }

    /// Opens a run to continue it.
    ///
    /// # Errors
    /// [`RunError`] where it is no run, in use, or its configuration is damaged.
    pub fn open(disk: &Disk, path: &Path) -> Result<Self, RunError> {
        let config = stored_config(path)?;
        let digest = config.digest()?;
        let run = Self {
            disk: disk.clone(),
            path: path.to_owned(),
            config,
            digest,
            _lock: lock(path)?,
        };
        let inside = [CHECKPOINTS, SNAPSHOTS, EXPERIMENTS, CERTIFICATES];
        for folder in inside.map(|name| path.join(name)).iter().chain([&run.path]) {
            disk.sweep(folder);
        }
        disk.cut_torn_line(&path.join(JOURNAL))?;
        Ok(run)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name: the folder's.
    pub fn name(&self) -> String {
        name(&self.path)
    }

    /// The configuration as used.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// SHA-256 of the configuration.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The newest checkpoint; `None` before the first epoch is finished.
    ///
    /// # Errors
    /// [`RunError`] where it is damaged.
    pub fn latest(&self) -> Result<Option<Snapshot>, RunError> {
        let Some(name) = files::pointed(&self.checkpoint_path(LATEST)) else {
            return Ok(None);
        };
        checkpoint::load(&self.checkpoint_path(&name), &self.digest).map(Some)
    }

    fn checkpoint_path(&self, name: &str) -> PathBuf {
        self.path.join(CHECKPOINTS).join(name)
    }

    /// Keeps only the metrics of the first `epochs` epochs, as the checkpoint at hand has them.
    ///
    /// # Errors
    /// [`RunError`] where the file cannot be read or written.
    pub fn truncate_metrics(&self, epochs: u32) -> Result<Vec<Arc<EpochRecord>>, RunError> {
        let kept: Vec<EpochRecord> = read_metrics(&self.path)?
            .into_iter()
            .filter(|record| record.epoch < epochs)
            .collect();
        self.replace_metrics(kept.iter())?;
        Ok(kept.into_iter().map(Arc::new).collect())
    }

    /// Writes the metrics anew.
    pub(super) fn replace_metrics<'a>(
        &self,
        records: impl Iterator<Item = &'a EpochRecord>,
    ) -> Result<(), RunError> {
        let path = self.path.join(METRICS);
        let mut text = String::new();
        for record in records {
            text += &line(record, &path)?;
            text.push('\n');
        }
        self.disk.write(&path, text.as_bytes())
    }

    /// Makes sure of the folder and writes everything anew that is always there: after the disk has refused,
    /// or somebody has cleared it.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn restore(&self, records: &[Arc<EpochRecord>]) -> Result<(), RunError> {
        self.make_folders()?;
        let config = self.path.join(CONFIG);
        if !config.is_file() {
            self.disk
                .write(&config, self.config.to_yaml()?.as_bytes())?;
        }
        self.replace_metrics(records.iter().map(AsRef::as_ref))
    }

    /// Appends a finished epoch to the metrics.
    ///
    /// # Errors
    /// [`RunError`]; no part of it is there then.
    pub fn append_metrics(&self, record: &EpochRecord) -> Result<(), RunError> {
        let metrics = self.path.join(METRICS);
        self.disk.append_line(&metrics, &line(record, &metrics)?)
    }

    /// Saves the state after a finished epoch as a checkpoint, then the links to it.
    ///
    /// Checkpoints that are neither the latest, the best, due nor in `kept` are removed.
    ///
    /// # Errors
    /// [`RunError`]; the checkpoint before is intact then.
    pub fn save_state(
        &self,
        epoch: u32,
        snapshot: &Snapshot,
        every: u32,
        kept: &BTreeSet<u32>,
    ) -> Result<(), RunError> {
        let previous = LINKS.map(|link| files::pointed(&self.checkpoint_path(link)));
        self.save_checkpoint(epoch, snapshot)?;
        let now = LINKS.map(|link| files::pointed(&self.checkpoint_path(link)));
        for old in previous.into_iter().flatten() {
            let wanted = old
                .strip_prefix("epoch-")
                .and_then(|number| number.parse::<u32>().ok())
                .is_none_or(|epoch| epoch % every.max(1) == 0 || kept.contains(&epoch));
            if !wanted && !now.contains(&Some(old.clone())) {
                self.disk.remove_folder(&self.checkpoint_path(&old))?;
            }
        }
        Ok(())
    }

    /// Saves a checkpoint of a finished epoch and points the links to it.
    pub(super) fn save_checkpoint(&self, epoch: u32, snapshot: &Snapshot) -> Result<(), RunError> {
        let name = checkpoint::epoch_name(epoch);
        let folder = self.checkpoint_path(&name);
        checkpoint::save(&self.disk, &folder, true, snapshot, &self.digest)?;
        let bests = [BEST, BEST_COVERAGE, BEST_INFORMATION];
        for (link, best) in bests.into_iter().zip(snapshot.state.best_epochs()) {
            if best == Some(epoch) {
                self.disk.point(&self.checkpoint_path(link), &name)?;
            }
        }
        // Last: where it ends here, the epoch is done again, and comes to the same.
        self.disk.point(&self.checkpoint_path(LATEST), &name)
    }

    /// Saves the model as it is under `snapshots/`.
    ///
    /// # Errors
    /// [`RunError`] where the name is taken, not usable, or the disk refuses.
    pub fn save_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<PathBuf, RunError> {
        let path = self.path.join(SNAPSHOTS).join(name);
        if !is_plain_name(name) {
            return Err(RunError::unusable(
                &path,
                format!("a snapshot's name is made of {PLAIN_NAME}"),
            ));
        }
        checkpoint::save(&self.disk, &path, false, snapshot, &self.digest)?;
        Ok(path)
    }

    /// A snapshot name that is not taken.
    pub fn free_snapshot_name(&self, epoch: u32, batch: u32) -> String {
        let base = format!("{}-batch-{batch:03}", checkpoint::epoch_name(epoch));
        let free = |name: &String| !self.path.join(SNAPSHOTS).join(name).exists();
        std::iter::once(base.clone())
            .chain((2u32..).map(|number| format!("{base}-{number}")))
            .find(free)
            .unwrap_or(base)
    }

    /// Appends to the journal.
    ///
    /// # Errors
    /// [`RunError::Disk`].
    pub fn journal(&self, event: JournalEvent) -> Result<(), RunError> {
        self.journal_entry(&Entry::now(event))
    }

    /// Appends an entry with the time that it has.
    ///
    /// # Errors
    /// [`RunError::Disk`].
    pub fn journal_entry(&self, entry: &Entry) -> Result<(), RunError> {
        journal::append_entry(&self.disk, &self.path.join(JOURNAL), entry)
    }
}

fn line(record: &EpochRecord, path: &Path) -> Result<String, RunError> {
    serde_json::to_string(record).map_err(|error| RunError::unusable(path, error.to_string()))
}

fn lock(path: &Path) -> Result<File, RunError> {
    let place = path.join(LOCK);
    let file = File::create(&place).map_err(RunError::disk("create", &place))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(RunError::disk("lock", &place)(error)),
    }
}

/// Removes a folder that a run is to take the place of.
///
/// # Errors
/// [`RunError`] where something would be lost, or the disk refuses.
pub(super) fn clear_vacant(disk: &Disk, path: &Path) -> Result<(), RunError> {
    vacant(path)?;
    disk.remove_folder(path)
}

/// That nothing is lost where a run is made: the folder is empty, or holds what an interrupted start left.
fn vacant(path: &Path) -> Result<(), RunError> {
    let nothing =
        |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let vacant = entries.map(|entry| entry.path()).all(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match name.as_ref() {
            LOCK => true,
            CHECKPOINTS | SNAPSHOTS => nothing(&path),
            METRICS => fs::metadata(&path).is_ok_and(|metadata| metadata.len() == 0),
            name => maker(name).is_some(),
        }
    });
    if vacant {
        return Ok(());
    }
    let problem = "exists already and is not empty; --resume continues a run";
    Err(RunError::unusable(path, problem))
}

/// What a name may be made of, in words.
pub const PLAIN_NAME: &str = "letters, digits, `-`, `_` and `.`";

/// Whether a text can name a folder without leading out of the one it is made in.
pub fn is_plain_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 80 && !name.starts_with('.') && name.chars().all(allowed)
}

/// The name of a run: its folder's.
pub fn name(run: &Path) -> String {
    run.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Epochs after which a checkpoint of the run is there, in order.
pub fn checkpoints(run: &Path) -> Vec<u32> {
    let folder = run.join(CHECKPOINTS);
    let mut there: Vec<u32> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| checkpoint::is_checkpoint(&entry.path()))
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_prefix("epoch-")?.parse().ok()
        })
        .collect();
    there.sort_unstable();
    there
}

/// Whether a session has the run open.
pub fn is_open(run: &Path) -> bool {
    let file = File::open(run.join(LOCK));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Removes a run with everything in it.
///
/// # Errors
/// [`RunError`] where it is no run, open, or the disk refuses.
pub fn delete(disk: &Disk, run: &Path) -> Result<(), RunError> {
    stored_config(run)?;
    let _held = lock(run)?;
    disk.remove_folder(run)
}

/// The configuration that a run was made with.
///
/// # Errors
/// [`RunError`] where the folder is no run or the file is damaged.
pub fn stored_config(path: &Path) -> Result<Config, RunError> {
    let file = path.join(CONFIG);
    if !file.is_file() {
        return Err(RunError::unusable(
            path,
            format!("not a run: it has no {CONFIG}"),
        ));
    }
    Ok(Config::load(Source::File(file), &[])?.config)
}

/// The metrics of a run, in order; a last line that was cut off is left out.
///
/// # Errors
/// [`RunError`] names the line that cannot be read.
pub fn read_metrics(path: &Path) -> Result<Vec<EpochRecord>, RunError> {
    let path = path.join(METRICS);
    let bytes = files::read(&path, METRICS_LIMIT)?;
    parse_metrics(&String::from_utf8_lossy(&bytes), &path)
}

/// Reads lines of metrics; a last line that was cut off is left out.
///
/// # Errors
/// [`RunError`] names the line of `path` that cannot be read.
pub fn parse_metrics(text: &str, path: &Path) -> Result<Vec<EpochRecord>, RunError> {
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    text[..whole]
        .lines()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| {
                RunError::unusable(
                    path,
                    format!("line {}: expected an epoch, found: {error}", number + 1),
                )
            })
        })
        .collect()
}

/// The journal of a run; empty where there is none yet.
///
/// # Errors
/// [`RunError`] names the line that cannot be read.
pub fn read_journal(path: &Path) -> Result<Vec<Entry>, RunError> {
    let path = path.join(JOURNAL);
    if path.exists() {
        journal::read(&path)
    } else {
        Ok(Vec::new())
    }
}

/// Epochs that are finished in one of a run's checkpoints: `latest`, `best` or an epoch's number.
///
/// # Errors
/// [`RunError`] where the run has no such checkpoint; says which it has.
pub fn finished_epochs(run: &Path, which: &str) -> Result<u32, RunError> {
    let folder = checkpoint_folder(run, which)?;
    Ok(position(&folder)?.0)
}

/// Epochs finished in a checkpoint or snapshot, and batches of the next one.
///
/// # Errors
/// [`RunError`] where its state is missing or damaged.
pub fn position(checkpoint: &Path) -> Result<(u32, u32), RunError> {
    let state = checkpoint.join(STATE);
    checkpoint::position(&files::read(&state, STATE_LIMIT)?, &state)
}

/// The folder of one of a run's checkpoints: `latest`, `best` or an epoch's number.
///
/// # Errors
/// [`RunError`] where the run has no such checkpoint; says which it has.
pub fn checkpoint_folder(run: &Path, which: &str) -> Result<PathBuf, RunError> {
    let checkpoints = run.join(CHECKPOINTS);
    let name = match which {
        link if LINKS.contains(&link) => {
            files::pointed(&checkpoints.join(which)).unwrap_or_else(|| which.to_owned())
        }
        epoch => epoch
            .parse()
            .map_or_else(|_| epoch.to_owned(), checkpoint::epoch_name),
    };
    let folder = checkpoints.join(&name);
    if checkpoint::is_checkpoint(&folder) {
        return Ok(folder);
    }
    let there: Vec<String> = self::checkpoints(run)
        .into_iter()
        .map(checkpoint::epoch_name)
        .collect();
    let there = if there.is_empty() {
        "none yet".to_owned()
    } else {
        there.join(", ")
    };
    Err(RunError::unusable(
        run,
        format!("no checkpoint `{which}`; there is {there}"),
    ))
}
