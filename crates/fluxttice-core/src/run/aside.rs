//! Moving aside what is damaged or in the way: nothing of a run is removed because it cannot be read.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::macros::format_description;

use super::disk::Disk;
use super::error::RunError;
use super::files;
use super::names::SET_ASIDE;

/// Moves a file or folder of a run into `set-aside`; returns the path where it lies now.
///
/// # Errors
/// Returns a [`RunError`] where the disk refuses.
pub fn set_aside(disk: &Disk, run: &Path, what: &Path) -> Result<PathBuf, RunError> {
    let to = place(disk, run, what)?;
    disk.rename_new(what, &to)?;
    Ok(to)
}

/// Keeps a copy of a file of a run in `set-aside`, before the file is written anew; returns the copy's path.
///
/// # Errors
/// Returns a [`RunError`] where the disk refuses.
pub fn keep_aside(disk: &Disk, run: &Path, what: &Path, bytes: &[u8]) -> Result<PathBuf, RunError> {
    let to = place(disk, run, what)?;
    disk.write_new(&to, bytes)?;
    Ok(to)
}

/// Returns the time now in UTC as part of a name, such as `20261129-223508`.
pub fn stamp() -> String {
    let format = format_description!("[year][month][day]-[hour][minute][second]");
    OffsetDateTime::now_utc()
        .format(&format)
        .unwrap_or_default()
}

fn place(disk: &Disk, run: &Path, what: &Path) -> Result<PathBuf, RunError> {
    let folder = run.join(SET_ASIDE);
    disk.create_folder(&folder)?;
    let name = what.file_name().unwrap_or_default().to_string_lossy();
    Ok(free(&folder, &format!("{}-{name}", stamp())))
}

/// Returns a path in a folder that nothing has: the name, or the name with a number from 2 on behind it.
pub fn free(folder: &Path, name: &str) -> PathBuf {
    let numbered = (2u32..).map(|number| folder.join(format!("{name}-{number}")));
    std::iter::once(folder.join(name))
        .chain(numbered)
        .find(|path| !files::is_there(path))
        .unwrap_or_else(|| folder.join(name))
}
