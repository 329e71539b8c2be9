//! fluxttice-explorer: arguments → command.

mod cli;
mod commands;
mod logging;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use commands::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = color_eyre::install() {
        commands::note(&format!("no coloured error reports: {error}"));
    }
    if let Some(flag) = cli.misplaced() {
        return report(&Failure::Usage(format!(
            "{flag} before a command is the explorer's; write it behind the command, where that has it"
        )));
    }
    let global = &cli.global;
    let done = match cli.command {
        None if cli.explore => commands::explore::look_around(global),
        None => commands::explore::train(global, cli.resume.as_deref(), cli.population.as_ref()),
        Some(Command::Train(args)) => commands::train::run(global, &args),
        Some(Command::Runs { command }) => commands::runs::run(global, command.as_ref()),
        Some(Command::Experiment(args)) => commands::experiment::run(global, &args),
        Some(Command::Coverage(args)) => commands::coverage::run(global, &args),
        Some(Command::Certify(args)) => commands::certify::run(global, &args),
        Some(Command::Validate(args)) => commands::validate::run(global, &args),
        Some(Command::Verify(args)) => commands::verify::run(global, &args),
        Some(Command::Keygen(args)) => commands::keygen::run(global, &args),
        Some(Command::Encode(args)) => commands::encode::run(global, &args),
        Some(Command::Decode(args)) => commands::decode::run(global, &args),
        Some(Command::Sample(args)) => commands::sample::run(global, &args),
        Some(Command::Bench(args)) => commands::bench::run(global, &args),
        Some(Command::Ops(args)) => commands::ops::run(global, &args),
        Some(Command::Neighbors(args)) => commands::neighbors::run(global, &args),
        Some(Command::Devices) => commands::devices::run(global),
        Some(Command::Config(command)) => commands::config::run(global, &command),
        Some(Command::Contrast(args)) => commands::contrast::run(global, &args),
        Some(Command::Compare(args)) => commands::compare::run(global, &args),
    };
    match done {
        Ok(code) => code,
        Err(failure) => report(&failure),
    }
}

/// One clear error on standard error, and the contract's exit code.
fn report(failure: &Failure) -> ExitCode {
    if !failure.is_broken_pipe() {
        commands::note(&format!("error: {failure}"));
    }
    failure.code()
}
