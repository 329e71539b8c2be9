//! The explorer: a session shown on the screen.

use std::io::{self, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use fluxttice_core::request::Command;
use fluxttice_core::run::{
    Checkpoint, Disk, LATEST, best_at_hand, checkpoint_folder, find_checkpoint, is_open,
};
use fluxttice_core::session::{
    Inlet, JobRequest, JobSender, Jobs, RunLocation, Runs, Session, SessionError,
};
use fluxttice_tui::{Exit, Inputs, Options, Tab};

use super::{Done, Failure, note, setup, signals};
use crate::cli::{Global, Population};
use crate::logging::Logs;

/// Opens the explorer and trains; a run that another process trains is only shown.
pub fn train(global: &Global, resume: Option<&str>, population: Option<&Population>) -> Done {
    terminal_here()?;
    let plan = setup::plan(global, resume, None)?;
    if let RunLocation::Existing(run) = &plan.place
        && is_open(run)
        && let Some(newest) = newest(run)
    {
        // Another process trains the run, so that it is only shown here.
        return show(global, Tab::Train, || explored(newest));
    }
    show(global, Tab::Train, || {
        setup::session(plan, population, None)
    })
}

fn explored(checkpoint: Checkpoint) -> Result<Session, Failure> {
    Session::explore(checkpoint).map_err(Failure::System)
}

/// Returns the newest checkpoint of a run that another process trains, which may replace it while it is read.
fn newest(run: &Path) -> Option<Checkpoint> {
    let read = || {
        let latest = checkpoint_folder(run, LATEST).ok()?;
        find_checkpoint(run, Some(&latest.to_string_lossy())).ok()
    };
    (0..3).find_map(|_| read())
}

/// Opens the explorer on the best finished model at hand, without training.
pub fn look_around(global: &Global) -> Done {
    terminal_here()?;
    let checkpoint = best_at_hand(&setup::runs(global)?)?;
    setup::tell_unchecked(&checkpoint.unchecked);
    show(global, Tab::Neighbours, || explored(checkpoint))
}

fn terminal_here() -> Result<(), Failure> {
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::Usage(
        "the explorer needs a terminal on standard input and output; `fluxttice-explorer train` works without one".to_owned(),
    ))
}

fn show(global: &Global, tab: Tab, start: impl FnOnce() -> Result<Session, Failure>) -> Done {
    let logs = Logs::to_screen(global.log);
    fluxttice_tui::install_panic_hook();
    let captured = Logs::capture_stderr();
    let shown = catch_unwind(AssertUnwindSafe(|| {
        signals::runtime()?.block_on(async {
            let shutdown = signals::listen()?;
            let Session {
                events,
                progress,
                inlet,
                worker,
            } = start()?;
            let runs = Runs {
                tool: setup::this_program(),
                disk: Disk::default(),
                folder: setup::runs(global)?,
            };
            let jobs = Jobs::start(runs, global.device).map_err(Failure::System)?;
            let events = logs.follow(events);
            let inputs = Inputs {
                events,
                progress,
                jobs: jobs.events,
                log: logs.buffer(),
                shutdown,
            };
            let exit = fluxttice_tui::run(
                Asker(inlet, jobs.sender),
                inputs,
                Options {
                    tab,
                    ..Options::default()
                },
            )
            .await;
            // `run` has dropped the inlet: the worker ends by itself.
            let finished = worker.join();
            let exit = exit?;
            finished?;
            Ok::<Exit, Failure>(exit)
        })
    }));
    drop(captured);
    // A panic was printed while standard error was turned aside: it is told again here.
    let exit = shown.unwrap_or_else(|panic| Err(SessionError::panicked(panic.as_ref()).into()))?;
    if let Some(end) = &exit.end
        && !global.quiet
    {
        note(&end.message);
    }
    Ok(exit.signal.map_or(ExitCode::SUCCESS, signals::code))
}

/// Hands the screen's requests to the worker and to the jobs beside it.
struct Asker(Inlet, JobSender);

impl fluxttice_tui::Session for Asker {
    fn send(&mut self, command: Command) -> Option<u64> {
        self.0.send(command)
    }

    fn ask(&mut self, request: JobRequest) -> bool {
        self.1.send(request)
    }
}
