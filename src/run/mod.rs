//! A run on disk: folder, metrics, journal, checkpoints.

pub mod bookmarks;
mod branch;
pub mod checkpoint;
pub mod disk;
mod error;
mod figures;
pub(crate) mod files;
mod folder;
pub mod journal;
mod locate;
mod members;
mod moments;
pub mod names;
mod summary;

pub use crate::record;
pub use branch::{Parent, branch, parent, state_after, weights_digest};
pub use disk::Disk;
pub use error::RunError;
pub use figures::{FIGURES, Figure, figures};
pub use folder::{
    BEST, BEST_COVERAGE, BEST_INFORMATION, LATEST, LOG, PLAIN_NAME, RunFolder, checkpoint_folder,
    checkpoints, delete, finished_epochs, is_open, is_plain_name, name, parse_metrics,
    read_journal, read_metrics, stored_config,
};
pub use locate::{
    BUILT_IN_WEIGHTS, Checkpoint, DATA_DIR, Origin, all_runs, best_at_hand, built_in,
    find_checkpoint, find_run, new_run, runs_folder,
};
pub use members::{Band, Members, take_in};
pub use moments::moments;
pub use summary::{Branch, Summary, tree};
