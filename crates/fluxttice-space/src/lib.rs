//! The 19,683 operations: index, truth table, laws, symmetries, names, sets and their digests, expressions
//! that search them. Uses no tensors.

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

/// Entropy of a uniform distribution over all operations: ln 19,683, in nats.
pub const MOST_ENTROPY: f64 = 9.887_510_598_012_987;

/// Returns a count of operations in percent of all 19,683.
pub fn percent_of_all(count: f64) -> f64 {
    100.0 * count / OPERATIONS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_entropy_is_that_of_all_operations_alike() {
        assert!((MOST_ENTROPY - (OPERATIONS as f64).ln()).abs() < 1e-15);
        assert_eq!(percent_of_all(OPERATIONS as f64), 100.0);
    }
}
