//! A run in a few figures, and all runs as a tree.

use std::path::{Path, PathBuf};

use super::branch::{Parent, parent};
use super::door::newest;
use super::error::RunError;
use super::folder;
use super::foreign::{ForeignRun, is_foreign};
use super::journal::{Entry, last_end};
use super::locate::all_runs;
use super::lock::is_open;
use crate::config::Config;
use crate::record::{Coverage, EpochRecord};
use crate::request::EndReason;
use crate::vae::PerVae;

/// A run as it lies on the disk.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Name of the run, which is its folder's.
    pub name: String,
    /// Path of the run's folder.
    pub path: PathBuf,
    /// Configuration that the run was made with.
    pub config: Config,
    /// Parent of the run; `None` where it is no branch.
    pub parent: Option<Parent>,
    /// Epochs of the run, in order.
    pub records: Vec<EpochRecord>,
    /// Journal of the run, one entry for each line.
    pub journal: Vec<Entry>,
    /// Epochs after which a checkpoint is there, in order.
    pub checkpoints: Vec<u32>,
    /// Number of epochs up to the newest checkpoint, after which the run would go on.
    pub saved: u32,
    /// Reason why its last session ended; `None` where that was cut off or still goes on.
    pub end: Option<EndReason>,
    /// True if a process has the run open.
    pub open: bool,
}

impl Summary {
    /// Reads the summary of a run.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is no run, or damaged.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let journal = folder::read_journal(path)?;
        Ok(Self {
            name: folder::name(path),
            path: path.to_owned(),
            config: folder::stored_config(path)?,
            parent: parent(&journal),
            records: folder::read_metrics(path)?,
            saved: newest(path)?.map_or(0, |epoch| epoch.saturating_add(1)),
            checkpoints: folder::checkpoints(path),
            end: last_end(&journal),
            open: is_open(path),
            journal,
        })
    }

    /// Returns the number of epochs that were trained and not saved; they are done again.
    pub fn unsaved(&self) -> u32 {
        let trained = self.records.last().map_or(0, |record| record.epoch + 1);
        trained.saturating_sub(self.saved)
    }

    /// Returns the newest epoch in the metrics; `None` where there is none.
    pub fn newest(&self) -> Option<&EpochRecord> {
        self.records.last()
    }

    /// Returns the newest coverage that was counted; `None` where none was.
    pub fn coverage(&self) -> Option<PerVae<Coverage>> {
        let mut newest_first = self.records.iter().rev();
        newest_first.find_map(|record| record.coverage)
    }
}

/// A run that is none of this program, or none that can be read.
#[derive(Clone, Debug)]
pub enum NotOwn {
    /// Another program trains it.
    Foreign(Box<ForeignRun>),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// One line of the tree of runs.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Summary of the run, where it is one of this program.
    pub run: Result<Summary, NotOwn>,
    /// Path of the run's folder.
    pub path: PathBuf,
    /// Depth in the tree: 0 for a run that is no branch of another one there, 1 for its branches.
    pub depth: usize,
}

/// Lists every run: those that are no branch of one that is there, the one written to last first, each
/// followed by its branches.
///
/// # Errors
/// Returns a [`RunError`] where the folder cannot be read.
pub fn tree(runs: &Path) -> Result<Vec<Branch>, RunError> {
    let all: Vec<Branch> = all_runs(runs)?
        .into_iter()
        .rev()
        .map(|path| Branch {
            run: read(&path),
            path,
            depth: 0,
        })
        .collect();
    let names: Vec<String> = all.iter().map(Branch::name).collect();
    let is_root = |branch: &Branch| branch.parent().is_none_or(|name| !names.contains(name));
    let (roots, mut rest): (Vec<Branch>, Vec<Branch>) = all.into_iter().partition(is_root);
    let mut found = Vec::new();
    for root in roots {
        append(root, &mut rest, &mut found);
    }
    // Runs that name each other as parents belong nowhere; they are shown all the same.
    found.extend(rest);
    Ok(found)
}

fn read(path: &Path) -> Result<Summary, NotOwn> {
    let unreadable = |error: RunError| NotOwn::Unreadable(error.to_string());
    match is_foreign(path) {
        true => Err(match ForeignRun::read(path) {
            Ok(run) => NotOwn::Foreign(Box::new(run)),
            Err(error) => unreadable(error),
        }),
        false => Summary::read(path).map_err(unreadable),
    }
}

fn append(branch: Branch, rest: &mut Vec<Branch>, found: &mut Vec<Branch>) {
    let (name, depth) = (branch.name(), branch.depth + 1);
    found.push(branch);
    let is_child = |other: &Branch| other.parent() == Some(&name);
    while let Some(place) = rest.iter().position(is_child) {
        let child = rest.remove(place);
        append(Branch { depth, ..child }, rest, found);
    }
}

impl Branch {
    /// Returns the run's name, which is its folder's.
    pub fn name(&self) -> String {
        folder::name(&self.path)
    }

    fn parent(&self) -> Option<&String> {
        let run = self.run.as_ref().ok()?;
        run.parent.as_ref().map(|parent| &parent.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::journal::JournalEvent;
    use crate::run::{Disk, RunFolder, delete};

    fn make(runs: &Path, name: &str, parent: Option<&str>) {
        let run =
            RunFolder::create(&Disk::default(), &runs.join(name), &Config::default()).unwrap();
        if let Some(parent) = parent {
            run.journal(JournalEvent::Branched {
                parent: parent.to_owned(),
                epoch: 3,
                weights: None,
            })
            .unwrap();
        }
    }

    #[test]
    fn branches_follow_their_parents_and_nothing_is_lost() {
        let home = tempfile::tempdir().unwrap();
        for (name, parent) in [
            ("a", None),
            ("a1", Some("a")),
            ("a11", Some("a1")),
            ("a2", Some("a")),
            ("orphan", Some("gone")),
            ("x", Some("y")),
            ("y", Some("x")),
            ("self", Some("self")),
        ] {
            make(home.path(), name, parent);
        }
        std::fs::write(home.path().join("a2/config.yaml"), "nonsense: 1").unwrap();
        let tree = tree(home.path()).unwrap();
        let depth = |name: &str| tree.iter().find(|run| run.name() == name).unwrap().depth;
        let place = |name: &str| tree.iter().position(|run| run.name() == name).unwrap();
        assert_eq!(tree.len(), 8);
        assert_eq!(
            (depth("a"), depth("a1"), depth("a11"), depth("orphan")),
            (0, 1, 2, 0)
        );
        assert_eq!(
            (place("a1"), place("a11")),
            (place("a") + 1, place("a") + 2)
        );
        assert!(
            tree[place("a2")].run.is_err(),
            "a damaged run is listed with its problem"
        );
    }

    #[test]
    fn an_open_run_is_known_to_be_open_and_is_not_deleted() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run");
        let run = RunFolder::create(&Disk::default(), &path, &Config::default()).unwrap();
        assert!(Summary::read(&path).unwrap().open);
        assert!(delete(&Disk::default(), &path, false).is_err());
        drop(run);
        assert!(!Summary::read(&path).unwrap().open);
        delete(&Disk::default(), &path, false).unwrap();
        assert!(!path.exists());
        assert!(
            delete(&Disk::default(), home.path(), false).is_err(),
            "what is no run is not deleted"
        );
    }
}
