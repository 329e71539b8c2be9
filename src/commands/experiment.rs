//! `experiment`: measures a disruption against its control, from a checkpoint of a run.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use fluxttice_core::device::choose;
use fluxttice_core::experiment::{Decision, Difference, Experiment, Trial, run as try_out};
use fluxttice_core::measure::Progress;
use fluxttice_core::run::{Disk, find_run, finished_epochs, run_and_checkpoint};
use fluxttice_core::shown::shown;
use fluxttice_core::threads;
use fluxttice_core::words::counted;

use super::progress::Bar;
use super::{Done, Failure, json_line, line, note, setup};
use crate::cli::{ExperimentArgs, Global};

/// Number of epochs watched after the disruption, unless the user sets another.
const AFTER: u32 = 10;

/// Trains the arms of the experiment and prints what the disruption did.
pub fn run(global: &Global, args: &ExperimentArgs) -> Done {
    let runs = setup::runs(global)?;
    let (name, which) = run_and_checkpoint(&runs, &args.checkpoint);
    let folder = find_run(&runs, Some(name))?;
    if let Some(path) = &args.out {
        super::may_write(path, args.force)?;
    }
    let disruption = args.disruption;
    let trial = Trial {
        epoch: finished_epochs(&folder, which)?,
        run: folder,
        batch: 0,
        disruption,
        horizon: args
            .horizon
            .unwrap_or(disruption.epochs.saturating_add(AFTER)),
        repetitions: args.repetitions,
    };
    let chosen = choose(global.device).map_err(fluxttice_core::session::SessionError::from)?;
    let threads = if chosen.is_cpu() { threads::count() } else { 1 };
    let bar = Bar::new(global);
    let (done, of) = (AtomicU32::new(0), 2 * trial.repetitions * trial.horizon);
    let found = try_out(&trial, &chosen, threads, &|_| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        bar.show(Progress {
            what: "epochs of both arms",
            done,
            of,
        });
        true
    });
    bar.clear();
    let found = found?;
    let path = match &args.out {
        Some(path) => {
            super::write(path, &found.bytes(path)?, args.force)?;
            path.clone()
        }
        None => found.save(&Disk::default(), &trial.run)?,
    };
    if global.json {
        json_line(&json!({
            "file": path,
            "base": found.base,
            "device": found.device,
            "disruption": found.disruption,
            "epoch": found.epoch,
            "horizon": found.horizon,
            "repetitions": found.pairs.len(),
            "verdict": found.verdict,
        }))?;
    } else {
        tell(&found)?;
        if !global.quiet {
            note(&format!("every epoch of every arm: {}", shown(&path)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(found: &Experiment) -> Result<(), Failure> {
    line(&format!(
        "{} from epoch {} of {} on, {} an arm, seed {}, on {}",
        found.disruption,
        found.epoch,
        found.base.run,
        counted(found.horizon, "epoch"),
        found.base.seed,
        found.device
    ))?;
    line(&found.verdict.to_string())?;
    if found.verdict.decision == Decision::NotRepeated {
        line("one repetition gives no interval; --repetitions 5 does")?;
    }
    line("")?;
    line(&format!(
        "{:<34} {:>9} {:>9}  {:>10}  95 % interval",
        "mean of the last epochs", "treated", "control", "difference"
    ))?;
    for figure in &found.verdict.figures {
        line(&row(figure))?;
    }
    if let Some((epoch, difference)) = found.verdict.peak {
        line(&format!(
            "largest difference of the first figure: {difference:+.2} points in epoch {epoch}"
        ))?;
    }
    Ok(())
}

fn row(figure: &Difference) -> String {
    let interval = match figure.interval {
        Some([low, high]) => format!("{low:+.3} to {high:+.3}"),
        None => "-".to_owned(),
    };
    let unit = if figure.unit == "points" {
        "%"
    } else {
        &figure.unit
    };
    format!(
        "{:<34} {:>9.3} {:>9.3}  {:>+10.3}  {interval}",
        format!("{}, {unit}", figure.figure),
        figure.treated,
        figure.control,
        figure.mean
    )
}
