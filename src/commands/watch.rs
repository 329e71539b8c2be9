//! `watch`: the lines of `train`, for a run that another process trains.

use std::process::ExitCode;

use fluxttice_core::record::EpochReport;
use fluxttice_core::request::{EndReason, Outcome};
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::read_journal;
use fluxttice_core::session::Session;
use fluxttice_core::session::message::{Event, RunInfo};
use std::sync::Arc;

use super::report::Report;
use super::{Done, Failure, setup, signals};
use crate::cli::{Global, WatchArgs};
use crate::logging::Logs;

/// Prints what happens in a run until its training ends; of a run that nobody trains, what happened.
pub fn run(global: &Global, args: &WatchArgs) -> Done {
    let _ = Logs::to_stderr(global.log, global.quiet);
    let run = setup::found_run(global, args.run.as_deref())?;
    let plan = setup::attached(global, &run)?;
    signals::runtime()?.block_on(async {
        let mut shutdown = signals::listen()?;
        let Session {
            mut events,
            mut progress,
            inlet,
            worker,
        } = Session::attach(run, plan).map_err(Failure::System)?;
        let mut report = Report::new(global);
        let (mut signal, mut end) = (None, None);
        let mut told = Told::default();
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(Event::Ended(ended)) => {
                        end = Some(ended);
                        break;
                    }
                    Some(event) => {
                        report.hear(&event)?;
                        for event in told.before(&event, args.follow)? {
                            report.hear(&event)?;
                        }
                        if !report.is_heard() {
                            break;
                        }
                    }
                    None => break,
                },
                Ok(()) = progress.changed() => report.progress(*progress.borrow_and_update()),
                Ok(()) = shutdown.changed() => {
                    signal = *shutdown.borrow_and_update();
                    break;
                }
            }
        }
        drop(inlet);
        worker.join()?;
        if let Some(end) = &end {
            report.end(end, true)?;
        }
        Ok(match (signal, end.map(|end| end.reason)) {
            (Some(signal), _) => signals::code(signal),
            (None, Some(EndReason::Lost)) => ExitCode::from(1),
            _ => ExitCode::SUCCESS,
        })
    })
}

/// Epochs of a run that were printed; it may be taken up again while it is watched.
#[derive(Debug, Default)]
struct Told {
    /// Finished epochs whose lines were printed; `None` before the run was seen.
    epochs: Option<u32>,
}

impl Told {
    /// Takes an event into account that was printed; returns what happened before it and was not.
    fn before(&mut self, event: &Event, only_new: bool) -> Result<Vec<Event>, Failure> {
        match event {
            Event::Started(info) => {
                let done = finished(info).last().map_or(0, |(epoch, _)| epoch + 1);
                match self.epochs.replace(done) {
                    None if only_new => Ok(Vec::new()),
                    None => story(info),
                    Some(told) => Ok(missed(info, told)),
                }
            }
            Event::Epoch(report) => {
                self.epochs = Some(report.record.epoch + 1);
                Ok(Vec::new())
            }
            Event::ForeignEpoch(epoch) => {
                self.epochs = Some(epoch.epoch + 1);
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// Returns the epochs that were finished after the first `told`, before the run was taken up again.
fn missed(info: &RunInfo, told: u32) -> Vec<Event> {
    let later = finished(info)
        .into_iter()
        .filter(|(epoch, _)| *epoch >= told);
    later.map(|(_, event)| event).collect()
}

/// Returns the epochs that a run had finished when it was opened, each with its number.
fn finished(info: &RunInfo) -> Vec<(u32, Event)> {
    if let Some(foreign) = info.foreign() {
        let epochs = foreign.run.epochs.iter();
        return epochs
            .map(|epoch| (epoch.epoch, Event::ForeignEpoch(Arc::clone(epoch))))
            .collect();
    }
    let told = info.history.iter().map(|record| {
        let report = EpochReport {
            record: Arc::clone(record),
            covered: None,
        };
        (record.epoch, Event::Epoch(Arc::new(report)))
    });
    told.collect()
}

/// Returns what happened before, in the order in which it did.
fn story(info: &RunInfo) -> Result<Vec<Event>, Failure> {
    let entries = read_journal(&info.folder)?;
    let mut outcomes: Vec<Outcome> = entries
        .into_iter()
        .filter_map(|entry| match entry.event {
            JournalEvent::Outcome(outcome) => Some(outcome),
            _ => None,
        })
        .collect();
    let mut story = Vec::new();
    for (epoch, event) in finished(info) {
        let later = |outcome: &Outcome| outcome.epoch > epoch;
        let (before, after) = outcomes.into_iter().partition(|outcome| !later(outcome));
        outcomes = after;
        let before: Vec<Outcome> = before;
        story.extend(before.into_iter().map(Event::Outcome));
        story.push(event);
    }
    story.extend(outcomes.into_iter().map(Event::Outcome));
    Ok(story)
}
