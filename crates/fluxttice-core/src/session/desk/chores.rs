//! What the desk does at once: lists, copies, files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::mpsc::UnboundedSender;

use super::Runs;
use super::recall::recall;
use super::request::{Chore, Content, DeskEvent};
use crate::certificate::{export, shelf};
use crate::experiment::{Experiment, experiments};
use crate::run::bookmarks::{self, BOOKMARKS, Bookmark};
use crate::run::{Branch, RunError, check, delete, files, tree};

/// Largest file that is copied.
const FILE_LIMIT: u64 = 256 << 20;

/// A run and the experiments made with it.
#[derive(Clone, Debug)]
pub struct RunEntry {
    /// The run and its place in the tree.
    pub branch: Branch,
    /// Its experiments by name, those that are damaged with what is wrong.
    pub experiments: Vec<(String, Result<Experiment, String>)>,
}

/// Does one after another until nobody asks any more.
pub(super) fn look_after(
    runs: &Runs,
    requests: &Receiver<Chore>,
    told: &UnboundedSender<DeskEvent>,
) {
    while let Ok(chore) = requests.recv() {
        // Nobody listening is no reason to leave a file half written.
        let _ = told.send(done(runs, chore));
    }
}

fn done(runs: &Runs, chore: Chore) -> DeskEvent {
    let Runs {
        disk, folder: runs, ..
    } = runs;
    match chore {
        Chore::List => match shelf(runs) {
            Ok(items) => DeskEvent::Listed(Arc::new(items)),
            Err(error) => unlisted(&error),
        },
        Chore::Runs => match entries(runs) {
            Ok(entries) => DeskEvent::Runs(Arc::new(entries)),
            Err(error) => unlisted(&error),
        },
        Chore::Delete(run) => match delete(disk, &run, false) {
            Ok(deleted) => DeskEvent::Deleted(run, deleted),
            Err(error) => DeskEvent::NotDeleted(error.to_string()),
        },
        Chore::Check(run) => {
            let report = check(&run);
            DeskEvent::Checked(run, Arc::new(report))
        }
        Chore::Bookmarks => bookmarked(bookmarks::read(&runs.with_file_name(BOOKMARKS))),
        Chore::Bookmark(change) => {
            let path = runs.with_file_name(BOOKMARKS);
            bookmarked(bookmarks::change(disk, &path, change))
        }
        Chore::Recall(asked) => match recall(&asked) {
            Ok(found) => DeskEvent::Recalled(Arc::new(found)),
            Err(error) => DeskEvent::NotRecalled(error.to_string()),
        },
        Chore::Write { content, to } => {
            let written = bytes(content, &to).and_then(|bytes| disk.write_new(&to, &bytes));
            exported(written, to)
        }
        Chore::Export { folder, to } => exported(export(disk, &folder, &to), to),
    }
}

fn unlisted(error: &RunError) -> DeskEvent {
    DeskEvent::Failed {
        what: "list the runs",
        problem: error.to_string(),
    }
}

fn bookmarked(found: Result<Vec<Bookmark>, RunError>) -> DeskEvent {
    match found {
        Ok(bookmarks) => DeskEvent::Bookmarks(Arc::new(bookmarks)),
        Err(error) => DeskEvent::NotBookmarked(error.to_string()),
    }
}

fn exported(done: Result<(), impl std::fmt::Display>, to: PathBuf) -> DeskEvent {
    match done {
        Ok(()) => DeskEvent::Exported(to),
        Err(error) => DeskEvent::NotCopied(error.to_string()),
    }
}

/// What is to stand in the file `to`.
fn bytes(content: Content, to: &Path) -> Result<Vec<u8>, RunError> {
    match content {
        Content::File(path) => files::read(&path, FILE_LIMIT),
        Content::Text(text) => Ok(text.into_bytes()),
        Content::Picture(drawing) => {
            let extension = to.extension().unwrap_or_default().to_string_lossy();
            drawing
                .bytes(&extension)
                .map_err(|problem| RunError::unusable(to, format!("cannot draw: {problem}")))
        }
    }
}

fn entries(runs: &Path) -> Result<Vec<RunEntry>, RunError> {
    let entry = |branch: Branch| RunEntry {
        experiments: experiments(&branch.path)
            .into_iter()
            .map(|(name, read)| (name, read.map_err(|error| error.to_string())))
            .collect(),
        branch,
    };
    Ok(tree(runs)?.into_iter().map(entry).collect())
}
