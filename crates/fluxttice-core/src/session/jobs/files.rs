//! The thread of the quick jobs: lists, copies, files, codes.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::mpsc::UnboundedSender;

use super::Runs;
use super::codes::{load, locate_point};
use super::message::{Content, JobError, JobEvent, QuickJob, RunEntry, RunGlance};
use crate::certificate::{export, shelf};
use crate::experiment::experiments;
use crate::protocol::standing::Standing;
use crate::run::bookmarks::{self, BOOKMARKS};
use crate::run::{Branch, NotOwn, RunError, check, checkpoints, delete, files, is_open, tree};

/// Largest file that is copied, in bytes.
const FILE_LIMIT: u64 = 256 << 20;

/// Does one job after another until the sender is dropped.
pub(super) fn serve(
    runs: &Runs,
    requests: &Receiver<QuickJob>,
    answers: &UnboundedSender<JobEvent>,
) {
    while let Ok(job) = requests.recv() {
        // Nobody listening is no reason to leave a file half written.
        let _ = answers.send(done(runs, job));
    }
}

fn done(runs: &Runs, job: QuickJob) -> JobEvent {
    let Runs {
        disk, folder: runs, ..
    } = runs;
    match job {
        QuickJob::List => JobEvent::Listed(shared(shelf(runs))),
        QuickJob::Runs => JobEvent::Runs(shared(entries(runs))),
        QuickJob::Glance(run) => {
            let glance = RunGlance {
                checkpoints: checkpoints(&run),
                is_open: is_open(&run),
            };
            JobEvent::Glanced(run, glance)
        }
        QuickJob::Delete(run) => {
            let deleted = delete(disk, &run, false).map_err(JobError::new);
            JobEvent::Deleted(run, deleted)
        }
        QuickJob::Check(run) => {
            let report = check(&run);
            JobEvent::Checked(run, Arc::new(report))
        }
        QuickJob::Bookmarks => {
            JobEvent::Bookmarks(shared(bookmarks::read(&runs.with_file_name(BOOKMARKS))))
        }
        QuickJob::Bookmark(change) => {
            let path = runs.with_file_name(BOOKMARKS);
            JobEvent::Bookmarks(shared(bookmarks::change(disk, &path, change)))
        }
        QuickJob::LoadCodes(asked) => JobEvent::CodesLoaded(shared(load(&asked))),
        QuickJob::Locate(asked) => JobEvent::Located(Arc::new(locate_point(asked))),
        QuickJob::Write { content, to } => {
            let written = bytes(content, &to).and_then(|bytes| disk.write_new(&to, &bytes));
            JobEvent::Written(written.map(|()| to).map_err(JobError::new))
        }
        QuickJob::Export { folder, to } => {
            let copied = export(disk, &folder, &to);
            JobEvent::Written(copied.map(|()| to).map_err(JobError::new))
        }
    }
}

fn shared<T, E>(found: Result<T, E>) -> Result<Arc<T>, JobError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    found.map(Arc::new).map_err(JobError::new)
}

/// The bytes of the file `to`.
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

fn standing(branch: &Branch) -> Option<Standing> {
    let end = match &branch.run {
        Ok(run) => run.end,
        Err(NotOwn::Foreign(run)) => run.end,
        Err(NotOwn::Unreadable(_)) => return None,
    };
    Some(Standing::of(&branch.path, end))
}

fn entries(runs: &Path) -> Result<Vec<RunEntry>, RunError> {
    let entry = |branch: Branch| RunEntry {
        experiments: experiments(&branch.path)
            .into_iter()
            .map(|(name, read)| (name, read.map_err(|error| error.to_string())))
            .collect(),
        standing: standing(&branch),
        branch,
    };
    Ok(tree(runs)?.into_iter().map(entry).collect())
}
