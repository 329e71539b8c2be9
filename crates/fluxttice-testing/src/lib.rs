//! Helpers of the integration tests, shared by the engine's and the program's: a small configuration, sessions
//! whose events are waited for, disks that refuse, tear or lose writes, and a check that a run is whole.

#![expect(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::len_without_is_empty,
    reason = "tests"
)]

pub mod failing;
#[cfg(unix)]
pub mod power;
pub mod session;
pub mod whole;

/// Configuration of a training of a fiftieth of the operations, with two thousand samples: an epoch takes a tenth
/// of a second.
pub const SMALL: [&str; 4] = [
    "train_split=0.02",
    "val_split=0.01",
    "test_split=0.97",
    "eval_num_samples=2000",
];
