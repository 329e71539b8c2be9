//! The 19,683 operations: index, truth table, names, sets and their digests. No tensors here.

pub mod names;
mod operation;
mod set;

pub use operation::{ENTRIES, OPERATIONS, Operation, ParseOperationError, VALUES};
pub use set::{OperationSet, sha256};
