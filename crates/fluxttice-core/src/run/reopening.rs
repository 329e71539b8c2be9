//! Opening of a run to go on with it: checked as a whole first, repaired then.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::aside::{keep_aside, set_aside};
use super::checkpoint::{epoch_name, epoch_of};
use super::digests::Own;
use super::disk::{Disk, parent};
use super::door;
use super::error::RunError;
use super::files;
use super::folder::{BESTS, LATEST, Reopened, RunFolder, checkpoints};
use super::journal::{self, Entry, JournalEvent};
use super::lock::RunLock;
use super::marker::Marker;
use super::metrics::Metrics;
use super::names::{
    CERTIFICATES, CHECKPOINTS, CONFIG, DIGESTS, EXPERIMENTS, JOURNAL, METRICS, NONE_YET, OPTIMIZER,
    SNAPSHOTS, STATE, WEIGHTS,
};
use crate::config::Config;
use crate::digest::hex;
use crate::numbers::count32;
use crate::shown::shown;
use crate::training::Snapshot;
use crate::words::counted;

/// Largest file that may stand where a link stood, in bytes.
const LINK_LIMIT: u64 = 256;

/// Findings on a whole run; nothing of it was changed yet.
pub(super) struct Found {
    config: Config,
    own: Own,
    newest: Option<(u32, Snapshot)>,
    metrics: Metrics,
    unchecked: Vec<String>,
}

impl Found {
    /// Reads and checks a whole run.
    ///
    /// # Errors
    /// Returns a [`RunError`] that names what is damaged or missing, and what to do.
    pub(super) fn in_run(run: &Path) -> Result<Self, RunError> {
        let mut unchecked = Vec::new();
        let (config, own, newest, saved) = match door::enter_but_for_metrics(run)? {
            Some((epoch, entered)) => {
                let digest = entered.config.digest()?;
                let state = entered.files.snapshot(&digest);
                let checkpoint = door::folder(run, epoch);
                let state = state.map_err(|error| door::with_offer(run, &checkpoint, error))?;
                unchecked.extend(entered.unchecked);
                let saved = entered.files.digests.and_then(|digests| digests.run);
                (entered.config, entered.own, Some((epoch, state)), saved)
            }
            None => {
                let own = door::own(run)?;
                begins(run, &own, &mut unchecked)?;
                (door::config(run, &own)?, own, None, None)
            }
        };
        let done = newest.as_ref().map_or(0, |(epoch, _)| epoch + 1);
        let path = run.join(METRICS);
        let metrics = Metrics::read(&own.metrics, &path, done, saved.as_ref())?;
        let text = String::from_utf8_lossy(&own.journal);
        let entries = journal::parse(&text, &run.join(JOURNAL))?;
        unchecked.extend(what_the_journal_lacks(&entries, &text, done));
        Ok(Self {
            config,
            own,
            newest,
            metrics,
            unchecked,
        })
    }

    /// Repairs the run and hands it to the holder of its lock.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the disk refuses.
    pub(super) fn opened(
        mut self,
        disk: &Disk,
        path: &Path,
        lock: RunLock,
    ) -> Result<Reopened, RunError> {
        for name in [CHECKPOINTS, SNAPSHOTS, EXPERIMENTS, CERTIFICATES] {
            disk.sweep(&path.join(name));
        }
        disk.sweep(path);
        disk.sweep(&parent(path));
        let marker = Marker::read(path);
        let marked = marker.is_some();
        let marker = marker.unwrap_or_else(|| Marker::new(&self.own.config));
        let run = RunFolder::held(disk, path, &self.config, lock, marker.clone())?;
        if !marked {
            marker.write(disk, path)?;
        }
        let mut mended = std::mem::take(&mut self.metrics.notes);
        mended.extend(self.set_metrics_right(disk, path)?);
        let journal = path.join(JOURNAL);
        if is_shared(&journal) {
            disk.write(&journal, &self.own.journal)?;
        }
        disk.mend_last_line(&journal)?;
        if !self.metrics.missing.is_empty() {
            run.journal(JournalEvent::Missing {
                epoch: self.newest.as_ref().map_or(0, |(epoch, _)| epoch + 1),
                epochs: self.metrics.missing,
            })?;
        }
        let (run, state) = match self.newest {
            Some((epoch, state)) => {
                mended.extend(mend_links(disk, path, epoch, &state)?);
                (run.standing_at(epoch, &state), Some(state))
            }
            None => (run, None),
        };
        Ok(Reopened {
            run,
            state,
            records: self.metrics.records.into_iter().map(Arc::new).collect(),
            mended,
            unchecked: self.unchecked,
        })
    }

    /// Writes the metrics as they should be; where lines are left out, returns a sentence that says where the
    /// old file lies.
    fn set_metrics_right(&self, disk: &Disk, run: &Path) -> Result<Option<String>, RunError> {
        let path = run.join(METRICS);
        let there = files::is_there(&path).then(|| fs::read(&path));
        let there = there.transpose().map_err(RunError::disk("read", &path))?;
        if there.as_deref() == Some(self.metrics.text.as_bytes()) && !is_shared(&path) {
            return Ok(None);
        }
        let kept = self
            .metrics
            .leaves_out
            .then(|| keep_aside(disk, run, &path, &self.own.metrics));
        let kept = kept.transpose()?;
        disk.write(&path, self.metrics.text.as_bytes())?;
        Ok(kept.map(|kept| format!("{METRICS} as it was lies in {}", shown(kept))))
    }
}

/// Checks that a run without any checkpoint there has lost none.
fn begins(run: &Path, own: &Own, notes: &mut Vec<String>) -> Result<(), RunError> {
    let told = count32(journal::whole_lines(&String::from_utf8_lossy(&own.metrics)).count());
    let entries = journal::parse(&String::from_utf8_lossy(&own.journal), &run.join(JOURNAL))?;
    let asked = entries.iter().map(|entry| entry.event.epoch()).max();
    let told = told.max(asked.unwrap_or(0));
    // Between an epoch's line and its checkpoint a session may have been cut off, and a disk may have refused
    // them all.
    let none_was_saved = files::is_there(&run.join(CHECKPOINTS).join(NONE_YET));
    let cut_off = told <= 1 && run.join(CHECKPOINTS).is_dir();
    if told > 0 && !none_was_saved && !cut_off {
        let problem = format!(
            "metrics and journal tell of {}, and no checkpoint is there: copy `{CHECKPOINTS}` from where the run was \
             made, or start a new run with this configuration (`train --config {}`)",
            counted(told, "epoch"),
            shown(run.join(CONFIG))
        );
        return Err(RunError::unusable(&run.join(CHECKPOINTS), problem));
    }
    match Marker::read(run) {
        Some(marker) if marker.config != hex(&own.config) => Err(RunError::unusable(
            &run.join(CONFIG),
            "is damaged: it is not what the run was made with (SHA-256)",
        )),
        Some(_) => Ok(()),
        None => {
            notes.push(
                "nothing shows whether the configuration was changed since the run was made"
                    .to_owned(),
            );
            Ok(())
        }
    }
}

/// Lists what of a journal could not be checked, in whole sentences.
pub(super) fn what_the_journal_lacks(entries: &[Entry], text: &str, done: u32) -> Vec<String> {
    let mut notes = Vec::new();
    if entries.is_empty() {
        if done > 0 {
            notes.push(format!(
                "{JOURNAL} is missing or empty: what was asked of this run is not known"
            ));
        }
        return notes;
    }
    // A session that is over still answers some requests, and verdicts come when they come.
    let ends = entries.iter().rev().find_map(|entry| match entry.event {
        JournalEvent::Closed { .. } | JournalEvent::Branched { .. } => Some(true),
        JournalEvent::Opened { .. } => Some(false),
        _ => None,
    });
    let ends = ends.unwrap_or(false);
    if !ends {
        notes.push(format!(
            "the last session was cut off, or the end of {JOURNAL} is missing"
        ));
    }
    let unsealed = journal::unsealed(text);
    if unsealed > 0 {
        notes.push(format!(
            "{unsealed} of {} of {JOURNAL} without a seal, as version 0.1.0 wrote them: whether they were changed \
             is not checked",
            counted(entries.len() as u64, "line")
        ));
    }
    notes
}

/// Returns true if another folder has the same file under a name of its own (a hard link), as `cp -l` leaves
/// it.
fn is_shared(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        path.symlink_metadata()
            .is_ok_and(|metadata| metadata.nlink() > 1)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Points the links of a run's checkpoints to what the newest state says; returns a sentence that names the
/// links that were made again.
fn mend_links(
    disk: &Disk,
    run: &Path,
    newest: u32,
    state: &Snapshot,
) -> Result<Vec<String>, RunError> {
    let there = checkpoints(run);
    let bests = BESTS.into_iter().zip(state.state.best_epochs());
    let bests = bests.filter_map(|(link, best)| Some((link, best?)));
    let wanted = bests.chain([(LATEST, newest)]);
    let mut mended = Vec::new();
    for (link, epoch) in wanted.filter(|(_, epoch)| there.contains(epoch)) {
        let (path, target) = (run.join(CHECKPOINTS).join(link), epoch_name(epoch));
        let found = path.symlink_metadata().ok();
        match &found {
            Some(metadata) if metadata.is_symlink() => {
                let points = fs::read_link(&path);
                if points.is_ok_and(|points| points == Path::new(&target)) {
                    continue;
                }
            }
            Some(_) if repeats(&path, &door::folder(run, epoch)) => match path.is_dir() {
                true => disk.remove_folder(&path)?,
                false => disk.remove_file(&path)?,
            },
            Some(_) => drop(set_aside(disk, run, &path)?),
            None => {}
        }
        disk.point(&path, &target)?;
        let changed = found.is_none_or(|metadata| !metadata.is_symlink());
        if changed && files::is_there(&path) {
            mended.push(link);
        }
    }
    Ok(match mended.is_empty() {
        true => Vec::new(),
        false => vec![format!(
            "went on from the newest checkpoint, {}; its links were not there and were made again ({})",
            epoch_name(newest),
            mended.join(", ")
        )],
    })
}

/// Returns true if what stands in a link's place holds nothing but what the checkpoint holds: a copy of it,
/// or its name.
fn repeats(place: &Path, checkpoint: &Path) -> bool {
    if place.is_file() {
        let text = files::read(place, LINK_LIMIT);
        return text.is_ok_and(|text| {
            std::str::from_utf8(&text).is_ok_and(|text| epoch_of(text.trim()).is_some())
        });
    }
    let names = [WEIGHTS, OPTIMIZER, STATE, DIGESTS];
    let same = |name: &&str| {
        let (one, other) = (place.join(name), checkpoint.join(name));
        match (files::is_there(&one), files::is_there(&other)) {
            (false, _) => true,
            (true, false) => false,
            (true, true) => fs::read(one).ok() == fs::read(other).ok(),
        }
    };
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let mut others = entries.filter(|entry| {
        let name = entry.file_name();
        !names.iter().any(|known| name == **known)
    });
    others.next().is_none() && names.iter().all(same)
}
