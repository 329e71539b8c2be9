//! `runs`: lists runs and branches, shows one in detail, compares several, exports figures, and deletes runs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use fluxttice_core::config::Config;
use fluxttice_core::experiment::experiments;
use fluxttice_core::metrics::Metric;
use fluxttice_core::plot::Drawing;
use fluxttice_core::protocol::standing::Standing;
use fluxttice_core::record::{Coverage, EpochRecord};
use fluxttice_core::run::{
    Branch, ForeignRun, NotOwn, Summary, columns, descriptor, enter_newest, figures, find_run,
    is_foreign, journal, not_foreign, tree,
};
use fluxttice_core::shown::{printable, shown};
use fluxttice_core::space::percent_of_all;
use fluxttice_core::words::{counted, short_number, thousands};

use super::{
    Done, Failure, json_line, json_path, line, path_line, run_check, runs_plot, setup, trash,
};
use crate::cli::{Global, PlotBy, RunsCommand};

/// Figures of a run of another program that stand in its line.
const SHOWN: usize = 4;

/// Runs the subcommand; without one, lists the runs.
pub fn run(global: &Global, command: Option<&RunsCommand>) -> Done {
    match command {
        None | Some(RunsCommand::List) => list(global),
        Some(RunsCommand::Show { run }) => show(global, run),
        Some(RunsCommand::Compare {
            runs,
            plot,
            by,
            force,
        }) => {
            let plot = plot.as_deref().map(|file| (file, *by, *force));
            compare(global, runs, plot)
        }
        Some(RunsCommand::Export { run, out, force }) => export(global, run, out, *force),
        Some(RunsCommand::Check { run, repair }) => run_check::run(global, run, *repair),
        Some(RunsCommand::Delete { runs, yes, purge }) => {
            trash::delete_all(global, runs, *yes, *purge)
        }
        Some(RunsCommand::Trash { place }) => trash::list(global, place.as_deref()),
        Some(RunsCommand::Restore { run }) => trash::take_back(global, run),
    }
}

fn list(global: &Global) -> Done {
    let runs = setup::runs(global)?;
    let tree = tree(&runs)?;
    if tree.is_empty() && !global.json && !global.quiet {
        super::note(&format!("no run yet in {}", shown(&runs)));
    }
    for branch in &tree {
        match (&branch.run, global.json) {
            (Ok(run), true) => json_line(&object(run))?,
            (Err(NotOwn::Foreign(run)), true) => json_line(&foreign_object(run))?,
            (Err(NotOwn::Unreadable(problem)), true) => {
                let mut value = json!({"run": branch.name(), "folder": null, "problem": problem});
                json_path(&mut value, "folder", &branch.path);
                json_line(&value)?;
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
    let name = format!("{indent}{}", printable(&branch.name()));
    let head = |path: &Path, end, epochs: usize| {
        let state = Standing::of(path, end).words();
        let unit = if epochs == 1 { "epoch" } else { "epochs" };
        format!("{name:<28} {state:<11} {epochs:>4} {unit}")
    };
    let run = match &branch.run {
        Ok(run) => run,
        Err(NotOwn::Unreadable(problem)) => return format!("{name:<28} unreadable: {problem}"),
        Err(NotOwn::Foreign(run)) => {
            let head = head(&run.path, run.end, run.epochs.len());
            return format!("{head}  by {}{}", run.program, newest_values(run));
        }
    };
    let mut text = head(&run.path, run.end, run.records.len());
    if run.unsaved() > 0 {
        text += &format!(", {} saved", run.saved);
    }
    if let Some(coverage) = run.coverage() {
        text += &format!(
            "  argmax N {} A {} B {} %, decode entropy A {:.2} B {:.2}",
            thousands(coverage.a.argmax.samples.into()),
            percent(&coverage.a),
            percent(&coverage.b),
            coverage.a.decode_entropy,
            coverage.b.decode_entropy
        );
    }
    if let Some(parent) = &run.parent {
        let name = printable(&parent.run);
        text += &format!("  from {name} after {}", counted(parent.epochs, "epoch"));
    }
    text
}

/// Returns the first few figures of the newest epoch of a run that another program trains.
fn newest_values(run: &ForeignRun) -> String {
    let newest = run
        .epochs
        .last()
        .into_iter()
        .flat_map(|epoch| &epoch.values);
    newest
        .take(SHOWN)
        .map(|(name, value)| format!("  {name} {}", short_number(*value)))
        .collect()
}

fn percent(coverage: &Coverage) -> String {
    format!("{:.1}", percent_of_all(coverage.argmax.unique.into()))
}

fn state(run: &Summary) -> &'static str {
    Standing::of(&run.path, run.end).words()
}

fn foreign_object(run: &ForeignRun) -> Value {
    let mut value = json!({
        "run": run.name,
        "folder": null,
        "state": Standing::of(&run.path, run.end).words(),
        "program": run.program,
        "epochs": run.epochs.len(),
        "total_epochs": run.last_epoch,
        "newest": run.epochs.last().map(|epoch| json!({"epoch": epoch.epoch, "values": epoch.values})),
    });
    json_path(&mut value, "folder", &run.path);
    value
}

fn object(run: &Summary) -> Value {
    let parent = run.parent.as_ref().map(
        |parent| json!({"run": parent.run, "epochs": parent.epochs, "weights": parent.weights}),
    );
    let mut value = json!({
        "run": run.name,
        "folder": null,
        "state": state(run),
        "seed": run.config.seed,
        "epochs": run.records.len(),
        "saved_epochs": run.saved,
        "total_epochs": run.config.total_epochs,
        "parent": parent,
        "checkpoints": run.checkpoints,
        "newest": run.newest(),
    });
    json_path(&mut value, "folder", &run.path);
    value
}

/// Reads a run whose figures are passed on, after checking it against its newest checkpoint.
fn read(global: &Global, named: &str) -> Result<Summary, Failure> {
    let path = find_run(&setup::runs(global)?, Some(named))?;
    not_foreign(&path)?;
    if let Some((_, entered)) = enter_newest(&path)? {
        setup::tell_unchecked(&entered.unchecked);
    }
    Ok(Summary::read(&path)?)
}

/// Shows a run that another program trains.
fn show_foreign(global: &Global, path: &Path) -> Done {
    let run = ForeignRun::read(path)?;
    if global.json {
        json_line(&foreign_object(&run))?;
        return Ok(ExitCode::SUCCESS);
    }
    let metrics = run.metrics().join(" ");
    let epochs = counted(run.epochs.len() as u64, "epoch");
    line(&format!(
        "{}: {epochs}, trained by {}",
        printable(&run.name),
        run.program
    ))?;
    line(&format!("folder       {}", shown(&run.path)))?;
    line(&format!("metrics      {metrics}"))?;
    for (name, value) in run
        .epochs
        .last()
        .into_iter()
        .flat_map(|epoch| &epoch.values)
    {
        line(&format!("{name:<32} {}", short_number(*value)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(global: &Global, named: &str) -> Done {
    let path = find_run(&setup::runs(global)?, Some(named))?;
    if is_foreign(&path) {
        return show_foreign(global, &path);
    }
    let run = Summary::read(&path)?;
    if let Err(error) = enter_newest(&run.path) {
        super::note(&format!("not in order: {error}"));
    }
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
    line(&format!("folder       {}", shown(&run.path)))?;
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

fn compare(global: &Global, named: &[String], plot: Option<(&Path, PlotBy, bool)>) -> Done {
    let runs = named
        .iter()
        .map(|named| read(global, named))
        .collect::<Result<Vec<_>, _>>()?;
    let Some((first, others)) = runs.split_first() else {
        return Ok(ExitCode::SUCCESS);
    };
    if let Some((file, by, force)) = plot {
        let extension = file.extension().and_then(OsStr::to_str);
        let Some(extension @ ("svg" | "png")) = extension else {
            return Err(Failure::Usage(format!(
                "--plot {}: expected a name that ends with .svg or .png",
                shown(file)
            )));
        };
        let bytes = Drawing::Curves(runs_plot::curves(&runs, by))
            .bytes(extension)
            .map_err(|error| Failure::Input(format!("cannot draw: {error}")))?;
        super::write(file, &bytes, force)?;
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
                let informed = informed(run, common);
                json!({"run": run.name, "at_last_common_epoch": at(run), "newest": run.newest(),
                    "information_epoch": informed.map(|record| record.epoch),
                    "information": informed.map(|record| record.information),
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
        line(&format!("\nat epoch {last}, their last common epoch:"))?;
        let mut earlier = false;
        for metric in columns() {
            let values: Vec<String> = runs
                .iter()
                .map(|run| format!("{:>14}", newest(run, common, metric)))
                .collect();
            earlier |= values.iter().any(|value| value.contains('@'));
            line(&format!("{:<34}{}", metric.id, values.join(" ")))?;
        }
        if earlier {
            line("\n@ N: last measured in epoch N")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the newest epoch among the first `epochs` in which I(z; x) is known for A or B.
fn informed(run: &Summary, epochs: usize) -> Option<&EpochRecord> {
    let known = |record: &&EpochRecord| {
        let found = record.information;
        found.is_some_and(|found| found.a.is_finite() || found.b.is_finite())
    };
    run.records.iter().take(epochs).rev().find(known)
}

/// Returns a figure after a number of epochs as text; if it was last measured earlier, with that epoch.
fn newest(run: &Summary, epochs: usize, metric: &Metric) -> String {
    let known = |record: &&EpochRecord| !metric.value(record).is_nan();
    let first: Vec<&EpochRecord> = run.records.iter().take(epochs).collect();
    match first.iter().copied().rev().find(known) {
        None => "not measured".to_owned(),
        Some(record) if first.last().is_some_and(|last| last.epoch != record.epoch) => {
            format!("{:.4} @ {}", metric.value(record), record.epoch)
        }
        Some(record) => format!("{:.4}", metric.value(record)),
    }
}

fn export(global: &Global, named: &str, out: &Path, force: bool) -> Done {
    let path = find_run(&setup::runs(global)?, Some(named))?;
    let text = match is_foreign(&path) {
        true => ForeignRun::read(&path)?.figures().csv(),
        false => figures(read(global, named)?.records.iter()).csv(),
    };
    if out.as_os_str() == "-" {
        return line(text.trim_end()).map(|()| ExitCode::SUCCESS);
    }
    super::write(out, text.as_bytes(), force)?;
    // A path printed to the same output would stand among the figures.
    if descriptor(out).is_none() {
        path_line(out)?;
    }
    Ok(ExitCode::SUCCESS)
}
