//! Translation of command-line arguments into the library's types.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxttice_core::certificate::Tool;
use fluxttice_core::config::{Config, Loaded, Source};
use fluxttice_core::digest::sha256;
use fluxttice_core::protocol::liveness::is_live;
use fluxttice_core::run::{
    Checkpoint, Disk, all_runs, find_checkpoint, find_run, finished_epochs, run_and_checkpoint,
    runs_folder, stored_config,
};
use fluxttice_core::session::{Meeting, Plan, RunLocation, Session, Successor, plans};
use fluxttice_core::shown::shown;

use super::Failure;
use super::detach::Heirs;
use crate::cli::{Global, MOST_SEED, OnHangup, Population, Unattended};

/// Returns name, version, commit, compiler and lockfile digest of this program, as certificates record them.
pub fn this_program() -> Tool {
    Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("FLUXTTICE_COMMIT").to_owned(),
        compiler: env!("FLUXTTICE_COMPILER").to_owned(),
        lockfile: sha256(include_bytes!("../../Cargo.lock")),
    }
}

/// Returns the folder of all runs.
pub fn runs(global: &Global) -> Result<PathBuf, Failure> {
    Ok(runs_folder(global.data_dir.as_deref())?)
}

/// Returns the checkpoint that the user names, and notes what of it could not be checked or should
/// be known.
pub fn checkpoint(global: &Global, named: Option<&str>) -> Result<Checkpoint, Failure> {
    let found = find_checkpoint(&runs(global)?, named)?;
    tell_unchecked(&found.unchecked);
    if !global.quiet {
        found.notes.iter().for_each(|text| super::note(text));
    }
    Ok(found)
}

/// Notes what could not be checked of files that were read.
pub fn tell_unchecked(unchecked: &[String]) {
    // Printed even with --quiet: a user who is not told would believe that all was checked.
    for note in unchecked {
        super::note(&format!("not checked: {note}"));
    }
}

/// Returns the effective configuration: the file, then the overrides, then the seed.
pub fn config(global: &Global) -> Result<Loaded, Failure> {
    let source = global.config.clone().map_or(Source::BuiltIn, Source::at);
    let mut overrides = global.set.clone();
    overrides.extend(global.seed.map(|seed| format!("seed={seed}")));
    load(source, &overrides)
}

/// Loads a configuration for a new run. A seed above 2^53 is refused, since most readers of JSON would round
/// it; runs that have one can still be continued.
pub fn load(source: Source, overrides: &[String]) -> Result<Loaded, Failure> {
    let loaded = Config::load(source, overrides)?;
    kept_by_readers(loaded.config.seed)?;
    Ok(loaded)
}

fn kept_by_readers(seed: u64) -> Result<(), Failure> {
    match seed {
        0..=MOST_SEED => Ok(()),
        _ => Err(Failure::Input(format!(
            "seed: found {seed}; expected at most {MOST_SEED} (2^53), up to which every reader of JSON keeps it"
        ))),
    }
}

/// Returns the plan of a new or continued session.
pub fn plan(global: &Global, resume: Option<&str>, out: Option<&Path>) -> Result<Plan, Failure> {
    let mut plan = Plan {
        disk: Disk::default(),
        device: global.device,
        place: RunLocation::Existing(PathBuf::new()),
        config_name: config_name(global),
        ineffective: Vec::new(),
        epochs: None,
        planned: Vec::new(),
        meeting: None,
        replay: false,
        until: None,
        paused: false,
    };
    let runs = runs(global)?;
    if let Some(named) = resume {
        let run = find_run(&runs, Some(named).filter(|name| !name.is_empty()))?;
        same_settings(global, &run)?;
        plan.config_name = "as stored".into();
        plan.place = RunLocation::Existing(run);
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
        Some(out) => RunLocation::NewAt(out.to_owned(), config),
        None => RunLocation::NewUnder(runs, config),
    };
    Ok(plan)
}

/// Returns how a session of this program meets others at the folder of its run; `unattended` holds for the run
/// whichever process trains it.
pub fn meeting(
    global: &Global,
    unattended: Option<&Unattended>,
    population: Option<&Population>,
) -> Meeting {
    let tool = this_program();
    let allow_group = unattended.is_some_and(|unattended| unattended.allow_group);
    // The runs of a population stay together.
    let successor = population.is_none().then(|| {
        let mut arguments: Vec<OsString> = vec!["--log".into(), global.log.to_string().into()];
        if let Some(threads) = global.threads {
            arguments.extend(["--threads".into(), threads.to_string().into()]);
        }
        if let Some(folder) = &global.data_dir {
            arguments.extend(["--data-dir".into(), folder.into()]);
        }
        if let Some(unattended) = unattended {
            if allow_group {
                arguments.push("--allow-group".into());
            }
            if unattended.on_hangup == OnHangup::Detach {
                arguments.push("--on-hangup=detach".into());
            }
            if let Some(command) = &unattended.notify {
                arguments.extend(["--notify".into(), command.into()]);
            }
        }
        let successor: Arc<dyn Successor> = Arc::new(Heirs { arguments });
        successor
    });
    Meeting {
        program: tool.name,
        version: tool.version,
        allow_group,
        after: None,
        successor,
    }
}

/// Returns the run that is meant, by name or path; without one the newest that is being trained.
pub fn found_run(global: &Global, named: Option<&str>) -> Result<PathBuf, Failure> {
    let runs = runs(global)?;
    if let Some(named) = named {
        return Ok(find_run(&runs, Some(named))?);
    }
    let live = all_runs(&runs)?.into_iter().rev().find(|run| is_live(run));
    live.ok_or_else(|| {
        Failure::Input(format!(
            "no run in {} is being trained; `fluxttice-explorer runs` lists all",
            shown(runs)
        ))
    })
}

/// Returns the plan by which a run is followed, and by which a branch of it is trained.
pub fn attached(global: &Global, run: &Path) -> Result<Plan, Failure> {
    let mut plan = plan(global, None, None)?;
    plan.place = RunLocation::Existing(run.to_owned());
    plan.config_name = "as stored".into();
    plan.meeting = Some(meeting(global, None, None));
    Ok(plan)
}

/// Starts a training session of one run, or of the runs of several seeds.
pub fn session(
    plan: Plan,
    population: Option<&Population>,
    out: Option<&Path>,
) -> Result<Session, Failure> {
    let started = match population {
        None => Session::train(plan),
        Some(population) => {
            let config = plan.config()?;
            let seeds = population.seeds(config.seed);
            seeds.iter().try_for_each(|seed| kept_by_readers(*seed))?;
            Session::population(plans(&plan, &config, &seeds, out)?)
        }
    };
    started.map_err(Failure::System)
}

/// Returns the plan of a new run that continues from a checkpoint of another.
pub fn branch(global: &Global, named: &str, out: Option<&Path>) -> Result<Plan, Failure> {
    let runs = runs(global)?;
    let (name, which) = run_and_checkpoint(&runs, named);
    let from = find_run(&runs, Some(name))?;
    let epochs = finished_epochs(&from, which)?;
    let config = stored_with(global, &from)?;
    Ok(Plan {
        disk: Disk::default(),
        device: global.device,
        config_name: "of its parent".to_owned(),
        ineffective: Vec::new(),
        epochs: None,
        planned: Vec::new(),
        meeting: None,
        replay: false,
        until: None,
        paused: false,
        place: RunLocation::Branch {
            from,
            epochs,
            runs,
            to: out.map(Path::to_owned),
            config: Box::new(config),
        },
    })
}

fn config_name(global: &Global) -> String {
    let name = global.config.as_ref().and_then(|path| path.file_stem());
    name.map_or_else(
        || "ternary_v5_5".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Returns the configuration that a run was made with, with the overrides of the command line.
fn stored_with(global: &Global, run: &Path) -> Result<Config, Failure> {
    let source = Source::Text {
        name: "config.yaml of the run".to_owned(),
        text: stored_config(run)?.to_yaml()?,
    };
    let mut overrides = global.set.clone();
    overrides.extend(global.seed.map(|seed| format!("seed={seed}")));
    Ok(Config::load(source, &overrides)?.config)
}

/// Checks that settings given again equal the stored configuration, which a continued run keeps.
fn same_settings(global: &Global, run: &Path) -> Result<(), Failure> {
    let stored = stored_config(run)?;
    let given = if global.config.is_some() {
        config(global)?.config
    } else {
        stored_with(global, run)?
    };
    if given == stored {
        return Ok(());
    }
    let (given, kept) = (given.to_yaml()?, stored.to_yaml()?);
    let different = given.lines().zip(kept.lines()).find(|(a, b)| a != b);
    let (given, kept) = different.map_or(("", ""), |(a, b)| (a.trim(), b.trim()));
    Err(Failure::Input(format!(
        "{} was made with `{kept}`, now asked for with `{given}`; a run keeps its configuration, start a new one for another",
        shown(run)
    )))
}
