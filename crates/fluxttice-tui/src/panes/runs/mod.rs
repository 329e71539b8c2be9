//! Pane *Runs*: every run with its branches, disruptions and experiments, and the experiments at work.

mod draw;
mod experiment;
mod export;
mod run;
#[cfg(test)]
pub mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fluxttice_core::disruption::Disruption;
use fluxttice_core::experiment::{Arm, Experiment, Pair, Trial, TrialProgress};
use fluxttice_core::numbers::count32;
use fluxttice_core::protocol::standing::Standing;
use fluxttice_core::request::Command;
use fluxttice_core::run::{Deleted, Report, Summary, journal};
use fluxttice_core::session::{Content, JobEvent, JobRequest, QuickJob, RunEntry};
use fluxttice_core::shown::shown;
use fluxttice_core::training::{Planned, Steer};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Pane;
use crate::dialogs::branch::{branch, left_behind};
use crate::dialogs::question::Question;
use crate::effects::{Effect, Effects, open, refusal, say};
use crate::exports::{Exports, Format};
use crate::follow_up::Measuring;
use crate::keys::{Action, Context, FAR};
use crate::layout;
use crate::shared::Shared;

/// A row of the list.
#[derive(Clone, Debug)]
enum Row<'a> {
    /// A run, which may be unreadable.
    Run(&'a RunEntry),
    /// An experiment at work, or one that waits.
    Trial(&'a RunEntry, &'a LiveTrial),
    /// A disruption of the run whose effect was not measured, with the epoch and batch at which it began.
    Disruption(&'a RunEntry, u32, u32, Disruption),
    /// An experiment by its name; the error says why its file cannot be read.
    Experiment(&'a RunEntry, &'a str, &'a Result<Experiment, String>),
}

impl Row<'_> {
    /// Returns the run that the row belongs to.
    fn entry(&self) -> &RunEntry {
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
    /// Run, disruption, and size of the experiment.
    trial: Trial,
    /// Finished epochs of both arms in each repetition; keys and weights are not filled in.
    pairs: Vec<Pair>,
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

    /// Describes the progress in words: `experiment β_B +0.212 for 5 epochs: epoch 12 of 90`.
    pub fn status(&self) -> String {
        let (done, all) = self.progress();
        format!(
            "experiment {}: epoch {done} of {all}",
            self.trial.disruption
        )
    }

    /// Returns the number of finished epochs and of all epochs, over both arms of all repetitions.
    fn progress(&self) -> (usize, usize) {
        let of = |pair: &Pair| pair.treated.records.len() + pair.control.records.len();
        let done = self.pairs.iter().map(of).sum();
        (done, 2 * self.pairs.len() * self.trial.horizon as usize)
    }
}

/// State of the pane: the list, the choice, and experiments that have no result yet.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// Every run, with its experiments; `None` until they have been listed.
    entries: Option<Arc<Vec<RunEntry>>>,
    selected: usize,
    /// Folders of the runs that are drawn for comparison with the chosen one.
    compared: Vec<PathBuf>,
    /// Experiments that have no result yet; the first is the one at work.
    pub trials: VecDeque<LiveTrial>,
    /// Reports on runs that were checked, by folder.
    checked: BTreeMap<PathBuf, Arc<Report>>,
    listing: Listing,
}

/// When the list is read again by itself.
#[derive(Clone, Debug, Default)]
struct Listing {
    /// Time at which it was asked for; `None` while none is asked for.
    asked: Option<SystemTime>,
    /// Earliest time of the next one.
    due: Option<SystemTime>,
}

/// Shortest time between two lists.
const EVERY: Duration = Duration::from_secs(2);
/// Reading the list may take one part in so many of the time.
const SHARE: u32 = 20;

impl Runs {
    /// Returns every row of the list, from top to bottom.
    fn rows(&self) -> Vec<Row<'_>> {
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

    /// Returns the chosen row; `None` where the list is empty.
    fn chosen(&self) -> Option<Row<'_>> {
        self.rows().into_iter().nth(self.selected)
    }

    /// Returns the run that the chosen row belongs to; `None` if it cannot be read.
    fn chosen_run(&self) -> Option<&Summary> {
        let entries = self.entries.as_ref()?;
        let path = self.chosen()?.entry().branch.path.clone();
        let entry = entries.iter().find(|entry| entry.branch.path == path)?;
        entry.branch.run.as_ref().ok()
    }

    /// Moves the choice by some rows.
    fn step(&mut self, by: isize) {
        self.selected = layout::step(self.selected, by, self.rows().len());
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

/// Returns the disruptions of a run that no experiment has measured.
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

impl Runs {
    /// Asks for an experiment, and shows it as one that waits.
    pub fn try_out(&mut self, trial: Trial) -> Effects {
        self.trials.push_back(LiveTrial::new(trial.clone()));
        vec![Effect::Job(JobRequest::Try(trial))]
    }

    /// Handles a list of runs, a result for a run, or news of an experiment.
    pub fn on_job(&mut self, event: JobEvent) -> Effects {
        match event {
            JobEvent::Runs(Ok(entries)) => self.take(entries),
            JobEvent::Runs(Err(problem)) => {
                return vec![Effect::Warn(format!("✖ cannot list the runs: {problem}"))];
            }
            JobEvent::Deleted(path, Ok(deleted)) => {
                self.compared.retain(|other| *other != path);
                self.checked.remove(&path);
                return vec![
                    Effect::Say(in_trash(&path, &deleted)),
                    QuickJob::Runs.into(),
                ];
            }
            JobEvent::Deleted(_, Err(problem)) => {
                return vec![Effect::Warn(format!("✖ cannot remove: {problem}"))];
            }
            JobEvent::Checked(path, report) => {
                self.checked.insert(path, report);
            }
            JobEvent::Trying(progress) => {
                if let Some(live) = self.trials.front_mut() {
                    live.take(&progress);
                }
            }
            JobEvent::Tried(tried) => {
                self.trials.pop_front();
                return match tried {
                    Ok((name, found)) => vec![
                        Effect::Say(format!("✓ {name}: {}", found.verdict)),
                        QuickJob::Runs.into(),
                    ],
                    Err(problem) => vec![Effect::Warn(format!("✖ experiment: {problem}"))],
                };
            }
            _ => {}
        }
        Vec::new()
    }

    /// Takes a new list; the choice stays with its run, wherever that is now.
    fn take(&mut self, entries: Arc<Vec<RunEntry>>) {
        let path = |row: &Row<'_>| row.entry().branch.path.clone();
        let first =
            |runs: &Self, wanted: &PathBuf| runs.rows().iter().position(|row| path(row) == *wanted);
        let chosen = self.chosen().as_ref().map(path);
        let within = chosen.as_ref().and_then(|chosen| first(self, chosen));
        self.entries = Some(entries);
        if let (Some(chosen), Some(before)) = (chosen, within)
            && let Some(now) = first(self, &chosen)
        {
            self.selected = now + (self.selected - before);
        }
        self.step(0);
        self.listing.due = None;
    }

    /// Measures the chosen disruption, or repeats the chosen experiment with two more repetitions.
    fn measure_chosen(&mut self, cx: &Shared) -> Effects {
        let trial = match self.chosen() {
            Some(Row::Disruption(entry, epoch, batch, disruption)) => {
                let run = entry.branch.path.clone();
                Measuring::default().trial(run, (epoch, batch), disruption)
            }
            Some(Row::Experiment(entry, _, Ok(found))) => {
                let measuring = Measuring {
                    watch: found.horizon.saturating_sub(found.disruption.epochs).max(1),
                    // More repetitions can show an effect that these could not.
                    repetitions: count32(found.pairs.len() + 2).min(20),
                };
                let run = entry.branch.path.clone();
                measuring.trial(run, (found.epoch, found.batch), found.disruption)
            }
            _ if cx.live().is_over() => return say("choose a disruption to measure"),
            _ => return say("choose a disruption to measure; d makes one"),
        };
        let words = format!(
            "measuring {} against its control, {} repetitions",
            trial.disruption, trial.repetitions
        );
        let mut effects = say(words);
        effects.extend(self.try_out(trial));
        effects
    }

    fn give_up(&self) -> Effects {
        match self.trials.is_empty() {
            true => say("no experiment is running"),
            false => vec![Effect::Job(JobRequest::GiveUp)],
        }
    }

    /// Asks whether to branch at the newest checkpoint of the chosen run.
    fn branch(&self, cx: &Shared) -> Effects {
        let run = self.chosen_run();
        branch(
            run.map(|run| (run.name.clone(), run.path.clone())),
            None,
            cx,
        )
    }

    /// Asks whether to leave the run at work for the chosen one.
    fn ask_to_open(&self, cx: &Shared) -> Effects {
        let Some(info) = cx.live().info.as_ref().filter(|_| cx.live().moves()) else {
            return vec![refusal(cx.live(), "--resume RUN opens a run")];
        };
        let Some(Row::Run(RunEntry {
            branch, standing, ..
        })) = self.chosen()
        else {
            return say("select a run to resume");
        };
        let run = branch.name();
        if run == info.name {
            return say("this run is open here already");
        }
        let (title, what) = match standing.is_some_and(Standing::is_live) {
            true => (
                "follow another run",
                "is trained by another process; this screen follows it",
            ),
            false => ("resume another run", "resumes where it stopped"),
        };
        open(Question {
            title,
            text: format!("{run} {what}. {}", left_behind(&info.name, cx)),
            then: Some(Effect::Ask(Command::Open { run }, None)),
        })
    }

    /// Asks for a check of every file of the chosen run.
    fn check(&self) -> Effects {
        match self.chosen() {
            None => say("choose a run to check"),
            Some(row) => vec![QuickJob::Check(row.entry().branch.path.clone()).into()],
        }
    }

    /// Asks whether to move the chosen run to the trash.
    fn ask_to_delete(&self) -> Effects {
        let Some(Row::Run(entry)) = self.chosen() else {
            return say("choose a run to move to the trash");
        };
        let path = entry.branch.path.clone();
        open(Question {
            title: "move a run to the trash",
            text: format!(
                "{} goes to the trash beside it, with its checkpoints, snapshots, certificates and experiments. \
                 `runs restore` takes it back, `runs delete --purge` removes it for good.",
                shown(&path)
            ),
            then: Some(QuickJob::Delete(path).into()),
        })
    }
}

/// Describes in words what became of a removed run.
fn in_trash(path: &std::path::Path, deleted: &Deleted) -> String {
    let kept = match deleted.kept.len() {
        0 => String::new(),
        1 => "; 1 file that is not this program's stays where it is".to_owned(),
        kept => format!("; {kept} files that are not this program's stay where they are"),
    };
    let name = shown(fluxttice_core::run::name(path));
    format!("✓ in the trash: {name}{kept}; `runs restore` takes it back")
}

impl Pane for Runs {
    fn context(&self) -> Context {
        Context::Runs
    }

    fn open(&mut self, _cx: &Shared) -> Effects {
        vec![QuickJob::Runs.into()]
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        match action {
            Action::ListUp => self.step(-1),
            Action::ListDown => self.step(1),
            Action::ListFarUp => self.step(-FAR),
            Action::ListFarDown => self.step(FAR),
            Action::ListFirst => self.step(isize::MIN),
            Action::ListLast => self.step(isize::MAX),
            Action::MarkRun => self.mark(),
            Action::OpenRun => return Some(self.ask_to_open(cx)),
            Action::Branch => return Some(self.branch(cx)),
            Action::Measure => return Some(self.measure_chosen(cx)),
            Action::GiveUp => return Some(self.give_up()),
            Action::Delete => return Some(self.ask_to_delete()),
            Action::CheckRun => return Some(self.check()),
            Action::Refresh => return Some(vec![QuickJob::Runs.into()]),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn click(&mut self, at: Position, _drag: bool, body: Rect, _cx: &Shared) -> Effects {
        let list = layout::list_and_details(body).list;
        let row = layout::row_at(list, at, self.selected, self.rows().len());
        self.selected = row.unwrap_or(self.selected);
        Vec::new()
    }

    fn wheel(&mut self, by: isize, _cx: &Shared) -> Effects {
        self.step(by);
        Vec::new()
    }

    fn tick(&mut self, now: SystemTime) -> Effects {
        let listing = &mut self.listing;
        match (listing.asked, listing.due) {
            // It was answered since the last tick.
            (Some(asked), None) => {
                let took = now.duration_since(asked).unwrap_or_default();
                *listing = Listing {
                    asked: None,
                    due: Some(now + EVERY.max(SHARE * took)),
                };
            }
            (None, Some(due)) if now >= due => {
                listing.asked = Some(now);
                return vec![QuickJob::Runs.into()];
            }
            (None, None) => listing.due = Some(now + EVERY),
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared) {
        draw::render(body, buf, cx, self);
    }

    fn exports(&self, cx: &Shared) -> Exports {
        export::exports(cx, self)
    }

    fn content(&mut self, format: Format, cx: &Shared) -> Option<Content> {
        export::content(format, cx, self)
    }
}
