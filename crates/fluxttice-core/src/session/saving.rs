//! Writes that the disk refuses: none of them is dropped, and training goes on.
//!
//! A refused write is tried again with the next one, and while there is nothing else to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::SessionError;
use super::message::{Event, Notice, NoticeLevel, Unsaved};
use super::open_run::OpenRun;
use super::worker::Lines;
use crate::record::EpochRecord;
use crate::run::RunError;
use crate::run::journal::{Entry, JournalEvent};
use crate::training::Snapshot;

/// Everything of a run that is not on the disk yet.
#[derive(Debug)]
pub(super) struct Backlog {
    /// Number of entries of the journal that are on the disk.
    journaled: usize,
    /// Number of epochs whose metrics are on the disk.
    recorded: usize,
    /// States after epochs: the newest, and those that were the best or are to be kept.
    states: BTreeMap<u32, Snapshot>,
    /// Finished epochs of the newest state on the disk.
    saved: u32,
    /// Refusal of the disk; `None` where everything is saved.
    refused: Option<Unsaved>,
}

impl Backlog {
    /// Makes an empty backlog for a run with `epochs` finished epochs, of which `recorded` have metrics on
    /// the disk, as `journaled` entries of its journal are.
    pub(super) fn after(epochs: u32, recorded: usize, journaled: usize) -> Self {
        Self {
            journaled,
            recorded,
            states: BTreeMap::new(),
            saved: epochs,
            refused: None,
        }
    }

    /// Returns the newest state, where it is not on the disk.
    pub(super) fn newest(&self) -> Option<&Snapshot> {
        self.states.last_key_value().map(|(_, state)| state)
    }
}

impl OpenRun {
    /// Returns what is not saved and why; `None` where everything is.
    pub(super) fn unsaved(&self) -> Option<&Unsaved> {
        self.backlog.refused.as_ref()
    }

    /// Writes an event into the journal, or keeps it while the disk refuses.
    ///
    /// # Errors
    /// Returns an error that waiting does not help against; the disk's refusal is sent as an event instead.
    pub(super) fn note(&mut self, event: JournalEvent, lines: &Lines) -> Result<(), RunError> {
        self.entries.push(Entry::now(event));
        self.save(lines)
    }

    /// Saves a finished epoch, or keeps it while the disk refuses.
    ///
    /// # Errors
    /// Returns an error that waiting does not help against; the disk's refusal is sent as an event instead.
    pub(super) fn save_epoch(
        &mut self,
        record: &Arc<EpochRecord>,
        lines: &Lines,
    ) -> Result<(), SessionError> {
        self.records.push(Arc::clone(record));
        let newest = self.trainer.snapshot()?;
        let bests = newest.state.best_epochs();
        let kept = &self.kept;
        let states = &mut self.backlog.states;
        states.retain(|epoch, _| bests.contains(&Some(*epoch)) || kept.contains(epoch));
        states.insert(record.epoch, newest);
        Ok(self.save(lines)?)
    }

    /// Writes what has not been written; sends an event when that begins to fail and when it succeeds again.
    ///
    /// # Errors
    /// Returns an error that waiting does not help against; the disk's refusal is sent as an event instead.
    pub(super) fn save(&mut self, lines: &Lines) -> Result<(), RunError> {
        let was_removed = !self.run.is_in_place();
        let refused = match self.write() {
            Ok(()) if was_removed => {
                let text = "the run's folder was removed or replaced; it is made again, without snapshots and older checkpoints";
                let (level, text) = (NoticeLevel::Warning, text.to_owned());
                lines.event(Event::Notice(Notice { level, text }));
                None
            }
            Ok(()) => None,
            Err(error @ RunError::Disk { .. }) => Some(Unsaved {
                since: self.backlog.saved,
                problem: error.to_string(),
            }),
            Err(error) => return Err(error),
        };
        if self.backlog.journaled == self.entries.len() {
            lines.answered(self.answered.drain(..));
        }
        // Told once, not at every attempt: each names another scratch file.
        let since = |unsaved: &Option<Unsaved>| unsaved.as_ref().map(|unsaved| unsaved.since);
        let news = since(&refused) != since(&self.backlog.refused);
        self.backlog.refused.clone_from(&refused);
        if news {
            lines.event(Event::Unsaved(refused));
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), RunError> {
        let Self { run, backlog, .. } = self;
        if backlog.refused.is_some() || !run.is_in_place() {
            // The folder may have been changed meanwhile, and something been written in part.
            backlog.recorded = run.restore(&self.records)?;
            if !run.has_journal() {
                backlog.journaled = 0;
            }
        }
        for entry in self.entries.iter().skip(backlog.journaled) {
            run.journal_entry(entry)?;
            backlog.journaled += 1;
        }
        for record in self.records.iter().skip(backlog.recorded) {
            run.append_metrics(record)?;
            backlog.recorded += 1;
        }
        let every = self.trainer.settings().checkpoint_freq;
        while let Some(state) = backlog.states.first_entry() {
            let epoch = *state.key();
            let told = self.records.partition_point(|record| record.epoch <= epoch);
            run.save_state(epoch, state.get(), told, every, &self.kept)?;
            backlog.saved = epoch + 1;
            state.remove();
        }
        Ok(())
    }
}
