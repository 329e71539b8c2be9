//! Runs, their disruptions and experiments; the experiments at work.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use super::{App, Measuring, Modal, Origin, Question, Tab, Then};
use crate::disruption::Disruption;
use crate::experiment::{Arm, Experiment, Pair, Trial, TrialProgress};
use crate::run::{Summary, checkpoints, journal};
use crate::session::message::{Command, Outcome};
use crate::session::{Chore, DeskEvent, DeskRequest, RunEntry};
use crate::training::{Planned, Steer};
use crate::tui::log_buffer::LogLevel;

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

/// An experiment that waits for the answer to a request.
#[derive(Clone, Debug)]
struct Wanted {
    disruption: Disruption,
    measuring: Measuring,
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
    /// Asked for with a request that has no number yet.
    asked: Option<Wanted>,
    /// Asked for with the request of this number.
    wanted: Vec<(u64, Wanted)>,
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
        self.runs.asked = measuring.map(|measuring| Wanted {
            disruption,
            measuring,
        });
        self.commands.push(if disrupts {
            Command::Steer(Steer::Disrupt { disruption })
        } else {
            // Both arms set out from the newest checkpoint, which must not be tidied away.
            Command::Keep {
                epochs: self.live.newest().map_or(0, |record| record.epoch + 1),
            }
        });
    }

    /// Remembers the number of the request that an experiment waits for.
    pub(super) fn trial_sent(&mut self, id: u64, command: &Command) {
        let waited_for = matches!(
            command,
            Command::Keep { .. } | Command::Steer(Steer::Disrupt { .. })
        );
        if waited_for && let Some(wanted) = self.runs.asked.take() {
            self.runs.wanted.push((id, wanted));
        }
    }

    /// Begins an experiment once its disruption has begun, or its checkpoint is kept.
    pub(super) fn trial_answered(&mut self, outcome: &Outcome) {
        let Some(place) = self
            .runs
            .wanted
            .iter()
            .position(|(id, _)| *id == outcome.id)
        else {
            return;
        };
        let (_, wanted) = self.runs.wanted.swap_remove(place);
        let (epoch, batch) = match outcome.command {
            Command::Keep { epochs } => (epochs, 0),
            _ => (outcome.epoch, outcome.batch),
        };
        let folder = self.live.info.as_ref().map(|info| info.folder.clone());
        if let (true, Some(run)) = (outcome.applied, folder) {
            self.try_out(run, epoch, batch, wanted.disruption, wanted.measuring);
        }
    }

    fn try_out(
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
            DeskEvent::Deleted(path) => {
                self.runs.compared.retain(|other| *other != path);
                self.say(format!("✓ removed {}", path.display()));
                self.list_runs();
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
        let Some(info) = self.live.info.clone().filter(|info| info.training) else {
            return self.say("nothing is trained here: there is nothing to branch");
        };
        let (name, folder) = match self.runs.chosen_run() {
            Some(run) if self.tab == Tab::Runs => (run.name.clone(), run.path.clone()),
            _ => (info.name.clone(), info.folder.clone()),
        };
        let at = self.time.cursor.filter(|_| self.tab == Tab::Train);
        let kept = checkpoints(&folder);
        let Some(epoch) = kept
            .into_iter()
            .rfind(|epoch| at.is_none_or(|at| *epoch <= at))
        else {
            return self
                .say("no checkpoint is kept there; x epochs apart they are (checkpoint_freq)");
        };
        let own = folder == info.folder;
        self.modal = Some(Modal::Question(Question {
            title: "branch",
            text: format!(
                "A new run goes on after epoch {epoch} of {name}. {} stays as it is; of the epoch at work nothing is kept.",
                info.name
            ),
            then: Then::Command(Command::Branch {
                of: (!own).then_some(name),
                epochs: epoch + 1,
                name: None,
            }),
        }));
    }

    /// Asks whether to leave the run at work for the chosen one.
    pub(super) fn ask_to_open(&mut self) {
        let Some(info) = self.live.info.clone().filter(|info| info.training) else {
            return self.say("nothing is trained here; `--resume RUN` opens a run to go on in");
        };
        let Some(run) = self.runs.chosen_run().map(|run| run.name.clone()) else {
            return self.say("choose a run to go on in");
        };
        if run == info.name {
            return self.say("this is the run at work");
        }
        self.modal = Some(Modal::Question(Question {
            title: "go on in another run",
            text: format!(
                "{run} goes on where it was left. {} stays as it is; of the epoch at work nothing is kept.",
                info.name
            ),
            then: Then::Command(Command::Open { run }),
        }));
    }

    /// Asks whether to remove the chosen run.
    pub(super) fn ask_to_delete(&mut self) {
        let Some(Row::Run(entry)) = self.runs.chosen() else {
            return self.say("choose a run to remove");
        };
        let path = entry.branch.path.clone();
        self.modal = Some(Modal::Question(Question {
            title: "remove a run",
            text: format!(
                "{} is removed with its checkpoints, snapshots, certificates and experiments. It cannot be brought back.",
                path.display()
            ),
            then: Then::Desk(Chore::Delete(path).into()),
        }));
    }
}
