//! A run that is being trained: its folder, its trainer, and what its journal asks to be done again.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn::tensor::{DType, Device};

use super::error::SessionError;
use super::message::{Event, Notice, NoticeLevel, Recipe, RunInfo, RunKind, Tuning};
use super::plan::Plan;
use super::saving::Backlog;
use super::worker::Lines;
use crate::device::Chosen;
use crate::model::{Architecture, parameter_counts};
use crate::record::EpochRecord;
use crate::request::{Mark, MarkKind};
use crate::run::journal::{self, Entry, JournalEvent};
use crate::run::{Reopened, RunError, RunFolder, read_journal};
use crate::training::{Agenda, Planned, Snapshot, Steer, StepError, Trainer};

/// A run that is being trained.
pub(super) struct OpenRun {
    pub(super) run: RunFolder,
    pub(super) trainer: Trainer,
    /// Epochs of the run, in order; rules look at them.
    pub(super) records: Vec<Arc<EpochRecord>>,
    /// Entries of the journal, in order.
    pub(super) entries: Vec<Entry>,
    /// Changes in the epoch that is done again: they stand in the journal already.
    pub(super) again: Agenda,
    /// Everything of the run that is not on the disk yet.
    pub(super) backlog: Backlog,
    /// Epochs whose checkpoints are never removed: disruptions began after them, or the user asked for it.
    pub(super) kept: BTreeSet<u32>,
    /// Requests of other programs that the journal answers, until others were told.
    pub(super) answered: Vec<String>,
    /// Number of finished epochs at which the session stops whatever the schedule says; `None` for the
    /// schedule's end.
    limit: Option<u32>,
    /// False where an early stop lies behind, which is not obeyed again.
    obey_patience: bool,
}

impl OpenRun {
    /// Takes a run up where it was left; returns it with what there is to tell of it.
    pub(super) fn new(
        reopened: Reopened,
        plan: &Plan,
        chosen: &Chosen,
    ) -> Result<(Self, RunInfo), SessionError> {
        let Reopened {
            run,
            state,
            records: history,
            ..
        } = reopened;
        let config = run.config().clone();
        let trainer = begin(&run, state, &chosen.device, DType::F32)?;
        let done = trainer.epoch();
        let mut entries = read_journal(run.path())?;
        let opened = Entry::now(JournalEvent::Opened {
            epoch: done,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: chosen.name.clone(),
            seed: config.seed,
        });
        run.journal_entry(&opened)?;
        let steps = journal::steps(&entries);
        let kept = steps.iter().filter_map(base_of);
        let kept = kept.chain(journal::kept(&entries)).collect();
        let mut marks = journal::marks(&entries);
        // A branch that has just been made begins here; any other run goes on here.
        let begins = Mark {
            epoch: done,
            kind: MarkKind::Branch,
        };
        if done > 0 && !marks.contains(&begins) {
            marks.push(Mark {
                epoch: done,
                kind: MarkKind::Resumed,
            });
        }
        let again = again(&entries, done);
        entries.push(opened);
        let open = Self {
            records: history.clone(),
            backlog: Backlog::after(done, history.len(), entries.len()),
            again,
            entries,
            kept,
            answered: Vec::new(),
            limit: plan.epochs.map(|more| done.saturating_add(more)),
            obey_patience: !(trainer.out_of_patience() && plan.epochs.is_some()),
            run,
            trainer,
        };
        let info = RunInfo {
            name: open.run.name(),
            folder: open.run.path().to_owned(),
            kind: RunKind::Own(Recipe {
                config_name: plan.config_name.clone(),
                config_digest: open.run.digest().to_owned(),
                ineffective: plan.ineffective.clone(),
                seed: config.seed,
                tuning: Arc::new(open.tuning()),
                parameters: parameter_counts(
                    Architecture::from(&config),
                    config.model.use_statenet,
                ),
            }),
            device: chosen.name.clone(),
            device_reason: chosen.reason.clone(),
            batches: open.trainer.batches(),
            history,
            marks,
            checkpoint: None,
            training: true,
            attached: None,
            answered: Vec::new(),
        };
        Ok((open, info))
    }

    /// Goes back to the end of the last finished epoch, with half the learning rate from there on. Returns
    /// false where the configuration does not allow it, or not once more.
    pub(super) fn roll_back(
        &mut self,
        diverged: &StepError,
        lines: &Lines,
    ) -> Result<bool, SessionError> {
        let times = self.trainer.rolled_back() + 1;
        let most = self.trainer.settings().stopping.roll_back.unwrap_or(0);
        if times > most {
            return Ok(false);
        }
        let epoch = self.trainer.epoch();
        self.note(
            JournalEvent::RolledBack {
                epoch,
                times,
                problem: diverged.to_string(),
            },
            lines,
        )?;
        let last = match self.backlog.newest() {
            Some(state) => Some(state.clone()),
            None => self.run.latest()?,
        };
        let (device, dtype) = self.trainer.placement();
        let trainer = begin(&self.run, last, device, dtype)?;
        let group = self.trainer.leave_group()?;
        self.trainer = trainer.after_rolling_back(times).in_group(group);
        self.again = again(&self.entries, epoch);
        lines.event(Event::Notice(Notice {
            level: NoticeLevel::Warning,
            text: format!(
                "{diverged}; epoch {epoch} is done again with half the learning rate ({times} of {most} times)"
            ),
        }));
        Ok(true)
    }

    /// Computes schedule and limits by the configuration, changes included.
    pub(super) fn tuning(&self) -> Tuning {
        Tuning::new(self.trainer.settings(), self.last_epoch())
    }

    /// Returns the number of finished epochs at which the session stops by itself.
    pub(super) fn last_epoch(&self) -> u32 {
        let total = self.trainer.settings().total_epochs;
        self.limit.map_or(total, |limit| limit.min(total))
    }

    /// Returns true if the figure that stops the run has not improved for so long that the run ends.
    pub(super) fn out_of_patience(&self) -> bool {
        self.obey_patience && self.trainer.out_of_patience()
    }

    /// Remembers to keep the checkpoint that a change begins after.
    pub(super) fn keep_base(&mut self, steer: &Steer) {
        let planned = Planned {
            epoch: self.trainer.epoch(),
            batch: self.trainer.batch(),
            steer: steer.clone(),
        };
        self.kept.extend(base_of(&planned));
    }
}

/// Makes a trainer at the start of a run, or where a state left it.
fn begin(
    run: &RunFolder,
    state: Option<Snapshot>,
    device: &Device,
    dtype: DType,
) -> Result<Trainer, RunError> {
    match state {
        Some(state) => Trainer::resume(run.config(), state, device, dtype)
            .map_err(|refusal| RunError::unusable(run.path(), refusal.to_string())),
        None => Ok(Trainer::new(run.config(), device, dtype)),
    }
}

/// Returns the changes that a journal has from this epoch on, which is done next.
fn again(entries: &[Entry], epoch: u32) -> Agenda {
    let mut steps = journal::steps(entries);
    steps.retain(|planned| planned.epoch >= epoch);
    Agenda::new(steps)
}

/// Returns the epoch whose checkpoint a disruption can be tried again from; `None` in the first epoch.
fn base_of(planned: &Planned) -> Option<u32> {
    match planned.steer {
        Steer::Disrupt { .. } => planned.epoch.checked_sub(1),
        Steer::Set { .. } => None,
    }
}
