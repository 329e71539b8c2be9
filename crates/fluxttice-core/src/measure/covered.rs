//! Coverage with the operations behind it, and its ceiling.

use crate::numbers::count32;
use crate::record::{Coverage, Unique};
use crate::space::{OPERATIONS, OperationSet};

/// Returns the number of distinct operations that `samples` draws of a perfectly uniform generator hit on
/// average, `M · (1 - (1 - 1/M)^N)` with M = 19,683.
pub fn ceiling(samples: u32) -> f64 {
    let m = OPERATIONS as f64;
    -m * (f64::from(samples) * (-1.0 / m).ln_1p()).exp_m1()
}

/// Coverage, with the sets of operations that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Covered {
    /// Numbers of operations found, and the decode entropy.
    pub coverage: Coverage,
    /// Operations found by categorical draws.
    pub categorical: OperationSet,
    /// Operations found by argmax.
    pub argmax: OperationSet,
}

impl Covered {
    /// Computes the figures of the operations found among `samples` codes whose H(x | z) add up to `entropy`.
    pub(super) fn new(
        categorical: (OperationSet, u32),
        argmax: (OperationSet, u32),
        entropy: f64,
    ) -> Self {
        let unique = |(set, samples): &(OperationSet, u32)| Unique {
            unique: count32(set.len()),
            samples: *samples,
            ceiling: ceiling(*samples),
        };
        Self {
            coverage: Coverage {
                categorical: unique(&categorical),
                argmax: unique(&argmax),
                decode_entropy: entropy / f64::from(argmax.1),
            },
            categorical: categorical.0,
            argmax: argmax.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_the_known_ones() {
        for (samples, percent) in [(10_000, 39.83), (50_000, 92.12), (100_000, 99.38)] {
            assert!(
                (100.0 * ceiling(samples) / OPERATIONS as f64 - percent).abs() < 0.005,
                "{samples}"
            );
        }
        assert!((100.0 * ceiling(195_000) / OPERATIONS as f64 - 99.995).abs() < 0.001);
        assert!((ceiling(1) - 1.0).abs() < 1e-9);
    }
}
