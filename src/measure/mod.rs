//! Honest numbers from a model: coverage, codes, neighbours, reconstruction.

mod activity;
mod codes;
mod coverage;
pub mod neighbours;
mod reconstruction;

pub use activity::{ACTIVE_VARIANCE, active_dimensions, variances};
pub use codes::encode_all;
pub use coverage::{CoverageTask, Covered, Samples, TILE, ceiling, most_likely};
pub use reconstruction::{Reconstruction, reconstruction};
