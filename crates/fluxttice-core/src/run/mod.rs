//! A run on disk: folder, metrics, journal, checkpoints.

mod aside;
pub mod bookmarks;
mod branch;
mod check;
pub mod checkpoint;
mod checkpoint_index;
mod contents;
mod digests;
pub mod disk;
mod door;
mod error;
mod exported;
mod figures;
pub(crate) mod files;
mod folder;
mod foreign;
pub mod journal;
mod lines;
mod locate;
mod lock;
mod marker;
mod members;
mod metrics;
pub mod names;
mod output;
pub(crate) mod owner;
mod reopening;
mod repair;
mod summary;
mod trash;

pub use branch::{Parent, branch, parent, state_after, weights_digest};
pub use check::{Condition, Part, Report, check};
pub(crate) use checkpoint::load_weights;
pub use checkpoint_index::checkpoint_index;
pub use digests::{Digests, HistoryDigests, Own};
pub use disk::Disk;
pub use door::{Entered, enter, enter_newest, read_whole_journal};
pub use error::RunError;
pub use exported::as_pytorch;
pub use figures::{columns, figures};
pub use files::read as read_file;
pub use folder::{
    BEST, BEST_COVERAGE, BEST_INFORMATION, LATEST, PLAIN_NAME, Reopened, RunFolder,
    checkpoint_folder, checkpoints, finished_epochs, is_plain_name, name, parse_metrics,
    read_journal, read_metrics, reserve, stored_config,
};
pub use foreign::{ForeignEpoch, ForeignRun, is_foreign, not_foreign};
pub use lines::Prefix;
pub use locate::{
    BUILT_IN_WEIGHTS, Checkpoint, DATA_DIR, Origin, all_runs, best_at_hand, built_in,
    find_checkpoint, find_run, is_path, read_checkpoint, run_and_checkpoint, runs_folder,
    saved_by_pytorch,
};
pub use lock::is_open;
pub use marker::Marker;
pub use members::{Band, Members, upsert_epoch};
pub use output::{Existing, check_result, descriptor, write_result};
pub use repair::repair;
pub use summary::{Branch, NotOwn, Summary, tree};
pub use trash::{Deleted, TRASH, Trashed, delete, purge, restore, trashed};
