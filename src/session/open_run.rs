//! A run that is being trained: its folder, its trainer, and what its journal asks to be done again.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn::tensor::DType;

use super::error::SessionError;
use super::message::{Mark, MarkKind, RunInfo, Tuning};
use super::plan::Plan;
use super::saving::Backlog;
use crate::device::Chosen;
use crate::model::{Architecture, parameter_counts};
use crate::record::EpochRecord;
use crate::run::journal::{self, JournalEvent};
use crate::run::{RunError, RunFolder, read_journal};
use crate::training::{Agenda, Planned, Snapshot, Steer, Trainer};

/// A run that is being trained.
pub(super) struct OpenRun {
    pub(super) run: RunFolder,
    pub(super) trainer: Trainer,
    /// Its epochs, in order: what rules look at.
    pub(super) records: Vec<Arc<EpochRecord>>,
    /// Changes in the epoch that is done again: they stand in the journal already.
    pub(super) again: Agenda,
    /// What of all this is not on the disk yet.
    pub(super) backlog: Backlog,
    /// Epochs whose checkpoints are not tidied away: those that disruptions began after.
    pub(super) kept: BTreeSet<u32>,
    /// Epoch after which the session stops whatever the schedule says (exclusive).
    limit: Option<u32>,
    /// An early stop that lies behind is not obeyed again.
    obey_patience: bool,
}

impl OpenRun {
    /// Takes a run up where it was left; also what there is to tell of it.
    pub(super) fn new(
        run: RunFolder,
        resumed: Option<Snapshot>,
        plan: &Plan,
        chosen: &Chosen,
    ) -> Result<(Self, RunInfo), SessionError> {
        let config = run.config().clone();
        let trainer = match resumed {
            Some(snapshot) => Trainer::resume(&config, snapshot, &chosen.device, DType::F32)
                .map_err(|problem| RunError::unusable(run.path(), problem))?,
            None => Trainer::new(&config, &chosen.device, DType::F32),
        };
        let done = trainer.epoch();
        let history = run.truncate_metrics(done)?;
        let entries = read_journal(run.path())?;
        run.journal(JournalEvent::Opened {
            epoch: done,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: chosen.name.clone(),
            seed: config.seed,
        })?;
        let mut again = journal::steps(&entries);
        let kept = again.iter().filter_map(base_of);
        let kept = kept.chain(journal::kept(&entries)).collect();
        again.retain(|planned| planned.epoch >= done);
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
        let open = Self {
            records: history.clone(),
            backlog: Backlog::after(done),
            again: Agenda::new(again),
            kept,
            limit: plan.epochs.map(|more| done.saturating_add(more)),
            obey_patience: !(trainer.out_of_patience() && plan.epochs.is_some()),
            run,
            trainer,
        };
        let info = RunInfo {
            name: open.run.name(),
            folder: open.run.path().to_owned(),
            config_name: plan.config_name.clone(),
            config_digest: open.run.digest().to_owned(),
            ineffective: plan.ineffective.clone(),
            seed: config.seed,
            device: chosen.name.clone(),
            device_reason: chosen.reason.clone(),
            tuning: Arc::new(open.tuning()),
            batches: open.trainer.batches(),
            parameters: parameter_counts(Architecture::from(&config), config.model.use_statenet),
            history,
            marks,
            checkpoint: None,
            training: true,
        };
        Ok((open, info))
    }

    /// What the configuration, changes included, makes of the run.
    pub(super) fn tuning(&self) -> Tuning {
        Tuning::new(self.trainer.settings(), self.last_epoch())
    }

    /// Epoch after which the session stops by itself (exclusive).
    pub(super) fn last_epoch(&self) -> u32 {
        let total = self.trainer.settings().total_epochs;
        self.limit.map_or(total, |limit| limit.min(total))
    }

    /// Whether the validation loss has not improved for so long that the run ends.
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

/// The epoch whose checkpoint a disruption can be tried again from; none in the first epoch.
fn base_of(planned: &Planned) -> Option<u32> {
    match planned.steer {
        Steer::Disrupt { .. } => planned.epoch.checked_sub(1),
        Steer::Set { .. } => None,
    }
}
