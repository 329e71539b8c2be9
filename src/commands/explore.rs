//! The explorer: a session shown on the screen.

use std::io::{self, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use fluxttice_core::protocol::liveness::is_live;
use fluxttice_core::request::{Command, EndReason};
use fluxttice_core::run::journal::last_end;
use fluxttice_core::run::{
    Checkpoint, Disk, LATEST, best_at_hand, checkpoint_folder, is_foreign, name, read_checkpoint,
    read_journal,
};
use fluxttice_core::session::message::Event;
use fluxttice_core::session::{
    Inlet, JobRequest, JobSender, Jobs, RunLocation, Runs, Session, SessionError,
};
use fluxttice_core::shown::shown;
use fluxttice_tui::{Exit, Inputs, Options, Tab};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::notify::Notifier;
use super::{Done, Failure, note, operations, setup, signals};
use crate::cli::{AttachArgs, Cli, Global, OnHangup};
use crate::logging::Logs;

/// Opens the explorer and trains; a run that another process trains is followed.
pub fn train(global: &Global, cli: &Cli) -> Done {
    terminal_here()?;
    let mut plan = setup::plan(global, cli.resume.as_deref(), None)?;
    let population = cli.population.as_ref();
    plan.meeting = Some(setup::meeting(global, Some(&cli.unattended), population));
    plan.until = cli.unattended.until();
    if let RunLocation::Existing(run) = &plan.place
        && is_live(run)
    {
        let run = run.clone();
        return follow(global, run);
    }
    let options = Options {
        detach_on_hangup: cli.unattended.on_hangup == OnHangup::Detach,
        ..Options::default()
    };
    let notify = cli.unattended.notify.as_deref();
    show(global, options, notify, || {
        setup::session(plan, population, None)
    })
}

/// Opens the explorer on a run that another process trains; to look at, where its training has ended.
pub fn attach(global: &Global, args: &AttachArgs) -> Done {
    let run = setup::found_run(global, args.run.as_deref())?;
    terminal_here()?;
    if is_live(&run) || is_foreign(&run) {
        return follow(global, run);
    }
    let name = name(&run);
    let checkpoint = read_checkpoint(&checkpoint_folder(&run, LATEST)?)?;
    let ended = last_end(&read_journal(&run)?).map_or("cut off", EndReason::words);
    let note = format!("{name}: {ended}; to look at only, --resume goes on with it");
    look_at(global, checkpoint, Tab::Train, Some(note))
}

fn follow(global: &Global, run: PathBuf) -> Done {
    let plan = setup::attached(global, &run)?;
    show(global, Options::default(), None, || {
        Session::attach(run, plan).map_err(Failure::System)
    })
}

/// Opens the explorer on the best finished model at hand, without training; where that is of a run that is
/// being trained, the run is followed.
pub fn look_around(global: &Global, cli: &Cli) -> Done {
    terminal_here()?;
    if let Some(path) = &cli.codes {
        let codes = operations::embedding(path, cli.operations.as_deref())?;
        let options = Options {
            tab: Tab::Neighbours,
            ..Options::default()
        };
        return show(global, options, None, || {
            Session::explore_codes(shown(path), codes).map_err(Failure::System)
        });
    }
    let checkpoint = best_at_hand(&setup::runs(global)?)?;
    if let Some(run) = checkpoint.origin.run().filter(|run| is_live(run)) {
        return follow(global, run.to_owned());
    }
    look_at(global, checkpoint, Tab::Neighbours, None)
}

/// Opens the explorer on a model that nobody trains, on this tab; `note` is for its log.
fn look_at(global: &Global, mut checkpoint: Checkpoint, tab: Tab, note: Option<String>) -> Done {
    setup::tell_unchecked(&checkpoint.unchecked);
    checkpoint.notes.extend(note);
    let options = Options {
        tab,
        ..Options::default()
    };
    show(global, options, None, || {
        Session::explore(checkpoint).map_err(Failure::System)
    })
}

fn terminal_here() -> Result<(), Failure> {
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::Usage(
        "the explorer needs a terminal on standard input and output; `fluxttice-explorer train` works without one".to_owned(),
    ))
}

fn show(
    global: &Global,
    options: Options,
    notify: Option<&str>,
    start: impl FnOnce() -> Result<Session, Failure>,
) -> Done {
    let logs = Logs::to_screen(global.log);
    fluxttice_tui::install_panic_hook();
    let captured = Logs::capture_stderr();
    let shown = catch_unwind(AssertUnwindSafe(|| {
        signals::runtime()?.block_on(async {
            let mut shutdown = signals::listen()?;
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
            let (events, notifier) = heard(events, logs.clone(), Notifier::new(notify));
            let inputs = Inputs {
                events,
                progress,
                jobs: jobs.events,
                log: logs.buffer(),
                shutdown: shutdown.clone(),
            };
            let exit = fluxttice_tui::run(Asker(inlet, jobs.sender), inputs, options).await;
            // `run` has dropped the inlet: the worker ends by itself.
            let finished = worker.join();
            let mut exit = exit?;
            if let Ok(mut notifier) = notifier.await {
                exit.signal = notifier.wait(&mut shutdown, exit.signal).await;
            }
            finished?;
            Ok::<Exit, Failure>(exit)
        })
    }));
    drop(captured);
    // A panic was printed while standard error was turned aside: it is told again here.
    let exit = shown.unwrap_or_else(|panic| Err(SessionError::panicked(panic.as_ref()).into()))?;
    if !global.quiet {
        match (&exit.end, &exit.left_running) {
            (Some(end), _) => note(&end.message),
            (None, Some(name)) => note(&format!(
                "{name} is left to its trainer; `fluxttice-explorer attach {name}` looks in again"
            )),
            (None, None) => {}
        }
    }
    Ok(exit.signal.map_or(ExitCode::SUCCESS, signals::code))
}

/// Passes events on to the screen, after the log has opened its file in the run's folder and the notifier has
/// heard them; returns the notifier at their end.
fn heard(
    mut events: UnboundedReceiver<Event>,
    logs: Logs,
    mut notifier: Notifier,
) -> (UnboundedReceiver<Event>, JoinHandle<Notifier>) {
    let (sender, receiver) = unbounded_channel();
    let listening = tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let Event::Started(info) = &event {
                logs.write_to(&info.folder);
            }
            notifier.hear(&event);
            if let Event::Ended(end) = &event {
                notifier.ended(end);
            }
            // A screen that is gone needs nothing any more; whoever is to be notified does.
            let _ = sender.send(event);
        }
        notifier
    });
    (receiver, listening)
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
