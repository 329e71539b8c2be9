//! Where runs lie, and what a user means by a checkpoint.

use std::fs;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use time::OffsetDateTime;
use time::macros::format_description;

use super::checkpoint::{is_checkpoint, load_weights, weights_path};
use super::error::RunError;
use super::folder::{self, LATEST};
use crate::config::Config;
use crate::model::Weights;

/// Environment variable that stands in for `--data-dir`.
pub const DATA_DIR: &str = "FLUXTTICE_DATA_DIR";

/// The folder that holds all runs: the argument, else the environment, else the platform's.
///
/// # Errors
/// [`RunError`] where the platform names no data folder (no home).
pub fn runs_folder(data_dir: Option<&Path>) -> Result<PathBuf, RunError> {
    let chosen = data_dir
        .map(Path::to_owned)
        .or_else(|| {
            std::env::var_os(DATA_DIR)
                .filter(|dir| !dir.is_empty())
                .map(PathBuf::from)
        })
        .or_else(|| {
            ProjectDirs::from("", "", "fluxttice-explorer").map(|dirs| dirs.data_dir().to_owned())
        });
    chosen.map(|dir| dir.join("runs")).ok_or_else(|| {
        RunError::unusable(
            Path::new("~"),
            format!("no home folder here; name one with --data-dir or {DATA_DIR}"),
        )
    })
}

/// A new run's folder: seed and time in its name, free of collisions.
pub fn new_run(runs: &Path, config: &Config) -> PathBuf {
    let format = format_description!("[year][month][day]-[hour][minute][second]");
    let time = OffsetDateTime::now_utc()
        .format(&format)
        .unwrap_or_default();
    let base = format!("{time}-s{}", config.seed);
    std::iter::once(base.clone())
        .chain((2u32..).map(|number| format!("{base}-{number}")))
        .map(|name| runs.join(name))
        .find(|path| !path.exists())
        .unwrap_or_else(|| runs.join(base))
}

/// The run a user means: a folder, a name under `runs`, or (without a word) the newest one.
///
/// # Errors
/// [`RunError`] where there is no such run.
pub fn find_run(runs: &Path, named: Option<&str>) -> Result<PathBuf, RunError> {
    match named {
        Some(name) => [PathBuf::from(name), runs.join(name)]
            .into_iter()
            .find(|path| path.join("config.yaml").is_file())
            .ok_or_else(|| {
                RunError::unusable(
                    Path::new(name),
                    format!("no such run, here or in {}", runs.display()),
                )
            }),
        None => all_runs(runs)
            .into_iter()
            .next_back()
            .ok_or_else(|| RunError::unusable(runs, "no run to continue yet")),
    }
}

/// Every run, the one written to last at the end.
pub fn all_runs(runs: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(runs)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("config.yaml").is_file())
        .map(|path| {
            let changed = fs::metadata(path.join("metrics.jsonl"))
                .and_then(|metadata| metadata.modified())
                .ok();
            (changed, path)
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// The weights trained by this program that are built into it.
pub static BUILT_IN_WEIGHTS: &[u8] = include_bytes!("../../assets/builtin/weights.safetensors");

/// Weights and where they come from.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The weights.
    pub weights: Weights,
    /// For people: a path, or `built-in model`.
    pub source: String,
    /// The run it belongs to, if it lies in one.
    pub run: Option<PathBuf>,
}

/// The checkpoint a user means: a run (`RUN`, `RUN@best`, `RUN@0050`), a snapshot folder, a
/// weights file, or (without a word) the built-in model.
///
/// # Errors
/// [`RunError`] where there is none or it is damaged.
pub fn find_checkpoint(runs: &Path, named: Option<&str>) -> Result<Checkpoint, RunError> {
    let Some(named) = named else {
        return built_in();
    };
    let path = Path::new(named);
    if path.is_file() {
        return loaded(path.to_owned(), None);
    }
    if is_checkpoint(path) {
        return loaded(weights_path(path), None);
    }
    let (run, which) = named.rsplit_once('@').unwrap_or((named, LATEST));
    if which == LATEST && !path.exists() && !runs.join(run).exists() {
        return Err(RunError::unusable(
            path,
            format!(
                "no such file, snapshot or run (runs lie in {})",
                runs.display()
            ),
        ));
    }
    let run = find_run(runs, Some(run))?;
    loaded(
        weights_path(&folder::checkpoint_folder(&run, which)?),
        Some(run),
    )
}

/// The built-in model.
///
/// # Errors
/// [`RunError`] if the built-in file is damaged, which a test rules out.
pub fn built_in() -> Result<Checkpoint, RunError> {
    let weights = Weights::from_bytes(BUILT_IN_WEIGHTS).map_err(|source| RunError::Weights {
        path: PathBuf::from("built-in model"),
        source,
    })?;
    Ok(Checkpoint {
        weights,
        source: "built-in model".to_owned(),
        run: None,
    })
}

/// The checkpoint with the highest argmax coverage (A and B averaged) among the runs' best and
/// latest epochs, else the built-in model.
///
/// # Errors
/// [`RunError`] if the built-in model cannot be read.
pub fn best_at_hand(runs: &Path) -> Result<Checkpoint, RunError> {
    let covered = |run: &PathBuf| -> Option<(u32, PathBuf, PathBuf)> {
        folder::read_metrics(run)
            .ok()?
            .iter()
            .filter_map(|record| {
                let coverage = record.coverage?;
                let folder = folder::checkpoint_folder(run, &record.epoch.to_string()).ok()?;
                Some((
                    coverage.a.argmax.unique + coverage.b.argmax.unique,
                    folder,
                    run.clone(),
                ))
            })
            .max()
    };
    match all_runs(runs).iter().filter_map(covered).max() {
        Some((_, folder, run)) => loaded(weights_path(&folder), Some(run)),
        None => built_in(),
    }
}

fn loaded(path: PathBuf, run: Option<PathBuf>) -> Result<Checkpoint, RunError> {
    Ok(Checkpoint {
        weights: load_weights(&path)?,
        source: path.display().to_string(),
        run,
    })
}
