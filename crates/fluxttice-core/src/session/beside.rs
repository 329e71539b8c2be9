//! Other runs in the folder of a run: named, and branched off.

use std::path::{Path, PathBuf};

use crate::run::{
    Disk, PLAIN_NAME, Reopened, RunError, branch, is_plain_name, name as run_name, reserve,
    stored_config,
};

/// Returns the folder of a run beside this one, by its name.
pub(super) fn beside(run: &Path, name: &str) -> Result<PathBuf, String> {
    if !is_plain_name(name) {
        return Err(format!("a run's name is made of {PLAIN_NAME}"));
    }
    Ok(run.with_file_name(name))
}

/// Makes a branch of `run`, or of the run `of` beside it, after so many epochs; `name` becomes that of its
/// folder where none was wanted.
pub(super) fn branch_off(
    disk: &Disk,
    run: &Path,
    of: Option<&str>,
    epochs: u32,
    name: &mut Option<String>,
) -> Result<Reopened, String> {
    let told = |error: RunError| error.to_string();
    let from = match of {
        Some(other) => beside(run, other)?,
        None => run.to_owned(),
    };
    let config = stored_config(&from).map_err(told)?;
    let runs = from.parent().unwrap_or(Path::new(""));
    let to = match name {
        Some(name) => beside(run, name)?,
        None => reserve(disk, runs, &config).map_err(told)?,
    };
    // The outcome names the folder that was chosen.
    *name = Some(run_name(&to));
    branch(disk, &from, epochs, &to, &config).map_err(told)
}
