//! State of the run as the screen knows it; cheap to clone for a frozen view.

use std::path::PathBuf;
use std::sync::Arc;

use fluxttice_core::record::{CoveredSets, EpochRecord, EpochReport, Stage};
use fluxttice_core::request::{Command, EndReason, Mark, Outcome};
use fluxttice_core::run::{Members, journal, upsert_epoch};
use fluxttice_core::session::message::{
    Attached, Codes, Contact, End, Event, Foreign, Progress, Recipe, RunInfo, RunKind, RunState,
    Tuning, Unsaved,
};

use crate::control::{self, Control};
use crate::follow_up::Pending;

/// Names of the four training phases; phase 1 is at index 0.
pub const PHASES: [&str; 4] = [
    "entropy expansion",
    "consolidation",
    "resonant coupling",
    "ultra exploration",
];

/// State of the run as the screen knows it, built from the worker's events.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// Description of the run as it was opened; `None` before that.
    pub info: Option<Arc<RunInfo>>,
    /// State that the worker reported last; `None` before the first report.
    pub state: Option<RunState>,
    /// Records of the finished epochs, oldest first.
    pub records: Vec<Arc<EpochRecord>>,
    /// The run as another program trains it; `None` where it is one of this program.
    pub foreign: Option<Foreign>,
    /// Records of all runs of its population, those of this run included.
    pub members: Members,
    /// Marks on the time axis, such as disruptions and snapshots.
    pub marks: Vec<Mark>,
    /// Sets of operations that A and B generated in the newest coverage pass.
    pub covered: Option<Arc<CoveredSets>>,
    /// Newest codes of all operations; `None` before a pane needed them.
    pub codes: Option<Arc<Codes>>,
    /// Progress of the worker within the epoch.
    pub progress: Progress,
    /// End of the session, with its reason; `None` while it goes on.
    pub end: Option<End>,
    /// When a trainer in another process was last heard of.
    pub contact: Contact,
    /// Epochs that the disk refused; `None` while everything is saved.
    pub unsaved: Option<Unsaved>,
    /// Requests to the worker that have no outcome yet.
    pub pending: Vec<Pending>,
    /// Set once a stop after the epoch at work is granted.
    pub finishing: bool,
}

/// Condition of the run, as the header shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Before the first batch: files are read, the device is opened, kernels are compiled.
    Preparing,
    /// Training on the batches of the epoch.
    Training,
    /// Computing the validation loss.
    Validating,
    /// Measuring coverage.
    Counting,
    /// Writing a finished epoch to the disk.
    Saving,
    /// Asked to pause; the batch at work is finished first.
    Pausing,
    /// Paused by the user between two batches.
    Paused,
    /// Asked to go on after a pause, and not granted yet.
    Resuming,
    /// Asked to stop at once, and not granted yet.
    Stopping,
    /// Asked to stop after this epoch, which is trained to its end.
    FinishingEpoch,
    /// Training has ended, for this reason.
    Ended(EndReason),
    /// Nothing is trained: a finished model is explored.
    Exploring,
}

impl Condition {
    /// Returns the condition in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Training => "training",
            Self::Validating => "validating",
            Self::Counting => "counting",
            Self::Saving => "saving",
            Self::Pausing => "pausing …",
            Self::Paused => "paused",
            Self::Resuming => "resuming …",
            Self::Stopping => "stopping …",
            Self::FinishingEpoch => "finishing epoch …",
            Self::Ended(reason) => reason.words(),
            Self::Exploring => "exploring",
        }
    }

    /// Returns the glyph in front of the words.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Preparing | Self::Pausing | Self::Resuming | Self::Stopping => "◌",
            Self::Training
            | Self::Validating
            | Self::Counting
            | Self::Saving
            | Self::FinishingEpoch => "●",
            Self::Paused => "‖",
            Self::Ended(EndReason::Diverged | EndReason::Failed | EndReason::Lost) => "✖",
            Self::Ended(_) | Self::Exploring => "■",
        }
    }
}

/// Reason why nothing is trained here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Reason in words that need no further look.
    Because(&'static str),
    /// Another process trains, and nothing can be asked of it, for this reason.
    CannotSteer(String),
    /// The run is only explored; its folder tells whether another process trains it.
    OnlyLookedAt {
        /// Name of the run.
        name: String,
        /// Folder of the run, to be read.
        run: PathBuf,
    },
}

impl RunView {
    /// Updates the state by an event of the worker.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::Started(info) => {
                // Another run, or the first: nothing of the one before belongs to it.
                *self = Self {
                    records: info.history.clone(),
                    marks: info.marks.clone(),
                    info: Some(Arc::clone(info)),
                    state: self.state,
                    // Of a run that another process trains, progress may arrive before this does.
                    progress: info
                        .attached
                        .as_ref()
                        .map_or_else(Progress::default, |_| self.progress),
                    pending: std::mem::take(&mut self.pending),
                    ..Self::default()
                };
                self.foreign = info.foreign().cloned();
                self.add_members(info);
            }
            Event::State(state) => self.state = Some(*state),
            Event::Tuned(tuning) => {
                if let Some(info) = &mut self.info
                    && let RunKind::Own(recipe) = &mut Arc::make_mut(info).kind
                {
                    recipe.tuning = Arc::clone(tuning);
                }
            }
            Event::Epoch(report) => self.on_epoch(report),
            Event::Joined(info) => self.add_members(info),
            Event::ForeignEpoch(epoch) => {
                if let Some(foreign) = &mut self.foreign {
                    foreign.run.add(Arc::clone(epoch));
                }
            }
            Event::Controls(controls) => {
                if let Some(foreign) = &mut self.foreign {
                    foreign.controls = Some(controls.as_ref().clone());
                }
            }
            Event::Samples(samples) => {
                if let Some(foreign) = &mut self.foreign {
                    foreign.samples = Some(Arc::clone(samples));
                }
            }
            Event::Member(member) => self.members.add(member.seed, &member.record),
            Event::Outcome(outcome) => self.on_outcome(outcome),
            Event::Codes(codes) => {
                self.codes = Some(Arc::clone(codes));
                self.pending
                    .retain(|pending| pending.command != Command::Encode);
            }
            Event::Covered(covered) => self.covered = Some(Arc::clone(covered)),
            Event::Weights(_) => self
                .pending
                .retain(|pending| pending.command != Command::Weights),
            Event::Contact(contact) => self.contact = *contact,
            Event::Unsaved(unsaved) => self.unsaved.clone_from(unsaved),
            Event::Notice(_) => {}
            Event::Ended(end) => {
                // The first reason that arrives is the true one.
                self.end.get_or_insert_with(|| end.clone());
                // A worker that has ended well still answers.
                if matches!(end.reason, EndReason::Diverged | EndReason::Failed) {
                    self.pending.clear();
                }
            }
        }
    }

    fn add_members(&mut self, info: &RunInfo) {
        if let Some(recipe) = info.recipe() {
            for record in &info.history {
                self.members.add(recipe.seed, record);
            }
        }
    }

    fn on_epoch(&mut self, report: &EpochReport) {
        upsert_epoch(&mut self.records, &report.record);
        if let Some(seed) = self.recipe().map(|recipe| recipe.seed) {
            self.members.add(seed, &report.record);
        }
        if let Some(covered) = &report.covered {
            self.covered = Some(Arc::clone(covered));
        }
    }

    fn on_outcome(&mut self, outcome: &Outcome) {
        self.pending.retain(|pending| pending.id != outcome.id);
        self.finishing |= outcome.applied && outcome.command == Command::StopAfterEpoch;
        self.marks.extend(journal::mark(outcome));
    }

    /// Returns the record of the newest finished epoch; `None` before the first.
    pub fn newest(&self) -> Option<&Arc<EpochRecord>> {
        self.records.last()
    }

    /// Returns what the run is trained by; `None` where another program trains it.
    pub fn recipe(&self) -> Option<&Recipe> {
        self.info.as_ref()?.recipe()
    }

    /// Returns schedule and limits of the run; `None` where another program trains it.
    pub fn tuning(&self) -> Option<&Tuning> {
        Some(self.recipe()?.tuning.as_ref())
    }

    /// Returns the number of the newest finished epoch; `None` before the first.
    fn newest_epoch(&self) -> Option<u32> {
        match &self.foreign {
            Some(foreign) => foreign.run.epochs.last().map(|epoch| epoch.epoch),
            None => self.newest().map(|record| record.epoch),
        }
    }

    /// Returns the number of finished epochs.
    pub fn epochs_done(&self) -> u32 {
        self.newest_epoch()
            .map_or(0, |epoch| epoch.saturating_add(1))
    }

    /// Returns the number of epochs of the whole run; `None` where that is not known.
    pub fn total_epochs(&self) -> Option<u32> {
        match &self.foreign {
            Some(foreign) => foreign.run.last_epoch,
            None => self.tuning().map(Tuning::total_epochs),
        }
    }

    /// Returns the record of the newest epoch, up to this one, in which coverage was measured.
    pub fn counted(&self, epoch: u32) -> Option<&Arc<EpochRecord>> {
        let newest_first = self.records.iter().rev();
        newest_first
            .skip_while(|record| record.epoch > epoch)
            .find(|record| record.coverage.is_some())
    }

    /// Returns the record of the newest epoch, up to this one, in which I(z; x) was measured.
    pub fn informed(&self, epoch: u32) -> Option<&Arc<EpochRecord>> {
        let newest_first = self.records.iter().rev();
        newest_first
            .skip_while(|record| record.epoch > epoch)
            .find(|record| record.information.is_some())
    }

    /// Returns everything that can be changed during training, with its value now.
    pub fn controls(&self) -> Vec<Control> {
        let newest = self.newest().map(AsRef::as_ref);
        match (&self.foreign, self.tuning()) {
            (Some(foreign), _) => control::declared(foreign.controls.as_ref()),
            (None, Some(tuning)) => control::of_config(&tuning.config, newest),
            (None, None) => Vec::new(),
        }
    }

    /// Returns what is wrong with a value of a control, as far as this side can tell; `None` where it can be
    /// asked for.
    pub fn problem_with(&self, key: &str, value: &str) -> Option<String> {
        match (&self.foreign, self.tuning()) {
            (Some(_), _) => control::problem(&self.controls(), key, value),
            (None, Some(tuning)) => {
                let changed = tuning.config.changed(key, value);
                changed.err().map(|error| error.to_string())
            }
            (None, None) => Some("the run is not open yet".to_owned()),
        }
    }

    /// Returns the controls; none once training is over.
    pub fn offered_controls(&self) -> Vec<Control> {
        if self.is_over() {
            Vec::new()
        } else {
            self.controls()
        }
    }

    /// Returns the record of this epoch; `None` if it is not finished.
    pub fn at(&self, epoch: u32) -> Option<&Arc<EpochRecord>> {
        let place = self
            .records
            .binary_search_by_key(&epoch, |record| record.epoch)
            .ok()?;
        self.records.get(place)
    }

    /// Returns true if training is over, so that leaving loses nothing.
    pub fn is_over(&self) -> bool {
        self.end.is_some()
            || matches!(self.state, Some(RunState::Finished | RunState::Failed))
            || self.info.as_ref().is_some_and(|info| !info.training)
    }

    /// Returns true if the worker can still answer questions about the model.
    pub fn answers(&self) -> bool {
        let failed = self.state == Some(RunState::Failed)
            || self
                .end
                .as_ref()
                .is_some_and(|end| end.reason == EndReason::Failed);
        self.info.is_some() && !failed
    }

    /// Returns true if the trainer takes such a request, as far as it says what it takes.
    pub fn takes(&self, command: &Command) -> bool {
        let controls = self
            .foreign
            .as_ref()
            .and_then(|foreign| foreign.controls.as_ref());
        controls.is_none_or(|controls| controls.takes(command))
    }

    /// Returns true if this screen can go on in another run.
    pub fn moves(&self) -> bool {
        self.answers() && self.info.as_ref().is_some_and(|info| info.training)
    }

    /// Returns the trainer, where that is another process; `None` where this one trains, or nobody does.
    pub fn attached(&self) -> Option<&Attached> {
        self.info.as_ref()?.attached.as_ref()
    }

    /// Returns true if the trainer still takes requests for snapshots: one in this process also when training
    /// is over.
    pub fn serves(&self) -> bool {
        let takes = match self.attached() {
            Some(attached) => {
                let snapshot = Command::Snapshot { name: None };
                attached.cannot_steer.is_none() && !self.is_over() && self.takes(&snapshot)
            }
            None => true,
        };
        takes && self.answers() && self.info.as_ref().is_some_and(|info| info.training)
    }

    /// Returns the reason why nothing is trained here now; `None` while the run is trained.
    pub fn idle(&self) -> Option<Idle> {
        let because = |text: &'static str| Some(Idle::Because(text));
        let Some(info) = &self.info else {
            return because(if self.is_over() {
                "the run could not be opened"
            } else {
                "the run is not open yet"
            });
        };
        match info.training_folder() {
            _ if info.training && !self.is_over() => {
                let attached = info.attached.as_ref();
                let problem = attached.and_then(|attached| attached.cannot_steer.clone());
                problem.map(Idle::CannotSteer)
            }
            _ if info.training && self.answers() => because("training has ended"),
            _ if info.training => because("training has ended with an error"),
            None => because("this model was not trained here"),
            Some(run) => Some(Idle::OnlyLookedAt {
                name: info.name.clone(),
                run: run.to_owned(),
            }),
        }
    }

    /// Returns the condition that the header shows.
    pub fn condition(&self) -> Condition {
        if let Some(end) = &self.end {
            return Condition::Ended(end.reason);
        }
        if self.info.as_ref().is_some_and(|info| !info.training) {
            return Condition::Exploring;
        }
        let asked = |wanted: &Command| {
            self.pending
                .iter()
                .any(|pending| pending.command == *wanted)
        };
        match self.state {
            None | Some(RunState::Preparing) if asked(&Command::StopNow) => Condition::Stopping,
            None | Some(RunState::Preparing) => Condition::Preparing,
            Some(RunState::Finished) => Condition::Ended(EndReason::Finished),
            Some(RunState::Failed) => Condition::Ended(EndReason::Failed),
            _ if asked(&Command::StopNow) => Condition::Stopping,
            Some(RunState::Paused) if asked(&Command::Resume) => Condition::Resuming,
            Some(RunState::Paused) => Condition::Paused,
            Some(RunState::Running) if asked(&Command::Pause) => Condition::Pausing,
            Some(RunState::Running) if self.finishing || asked(&Command::StopAfterEpoch) => {
                Condition::FinishingEpoch
            }
            Some(RunState::Running) => match self.progress.stage {
                Stage::Preparing => Condition::Preparing,
                Stage::Training => Condition::Training,
                Stage::Validation => Condition::Validating,
                Stage::Coverage => Condition::Counting,
                Stage::Saving => Condition::Saving,
            },
        }
    }

    /// Returns the epoch at work, or the last finished one where training is over; `None` before the first.
    pub fn epoch(&self) -> Option<u32> {
        let newest = self.newest_epoch();
        if self.is_over() {
            return newest;
        }
        match (newest, self.progress.stage) {
            // A trainer of another program may not say which epoch is at work.
            (Some(newest), _) if self.foreign.is_some() => {
                Some(self.progress.epoch.max(newest.saturating_add(1)))
            }
            (newest, Stage::Preparing) => newest.map(|epoch| epoch + 1),
            _ => Some(self.progress.epoch),
        }
    }

    /// Returns the phase, 1 to 4, of the newest epoch; 1 before the first.
    pub fn phase(&self) -> u8 {
        self.newest().map_or(1, |record| record.phase)
    }

    /// Returns the longest time that training can still take, in seconds; an early stop may cut it short.
    /// `None` where the rate is not known or training is over.
    pub fn seconds_left(&self) -> Option<f64> {
        let last = match &self.foreign {
            Some(foreign) => foreign.run.last_epoch?,
            None => self.tuning()?.last_epoch,
        };
        let rate = self.progress.epochs_per_minute;
        if self.is_over() || !rate.is_finite() || rate <= 0.0 {
            return None;
        }
        let left = last.saturating_sub(self.epochs_done());
        Some(f64::from(left) / rate * 60.0)
    }
}
