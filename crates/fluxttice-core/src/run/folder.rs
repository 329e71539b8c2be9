//! A run's folder: configuration, metrics, journal, checkpoints, snapshots.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::aside::set_aside;
use super::checkpoint;
use super::contents::holds_only_a_state;
use super::digests::HistoryDigests;
use super::disk::{Disk, parent};
use super::door;
use super::error::RunError;
use super::files;
use super::foreign::not_foreign;
use super::journal::{self, Entry, JournalEvent};
use super::lines::{Growing, Prefix};
use super::locate::new_run;
use super::lock::{RunLock, own};
use super::marker::Marker;
use super::names::{
    CERTIFICATES, CHECKPOINTS, CONFIG, EXPERIMENTS, JOURNAL, LOCK, LOCK_OWNER, LOG, MARKER,
    METRICS, NONE_YET, SET_ASIDE, SNAPSHOTS, STATE,
};
use super::owner::is_half_made;
use super::reopening::Found;
use crate::config::{Config, Source};
use crate::record::EpochRecord;
use crate::training::Snapshot;

/// Name of the newest checkpoint.
pub const LATEST: &str = "latest";
/// Name of the checkpoint with the lowest validation loss.
pub const BEST: &str = "best";
/// Name of the checkpoint with the highest argmax coverage.
pub const BEST_COVERAGE: &str = "best-coverage";
/// Name of the checkpoint with the highest I(z; x).
pub const BEST_INFORMATION: &str = "best-information";
/// Names of best checkpoints, in the order of
/// [`TrainerState::best_epochs`](crate::training::TrainerState::best_epochs).
pub(super) const BESTS: [&str; 3] = [BEST, BEST_COVERAGE, BEST_INFORMATION];

/// Largest state file that is read, in bytes.
const STATE_LIMIT: u64 = 8 << 20;
/// Largest metrics file that is read, in bytes.
pub(super) const METRICS_LIMIT: u64 = 256 << 20;

/// An open run: this process alone writes to it.
#[derive(Debug)]
pub struct RunFolder {
    disk: Disk,
    path: PathBuf,
    config: Config,
    digest: String,
    marker: Marker,
    // Held as long as the run is open; taken anew where somebody removed the folder and it is made again.
    lock: Mutex<RunLock>,
    metrics: Mutex<Growing>,
    journal: Mutex<Growing>,
    /// Epochs of the checkpoints that are the newest or the best.
    current: Mutex<BTreeSet<u32>>,
}

/// A run that was opened to go on with it.
#[derive(Debug)]
pub struct Reopened {
    /// The run's folder, open for writing.
    pub run: RunFolder,
    /// State after the newest saved epoch; `None` before the first.
    pub state: Option<Snapshot>,
    /// Epochs of the run up to that state, in order.
    pub records: Vec<Arc<EpochRecord>>,
    /// Everything that was repaired, in whole sentences.
    pub mended: Vec<String>,
    /// Everything that could not be checked, in whole sentences.
    pub unchecked: Vec<String>,
}

/// A run that has just been made, without a state and without epochs.
impl From<RunFolder> for Reopened {
    fn from(run: RunFolder) -> Self {
        Self {
            run,
            state: None,
            records: Vec::new(),
            mended: Vec::new(),
            unchecked: Vec::new(),
        }
    }
}

impl RunFolder {
    /// Makes a new run in a folder that is not there or vacant.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the folder holds something or cannot be written; what was made is removed
    /// again.
    pub fn create(disk: &Disk, path: &Path, config: &Config) -> Result<Self, RunError> {
        vacant(path)?;
        disk.create_folder(&parent(path))?;
        disk.sweep(&parent(path));
        let made = disk.create_new_folder(path)?;
        Self::found(disk, path, config, made)
    }

    /// Makes a new run in the folder of all runs, under a name of time and seed.
    ///
    /// # Errors
    /// Returns the errors of [`RunFolder::create`].
    pub fn create_under(disk: &Disk, runs: &Path, config: &Config) -> Result<Self, RunError> {
        let path = reserve(disk, runs, config)?;
        Self::found(disk, &path, config, true)
    }

    /// Makes a new run in a folder that is vacant; `made` is true where this process made the folder.
    fn found(disk: &Disk, path: &Path, config: &Config, made: bool) -> Result<Self, RunError> {
        let text = config.to_yaml()?;
        let lock = RunLock::take(path).inspect_err(|_| {
            // Where another process was quicker it is not empty, and stays.
            let _ = made.then(|| fs::remove_dir(path));
        })?;
        // Another process may have made a run in it, and ended, before this one had the lock.
        if let Err(error) = vacant(path) {
            lock.undo();
            return Err(error);
        }
        let run = Self::held(disk, path, config, lock, Marker::new(text.as_bytes()))?;
        if let Err(error) = run.begin(&text) {
            // Nothing in there is anybody else's as long as the lock is held. The first error is the one to
            // tell.
            let _ = (made && run.in_place().is_ok()).then(|| disk.remove_folder(path));
            return Err(error);
        }
        Ok(run)
    }

    fn begin(&self, config: &str) -> Result<(), RunError> {
        self.make_folders()?;
        self.disk.write(&self.checkpoint_path(NONE_YET), b"")?;
        self.replace_metrics([].into_iter())?;
        self.write_what_it_is(config)
    }

    pub(super) fn held(
        disk: &Disk,
        path: &Path,
        config: &Config,
        lock: RunLock,
        marker: Marker,
    ) -> Result<Self, RunError> {
        Ok(Self {
            disk: disk.clone(),
            path: path.to_owned(),
            config: config.clone(),
            digest: config.digest()?,
            marker,
            lock: Mutex::new(lock),
            metrics: Mutex::new(Growing::new(path.join(METRICS))),
            journal: Mutex::new(Growing::new(path.join(JOURNAL))),
            current: Mutex::default(),
        })
    }

    fn make_folders(&self) -> Result<(), RunError> {
        [CHECKPOINTS, SNAPSHOTS]
            .iter()
            .try_for_each(|name| self.disk.create_folder(&self.path.join(name)))
    }

    fn write_what_it_is(&self, config: &str) -> Result<(), RunError> {
        self.marker.write(&self.disk, &self.path)?;
        // Last: a folder with a configuration is a run.
        self.disk.write(&self.path.join(CONFIG), config.as_bytes())
    }

    /// Opens a run to continue it. Nothing is changed before everything was found in order.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is no run, in use, or something of it is damaged.
    pub fn open(disk: &Disk, path: &Path) -> Result<Reopened, RunError> {
        Self::open_with(disk, path, RunLock::take)
    }

    /// Opens a run to continue it, whose lock the process that started this one has handed over.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is no run, the file is not its lock, or something of it is damaged.
    pub fn take_over(disk: &Disk, path: &Path, lock: File) -> Result<Reopened, RunError> {
        Self::open_with(disk, path, |run| RunLock::inherit(run, lock))
    }

    fn open_with(
        disk: &Disk,
        path: &Path,
        lock: impl FnOnce(&Path) -> Result<RunLock, RunError>,
    ) -> Result<Reopened, RunError> {
        is_run(path)?;
        plain(path)?;
        let lock = lock(path)?;
        match Found::in_run(path) {
            Ok(found) => found.opened(disk, path, lock),
            Err(error) => {
                lock.undo();
                Err(error)
            }
        }
    }

    /// Sets the newest checkpoint of the run, and by its state the best ones.
    pub(super) fn standing_at(self, epoch: u32, snapshot: &Snapshot) -> Self {
        *held(&self.current) = current(epoch, snapshot);
        self
    }

    /// Returns the path of the run's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the run's name, which is its folder's.
    pub fn name(&self) -> String {
        name(&self.path)
    }

    /// Returns the run's configuration, as used.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the run's marker.
    pub(crate) fn marker(&self) -> &Marker {
        &self.marker
    }

    /// Returns true if a lock of the file system is held, false where a file that names this process stands
    /// in for one.
    pub fn has_lock(&self) -> bool {
        held(&self.lock).is_real()
    }

    /// Returns the open lock file once more, for a process that takes the run over.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the system refuses.
    pub(crate) fn lock_file(&self) -> Result<File, RunError> {
        held(&self.lock).file()
    }

    /// Returns the SHA-256 of the configuration.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Reads the state after the newest saved epoch; `None` before the first.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is damaged.
    pub fn latest(&self) -> Result<Option<Snapshot>, RunError> {
        let newest = door::enter_newest(&self.path)?;
        newest
            .map(|(_, entered)| entered.files.snapshot(&self.digest))
            .transpose()
    }

    fn checkpoint_path(&self, name: &str) -> PathBuf {
        self.path.join(CHECKPOINTS).join(name)
    }

    /// Writes the metrics anew, with these epochs and no others.
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
        held(&self.metrics).reset();
        self.disk.write(&path, text.as_bytes())
    }

    /// Restores the folder and everything that is always there, after the disk has refused or somebody has
    /// cleared it; returns the number of epochs in the metrics.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the disk still refuses, or another run has the place.
    pub fn restore(&self, records: &[Arc<EpochRecord>]) -> Result<usize, RunError> {
        self.take_place()?;
        self.make_folders()?;
        if !self.path.join(CONFIG).is_file() {
            self.write_what_it_is(&self.config.to_yaml()?)?;
        }
        let metrics = self.path.join(METRICS);
        self.disk.mend_last_line(&metrics)?;
        let there = read_metrics(&self.path).unwrap_or_default();
        let told = there.iter().map(|record| record.epoch);
        let ours = records.iter().map(|record| record.epoch);
        if there.len() <= records.len() && told.eq(ours.take(there.len())) {
            return Ok(there.len());
        }
        self.replace_metrics(records.iter().map(AsRef::as_ref))?;
        Ok(records.len())
    }

    /// Returns true if the folder is still the one that this process holds the lock of.
    pub fn is_in_place(&self) -> bool {
        held(&self.lock).is_in_place()
    }

    /// Checks that the folder is still the one that this process holds the lock of.
    fn in_place(&self) -> Result<(), RunError> {
        if !self.is_in_place() {
            return Err(self.lost("the folder was removed or replaced"));
        }
        match self.path.join(CHECKPOINTS).is_symlink() {
            false => Ok(()),
            true => Err(self.lost("checkpoints is a link now: nothing is written through one")),
        }
    }

    /// Makes the folder again where somebody removed it, and takes its lock; never over another run.
    fn take_place(&self) -> Result<(), RunError> {
        let mut lock = held(&self.lock);
        if lock.is_in_place() {
            return Ok(());
        }
        self.disk.create_folder(&self.path)?;
        let taken = RunLock::take(&self.path).map_err(|error| self.lost(&error.to_string()))?;
        if self.path.join(CONFIG).exists() && Marker::read(&self.path) != Some(self.marker.clone())
        {
            return Err(self.lost("another run lies there now"));
        }
        *lock = taken;
        held(&self.metrics).reset();
        held(&self.journal).reset();
        Ok(())
    }

    fn lost(&self, problem: &str) -> RunError {
        RunError::disk("write to", &self.path)(std::io::Error::other(problem.to_owned()))
    }

    /// Appends a finished epoch to the metrics.
    ///
    /// # Errors
    /// Returns a [`RunError`]; no part of the line is there then.
    pub fn append_metrics(&self, record: &EpochRecord) -> Result<(), RunError> {
        self.in_place()?;
        let metrics = self.path.join(METRICS);
        let line = line(record, &metrics)?;
        self.disk.append_line(&metrics, |_| line)
    }

    /// Saves the state after a finished epoch as a checkpoint, then the links to it; `told` is the number of
    /// lines of metrics up to this epoch.
    ///
    /// Checkpoints that are neither the latest, the best, due by `every` nor in `kept` are removed.
    ///
    /// # Errors
    /// Returns a [`RunError`]; the checkpoint before is intact then.
    pub fn save_state(
        &self,
        epoch: u32,
        snapshot: &Snapshot,
        told: usize,
        every: u32,
        kept: &BTreeSet<u32>,
    ) -> Result<(), RunError> {
        let previous = held(&self.current).clone();
        self.save_checkpoint(epoch, snapshot, told)?;
        let now = held(&self.current).clone();
        for old in previous.difference(&now) {
            let folder = door::folder(&self.path, *old);
            let due = old % every.max(1) == 0 || kept.contains(old);
            // A folder that somebody has put something into stays.
            if !due && holds_only_a_state(&folder) {
                self.disk.remove_folder(&folder)?;
            }
        }
        Ok(())
    }

    /// Saves a checkpoint of a finished epoch and points the links to it.
    pub(super) fn save_checkpoint(
        &self,
        epoch: u32,
        snapshot: &Snapshot,
        told: usize,
    ) -> Result<(), RunError> {
        self.in_place()?;
        let name = checkpoint::epoch_name(epoch);
        let (folder, story) = (door::folder(&self.path, epoch), self.history_digests(told)?);
        if files::is_there(&folder) && !holds_only_a_state(&folder) {
            set_aside(&self.disk, &self.path, &folder)?;
        }
        checkpoint::save(
            &self.disk,
            &folder,
            true,
            snapshot,
            &self.digest,
            Some(story),
        )?;
        let bests = snapshot.state.best_epochs();
        for (link, _) in BESTS
            .into_iter()
            .zip(bests)
            .filter(|(_, best)| *best == Some(epoch))
        {
            self.disk.point(&self.checkpoint_path(link), &name)?;
        }
        // Last: where it ends here, the epoch is done again, and comes to the same.
        self.disk.point(&self.checkpoint_path(LATEST), &name)?;
        let none_yet = self.checkpoint_path(NONE_YET);
        if files::is_there(&none_yet) {
            self.disk.remove_file(&none_yet)?;
        }
        *held(&self.current) = current(epoch, snapshot);
        Ok(())
    }

    /// Computes the digests of what stands beside a state: the first `told` lines of metrics, and the journal
    /// as it is. They are those of what is read back, so that nothing is said to be saved that is not there.
    fn history_digests(&self, told: usize) -> Result<HistoryDigests, RunError> {
        let mut metrics = held(&self.metrics).read()?;
        if metrics.lines > told {
            let text = files::read(&self.path.join(METRICS), METRICS_LIMIT)?;
            metrics = Prefix::of(&text, told).unwrap_or_default();
        }
        if metrics.lines < told {
            let there = metrics.lines;
            return Err(self.lost(&format!(
                "{there} of {told} epochs are in {METRICS}: somebody else changed it"
            )));
        }
        Ok(HistoryDigests {
            config: self.marker.config.clone(),
            metrics,
            journal: held(&self.journal).read()?,
        })
    }

    /// Saves the model as it is under `snapshots/`; returns the snapshot's folder.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the name is taken, not usable, or the disk refuses.
    pub fn save_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<PathBuf, RunError> {
        self.in_place()?;
        let path = self.path.join(SNAPSHOTS).join(name);
        if !is_plain_name(name) {
            return Err(RunError::unusable(
                &path,
                format!("a snapshot's name is made of {PLAIN_NAME}"),
            ));
        }
        let told = held(&self.metrics).read()?.lines;
        let story = self.history_digests(told)?;
        checkpoint::save(
            &self.disk,
            &path,
            false,
            snapshot,
            &self.digest,
            Some(story),
        )?;
        Ok(path)
    }

    /// Returns a snapshot name that is not taken, made of epoch and batch.
    pub fn free_snapshot_name(&self, epoch: u32, batch: u32) -> String {
        let base = format!("{}-batch-{batch:03}", checkpoint::epoch_name(epoch));
        let free = |name: &String| !self.path.join(SNAPSHOTS).join(name).exists();
        std::iter::once(base.clone())
            .chain((2..=u32::MAX).map(|number| format!("{base}-{number}")))
            .find(free)
            .unwrap_or(base)
    }

    /// Appends an event to the journal, with the time now.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the disk refuses.
    pub fn journal(&self, event: JournalEvent) -> Result<(), RunError> {
        self.journal_entry(&Entry::now(event))
    }

    /// Returns true if the journal is there.
    pub fn has_journal(&self) -> bool {
        self.path.join(JOURNAL).is_file()
    }

    /// Appends an entry to the journal, with the time that it has.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the disk refuses.
    pub fn journal_entry(&self, entry: &Entry) -> Result<(), RunError> {
        self.in_place()?;
        journal::append_entry(&self.disk, &self.path.join(JOURNAL), entry)
    }
}

fn line(record: &EpochRecord, path: &Path) -> Result<String, RunError> {
    serde_json::to_string(record).map_err(|error| RunError::unusable(path, error.to_string()))
}

/// Locks a mutex, also where its holder panicked: every value here is whole between two statements.
fn held<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the epochs of the checkpoints that are the newest or the best after a state.
fn current(epoch: u32, snapshot: &Snapshot) -> BTreeSet<u32> {
    let bests = snapshot.state.best_epochs();
    bests.into_iter().flatten().chain([epoch]).collect()
}

/// Checks that every file and folder of a run that is written to is itself there, and no link to another
/// place.
pub(super) fn plain(run: &Path) -> Result<(), RunError> {
    [CONFIG, METRICS, JOURNAL, MARKER, LOG, LOCK]
        .iter()
        .try_for_each(|name| own(&run.join(name)))?;
    for name in [CHECKPOINTS, SNAPSHOTS, EXPERIMENTS, CERTIFICATES, SET_ASIDE] {
        let path = run.join(name);
        if let Ok(metadata) = path.symlink_metadata()
            && !metadata.is_dir()
        {
            let found = files::kind(&metadata);
            let problem = format!(
                "expected a folder, found {found}; nothing of a run is written through one"
            );
            return Err(RunError::unusable(&path, problem));
        }
    }
    own(&run.join(CHECKPOINTS).join(NONE_YET))?;
    let entries = fs::read_dir(run.join(CHECKPOINTS))
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries {
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if is_link && checkpoint::epoch_of(&entry.file_name().to_string_lossy()).is_some() {
            let problem = "expected the folder of a checkpoint, found a link; put the folder itself there, or move the link away";
            return Err(RunError::unusable(&entry.path(), problem));
        }
    }
    Ok(())
}

/// Makes an empty folder for a new run, under a name that no other program gets.
///
/// # Errors
/// Returns [`RunError::Disk`] where the disk refuses.
pub fn reserve(disk: &Disk, runs: &Path, config: &Config) -> Result<PathBuf, RunError> {
    disk.create_folder(runs)?;
    disk.sweep(runs);
    loop {
        let path = new_run(runs, config);
        if disk.create_new_folder(&path)? {
            return Ok(path);
        }
    }
}

/// Checks that nothing is lost where a run is made: the folder is empty, or holds what an interrupted start
/// left.
pub(super) fn vacant(path: &Path) -> Result<(), RunError> {
    let nothing = |path: &Path| {
        let names = fs::read_dir(path).map(|entries| {
            let names = entries.flatten().map(|entry| entry.file_name());
            names
                .filter(|name| name != NONE_YET && !is_half_made(&name.to_string_lossy()))
                .count()
        });
        names.is_ok_and(|others| others == 0)
    };
    if path.is_symlink() && !path.exists() {
        return Err(RunError::unusable(path, "is a link that leads nowhere"));
    }
    let entries = match fs::read_dir(path) {
        // What stands in the way of making it says so when it is made.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(());
        }
        entries => entries.map_err(|error| RunError::unusable(path, error.to_string()))?,
    };
    let vacant = entries.flatten().map(|entry| entry.path()).all(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match name.as_ref() {
            LOCK | LOCK_OWNER => true,
            MARKER => Marker::read(&parent(&path)).is_some(),
            CHECKPOINTS | SNAPSHOTS => nothing(&path),
            METRICS => fs::metadata(&path).is_ok_and(|metadata| metadata.len() == 0),
            name => is_half_made(name),
        }
    });
    if vacant {
        return Ok(());
    }
    let problem = "exists already and is not empty; --resume continues a run";
    Err(RunError::unusable(path, problem))
}

/// Characters that a name may be made of, in words.
pub const PLAIN_NAME: &str = "letters, digits, `-`, `_` and `.`";

/// Returns true if a text can name a folder without leading out of the one it is made in: at most 80 bytes,
/// not hidden.
pub fn is_plain_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 80 && !name.starts_with('.') && name.chars().all(allowed)
}

/// Returns the name of a run, which is its folder's.
pub fn name(run: &Path) -> String {
    run.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Lists the epochs after which a checkpoint of the run is there, in order; none where their folder cannot be
/// read.
pub fn checkpoints(run: &Path) -> Vec<u32> {
    let mut there = door::numbered(run).unwrap_or_default();
    there.retain(|epoch| checkpoint::is_checkpoint(&door::folder(run, *epoch)));
    there
}

/// Checks that a folder is a run.
///
/// # Errors
/// Returns a [`RunError`] where it has no configuration.
pub(super) fn is_run(path: &Path) -> Result<(), RunError> {
    match path.join(CONFIG).is_file() {
        true => Ok(()),
        false => Err(RunError::unusable(
            path,
            format!("not a run: it has no {CONFIG}"),
        )),
    }
}

/// Reads the configuration that a run was made with.
///
/// # Errors
/// Returns a [`RunError`] where the folder is no run or the file is damaged.
pub fn stored_config(path: &Path) -> Result<Config, RunError> {
    not_foreign(path)?;
    is_run(path)?;
    Ok(Config::load(Source::File(path.join(CONFIG)), &[])?.config)
}

/// Reads the metrics of a run, in order; a last line that was cut off is left out.
///
/// # Errors
/// Returns a [`RunError`] that names the line that cannot be read.
pub fn read_metrics(path: &Path) -> Result<Vec<EpochRecord>, RunError> {
    let path = path.join(METRICS);
    let bytes = files::read(&path, METRICS_LIMIT)?;
    parse_metrics(&String::from_utf8_lossy(&bytes), &path)
}

/// Parses lines of metrics; a last line that was cut off is left out.
///
/// # Errors
/// Returns a [`RunError`] that names the line of `path` that cannot be read.
pub fn parse_metrics(text: &str, path: &Path) -> Result<Vec<EpochRecord>, RunError> {
    journal::whole_lines(text)
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| {
                let problem = format!("line {number}: expected an epoch, found: {error}");
                RunError::unusable(path, problem)
            })
        })
        .collect()
}

/// Reads the journal of a run; empty where there is none yet.
///
/// # Errors
/// Returns a [`RunError`] that names the line that cannot be read.
pub fn read_journal(path: &Path) -> Result<Vec<Entry>, RunError> {
    let path = path.join(JOURNAL);
    if path.exists() {
        journal::read(&path)
    } else {
        Ok(Vec::new())
    }
}

/// Returns the epochs finished in one of a run's checkpoints: `latest`, `best` or an epoch's number.
///
/// # Errors
/// Returns a [`RunError`] where the run has no such checkpoint; its text says which there are.
pub fn finished_epochs(run: &Path, which: &str) -> Result<u32, RunError> {
    let folder = checkpoint_folder(run, which)?;
    Ok(position(&folder)?.0)
}

/// Reads the epochs finished in a checkpoint or snapshot, and the batches of the next one.
///
/// # Errors
/// Returns a [`RunError`] where its state is missing or damaged.
pub fn position(checkpoint: &Path) -> Result<(u32, u32), RunError> {
    let state = checkpoint.join(STATE);
    checkpoint::position(&files::read(&state, STATE_LIMIT)?, &state)
}

/// Returns the folder of one of a run's checkpoints: `latest`, `best` or an epoch's number. Links do not
/// count: the newest is the one of the highest number, and its state says which are the best.
///
/// # Errors
/// Returns a [`RunError`] where the run has no such checkpoint; its text says which there are.
pub fn checkpoint_folder(run: &Path, which: &str) -> Result<PathBuf, RunError> {
    not_foreign(run)?;
    let epoch = match which {
        LATEST => door::newest(run)?,
        best if BESTS.contains(&best) => best_epoch(run, best)?,
        number => number.parse().ok().or_else(|| checkpoint::epoch_of(number)),
    };
    let folder = epoch.map(|epoch| door::folder(run, epoch));
    if let Some(folder) = folder.filter(|folder| checkpoint::is_checkpoint(folder)) {
        return Ok(folder);
    }
    let problem = format!("no checkpoint `{which}`; there is {}", kept(run));
    Err(RunError::unusable(run, problem))
}

/// Lists the names of a run's checkpoints, in words.
pub(super) fn kept(run: &Path) -> String {
    let there = checkpoints(run).into_iter().map(checkpoint::epoch_name);
    let there: Vec<String> = there.collect();
    match there.is_empty() {
        true => "none yet".to_owned(),
        false => there.join(", "),
    }
}

/// Returns the epoch that was the best by one of [`BESTS`] when the newest checkpoint was saved.
fn best_epoch(run: &Path, best: &str) -> Result<Option<u32>, RunError> {
    let Some((_, newest)) = door::enter_newest(run)? else {
        return Ok(None);
    };
    let bests = newest.files.state(&newest.config.digest()?)?.best_epochs();
    let place = BESTS.iter().position(|name| *name == best);
    Ok(place.and_then(|place| bests[place]))
}
