//! `runs`: every run and branch; one in detail; several compared; figures out; what is done with away.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use fluxttice_core::config::Config;
use fluxttice_core::experiment::experiments;
use fluxttice_core::plot::Drawing;
use fluxttice_core::record::Coverage;
use fluxttice_core::run::{
    Branch, Disk, FIGURES, Summary, delete, figures, find_run, journal, tree,
};
use fluxttice_core::space::OPERATIONS;

use super::{Done, Failure, json_line, line, runs_plot, setup};
use crate::cli::{Global, PlotBy, RunsCommand};

/// Runs the command.
pub fn run(global: &Global, command: Option<&RunsCommand>) -> Done {
    match command {
        None | Some(RunsCommand::List) => list(global),
        Some(RunsCommand::Show { run }) => show(global, run),
        Some(RunsCommand::Compare { runs, plot, by }) => {
            compare(global, runs, plot.as_deref().map(|file| (file, *by)))
        }
        Some(RunsCommand::Export { run, out }) => export(global, run, out),
        Some(RunsCommand::Delete { runs, yes }) => delete_all(global, runs, *yes),
    }
}

fn list(global: &Global) -> Done {
    let runs = setup::runs(global)?;
    let tree = tree(&runs);
    if tree.is_empty() && !global.json && !global.quiet {
        super::note(&format!("no run yet in {}", runs.display()));
    }
    for branch in &tree {
        match (&branch.run, global.json) {
            (Ok(run), true) => json_line(&object(run))?,
            (Err(problem), true) => {
                json_line(
                    &json!({"run": branch.name(), "folder": branch.path, "problem": problem}),
                )?;
            }
            (_, false) => line(&row(branch))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(branch: &Branch) -> String {
    let indent = match branch.depth {
        0 => String::new(),
        depth => format!("{}└ ", "  ".repeat(depth - 1)),
    };
    let name = format!("{indent}{}", branch.name());
    let run = match &branch.run {
        Ok(run) => run,
        Err(problem) => return format!("{name:<28} unreadable: {problem}"),
    };
    let mut text = format!(
        "{name:<28} {:<9} {:>4} epochs",
        state(run),
        run.records.len()
    );
    if let Some(coverage) = run.coverage() {
        text += &format!(
            "  argmax N {} A {} B {} %, decode entropy A {:.2} B {:.2}",
            coverage.a.argmax.samples,
            percent(&coverage.a),
            percent(&coverage.b),
            coverage.a.decode_entropy,
            coverage.b.decode_entropy
        );
    }
    if let Some(parent) = &run.parent {
        text += &format!("  from {} after {} epochs", parent.run, parent.epochs);
    }
    text
}

fn percent(coverage: &Coverage) -> String {
    let share = 100.0 * f64::from(coverage.argmax.unique) / OPERATIONS as f64;
    format!("{share:.1}")
}

fn state(run: &Summary) -> &'static str {
    use fluxttice_core::session::message::EndReason;
    match run.end {
        _ if run.open => "open",
        Some(EndReason::Finished) => "finished",
        Some(EndReason::EarlyStop) => "early stop",
        Some(EndReason::Stopped) => "stopped",
        Some(EndReason::Diverged) => "diverged",
        Some(EndReason::Failed) => "failed",
        None => "cut off",
    }
}

fn object(run: &Summary) -> Value {
    let parent = run.parent.as_ref().map(
        |parent| json!({"run": parent.run, "epochs": parent.epochs, "weights": parent.weights}),
    );
    json!({
        "run": run.name,
        "folder": run.path,
        "state": state(run),
        "seed": run.config.seed,
        "epochs": run.records.len(),
        "total_epochs": run.config.total_epochs,
        "parent": parent,
        "checkpoints": run.checkpoints,
        "newest": run.newest(),
    })
}

fn read(global: &Global, named: &str) -> Result<Summary, Failure> {
    let path = find_run(&setup::runs(global)?, Some(named))?;
    Ok(Summary::read(&path)?)
}

fn show(global: &Global, named: &str) -> Done {
    let run = read(global, named)?;
    let published = Config::default().differences(&run.config);
    let found = experiments(&run.path);
    if global.json {
        let mut object = object(&run);
        object["differs_from_published"] = published
            .iter()
            .map(|key| json!({"key": key.key, "published": key.first, "run": key.second}))
            .collect();
        object["journal"] = serde_json::to_value(&run.journal).unwrap_or_default();
        object["experiments"] = found
            .iter()
            .map(|(name, experiment)| match experiment {
                Ok(experiment) => json!({"name": name, "disruption": experiment.disruption,
                    "epoch": experiment.epoch, "verdict": experiment.verdict}),
                Err(error) => json!({"name": name, "problem": error.to_string()}),
            })
            .collect();
        json_line(&object)?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = run.name.clone();
    line(&row(&Branch {
        path: run.path.clone(),
        run: Ok(run.clone()),
        depth: 0,
    }))?;
    line(&format!("folder       {}", run.path.display()))?;
    line(&format!("seed         {}", run.config.seed))?;
    let kept: Vec<String> = run.checkpoints.iter().map(ToString::to_string).collect();
    line(&format!("checkpoints  after epochs {}", kept.join(" ")))?;
    for key in &published {
        line(&format!(
            "{} = {} (published {})",
            key.key, key.second, key.first
        ))?;
    }
    for entry in &run.journal {
        let text = serde_json::to_string(&entry.event).unwrap_or_default();
        line(&format!("{}  {text}", entry.time))?;
    }
    for (experiment, read) in found {
        match read {
            Ok(read) => line(&format!(
                "{name}/experiments/{experiment}: {}, {}",
                read.disruption, read.verdict
            ))?,
            Err(error) => line(&format!("{name}/experiments/{experiment}: {error}"))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(global: &Global, named: &[String], plot: Option<(&Path, PlotBy)>) -> Done {
    let runs = named
        .iter()
        .map(|named| read(global, named))
        .collect::<Result<Vec<_>, _>>()?;
    let Some((first, others)) = runs.split_first() else {
        return Ok(ExitCode::SUCCESS);
    };
    if let Some((file, by)) = plot {
        let extension = file.extension().and_then(OsStr::to_str);
        let Some(extension @ ("svg" | "png")) = extension else {
            return Err(Failure::Usage(format!(
                "--plot {}: expected a name that ends with .svg or .png",
                file.display()
            )));
        };
        let bytes = Drawing::Curves(runs_plot::curves(&runs, by))
            .bytes(extension)
            .map_err(|error| Failure::Input(format!("cannot draw: {error}")))?;
        Disk::default().write(file, &bytes)?;
    }
    let common = runs.iter().map(|run| run.records.len()).min().unwrap_or(0);
    let at = |run: &Summary| {
        common
            .checked_sub(1)
            .and_then(|last| run.records.get(last).cloned())
    };
    if global.json {
        let compared: Vec<Value> = runs
            .iter()
            .map(|run| {
                let differences: Vec<Value> = first
                    .config
                    .differences(&run.config)
                    .into_iter()
                    .map(|key| json!({"key": key.key, "first": key.first, "this": key.second}))
                    .collect();
                json!({"run": run.name, "at_last_common_epoch": at(run), "newest": run.newest(),
                    "differs_from_first": differences})
            })
            .collect();
        json_line(&json!({"common_epochs": common, "runs": compared}))?;
        return Ok(ExitCode::SUCCESS);
    }
    for other in others {
        let differences = first.config.differences(&other.config);
        if differences.is_empty() {
            line(&format!(
                "{} and {}: the same configuration",
                first.name, other.name
            ))?;
        }
        for key in differences {
            line(&format!(
                "{}: {} in {}, {} in {}",
                key.key, key.first, first.name, key.second, other.name
            ))?;
        }
    }
    for run in &runs {
        for planned in journal::steps(&run.journal) {
            line(&format!(
                "{}: epoch {} batch {}: {}",
                run.name, planned.epoch, planned.batch, planned.steer
            ))?;
        }
    }
    if let Some(last) = common.checked_sub(1) {
        line(&format!("\nin epoch {last}, the last that all have:"))?;
        for (name, figure) in FIGURES {
            let values: Vec<String> = runs
                .iter()
                .filter_map(at)
                .map(|record| format!("{:>12.4}", figure(&record)))
                .collect();
            line(&format!("{name:<34}{}", values.join(" ")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn export(global: &Global, named: &str, out: &Path) -> Done {
    let run = read(global, named)?;
    let text = figures(run.records.iter()).csv();
    if out.as_os_str() == "-" {
        return line(text.trim_end()).map(|()| ExitCode::SUCCESS);
    }
    Disk::default().write(out, text.as_bytes())?;
    line(&out.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn delete_all(global: &Global, named: &[String], yes: bool) -> Done {
    let runs = setup::runs(global)?;
    let paths = named
        .iter()
        .map(|named| find_run(&runs, Some(named)))
        .collect::<Result<Vec<_>, _>>()?;
    if !yes {
        if !io::stdin().is_terminal() {
            return Err(Failure::Usage(
                "nobody to ask here; --yes deletes without asking".to_owned(),
            ));
        }
        for path in &paths {
            super::note(&path.display().to_string());
        }
        let _ = write!(io::stderr(), "delete with everything in it? [y/N] ");
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        if read.is_err() || !matches!(answer.trim(), "y" | "yes") {
            super::note("nothing was deleted");
            return Ok(ExitCode::SUCCESS);
        }
    }
    for path in paths {
        delete(&Disk::default(), &path)?;
        if !global.quiet {
            super::note(&format!("deleted {}", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
