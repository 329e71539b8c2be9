//! Runs, their disruptions and experiments; the experiments at work.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use fluxttice_core::disruption::Disruption;
use fluxttice_core::experiment::{Arm, Experiment, Pair, Trial, TrialProgress};
use fluxttice_core::request::Command;
use fluxttice_core::run::{Report, Summary, checkpoints, journal};
use fluxttice_core::session::{Chore, DeskEvent, DeskRequest, RunEntry};
use fluxttice_core::shown::shown;
use fluxttice_core::training::{Planned, Steer};

use super::{App, Follow, Measuring, Modal, Origin, Question, Tab, Then};
use crate::log_buffer::LogLevel;

/// One line of the list.
#[derive(Clone, Debug)]
pub enum Row<'a> {
    /// A run.
    Run(&'a RunEntry),
    /// An experiment at work, or one that waits.
    Trial(&'a RunEntry, &'a LiveTrial),
    /// A disruption of the run whose effect was not measured.
    Disruption(&'a RunEntry, u32, u32, Disruption),
    /// An experiment by its name, or what is wrong with it.
    Experiment(&'a RunEntry, &'a str, &'a Result<Experiment, String>),
}

impl Row<'_> {
    /// The run it belongs to.
    pub fn entry(&self) -> &RunEntry {
        match self {
            Self::Run(entry)
            | Self::Trial(entry, _)
            | Self::Disruption(entry, ..)
            | Self::Experiment(entry, ..) => entry,
        }
    }
}

/// An experiment at work, or one that waits.
#[derive(Clone, Debug)]
pub struct LiveTrial {
    /// What is tried.
    pub trial: Trial,
    /// Epochs finished in both arms of each repetition; nothing is known of the weights yet.
    pub pairs: Vec<Pair>,
}

impl LiveTrial {
    fn new(trial: Trial) -> Self {
        let arm = || Arm {
            weights: String::new(),
            records: Vec::new(),
        };
        let pair = |_| Pair {
            key: 0,
            treated: arm(),
            control: arm(),
        };
        Self {
            pairs: (0..trial.repetitions).map(pair).collect(),
            trial,
        }
    }

    fn take(&mut self, progress: &TrialProgress) {
        if let Some(pair) = self.pairs.get_mut(progress.repetition as usize) {
            let arm = if progress.treated {
                &mut pair.treated
            } else {
                &mut pair.control
            };
            arm.records.push(progress.record.clone());
        }
    }

    /// Epochs finished and epochs in all.
    pub fn progress(&self) -> (usize, usize) {
        let of = |pair: &Pair| pair.treated.records.len() + pair.control.records.len();
        let done = self.pairs.iter().map(of).sum();
        (done, 2 * self.pairs.len() * self.trial.horizon as usize)
    }
}

/// *Runs* as the screen knows it.
#[derive(Clone, Debug, Default)]
pub struct RunsView {
    /// Every run; `None` until they were listed.
    pub entries: Option<Arc<Vec<RunEntry>>>,
    /// The chosen line.
    pub selected: usize,
    /// Folders of the runs that are drawn beside the chosen one.
    pub compared: Vec<PathBuf>,
    /// Experiments asked for, the one at work first.
    pub trials: VecDeque<LiveTrial>,
    /// What was found in runs that were checked, by their folders.
    pub checked: BTreeMap<PathBuf, Arc<Report>>,
}

impl RunsView {
    /// Every line, top to bottom.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let entries = self.entries.iter().flat_map(|entries| entries.iter());
        entries
            .flat_map(|entry| {
                let experiments = entry
                    .experiments
                    .iter()
                    .map(|(name, read)| Row::Experiment(entry, name, read));
                let of_run = |live: &&LiveTrial| live.trial.run == entry.branch.path;
                let trials = self.trials.iter().filter(of_run);
                let at_work = |row: &Row<'_>| match row {
                    Row::Disruption(_, epoch, batch, disruption) => {
                        self.trials.iter().any(|live| {
                            let trial = &live.trial;
                            (trial.epoch, trial.batch, &trial.disruption)
                                == (*epoch, *batch, disruption)
                        })
                    }
                    _ => false,
                };
                std::iter::once(Row::Run(entry))
                    .chain(trials.map(move |live| Row::Trial(entry, live)))
                    .chain(
                        unmeasured(entry)
                            .into_iter()
                            .filter(move |row| !at_work(row)),
                    )
                    .chain(experiments)
            })
            .collect()
    }

    /// The chosen line.
    pub fn chosen(&self) -> Option<Row<'_>> {
        self.rows().into_iter().nth(self.selected)
    }

    /// The chosen run, or the one that the chosen line belongs to.
    pub fn chosen_run(&self) -> Option<&Summary> {
        let entries = self.entries.as_ref()?;
        let path = self.chosen()?.entry().branch.path.clone();
        let entry = entries.iter().find(|entry| entry.branch.path == path)?;
        entry.branch.run.as_ref().ok()
    }

    /// Chooses another line.
    pub fn step(&mut self, by: isize) {
        let last = self.rows().len().max(1) - 1;
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    fn mark(&mut self) {
        let Some(path) = self.chosen_run().map(|run| run.path.clone()) else {
            return;
        };
        match self.compared.iter().position(|other| *other == path) {
            Some(place) => drop(self.compared.remove(place)),
            None => self.compared.push(path),
        }
    }
}

/// Disruptions of a run of which there is no experiment.
fn unmeasured(entry: &RunEntry) -> Vec<Row<'_>> {
    let Ok(run) = &entry.branch.run else {
        return Vec::new();
    };
    let measured = |epoch: u32, batch: u32, disruption: &Disruption| {
        let mut found = entry
            .experiments
            .iter()
            .filter_map(|(_, read)| read.as_ref().ok());
        found.any(|it| (it.epoch, it.batch, &it.disruption) == (epoch, batch, disruption))
    };
    journal::steps(&run.journal)
        .into_iter()
        .filter_map(
            |Planned {
                 epoch,
                 batch,
                 steer,
             }| match steer {
                Steer::Disrupt { disruption } if !measured(epoch, batch, &disruption) => {
                    Some(Row::Disruption(entry, epoch, batch, disruption))
                }
                _ => None,
            },
        )
        .collect()
}

impl App {
    /// Asks for a disruption, for its measurement, or for both.
    pub(super) fn ask_to_disrupt(
        &mut self,
        disruption: Disruption,
        disrupts: bool,
        measuring: Option<Measuring>,
    ) {
        let command = if disrupts {
            Command::Steer(Steer::Disrupt { disruption })
        } else {
            // Both arms set out from the newest checkpoint, which must not be tidied away.
            Command::Keep {
                epochs: self.live.epochs_done(),
            }
        };
        let then = measuring.map(|measuring| Follow::Try(disruption, measuring));
        self.ask_then(command, then);
    }

    pub(super) fn try_out(
        &mut self,
        run: PathBuf,
        epoch: u32,
        batch: u32,
        disruption: Disruption,
        measuring: Measuring,
    ) {
        let trial = Trial {
            run,
            epoch,
            batch,
            disruption,
            horizon: disruption.epochs.saturating_add(measuring.watch),
            repetitions: measuring.repetitions,
        };
        self.runs.trials.push_back(LiveTrial::new(trial.clone()));
        self.desk.push(DeskRequest::Try(trial));
    }

    /// Takes in what became of an experiment or of a list of runs.
    pub(super) fn on_runs(&mut self, event: DeskEvent) {
        match event {
            DeskEvent::Runs(entries) => {
                self.runs.entries = Some(entries);
                self.runs.step(0);
            }
            DeskEvent::Deleted(path, deleted) => {
                self.runs.compared.retain(|other| *other != path);
                self.runs.checked.remove(&path);
                let kept = match deleted.kept.len() {
                    0 => String::new(),
                    1 => "; 1 file that is not this program's stays where it is".to_owned(),
                    kept => {
                        format!("; {kept} files that are not this program's stay where they are")
                    }
                };
                let name = shown(fluxttice_core::run::name(&path));
                self.say(format!(
                    "✓ in the trash: {name}{kept}; `runs restore` takes it back"
                ));
                self.list_runs();
            }
            DeskEvent::Checked(path, report) => {
                self.runs.checked.insert(path, report);
            }
            DeskEvent::NotDeleted(problem) => {
                let text = format!("✖ cannot remove: {problem}");
                self.tell(LogLevel::Warn, Origin::Notice, text);
            }
            DeskEvent::Trying(progress) => {
                if let Some(live) = self.runs.trials.front_mut() {
                    live.take(&progress);
                }
            }
            DeskEvent::Tried(_, name, found) => {
                self.runs.trials.pop_front();
                self.say(format!("✓ {name}: {}", found.verdict));
                self.list_runs();
            }
            DeskEvent::NotTried(problem) => {
                self.runs.trials.pop_front();
                let text = format!("✖ experiment: {problem}");
                self.tell(LogLevel::Warn, Origin::Notice, text);
            }
            _ => {}
        }
    }

    /// Asks for the list of runs again.
    pub(super) fn list_runs(&mut self) {
        self.desk.push(Chore::Runs);
    }

    pub(super) fn mark_run(&mut self) {
        self.runs.mark();
    }

    /// Measures the chosen disruption, or makes the chosen experiment once more.
    pub(super) fn measure_chosen(&mut self) {
        let asked = match self.runs.chosen() {
            Some(Row::Disruption(entry, epoch, batch, disruption)) => Some((
                entry.branch.path.clone(),
                epoch,
                batch,
                disruption,
                Measuring::default(),
            )),
            Some(Row::Experiment(entry, _, Ok(found))) => Some((
                entry.branch.path.clone(),
                found.epoch,
                found.batch,
                found.disruption,
                Measuring {
                    watch: found.horizon.saturating_sub(found.disruption.epochs).max(1),
                    // One more can tell what these could not.
                    repetitions: (found.pairs.len() as u32 + 2).min(20),
                },
            )),
            _ => None,
        };
        match asked {
            None if self.live.is_over() => self.say("choose a disruption to measure"),
            None => self.say("choose a disruption to measure; d makes one"),
            Some((run, epoch, batch, disruption, measuring)) => {
                self.say(format!(
                    "trying {disruption} against its control, {} repetitions",
                    measuring.repetitions
                ));
                self.try_out(run, epoch, batch, disruption, measuring);
            }
        }
    }

    pub(super) fn give_up(&mut self) {
        if self.runs.trials.is_empty() {
            self.say("no experiment is at work");
        } else {
            self.desk.push(DeskRequest::GiveUp);
        }
    }

    /// Asks whether to go back: in *Train* to the checkpoint at or before the crosshair, in *Runs* to
    /// the newest checkpoint of the chosen run.
    pub(super) fn ask_to_branch(&mut self) {
        let Some(info) = self.served("nothing to branch") else {
            return;
        };
        let (name, folder) = match self.runs.chosen_run() {
            Some(run) if self.tab == Tab::Runs => (run.name.clone(), run.path.clone()),
            _ => (info.name.clone(), info.folder.clone()),
        };
        let at = self.time.cursor.filter(|_| self.tab == Tab::Train);
        let kept = checkpoints(&folder);
        let before = |epoch: &&u32| at.is_none_or(|at| **epoch <= at);
        let Some(epoch) = kept.iter().rfind(before) else {
            return self.say(match (at, kept.first()) {
                (Some(at), Some(first)) => format!(
                    "no checkpoint is kept of epoch {at} or before, the first is of epoch {first}; one of {} epochs is kept (checkpoint_freq)",
                    info.tuning.config.checkpoint_freq
                ),
                _ => format!("{name} has no checkpoint yet: one is saved after each epoch"),
            });
        };
        let own = folder == info.folder;
        self.modal = Some(Modal::Question(Question {
            title: "branch",
            text: format!(
                "A new run goes on after epoch {epoch} of {name}. {}",
                self.left_behind(&info.name)
            ),
            then: Then::Command(Command::Branch {
                of: (!own).then_some(name),
                epochs: epoch + 1,
                name: None,
            }),
        }));
    }

    /// What becomes of the run that is left.
    fn left_behind(&self, name: &str) -> String {
        let dropped = if self.live.is_over() {
            ""
        } else {
            "; of the epoch at work nothing is kept"
        };
        format!("{name} stays as it is{dropped}.")
    }

    /// Asks whether to leave the run at work for the chosen one.
    pub(super) fn ask_to_open(&mut self) {
        let Some(info) = self.served("--resume RUN opens a run") else {
            return;
        };
        let Some(run) = self.runs.chosen_run().map(|run| run.name.clone()) else {
            return self.say("choose a run to go on in");
        };
        if run == info.name {
            return self.say("this run is open here already");
        }
        self.modal = Some(Modal::Question(Question {
            title: "go on in another run",
            text: format!(
                "{run} goes on where it was left. {}",
                self.left_behind(&info.name)
            ),
            then: Then::Command(Command::Open { run }),
        }));
    }

    /// Asks what of the chosen run is in order.
    pub(super) fn check_run(&mut self) {
        let Some(row) = self.runs.chosen() else {
            return self.say("choose a run to check");
        };
        let path = row.entry().branch.path.clone();
        self.desk.push(Chore::Check(path));
    }

    /// Asks whether to remove the chosen run.
    pub(super) fn ask_to_delete(&mut self) {
        let Some(Row::Run(entry)) = self.runs.chosen() else {
            return self.say("choose a run to move to the trash");
        };
        let path = entry.branch.path.clone();
        self.modal = Some(Modal::Question(Question {
            title: "move a run to the trash",
            text: format!(
                "{} goes to the trash beside it, with its checkpoints, snapshots, certificates and experiments. \
                 `runs restore` takes it back, `runs delete --purge` removes it for good.",
                shown(&path)
            ),
            then: Then::Desk(Chore::Delete(path).into()),
        }));
    }
}
