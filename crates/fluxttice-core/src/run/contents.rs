//! Contents of a run's folder: what this program made, and what somebody else put there.

use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint::epoch_of;
use super::error::RunError;
use super::folder::{BESTS, LATEST, is_plain_name, read_journal, stored_config};
use super::foreign::not_foreign;
use super::journal::JournalEvent;
use super::marker::Marker;
use super::names::{
    CERTIFICATE, CERTIFICATES, CHECKPOINTS, CONFIG, CONTROLS, DIGESTS, DOCUMENT, ENVELOPE,
    EXPERIMENTS, JOURNAL, LIVE, LOCK, LOCK_OWNER, LOG, MARKER, METRICS, NONE_YET, OPTIMIZER,
    PICTURE, PLOT, REFUSED, REQUESTS, SET_ASIDE, SNAPSHOTS, STATE, STATUS, SUMS, VALIDATION,
    WATCHERS, WEIGHTS,
};
use super::owner::is_half_made;

/// Names of the files in a run's folder itself.
const OWN: [&str; 10] = [
    CONFIG, METRICS, JOURNAL, MARKER, LOCK, LOCK_OWNER, LOG, VALIDATION, STATUS, CONTROLS,
];
/// Folders through which programs meet: all in them is of the moment.
const OF_THE_MOMENT: [&str; 4] = [REQUESTS, REFUSED, WATCHERS, LIVE];
/// Names of the files of a checkpoint or snapshot.
const STATES: [&str; 4] = [WEIGHTS, OPTIMIZER, STATE, DIGESTS];

/// Checks that this program made a folder as a run: it has the marker, or it is one of version 0.1.0 by its
/// configuration, its journal and its checkpoints together.
///
/// # Errors
/// Returns a [`RunError::Unusable`] that says what the folder lacks.
pub fn made_here(run: &Path) -> Result<(), RunError> {
    if Marker::read(run).is_some() {
        return Ok(());
    }
    not_foreign(run)?;
    let not = |problem: String| {
        RunError::unusable(
            run,
            format!("not known as a run that this program made, and left alone: {problem}"),
        )
    };
    stored_config(run).map_err(|error| not(error.to_string()))?;
    let entries = read_journal(run).map_err(|error| not(error.to_string()))?;
    let opened = matches!(
        entries.first().map(|entry| &entry.event),
        Some(JournalEvent::Opened { .. } | JournalEvent::Branched { .. })
    );
    if !opened {
        return Err(not(format!("{JOURNAL} does not begin with a session")));
    }
    match run
        .join(CHECKPOINTS)
        .symlink_metadata()
        .is_ok_and(|found| found.is_dir())
    {
        true => Ok(()),
        false => Err(not(format!("it has no folder {CHECKPOINTS}"))),
    }
}

/// Lists the paths within a run that this program does not make there, relative to the run; a folder stands
/// for what is in it.
///
/// # Errors
/// Returns [`RunError::Unusable`] where a folder cannot be read.
pub fn foreign(run: &Path) -> Result<Vec<PathBuf>, RunError> {
    let mut found = Vec::new();
    walk(run, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(run: &Path, within: &Path, found: &mut Vec<PathBuf>) -> Result<(), RunError> {
    let folder = run.join(within);
    let told = |error: std::io::Error| RunError::unusable(&folder, error.to_string());
    for entry in fs::read_dir(&folder).map_err(told)? {
        let entry = entry.map_err(told)?;
        let path = within.join(entry.file_name());
        let is_folder = entry.file_type().map_err(told)?.is_dir();
        match kind(&path, is_folder) {
            Kind::Ours => {}
            Kind::Folder if is_folder => walk(run, &path, found)?,
            Kind::Folder | Kind::Foreign => found.push(path),
        }
    }
    Ok(())
}

/// Returns true if a checkpoint or snapshot holds nothing but its own files.
pub fn holds_only_a_state(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_half_made(&name) || is_file && STATES.contains(&name.as_ref())
    };
    folder.symlink_metadata().is_ok_and(|found| found.is_dir())
        && entries.into_iter().all(|entry| ours(&entry))
}

/// Returns true if a folder holds any file of a checkpoint.
pub fn holds_a_state(folder: &Path) -> bool {
    STATES
        .iter()
        .any(|name| crate::files::is_there(&folder.join(name)))
}

/// Returns true if this program makes a file or folder at this path, which is relative to the run.
pub fn is_ours(path: &Path) -> bool {
    [true, false]
        .iter()
        .any(|is_folder| !matches!(kind(path, *is_folder), Kind::Foreign))
}

enum Kind {
    /// Made by this program, with all that is in it.
    Ours,
    /// A folder whose content has to be looked at.
    Folder,
    Foreign,
}

fn kind(path: &Path, is_folder: bool) -> Kind {
    let parts: Vec<_> = path
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if parts.is_empty() {
        return Kind::Folder;
    }
    let half_made = parts.last().is_some_and(|name| is_half_made(name));
    let is_link = |name: &str| name == LATEST || BESTS.contains(&name);
    let file = match parts[..] {
        [name] => OWN.contains(&name),
        [CHECKPOINTS, name] => is_link(name) || name == NONE_YET,
        [EXPERIMENTS, name] => name.ends_with(".json"),
        [CHECKPOINTS | SNAPSHOTS, _, name] => STATES.contains(&name),
        [CERTIFICATES, _, name] => is_evidence(name),
        _ => false,
    };
    let kept_apart = parts[0] == SET_ASIDE || OF_THE_MOMENT.contains(&parts[0]);
    let ours = half_made || kept_apart || (file && !is_folder);
    let folder = match parts[..] {
        [CHECKPOINTS | SNAPSHOTS | EXPERIMENTS | CERTIFICATES] => true,
        // A copy without links has folders in their places.
        [CHECKPOINTS, name] => epoch_of(name).is_some() || is_link(name),
        [SNAPSHOTS | CERTIFICATES, name] => is_plain_name(name),
        _ => false,
    };
    match (ours, folder) {
        (true, _) => Kind::Ours,
        (false, true) => Kind::Folder,
        (false, false) => Kind::Foreign,
    }
}

fn is_evidence(name: &str) -> bool {
    let certificate = [CERTIFICATE, DOCUMENT, ENVELOPE, PICTURE, PLOT, SUMS];
    certificate.contains(&name)
        || STATES.contains(&name)
        || [CONFIG, METRICS, JOURNAL].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_makes_is_told_from_what_it_does_not() {
        let home = tempfile::tempdir().unwrap();
        let run = home.path();
        let ours = [
            "config.yaml",
            "run.json",
            ".lock",
            "log.txt",
            "checkpoints/epoch-0010/weights.safetensors",
            "checkpoints/epoch-0010/digests.json",
            "checkpoints/.epoch-0011.0123abcd-7-1-2.tmp/half",
            "snapshots/mine/state.json",
            "experiments/beta-b.json",
            "certificates/mine/certificate.json",
            "set-aside/anything/at/all",
            "status.json",
            "controls.json",
            "requests/anything",
            "refused/any/thing",
            "watchers/one",
            "live/codes-0007.npy",
        ];
        let foreign_paths = [
            "certificates/mine/letter.pdf",
            "checkpoints/epoch-0010/notes.txt",
            "checkpoints/epoch-10",
            "checkpoints/thesis.tex",
            "experiments/table.csv",
            "folder",
            "snapshots/.hidden",
            "thesis.tex",
        ];
        for path in ours.iter().chain(&foreign_paths) {
            let path = run.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = foreign(run).unwrap();
        let expected: Vec<PathBuf> = foreign_paths.iter().map(PathBuf::from).collect();
        assert_eq!(found, expected);
    }
}
