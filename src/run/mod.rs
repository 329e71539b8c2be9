//! A run on disk: folder, metrics, journal, checkpoints.

pub mod checkpoint;
mod error;
pub(crate) mod files;
mod folder;
pub mod journal;
mod locate;
pub mod names;

pub use crate::record;
pub use error::RunError;
pub use folder::{
    BEST, LATEST, LOG, RunFolder, checkpoint_folder, parse_metrics, read_journal, read_metrics,
    stored_config,
};
pub use locate::{
    BUILT_IN_WEIGHTS, Checkpoint, DATA_DIR, Origin, all_runs, best_at_hand, built_in,
    find_checkpoint, find_run, new_run, runs_folder,
};
