//! The folder of all runs, and the run or checkpoint that a user's word means.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::aside::{free, stamp};
use super::checkpoint::{Files, epoch_of, finite, is_checkpoint, load_weights, weights_path};
use super::door::{self, Entered, enter, enter_newest};
use super::error::RunError;
use super::files;
use super::folder::{self, LATEST};
use super::foreign::is_foreign;
use super::journal::Entry;
use super::marker::Marker;
use super::names::{CHECKPOINTS, CONFIG, DIGESTS, JOURNAL, METRICS, OPTIMIZER, STATE, WEIGHTS};
use crate::config::{Config, Source};
use crate::model::{MAX_FILE_BYTES, PYTORCH_HEAD, Saved, Weights, WeightsError, is_pytorch};
use crate::record::EpochRecord;
use crate::shown::{printable, shown};

/// Environment variable that stands in for `--data-dir`.
pub const DATA_DIR: &str = "FLUXTTICE_DATA_DIR";

/// Returns the folder that holds all runs: the argument, else the environment, else the platform's.
///
/// # Errors
/// Returns a [`RunError`] where the platform names no data folder (no home).
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

/// Returns a new run's folder, not taken yet, with time and seed in its name.
pub fn new_run(runs: &Path, config: &Config) -> PathBuf {
    free(runs, &format!("{}-s{}", stamp(), config.seed))
}

/// Returns true if a word is the path of something; else it is the name of a run in the data folder.
pub fn is_path(word: &str) -> bool {
    word.contains(std::path::is_separator)
}

/// Finds the run that a user means: a name under `runs`, a path (with a `/` in it), or (without a word) the
/// newest one.
///
/// # Errors
/// Returns a [`RunError`] where there is no such run.
pub fn find_run(runs: &Path, named: Option<&str>) -> Result<PathBuf, RunError> {
    match named {
        Some(name) => {
            let path = at(runs, name);
            match has_config(&path)? || Marker::read(&path).is_some() {
                true => Ok(path),
                false => Err(no_such(runs, name, "run")),
            }
        }
        None => all_runs(runs)?
            .into_iter()
            .next_back()
            .ok_or_else(|| RunError::unusable(runs, "no run to continue yet")),
    }
}

/// Returns true if a folder has a configuration, as a run has, or is the run of another program.
fn has_config(path: &Path) -> Result<bool, RunError> {
    let config = path.join(CONFIG);
    match fs::metadata(&config) {
        Ok(found) if found.is_file() => Ok(true),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(RunError::unusable(&config, error.to_string()))
        }
        Ok(_) | Err(_) => Ok(is_foreign(path)),
    }
}

/// Returns the path that a word means: the path itself, or that of a run by its name.
fn at(runs: &Path, word: &str) -> PathBuf {
    match is_path(word) {
        true => PathBuf::from(word),
        false => runs.join(word),
    }
}

fn no_such(runs: &Path, named: &str, what: &str) -> RunError {
    let mut problem = format!("no such {what}");
    if !is_path(named) {
        problem += &format!(" in {}", shown(runs));
        if files::is_there(Path::new(named)) {
            problem += &format!("; a path contains a `/`: ./{}", printable(named));
        }
    }
    let path = at(runs, named);
    let numbered = path
        .file_name()
        .and_then(|name| epoch_of(&name.to_string_lossy()));
    let within = path.parent().filter(|folder| folder.ends_with(CHECKPOINTS));
    if let (Some(_), Some(run)) = (numbered, within.and_then(Path::parent)) {
        problem += &format!(
            "; a run that goes on tidies checkpoints away, this one keeps {}",
            folder::kept(run)
        );
    }
    RunError::unusable(Path::new(named), problem)
}

/// Lists every run, the one written to last at the end.
///
/// # Errors
/// Returns a [`RunError`] where the folder cannot be read.
pub fn all_runs(runs: &Path) -> Result<Vec<PathBuf>, RunError> {
    let entries = match fs::read_dir(runs) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| RunError::unusable(runs, error.to_string()))?,
    };
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        // A run that this user may not look into is listed too.
        .filter(|path| has_config(path).unwrap_or(true) && !folder::name(path).starts_with('.'))
        .map(|path| {
            let changed = fs::metadata(path.join(METRICS))
                .and_then(|metadata| metadata.modified())
                .ok();
            (changed, path)
        })
        .collect();
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The weights that this program trained itself with the configuration `fluxttice`.
pub static BUILT_IN_WEIGHTS: &[u8] =
    include_bytes!("../../../../assets/builtin/weights.safetensors");
/// Metrics, configuration and journal of the run that trained them.
static BUILT_IN_METRICS: &str = include_str!("../../../../assets/builtin/metrics.jsonl");
static BUILT_IN_CONFIG: &str = include_str!("../../../../assets/builtin/config.yaml");
static BUILT_IN_JOURNAL: &str = include_str!("../../../../assets/builtin/journal.jsonl");

/// Word that names fresh weights instead of a checkpoint.
const UNTRAINED: &str = "untrained";
/// Largest file that becomes evidence, in bytes.
const EVIDENCE_LIMIT: u64 = 256 << 20;

/// Weights and where they come from.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Weights of the model in 32 bits.
    pub weights: Weights,
    /// Place that the weights come from.
    pub origin: Origin,
    /// Epochs finished in the weights, and batches of the next one; `None` where that is not known.
    pub moment: Option<(u32, u32)>,
    /// Everything about them that could not be checked, in whole sentences.
    pub unchecked: Vec<String>,
    /// Notes on where they come from, in whole sentences.
    pub notes: Vec<String>,
}

/// Origin of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The built-in model, which is in the program.
    BuiltIn,
    /// A checkpoint or snapshot of a run.
    Run {
        /// Folder of the run.
        run: PathBuf,
        /// Folder of the checkpoint or snapshot.
        checkpoint: PathBuf,
    },
    /// A weights file, of which no run is known.
    File(PathBuf),
    /// Fresh weights of this seed, for comparison; they lie nowhere.
    Untrained(u64),
}

/// Writes the origin for people: a path, `built-in model`, or untrained weights with their seed.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in model"),
            Self::Untrained(seed) => write!(f, "untrained weights of seed {seed}"),
            Self::Run {
                checkpoint: path, ..
            }
            | Self::File(path) => f.write_str(&shown(path)),
        }
    }
}

impl Origin {
    /// Returns a short name: the run's, the file's, `built-in`, or `untrained-SEED`.
    pub fn name(&self) -> String {
        let last = |path: &Path| {
            let name = path.file_name().unwrap_or(path.as_os_str());
            name.to_string_lossy().into_owned()
        };
        match self {
            Self::BuiltIn => "built-in".to_owned(),
            Self::Run { run, .. } => last(run),
            Self::File(path) => last(path),
            Self::Untrained(seed) => format!("untrained-{seed}"),
        }
    }

    /// Reads every file of the checkpoint and of its run that belongs to the evidence, by name; only the
    /// weights where nothing is known of a run, and nothing for untrained weights.
    ///
    /// # Errors
    /// Returns a [`RunError`] where a file cannot be read.
    pub fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, RunError> {
        let at_hand: Vec<(PathBuf, &[&str])> = match self {
            Self::BuiltIn => {
                return Ok(BTreeMap::from([
                    (WEIGHTS.to_owned(), BUILT_IN_WEIGHTS.to_vec()),
                    (METRICS.to_owned(), BUILT_IN_METRICS.as_bytes().to_vec()),
                    (CONFIG.to_owned(), BUILT_IN_CONFIG.as_bytes().to_vec()),
                    (JOURNAL.to_owned(), BUILT_IN_JOURNAL.as_bytes().to_vec()),
                ]));
            }
            Self::File(path) => {
                let bytes = match saved_by_pytorch(path)? {
                    Some(saved) => saved.weights.to_bytes().map_err(of(path))?,
                    None => files::read(path, MAX_FILE_BYTES)?,
                };
                return Ok(BTreeMap::from([(WEIGHTS.to_owned(), bytes)]));
            }
            Self::Untrained(_) => return Ok(BTreeMap::new()),
            Self::Run { run, checkpoint } => vec![
                (checkpoint.clone(), &[WEIGHTS, OPTIMIZER, STATE]),
                (run.clone(), &[CONFIG, METRICS, JOURNAL]),
            ],
        };
        let mut found = BTreeMap::new();
        for (folder, names) in at_hand {
            for name in names {
                let path = folder.join(name);
                if path.exists() {
                    found.insert((*name).to_owned(), files::read(&path, EVIDENCE_LIMIT)?);
                }
            }
        }
        Ok(found)
    }

    /// Returns the folder of the run that the checkpoint is of; `None` for any other origin.
    pub fn run(&self) -> Option<&Path> {
        match self {
            Self::Run { run, .. } => Some(run),
            Self::BuiltIn | Self::File(_) | Self::Untrained(_) => None,
        }
    }

    /// Reads the epochs finished in the checkpoint, and the batches of the next one; `None` where that is not
    /// known.
    ///
    /// # Errors
    /// Returns a [`RunError`] where its state is damaged.
    pub fn moment(&self) -> Result<Option<(u32, u32)>, RunError> {
        match self {
            Self::Run { checkpoint, .. } if checkpoint.join(STATE).exists() => {
                folder::position(checkpoint).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Reads the configuration, metrics and journal of the run that it comes from, as far as they are known.
    ///
    /// # Errors
    /// Returns a [`RunError`] where a run's files are damaged.
    pub fn history(&self) -> Result<(Config, Vec<EpochRecord>, Vec<Entry>), RunError> {
        match self {
            Self::Run { run, .. } => Ok((
                folder::stored_config(run)?,
                folder::read_metrics(run)?,
                folder::read_journal(run)?,
            )),
            Self::BuiltIn => {
                let path = Path::new("built-in model");
                let config = Source::Text {
                    name: "configuration of the built-in model".to_owned(),
                    text: BUILT_IN_CONFIG.to_owned(),
                };
                Ok((
                    Config::load(config, &[])?.config,
                    folder::parse_metrics(BUILT_IN_METRICS, path)?,
                    Vec::new(),
                ))
            }
            Self::File(_) | Self::Untrained(_) => Ok((published()?, Vec::new(), Vec::new())),
        }
    }
}

fn published() -> Result<Config, RunError> {
    Ok(Config::load(Source::BuiltIn, &[])?.config)
}

/// Finds the checkpoint that a user means: a run (`RUN`, `RUN@best`, `RUN@0050`), a snapshot folder, a
/// weights file, `untrained` or `untrained:SEED` (fresh weights, for comparison), or (without a word) the
/// built-in model.
///
/// # Errors
/// Returns a [`RunError`] where there is none or it is damaged.
pub fn find_checkpoint(runs: &Path, named: Option<&str>) -> Result<Checkpoint, RunError> {
    let Some(named) = named else {
        return built_in();
    };
    let path = Path::new(named);
    if is_path(named) {
        if path.is_file() || is_checkpoint(path) {
            return read_checkpoint(path);
        }
    } else if !runs.join(named).exists()
        && let Some(seed) = named.strip_prefix(UNTRAINED)
    {
        return untrained(seed, path);
    }
    let (run, which) = run_and_checkpoint(runs, named);
    if !files::is_there(&at(runs, run)) {
        return Err(no_such(runs, named, "file, snapshot or run"));
    }
    let run = find_run(runs, Some(run))?;
    if which == LATEST && is_foreign(&run) && is_checkpoint(&run) {
        return file(weights_path(&run));
    }
    if which == LATEST {
        let newest = enter_newest(&run)?;
        if let Some((epoch, entered)) = newest {
            let checkpoint = door::folder(&run, epoch);
            return through(run, checkpoint, &entered);
        }
    }
    let checkpoint = folder::checkpoint_folder(&run, which)?;
    of_run(run, checkpoint)
}

/// Reads a weights file, or the checkpoint in a folder.
///
/// # Errors
/// Returns a [`RunError`] where there is none or it is damaged.
pub fn read_checkpoint(path: &Path) -> Result<Checkpoint, RunError> {
    match path.is_file() {
        true => file(path.to_owned()),
        false => of_folder(path),
    }
}

/// Splits `RUN` or `RUN@WHICH` into the run and which of its checkpoints is meant, `latest` by default; a run
/// may have an `@` in its own name.
pub fn run_and_checkpoint<'a>(runs: &Path, named: &'a str) -> (&'a str, &'a str) {
    let whole = has_config(&at(runs, named)).unwrap_or(true);
    let parts = named.rsplit_once('@').filter(|_| !whole);
    parts.unwrap_or((named, LATEST))
}

fn untrained(seed: &str, path: &Path) -> Result<Checkpoint, RunError> {
    let seed = match seed.strip_prefix(':') {
        None if seed.is_empty() => Ok(0),
        None => Err(()),
        Some(seed) => seed.parse().map_err(|_| ()),
    };
    let wrong = |()| RunError::unusable(path, "expected `untrained` or `untrained:SEED`");
    let seed = seed.map_err(wrong)?;
    Ok(Checkpoint {
        weights: Weights::fresh(seed),
        origin: Origin::Untrained(seed),
        moment: None,
        unchecked: Vec::new(),
        notes: Vec::new(),
    })
}

/// Returns the built-in model.
///
/// # Errors
/// Returns a [`RunError`] if the built-in file is damaged, which a test rules out.
pub fn built_in() -> Result<Checkpoint, RunError> {
    let weights = Weights::from_bytes(BUILT_IN_WEIGHTS).map_err(|source| RunError::Weights {
        path: PathBuf::from("built-in model"),
        source,
    })?;
    Ok(Checkpoint {
        weights,
        origin: Origin::BuiltIn,
        moment: None,
        unchecked: Vec::new(),
        notes: Vec::new(),
    })
}

/// Returns the checkpoint with the highest argmax coverage (A and B together) among those that the runs kept,
/// else the built-in model.
///
/// # Errors
/// Returns a [`RunError`] if the built-in model cannot be read.
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
    let mut found: Vec<_> = all_runs(runs)?.iter().filter_map(covered).collect();
    found.sort();
    let mut damaged = Vec::new();
    for (_, checkpoint, run) in found.into_iter().rev() {
        match of_run(run, checkpoint) {
            Ok(mut best) => {
                best.unchecked.extend(damaged);
                return Ok(best);
            }
            Err(error) => damaged.push(error.to_string()),
        }
    }
    let mut built_in = built_in()?;
    built_in.unchecked.extend(damaged);
    Ok(built_in)
}

fn of_run(run: PathBuf, checkpoint: PathBuf) -> Result<Checkpoint, RunError> {
    let entered = enter(&run, &checkpoint)?;
    through(run, checkpoint, &entered)
}

fn through(run: PathBuf, checkpoint: PathBuf, entered: &Entered) -> Result<Checkpoint, RunError> {
    Ok(Checkpoint {
        weights: entered.files.weights()?,
        moment: entered.files.moment()?,
        unchecked: entered.unchecked.clone(),
        notes: Vec::new(),
        origin: Origin::Run { run, checkpoint },
    })
}

/// Opens a checkpoint or snapshot folder within its run, a folder that holds both (a certificate), or one
/// that stands alone.
fn of_folder(path: &Path) -> Result<Checkpoint, RunError> {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_run = |folder: &&Path| folder.join(CONFIG).is_file() && !is_foreign(folder);
    let within = whole.parent().and_then(Path::parent).filter(is_run);
    match Some(whole.as_path()).filter(is_run).or(within) {
        Some(run) => of_run(run.to_owned(), path.to_owned()),
        None => file(weights_path(path)),
    }
}

/// Reads the weights in a file; where that is one of a checkpoint's, the whole checkpoint is verified against
/// its digests.
fn file(path: PathBuf) -> Result<Checkpoint, RunError> {
    if let Some(saved) = saved_by_pytorch(&path)? {
        return Ok(Checkpoint {
            moment: saved.epoch.map(|epoch| (epoch.saturating_add(1), 0)),
            unchecked: Vec::new(),
            notes: saved.notes(),
            weights: finite(saved.weights, &path)?,
            origin: Origin::File(path),
        });
    }
    let of_checkpoint = path.file_name().is_some_and(|name| name == WEIGHTS);
    let folder = path.parent().filter(|_| of_checkpoint);
    let weights = match folder.filter(|folder| files::is_there(&folder.join(DIGESTS))) {
        Some(folder) => Files::read(folder)?.weights()?,
        None => load_weights(&path)?,
    };
    Ok(Checkpoint {
        weights,
        origin: Origin::File(path),
        moment: None,
        unchecked: Vec::new(),
        notes: Vec::new(),
    })
}

/// Reads a file that PyTorch wrote; `None` where it is another one.
///
/// # Errors
/// Returns a [`RunError`] where it cannot be read, or has no model of this kind.
pub fn saved_by_pytorch(path: &Path) -> Result<Option<Saved>, RunError> {
    let file = files::open(path)?;
    let mut head = Vec::new();
    let read = file.take(PYTORCH_HEAD).read_to_end(&mut head);
    read.map_err(RunError::unread(path))?;
    if !is_pytorch(&head) {
        return Ok(None);
    }
    Saved::read(path).map(Some).map_err(of(path))
}

fn of(path: &Path) -> impl Fn(WeightsError) -> RunError {
    let path = path.to_owned();
    move |source| RunError::Weights {
        path: path.clone(),
        source,
    }
}
