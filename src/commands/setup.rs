//! From arguments to what the library wants.

use std::path::{Path, PathBuf};

use fluxttice_core::config::{Config, Loaded, Source};
use fluxttice_core::run::{find_run, runs_folder, stored_config};
use fluxttice_core::session::{Place, Plan};

use super::Failure;
use crate::cli::Global;

/// The folder of all runs.
pub fn runs(global: &Global) -> Result<PathBuf, Failure> {
    Ok(runs_folder(global.data_dir.as_deref())?)
}

/// The effective configuration: file, then overrides, then the seed.
pub fn config(global: &Global) -> Result<Loaded, Failure> {
    let source = global.config.clone().map_or(Source::BuiltIn, Source::File);
    let mut overrides = global.set.clone();
    overrides.extend(global.seed.map(|seed| format!("seed={seed}")));
    Ok(Config::load(source, &overrides)?)
}

/// The plan of a new or continued session.
pub fn plan(global: &Global, resume: Option<&str>, out: Option<&Path>) -> Result<Plan, Failure> {
    let mut plan = Plan {
        device: global.device,
        place: Place::Existing(PathBuf::new()),
        config_name: config_name(global),
        ineffective: Vec::new(),
        epochs: None,
        disruptions: Vec::new(),
    };
    let runs = runs(global)?;
    if let Some(named) = resume {
        let run = find_run(&runs, Some(named).filter(|name| !name.is_empty()))?;
        same_settings(global, &run)?;
        plan.config_name = "as stored".to_owned();
        plan.place = Place::Existing(run);
        return Ok(plan);
    }
    let Loaded {
        config,
        ineffective,
        ..
    } = config(global)?;
    plan.ineffective = ineffective
        .iter()
        .map(|key| format!("{}: {}", key.key, key.reason))
        .collect();
    let config = Box::new(config);
    plan.place = match out {
        Some(out) => Place::NewAt(out.to_owned(), config),
        None => Place::NewUnder(runs, config),
    };
    Ok(plan)
}

fn config_name(global: &Global) -> String {
    let name = global.config.as_ref().and_then(|path| path.file_stem());
    name.map_or_else(
        || "ternary_v5_5".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The stored configuration rules a continued run; settings given again must not differ.
fn same_settings(global: &Global, run: &Path) -> Result<(), Failure> {
    let stored = stored_config(run)?;
    let given = if global.config.is_some() {
        config(global)?.config
    } else {
        let source = Source::Text {
            name: "config.yaml of the run".to_owned(),
            text: stored.to_yaml()?,
        };
        let mut overrides = global.set.clone();
        overrides.extend(global.seed.map(|seed| format!("seed={seed}")));
        Config::load(source, &overrides)?.config
    };
    if given == stored {
        return Ok(());
    }
    let (given, kept) = (given.to_yaml()?, stored.to_yaml()?);
    let different = given.lines().zip(kept.lines()).find(|(a, b)| a != b);
    let (given, kept) = different.map_or(("", ""), |(a, b)| (a.trim(), b.trim()));
    Err(Failure::Input(format!(
        "{} was made with `{kept}`, now asked for with `{given}`; a run keeps its configuration, start a new one for another",
        run.display()
    )))
}
