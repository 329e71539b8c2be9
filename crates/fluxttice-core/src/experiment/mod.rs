//! Disruptions as experiments: the same epochs from the same state with and without one.
//!
//! Both arms draw the same batches, noise and prior codes, so that without the disruption they are the
//! same to the bit. Repetitions draw others, in both arms alike, and tell an effect from chance.

mod arm;
mod error;
mod report;
mod trial;
mod verdict;

#[cfg(test)]
mod tests;

pub use arm::{Arm, Pair};
pub use error::ExperimentError;
pub use report::{Base, Experiment, experiments};
pub use trial::{MAX_HORIZON, MAX_REPETITIONS, Trial, TrialProgress, run};
pub use verdict::{AtEpoch, Decision, Difference, FIGURES, Verdict, course};
