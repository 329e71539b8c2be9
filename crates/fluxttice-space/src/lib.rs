//! The 19,683 operations: index, truth table, laws, symmetries, names, sets and their digests,
//! expressions that search them. No tensors here.

pub mod digest;
pub mod laws;
pub mod names;
mod operation;
pub mod query;
mod set;
pub mod spelling;
pub mod symmetry;
mod table;
mod variation;

pub use operation::{ENTRIES, OPERATIONS, Operation, ParseOperationError, VALUES};
pub use set::OperationSet;
