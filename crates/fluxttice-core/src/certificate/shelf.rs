//! The list of all snapshots and certificates: where they lie, what they are, and their export.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::CertificateError;
use super::statement::{Statement, Unreadable, read};
use super::sums::limit;
use super::{CERTIFICATE, ENVELOPE};
use crate::run::checkpoint::{is_checkpoint, position};
use crate::run::names::{CERTIFICATES, SNAPSHOTS, STATE};
use crate::run::{Checkpoint, Disk, Origin, RunError, all_runs, files};

/// Largest file that is read for the list, in bytes.
const LIMIT: u64 = 16 << 20;

/// A snapshot or a certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Folder of the snapshot or certificate.
    pub folder: PathBuf,
    /// Name of the folder, without its path.
    pub name: String,
    /// Name of the run; `built-in` for a certificate outside of any run.
    pub run: String,
    /// Kind of the item, with a summary of its contents.
    pub kind: ItemKind,
}

/// A snapshot or a certificate.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// A checkpoint that the user saved.
    Snapshot {
        /// Epochs finished, and batches of the next one; `None` where its state cannot be read.
        position: Option<(u32, u32)>,
    },
    /// A certificate, whose figures can be checked.
    Certificate {
        /// Statement of the certificate, or the reason why it cannot be read.
        statement: Box<Result<Statement, String>>,
        /// True if a signed envelope lies beside it; its signature is not checked here.
        signed: bool,
    },
}

/// Lists every snapshot and certificate of the runs in a folder, the run written to last first.
///
/// # Errors
/// Returns a [`RunError`] where the folder cannot be read.
pub fn shelf(runs: &Path) -> Result<Vec<Item>, RunError> {
    let mut items = Vec::new();
    for run in all_runs(runs)?.into_iter().rev() {
        let name = last(&run);
        for folder in folders(&run.join(CERTIFICATES)) {
            items.extend(certificate(folder, &name));
        }
        for folder in folders(&run.join(SNAPSHOTS)) {
            if is_checkpoint(&folder) {
                let place = folder.join(STATE);
                let state = files::read(&place, LIMIT).and_then(|bytes| position(&bytes, &place));
                items.push(Item {
                    name: last(&folder),
                    run: name.clone(),
                    kind: ItemKind::Snapshot {
                        position: state.ok(),
                    },
                    folder,
                });
            }
        }
    }
    for folder in folders(&beside(runs)) {
        items.extend(certificate(folder, "built-in"));
    }
    Ok(items)
}

/// Returns a folder for a new certificate of a checkpoint, not taken yet: in its run, or beside all runs.
pub fn place(runs: &Path, checkpoint: &Checkpoint) -> PathBuf {
    let (home, name) = match &checkpoint.origin {
        Origin::Run { run, checkpoint } => (run.join(CERTIFICATES), last(checkpoint)),
        other => (beside(runs), other.name()),
    };
    std::iter::once(home.join(&name))
        .chain((2..=u32::MAX).map(|number| home.join(format!("{name}-{number}"))))
        .find(|path| !path.exists())
        .unwrap_or_else(|| home.join(name))
}

/// Copies a snapshot's or certificate's files to a new folder, whole or not at all.
///
/// # Errors
/// Returns [`CertificateError::Run`] where a file cannot be read, `to` exists or the disk refuses.
pub fn export(disk: &Disk, folder: &Path, to: &Path) -> Result<(), CertificateError> {
    let entries = fs::read_dir(folder)
        .map_err(|error| RunError::unusable(folder, error.to_string()))?
        .flatten();
    let mut paths = Vec::new();
    for entry in entries {
        // A link could lead to any file, and the copy may be given to anyone.
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let problem = "is no plain file, and nothing is copied";
            return Err(RunError::unusable(&entry.path(), problem).into());
        }
        paths.push(entry.path());
    }
    disk.publish_folder(to, false, |scratch| {
        paths.iter().try_for_each(|path| {
            let bytes = files::read(path, 16 * LIMIT)?;
            disk.write(&scratch.join(last(path)), &bytes)
        })
    })?;
    Ok(())
}

fn certificate(folder: PathBuf, run: &str) -> Option<Item> {
    let path = folder.join(CERTIFICATE);
    if !path.is_file() {
        return None;
    }
    let statement = files::read(&path, limit(CERTIFICATE))
        .map_err(|error| error.to_string())
        .and_then(|bytes| match read(&bytes) {
            Ok(read) => Ok(read.statement),
            Err(Unreadable::Foreign(problem) | Unreadable::Damaged(problem)) => Err(problem),
        });
    Some(Item {
        name: last(&folder),
        run: run.to_owned(),
        kind: ItemKind::Certificate {
            statement: Box::new(statement),
            signed: folder.join(ENVELOPE).is_file(),
        },
        folder,
    })
}

fn beside(runs: &Path) -> PathBuf {
    runs.parent().unwrap_or(runs).join(CERTIFICATES)
}

/// Lists the folders in a folder, by name; hidden ones are still being written and are left out.
fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !last(path).starts_with('.'))
        .collect();
    found.sort();
    found
}

fn last(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
