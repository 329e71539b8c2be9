//! `train`: trains without the explorer, with the same engine.

use std::process::ExitCode;

use fluxttice_core::request::{Author, Command};
use fluxttice_core::run::{journal, read_whole_journal};
use fluxttice_core::session::message::Event;
use fluxttice_core::session::{Plan, Session};
use fluxttice_core::training::Steer;
use fluxttice_tui::StopSignal;

use super::detach::{self, Detached};
use super::notify::Notifier;
use super::report::Report;
use super::{Done, Failure, setup, signals};
use crate::cli::{Global, OnHangup, TrainArgs};
use crate::logging::Logs;

/// Trains one run or a population, and reports each epoch.
pub fn run(global: &Global, args: &TrainArgs) -> Done {
    if args.detach {
        return detach::train(global);
    }
    let detached = args.detached.map(detach::begin).transpose()?;
    let logs = Logs::to_stderr(global.log, global.quiet);
    let plan = plan(global, args, detached.as_ref())?;
    signals::runtime()?.block_on(async {
        let mut shutdown = signals::listen()?;
        let Session {
            mut events,
            mut progress,
            mut inlet,
            worker,
        } = setup::session(plan, args.population.as_ref(), args.out.as_deref())?;
        let mut report = Report::new(global);
        let mut notifier = Notifier::new(args.unattended.notify.as_deref());
        let (mut signal, mut silenced) = (None, None);
        let end = loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(Event::Ended(end)) => break Some(end),
                    Some(event) => {
                        if let Event::Started(info) = &event {
                            logs.write_to(&info.folder);
                            if detached.is_some() {
                                detach::settle(info)?;
                            }
                        }
                        notifier.hear(&event);
                        // Nothing else lets a process whose terminal is gone end well.
                        if is_refused_hand_over(&event) {
                            inlet.send(Command::StopNow);
                        }
                        // A full disk: stop as if asked to, and keep what is done.
                        if let Err(failure) = report.hear(&event) && silenced.is_none() {
                            silenced = Some(failure);
                            inlet.send(Command::StopNow);
                        }
                    }
                    None => break None,
                },
                Ok(()) = progress.changed() => report.progress(*progress.borrow_and_update()),
                Ok(()) = shutdown.changed() => {
                    signal = *shutdown.borrow_and_update();
                    inlet.send(match (signal, args.unattended.on_hangup) {
                        (Some(StopSignal::Hangup), OnHangup::Detach) => Command::HandOver,
                        _ => Command::StopNow,
                    });
                }
            }
        };
        drop(inlet);
        let finished = worker.join();
        if let Some(mut end) = end {
            if let Err(error) = &finished {
                (end.reason, end.message) = (error.reason(), error.to_string());
            }
            notifier.ended(&end);
            if silenced.is_none() {
                silenced = report.end(&end, finished.is_ok()).err();
            }
            signal = notifier.wait(&mut shutdown, signal).await;
        }
        finished?;
        // A closed standard output is no failure of training.
        if let Some(failure) = silenced.filter(|failure| !failure.is_broken_pipe()) {
            return Err(failure);
        }
        Ok(signal.map_or(ExitCode::SUCCESS, signals::code))
    })
}

fn plan(global: &Global, args: &TrainArgs, detached: Option<&Detached>) -> Result<Plan, Failure> {
    let out = args.out.as_deref();
    let mut plan = match &args.branch {
        Some(named) => setup::branch(global, named, out)?,
        // A population's runs lie in the folder, none of them at its place.
        None => {
            let of_one = out.filter(|_| args.population.is_none());
            setup::plan(global, args.resume.as_deref(), of_one)?
        }
    };
    plan.meeting = Some(setup::meeting(
        global,
        Some(&args.unattended),
        args.population.as_ref(),
    ));
    if let Some(meeting) = &mut plan.meeting {
        meeting.after.clone_from(&args.after_session);
    }
    if let Some(detached) = detached {
        detached.take_over(&mut plan);
    }
    plan.epochs = args.epochs;
    plan.paused = args.paused;
    plan.until = args.unattended.until();
    plan.planned = [args.change.as_slice(), &args.disrupt].concat();
    for planned in &plan.planned {
        if let Steer::Set { key, value, .. } = &planned.steer {
            // Checked now, so that a change does not fail in the middle of a long run.
            let taken = plan.config()?.changed(key, value);
            taken.map_err(|problem| Failure::Input(format!("--change: {problem}")))?;
        }
    }
    if let Some(path) = &args.replay {
        plan.planned
            .extend(journal::steps(&read_whole_journal(path)?));
        plan.replay = true;
    }
    Ok(plan)
}

/// Returns true for the refusal of this program's own wish, not of another one's.
fn is_refused_hand_over(event: &Event) -> bool {
    let Event::Outcome(outcome) = event else {
        return false;
    };
    outcome.by == Author::User && outcome.command == Command::HandOver && !outcome.applied
}
