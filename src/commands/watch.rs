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
        let (mut signal, mut end, mut begun) = (None, None, false);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(Event::Ended(ended)) => {
                        end = Some(ended);
                        break;
                    }
                    Some(event) => {
                        report.hear(&event)?;
                        if let Event::Started(info) = &event && !args.follow && !begun {
                            begun = true;
                            for event in story(info)? {
                                report.hear(&event)?;
                            }
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
    for record in &info.history {
        let later = |outcome: &Outcome| outcome.epoch > record.epoch;
        let (before, after) = outcomes.into_iter().partition(|outcome| !later(outcome));
        outcomes = after;
        let before: Vec<Outcome> = before;
        story.extend(before.into_iter().map(Event::Outcome));
        story.push(Event::Epoch(Arc::new(EpochReport {
            record: Arc::clone(record),
            covered: None,
        })));
    }
    story.extend(outcomes.into_iter().map(Event::Outcome));
    Ok(story)
}
