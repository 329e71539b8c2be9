//! What is known of the run: everything the views draw from, cheap to clone for a frozen picture.

use std::path::PathBuf;
use std::sync::Arc;

use fluxttice_core::record::{CoveredSets, EpochRecord, EpochReport, Stage};
use fluxttice_core::request::{Command, EndReason, Mark, Outcome};
use fluxttice_core::run::{Members, journal, take_in};
use fluxttice_core::session::message::{Codes, End, Event, Progress, RunInfo, RunState, Unsaved};

use crate::app::Pending;
use crate::dialogs::controls::{Control, controls};
use crate::effects::{AfterGlance, Effect};

/// Names of the four phases.
pub const PHASES: [&str; 4] = [
    "entropy expansion",
    "consolidation",
    "resonant coupling",
    "ultra exploration",
];

/// The run as the screen knows it.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// The run as it was opened.
    pub info: Option<Arc<RunInfo>>,
    /// What the worker last said it was doing.
    pub state: Option<RunState>,
    /// Finished epochs, oldest first.
    pub records: Vec<Arc<EpochRecord>>,
    /// The same with those of the other runs of its population.
    pub members: Members,
    /// Events on the time axis.
    pub marks: Vec<Mark>,
    /// Operations generated after the newest epoch that was counted.
    pub covered: Option<Arc<CoveredSets>>,
    /// Newest codes.
    pub codes: Option<Arc<Codes>>,
    /// Where the worker stands within the epoch.
    pub progress: Progress,
    /// How it ended.
    pub end: Option<End>,
    /// What the disk refuses to take.
    pub unsaved: Option<Unsaved>,
    /// Requests on their way.
    pub pending: Vec<Pending>,
    /// Stopping after the epoch at hand has been granted.
    pub finishing: bool,
}

/// What the header says the run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Before the first batch: files, device, kernels.
    Preparing,
    /// Training batches.
    Training,
    /// Validation batches.
    Validating,
    /// Coverage.
    Counting,
    /// A finished epoch goes to the disk.
    Saving,
    /// Asked to pause.
    Pausing,
    /// Held.
    Paused,
    /// Asked to go on.
    Resuming,
    /// Asked to stop at once.
    Stopping,
    /// Asked to stop after this epoch.
    FinishingEpoch,
    /// Over, and why.
    Ended(EndReason),
    /// A finished model is looked at.
    Exploring,
}

impl Condition {
    /// In one or two words.
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

    /// The sign before the words.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Preparing | Self::Pausing | Self::Resuming | Self::Stopping => "◌",
            Self::Training
            | Self::Validating
            | Self::Counting
            | Self::Saving
            | Self::FinishingEpoch => "●",
            Self::Paused => "‖",
            Self::Ended(EndReason::Diverged | EndReason::Failed) => "✖",
            Self::Ended(_) | Self::Exploring => "■",
        }
    }
}

/// Why nothing is trained here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// A reason that is known.
    Because(&'static str),
    /// The run is only looked at; its folder tells if another process trains it.
    OnlyLookedAt {
        /// The run's name.
        name: String,
        /// Its folder.
        run: PathBuf,
    },
}

impl RunView {
    /// Takes in what happened.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::Started(info) => {
                // Another run, or the first: nothing of the one before belongs to it.
                *self = Self {
                    records: info.history.clone(),
                    marks: info.marks.clone(),
                    info: Some(Arc::clone(info)),
                    state: self.state,
                    pending: std::mem::take(&mut self.pending),
                    ..Self::default()
                };
                for record in &info.history {
                    self.members.add(info.seed, record);
                }
            }
            Event::State(state) => self.state = Some(*state),
            Event::Tuned(tuning) => {
                if let Some(info) = &mut self.info {
                    Arc::make_mut(info).tuning = Arc::clone(tuning);
                }
            }
            Event::Epoch(report) => self.on_epoch(report),
            Event::Joined(info) => {
                for record in &info.history {
                    self.members.add(info.seed, record);
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
            Event::Saving(unsaved) => self.unsaved.clone_from(unsaved),
            Event::Notice(_) => {}
            Event::Ended(end) => {
                // The first word on how it ended is the true one.
                self.end.get_or_insert_with(|| end.clone());
                // A worker that has ended well still answers.
                if matches!(end.reason, EndReason::Diverged | EndReason::Failed) {
                    self.pending.clear();
                }
            }
        }
    }

    fn on_epoch(&mut self, report: &EpochReport) {
        take_in(&mut self.records, &report.record);
        if let Some(info) = &self.info {
            self.members.add(info.seed, &report.record);
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

    /// The newest finished epoch.
    pub fn newest(&self) -> Option<&Arc<EpochRecord>> {
        self.records.last()
    }

    /// How many epochs are finished.
    pub fn epochs_done(&self) -> u32 {
        self.newest().map_or(0, |record| record.epoch + 1)
    }

    /// The newest epoch up to this one in which coverage was counted.
    pub fn counted(&self, epoch: u32) -> Option<&Arc<EpochRecord>> {
        let newest_first = self.records.iter().rev();
        newest_first
            .skip_while(|record| record.epoch > epoch)
            .find(|record| record.coverage.is_some())
    }

    /// The newest epoch up to this one in which I(z; x) was measured.
    pub fn informed(&self, epoch: u32) -> Option<&Arc<EpochRecord>> {
        let newest_first = self.records.iter().rev();
        newest_first
            .skip_while(|record| record.epoch > epoch)
            .find(|record| record.information.is_some())
    }

    /// Everything that can be changed while the run goes on, with its value now.
    pub fn controls(&self) -> Vec<Control> {
        let newest = self.newest().map(AsRef::as_ref);
        let info = self.info.as_ref();
        info.map_or_else(Vec::new, |info| controls(&info.tuning.config, newest))
    }

    /// The controls, while anything can be changed.
    pub fn offered_controls(&self) -> Vec<Control> {
        if self.is_over() {
            Vec::new()
        } else {
            self.controls()
        }
    }

    /// The figures of this epoch, if it is finished.
    pub fn at(&self, epoch: u32) -> Option<&Arc<EpochRecord>> {
        let place = self
            .records
            .binary_search_by_key(&epoch, |record| record.epoch)
            .ok()?;
        self.records.get(place)
    }

    /// Whether training is over, so that leaving loses nothing.
    pub fn is_over(&self) -> bool {
        self.end.is_some()
            || matches!(self.state, Some(RunState::Finished | RunState::Failed))
            || self.info.as_ref().is_some_and(|info| !info.training)
    }

    /// Whether the worker can still answer questions about the model.
    pub fn answers(&self) -> bool {
        let failed = self.state == Some(RunState::Failed)
            || self
                .end
                .as_ref()
                .is_some_and(|end| end.reason == EndReason::Failed);
        self.info.is_some() && !failed
    }

    /// Whether the run is trained here, or was, and its worker can still be asked for snapshots and branches.
    pub fn serves(&self) -> bool {
        self.answers() && self.info.as_ref().is_some_and(|info| info.training)
    }

    /// Why nothing is trained here now; `None` while it is.
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
            _ if info.training && !self.is_over() => None,
            _ if info.training && self.answers() => because("training is over"),
            _ if info.training => because("training has ended with an error"),
            None => because("this model was not trained here"),
            Some(run) => Some(Idle::OnlyLookedAt {
                name: info.name.clone(),
                run: run.to_owned(),
            }),
        }
    }

    /// Says why something cannot be done, as in `training is over: nothing to pause`.
    pub fn refusal(&self, nothing: &str) -> Effect {
        match self.idle() {
            None => Effect::Say(nothing.to_owned()),
            Some(Idle::Because(why)) => Effect::Say(format!("{why}: {nothing}")),
            // Another process may have taken up or left the run since it was opened here.
            Some(Idle::OnlyLookedAt { name, run }) => {
                let nothing = nothing.to_owned();
                Effect::Glance(run, AfterGlance::Refuse { name, nothing })
            }
        }
    }

    /// What the header says.
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

    /// The epoch at work, or the last one where nothing is at work.
    pub fn epoch(&self) -> Option<u32> {
        let newest = self.newest().map(|record| record.epoch);
        if self.is_over() {
            return newest;
        }
        match (newest, self.progress.stage) {
            (newest, Stage::Preparing) => newest.map(|epoch| epoch + 1),
            _ => Some(self.progress.epoch),
        }
    }

    /// Phase 1..=4 of the newest epoch, or the first one's.
    pub fn phase(&self) -> u8 {
        self.newest().map_or(1, |record| record.phase)
    }

    /// Longest time training can still take, in seconds: an early stop may cut it short.
    pub fn seconds_left(&self) -> Option<f64> {
        let info = self.info.as_ref()?;
        let rate = self.progress.epochs_per_minute;
        if self.is_over() || !rate.is_finite() || rate <= 0.0 {
            return None;
        }
        let left = info.tuning.last_epoch.saturating_sub(self.epochs_done());
        Some(f64::from(left) / rate * 60.0)
    }
}
