//! A new run that goes on from a checkpoint of another.

use std::collections::BTreeSet;
use std::path::Path;

use super::checkpoint;
use super::disk::{Disk, parent as parent_of};
use super::door;
use super::error::RunError;
use super::folder::{self, Reopened, RunFolder};
use super::journal::{Entry, JournalEvent};
use super::names::CHECKPOINTS;
use crate::config::Config;
use crate::record::EpochRecord;
use crate::training::Snapshot;

/// Parent of a branch, and the point at which the branch left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Name of the parent run, which is its folder's.
    pub run: String,
    /// Epochs of the parent that the branch shares.
    pub epochs: u32,
    /// SHA-256 of the weights that the branch began with; `None` where it left before the first epoch.
    pub weights: Option<String>,
}

/// Returns the parent of a run by its journal; `None` for a run that is no branch.
pub fn parent(entries: &[Entry]) -> Option<Parent> {
    entries.iter().rev().find_map(|entry| match &entry.event {
        JournalEvent::Branched {
            parent,
            epoch,
            weights,
        } => Some(Parent {
            run: parent.clone(),
            epochs: *epoch,
            weights: weights.clone(),
        }),
        _ => None,
    })
}

/// Reads the state of a run after this many epochs; `None` before the first.
///
/// # Errors
/// Returns a [`RunError`] where that checkpoint was not kept or is damaged.
pub fn state_after(run: &Path, epochs: u32) -> Result<Option<Snapshot>, RunError> {
    let Some(last) = epochs.checked_sub(1) else {
        return Ok(None);
    };
    let folder = folder::checkpoint_folder(run, &last.to_string())?;
    let entered = door::enter(run, &folder)?;
    entered.files.snapshot(&entered.config.digest()?).map(Some)
}

/// Computes the SHA-256 of the weights of a run's state; `None` before the first epoch.
///
/// # Errors
/// Returns a [`RunError`] where the weights cannot be written.
pub fn weights_digest(state: Option<&Snapshot>, run: &Path) -> Result<Option<String>, RunError> {
    let digest = state.map(|state| state.weights.digest()).transpose();
    digest.map_err(|source| RunError::Weights {
        path: run.to_owned(),
        source,
    })
}

/// Makes a run in a new folder that shares the first `epochs` epochs of `from`, metrics and journal included;
/// it has `config` from there on. `from` is not touched.
///
/// # Errors
/// Returns a [`RunError`] where the checkpoint was not kept or the folder cannot be made.
pub fn branch(
    disk: &Disk,
    from: &Path,
    epochs: u32,
    to: &Path,
    config: &Config,
) -> Result<Reopened, RunError> {
    let snapshot = state_after(from, epochs)?;
    let records = folder::read_metrics(from)?;
    let shared: Vec<_> = records
        .iter()
        .filter(|record| record.epoch < epochs)
        .collect();
    let entries = folder::read_journal(from)?;
    let weights = weights_digest(snapshot.as_ref(), from)?;

    folder::vacant(to)?;
    disk.sweep(&parent_of(to));
    let made = disk.publish_folder(to, true, |scratch| {
        let run = RunFolder::create(disk, scratch, config)?;
        for entry in entries.iter().filter(|entry| entry.event.epoch() < epochs) {
            run.journal_entry(entry)?;
        }
        run.journal(JournalEvent::Branched {
            parent: folder::name(from),
            epoch: epochs,
            weights,
        })?;
        run.replace_metrics(shared.iter().copied())?;
        if let Some(snapshot) = &snapshot {
            adopt_bests(&run, from, epochs, snapshot, &shared)?;
            run.save_checkpoint(epochs - 1, snapshot, shared.len())?;
        }
        Ok(())
    });
    if made.is_err() {
        // The name that was kept free for it is free again; anything but an empty folder stays.
        let _ = std::fs::remove_dir(to);
    }
    made?;
    RunFolder::open(disk, to)
}

/// Copies the checkpoints of the parent's best epochs; those that the parent did not keep are left out.
fn adopt_bests(
    run: &RunFolder,
    from: &Path,
    epochs: u32,
    snapshot: &Snapshot,
    shared: &[&EpochRecord],
) -> Result<(), RunError> {
    let bests = snapshot.state.best_epochs().into_iter().flatten();
    let wanted: BTreeSet<u32> = bests.filter(|epoch| epoch + 1 < epochs).collect();
    for epoch in wanted {
        let folder = from.join(CHECKPOINTS).join(checkpoint::epoch_name(epoch));
        if checkpoint::is_checkpoint(&folder)
            && let Some(state) = state_after(from, epoch + 1)?
        {
            let told = shared.partition_point(|record| record.epoch <= epoch);
            run.save_checkpoint(epoch, &state, told)?;
        }
    }
    Ok(())
}
