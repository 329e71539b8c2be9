//! Deletion of a run: it moves into a trash beside it, from where it can be taken back.
//!
//! A run `PLACE/NAME` goes to `PLACE/.fluxttice-trash/TIME/NAME`, on the same file system and in one step.
//! While that is under way `TIME` is the name of something half made: whoever looks into the trash next
//! completes the move.

use std::fs;
use std::path::{Path, PathBuf};

use super::aside::{free, stamp};
use super::contents::{foreign, made_here};
use super::disk::{Disk, parent};
use super::error::RunError;
use super::files;
use super::folder::name;
use super::foreign::is_foreign;
use super::lock::RunLock;
use super::names::{CONFIG, SET_ASIDE};
use super::owner::{SCRATCH, beside, is_abandoned, is_half_made};
use crate::shown::shown;

/// Name of the folder of deleted runs, beside those that are not.
pub const TRASH: &str = ".fluxttice-trash";
/// Name of the list of paths that are to be put back where they were.
const TO_PUT_BACK: &str = "to-put-back.json";
/// Largest such list that is read, in bytes.
const LIMIT: u64 = 4 << 20;

/// Result of deleting a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Path of the run in the trash; `None` where it is gone for good.
    pub trash: Option<PathBuf>,
    /// Files and folders in it that stayed where they were: somebody else's, and `set-aside` where the run is
    /// gone for good.
    pub kept: Vec<PathBuf>,
}

/// A run in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trashed {
    /// Time of the deletion in UTC; also the name of the run's folder in the trash.
    pub time: String,
    /// Name that the run had before.
    pub name: String,
    /// Path of the run in the trash.
    pub path: PathBuf,
    /// Size of all its files, in bytes.
    pub bytes: u64,
    /// True once the move to the trash is complete; before that there may be files of somebody else in it.
    pub settled: bool,
}

/// Moves a run to the trash beside it, or removes it for good. Only what this program made is touched.
///
/// # Errors
/// Returns a [`RunError`] where it is not known as a run, is in use, or the disk refuses.
pub fn delete(disk: &Disk, run: &Path, for_good: bool) -> Result<Deleted, RunError> {
    // Without a `/` at its end, behind which a link would not show.
    let run: PathBuf = run.components().collect();
    if run.is_symlink() {
        let problem = "is a link; name the run that it leads to";
        return Err(RunError::unusable(&run, problem));
    }
    let run = fs::canonicalize(&run).map_err(RunError::disk("find", &run))?;
    if run.iter().any(|part| part == TRASH) {
        let problem = "lies in the trash already; `runs delete --purge NAME` removes it for good";
        return Err(RunError::unusable(&run, problem));
    }
    let is_foreign = is_foreign(&run);
    if is_foreign && for_good {
        let problem =
            "another program made it: it can be moved to the trash, and not be removed for good";
        return Err(RunError::unusable(&run, problem));
    }
    // All of a run of another program is its own.
    let mut kept = Vec::new();
    if !is_foreign {
        made_here(&run)?;
        kept = foreign(&run)?;
    }
    let _held = RunLock::take(&run)?;
    let aside = run.join(SET_ASIDE);
    if for_good && files::is_there(&aside) {
        // What was moved there may be all that is left of something.
        kept.push(PathBuf::from(SET_ASIDE));
    }
    let (place, own_name) = (parent(&run), run.file_name().unwrap_or_default());
    let trash = trash_of(&place)?;
    disk.create_folder(&trash)?;
    settle(disk, &trash);
    let entry = beside(&trash.join(stamp()), SCRATCH);
    disk.create_folder(&entry)?;
    if !kept.is_empty() {
        let list = entry.join(TO_PUT_BACK);
        let text = serde_json::to_vec(&Paths::of(&kept))
            .map_err(|error| RunError::unusable(&list, error.to_string()))?;
        disk.write(&list, &text)?;
    }
    let moved = disk.rename_new(&run, &entry.join(own_name));
    if let Err(error) = moved {
        // The first error is the one to tell.
        let _ = disk.remove_folder(&entry);
        return Err(error);
    }
    let entry = match finish(disk, &entry) {
        Ok(entry) => entry,
        Err(error) => {
            // Back to where it was, as far as that goes; the first error is the one to tell.
            if put_back(disk, &entry.join(own_name), &run).is_ok() {
                let _ = disk.remove_folder(&entry);
            }
            return Err(error);
        }
    };
    let trash = match for_good {
        false => Some(entry.join(own_name)),
        true => {
            disk.remove_folder(&entry)?;
            // A trash that holds other runs stays.
            let _ = fs::remove_dir(&trash);
            None
        }
    };
    Ok(Deleted {
        trash,
        kept: kept.iter().map(|path| run.join(path)).collect(),
    })
}

/// Lists every run in the trash of a folder, the one deleted last at the end.
///
/// # Errors
/// Returns a [`RunError`] where the trash cannot be read.
pub fn trashed(disk: &Disk, place: &Path) -> Result<Vec<Trashed>, RunError> {
    let trash = trash_of(place)?;
    settle(disk, &trash);
    let mut found = Vec::new();
    for entry in folders(&trash)? {
        let settled = !is_half_made(&name(&entry));
        for path in folders(&entry)? {
            found.push(Trashed {
                time: time_of(&entry),
                name: name(&path),
                bytes: size(&path),
                settled,
                path,
            });
        }
    }
    found.sort_by_key(|run| order(&run.time));
    Ok(found)
}

/// Returns the path of the trash of a folder; fails where that is a link.
fn trash_of(place: &Path) -> Result<PathBuf, RunError> {
    let trash = place.join(TRASH);
    match trash.is_symlink() {
        false => Ok(trash),
        true => Err(RunError::unusable(
            &trash,
            "is a link; expected the folder itself, which this program makes",
        )),
    }
}

/// Moves a run to where it was. A folder that is there by now has files of somebody else that were in it;
/// both are merged.
fn put_back(disk: &Disk, from: &Path, to: &Path) -> Result<(), RunError> {
    match to.symlink_metadata() {
        Err(_) => disk.rename_new(from, to),
        Ok(there) if there.is_dir() => {
            clash(from, to)?;
            merge(disk, from, to)
        }
        Ok(there) => Err(in_the_way(to, files::kind(&there))),
    }
}

fn in_the_way(path: &Path, kind: &str) -> RunError {
    let problem = format!("{kind} is in the way of the run that is to be taken back; move it away");
    RunError::unusable(path, problem)
}

/// Returns the key by which deletion times are sorted; of several in the same second the later ones have a
/// number.
fn order(time: &str) -> (String, u32) {
    let (second, number) = time
        .split_at_checked("20261129-223508".len())
        .unwrap_or((time, ""));
    let number = number.trim_start_matches('-').parse().unwrap_or(1);
    (second.to_owned(), number)
}

/// Takes a run back from the trash of a folder; returns where it lies now.
///
/// # Errors
/// Returns a [`RunError`] where it is not there, where something has its place, or the disk refuses.
pub fn restore(disk: &Disk, place: &Path, named: &str) -> Result<PathBuf, RunError> {
    let found = find(disk, place, named)?;
    let to = place.join(found.path.file_name().unwrap_or_default());
    if files::is_there(&to.join(CONFIG)) {
        let problem = format!(
            "another run lies there: move it away, then `runs restore {}` takes this one back",
            shown(&to)
        );
        return Err(RunError::unusable(&to, problem));
    }
    put_back(disk, &found.path, &to)?;
    emptied(disk, &found)?;
    Ok(to)
}

/// Removes what is left of a run in the trash, and its folder there where nothing else is in it.
fn emptied(disk: &Disk, run: &Trashed) -> Result<(), RunError> {
    disk.remove_folder(&run.path)?;
    let entry = parent(&run.path);
    for folder in [&entry, &parent(&entry)] {
        // A folder that holds something else stays.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

/// Removes what lies in a trash for good, if it is a run and nothing else.
///
/// # Errors
/// Returns a [`RunError`] where something in it is not this program's, it is still on its way there, or the
/// disk refuses.
pub fn purge(disk: &Disk, run: &Trashed) -> Result<(), RunError> {
    is_settled(disk, run)?;
    made_here(&run.path)?;
    if let Some(other) = foreign(&run.path)?.first() {
        let problem = "is not this program's; move it away, then the run can be removed for good";
        return Err(RunError::unusable(&run.path.join(other), problem));
    }
    let aside = run.path.join(SET_ASIDE);
    if files::is_there(&aside) {
        let problem = "may be all that is left of something that was damaged; move it away, then the run can be removed for good";
        return Err(RunError::unusable(&aside, problem));
    }
    emptied(disk, run)
}

/// Checks that the move of a run to the trash is complete.
fn is_settled(disk: &Disk, run: &Trashed) -> Result<(), RunError> {
    let entry = parent(&run.path);
    match (run.settled, is_abandoned(&entry)) {
        (true, _) => Ok(()),
        (false, true) => finish(disk, &entry).and_then(|place| {
            let problem = "has only now come to its end there; ask again";
            Err(RunError::unusable(&place, problem))
        }),
        (false, false) => Err(RunError::unusable(
            &run.path,
            "another process is moving it to the trash; wait for it",
        )),
    }
}

/// Finds the run of this name that was deleted last, or the one deleted at this time.
fn find(disk: &Disk, place: &Path, named: &str) -> Result<Trashed, RunError> {
    let all = trashed(disk, place)?;
    let found = all.into_iter().rev().find(|run| run.is(named));
    let found = found.ok_or_else(|| {
        let problem = format!(
            "no run `{}` in the trash; `runs trash` lists it",
            shown(named)
        );
        RunError::unusable(&place.join(TRASH), problem)
    })?;
    is_settled(disk, &found)?;
    Ok(found)
}

impl Trashed {
    /// Returns true if a word names the run: its name, or the time at which it was deleted.
    pub fn is(&self, named: &str) -> bool {
        self.name == named || self.time == named
    }
}

/// Completes the moves that killed commands left in a trash.
pub fn settle(disk: &Disk, trash: &Path) {
    for entry in folders(trash).unwrap_or_default() {
        if is_abandoned(&entry) {
            // What cannot be brought to its end now can be later; nothing of it is lost.
            let _ = match runs_in(&entry) {
                0 => disk.remove_folder(&entry),
                _ => finish(disk, &entry).map(drop),
            };
        }
    }
}

fn runs_in(entry: &Path) -> usize {
    folders(entry).map_or(1, |folders| folders.len())
}

/// Puts back what is somebody else's, and gives an entry of the trash its final name; returns its path.
fn finish(disk: &Disk, entry: &Path) -> Result<PathBuf, RunError> {
    let trash = parent(entry);
    let list = entry.join(TO_PUT_BACK);
    if files::is_there(&list) {
        let bytes = files::read(&list, LIMIT)?;
        let paths: Paths = serde_json::from_slice(&bytes)
            .map_err(|error| RunError::unusable(&list, error.to_string()))?;
        for run in folders(entry)? {
            let place = parent(&trash).join(run.file_name().unwrap_or_default());
            for path in paths.to_paths() {
                let (from, to) = (run.join(&path), place.join(&path));
                if !files::is_there(&from) {
                    continue;
                }
                if files::is_there(&to) {
                    let problem = format!(
                        "is in the way of {}, which is not this program's and lay there; move one of them away",
                        shown(&from)
                    );
                    return Err(RunError::unusable(&to, problem));
                }
                disk.create_folder(&parent(&to))?;
                disk.rename_new(&from, &to)?;
            }
        }
        disk.remove_file(&list)?;
    }
    let time = time_of(entry);
    loop {
        let place = free(&trash, &time);
        match disk.rename_new(entry, &place) {
            // Another program was quicker to take the name.
            Err(RunError::Unusable { .. }) => {}
            moved => return moved.map(|()| place),
        }
    }
}

/// Returns the time of deletion from the name of a folder in the trash.
fn time_of(entry: &Path) -> String {
    let name = name(entry);
    let time = name.trim_start_matches('.').split('.').next();
    time.unwrap_or_default().to_owned()
}

/// Checks that no file of one folder has the place of something in another.
fn clash(from: &Path, to: &Path) -> Result<(), RunError> {
    for entry in entries(from)? {
        let (one, other) = (from.join(&entry), to.join(&entry));
        match (one.is_dir() && !one.is_symlink(), other.symlink_metadata()) {
            (_, Err(_)) => {}
            (true, Ok(there)) if there.is_dir() => clash(&one, &other)?,
            (_, Ok(there)) => return Err(in_the_way(&other, files::kind(&there))),
        }
    }
    Ok(())
}

/// Moves everything of one folder into another, the configuration last: where it is, there is a run.
fn merge(disk: &Disk, from: &Path, to: &Path) -> Result<(), RunError> {
    let mut names = entries(from)?;
    names.sort_by_key(|name| name == CONFIG);
    for entry in names {
        let (one, other) = (from.join(&entry), to.join(&entry));
        match files::is_there(&other) {
            false => disk.rename_new(&one, &other)?,
            true => merge(disk, &one, &other)?,
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<std::ffi::OsString>, RunError> {
    let told = |error: std::io::Error| RunError::unusable(folder, error.to_string());
    fs::read_dir(folder)
        .map_err(told)?
        .map(|entry| entry.map(|entry| entry.file_name()).map_err(told))
        .collect()
}

/// Lists the folders in a folder, by name; none where it is not there.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    if !files::is_there(folder) {
        return Ok(Vec::new());
    }
    let mut found: Vec<PathBuf> = entries(folder)?
        .into_iter()
        .map(|name| folder.join(name))
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect();
    found.sort();
    Ok(found)
}

/// Adds up the bytes of all files in a folder; links are not followed.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Paths as bytes, so that those are kept too that are no UTF-8 text.
#[derive(serde::Serialize, serde::Deserialize)]
struct Paths(Vec<Vec<u8>>);

impl Paths {
    fn of(paths: &[PathBuf]) -> Self {
        let bytes = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_vec();
        Self(paths.iter().map(bytes).collect())
    }

    fn to_paths(&self) -> Vec<PathBuf> {
        let path = |bytes: &Vec<u8>| {
            #[cfg(unix)]
            {
                use std::os::unix::ffi::OsStrExt;
                PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
            }
            #[cfg(not(unix))]
            PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
        };
        // Whoever wrote the list, nothing is moved out of the run's place.
        let inside = |path: &PathBuf| {
            path.components()
                .all(|part| matches!(part, std::path::Component::Normal(_)))
        };
        self.0.iter().map(path).filter(inside).collect()
    }
}
