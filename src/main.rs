//! fluxttice-explorer: parses the arguments and runs the command.

mod cli;
mod commands;
mod logging;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use fluxttice_core::threads;

use cli::{Cli, Command, Global};
use commands::{Failure, signals};

fn main() -> ExitCode {
    let (cli, computes) = match Cli::read(env::args_os()) {
        Ok(read) => read,
        Err(wrong) if wrong.use_stderr() => {
            commands::note(wrong.to_string().trim_end());
            return ExitCode::from(2);
        }
        // The output of `--help` and `--version` is the result of the command.
        Err(told) => {
            let written = told.print().and_then(|()| io::stdout().flush());
            let failure = written.err().map(Failure::Output);
            return failure.as_ref().map_or(ExitCode::SUCCESS, report);
        }
    };
    if let Err(error) = color_eyre::install() {
        commands::note(&format!("no coloured error reports: {error}"));
    }
    let ready = enough_open_files()
        .and_then(|()| signals::outlive_file_limits())
        .and_then(|()| match computes {
            true => start_threads(&cli.global),
            false => Ok(()),
        });
    if let Err(failure) = ready {
        return report(&failure);
    }
    let global = &cli.global;
    let done = match &cli.command {
        None if cli.explore => commands::explore::look_around(global, &cli),
        None => commands::explore::train(global, &cli),
        Some(Command::Attach(args)) => commands::explore::attach(global, args),
        Some(Command::Watch(args)) => commands::watch::run(global, args),
        Some(Command::Steer(args)) => commands::steer::run(global, args),
        Some(Command::Train(args)) => commands::train::run(global, args),
        Some(Command::Runs { command }) => commands::runs::run(global, command.as_ref()),
        Some(Command::Experiment(args)) => commands::experiment::run(global, args),
        Some(Command::Coverage(args)) => commands::coverage::run(global, args),
        Some(Command::Certify(args)) => commands::certify::run(global, args),
        Some(Command::Validate(args)) => commands::validate::run(global, args),
        Some(Command::Verify(args)) => commands::verify::run(global, args),
        Some(Command::Keygen(args)) => commands::keygen::run(global, args),
        Some(Command::Export(args)) => commands::export::run(global, args),
        Some(Command::Import(args)) => commands::import::run(global, args),
        Some(Command::Encode(args)) => commands::encode::run(global, args),
        Some(Command::Decode(args)) => commands::decode::run(global, args),
        Some(Command::Sample(args)) => commands::sample::run(global, args),
        Some(Command::Bench(args)) => commands::bench::run(global, args),
        Some(Command::Ops(args)) => commands::ops::run(global, args),
        Some(Command::Neighbors(args)) => commands::neighbors::run(global, args),
        Some(Command::Devices) => commands::devices::run(global),
        Some(Command::Config(command)) => commands::config::run(global, command),
        Some(Command::Metrics(command)) => commands::metrics::run(global, *command),
        Some(Command::Contrast(args)) => commands::contrast::run(global, args),
        Some(Command::Compare(args)) => commands::compare::run(global, args),
    };
    match done {
        Ok(code) => code,
        Err(failure) => report(&failure),
    }
}

/// Fails where the runtime, a run and its files cannot be open at once: some of the
/// code that opens them would panic.
fn enough_open_files() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        const FEWEST: u64 = 64;
        let limit = getrlimit(Resource::Nofile).current;
        if let Some(limit) = limit.filter(|limit| *limit < FEWEST) {
            return Err(Failure::System(io::Error::other(format!(
                "only {limit} files may be open at once; expected {FEWEST} at least (`ulimit -n {FEWEST}`)"
            ))));
        }
    }
    Ok(())
}

/// Starts the threads that compute: as many as the command line or the environment asks for.
fn start_threads(global: &Global) -> Result<(), Failure> {
    const VARIABLE: &str = "RAYON_NUM_THREADS";
    let around = env::var_os(VARIABLE).map(|text| text.to_string_lossy().into_owned());
    let asked = match (global.threads, around.as_deref()) {
        (Some(threads), _) => Some(usize::from(threads)),
        // Rayon reads the variable itself.
        (None, None | Some("" | "0")) => None,
        (None, Some(text)) => {
            let number = text.parse().ok();
            let number = number.filter(|threads| (1..=threads::MOST).contains(threads));
            Some(number.ok_or_else(|| {
                Failure::Usage(format!(
                    "{VARIABLE} is `{text}`; expected a number of threads, 1 to {}",
                    threads::MOST
                ))
            })?)
        }
    };
    threads::start(asked).map_err(Failure::System)
}

/// Writes the error to standard error and returns its exit code.
fn report(failure: &Failure) -> ExitCode {
    if !failure.is_broken_pipe() {
        commands::note(&format!("error: {failure}"));
    }
    failure.code()
}
