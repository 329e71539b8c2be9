//! Figures of the validation pass beside its loss: operations rebuilt without an error, and active
//! dimensions.

use crate::measure::most_likely;
use crate::model::LATENT;
use crate::numbers::count32;
use crate::record::{Latent, Pair};
use crate::space::{ENTRIES, Operation, VALUES};
use crate::vae::PerVae;

/// A dimension is active where the variance of its means over the data is above this (Burda, Grosse
/// and Salakhutdinov, *Importance weighted autoencoders*, 2016).
const ACTIVE: f64 = 0.01;

/// Logits and posterior means of some operations, read back from the device.
#[derive(Clone, Debug)]
pub struct EvalOutputs {
    /// Logits of A and B at ρ = 0, `[n, 9, 3]`.
    pub alone: [Vec<f64>; 2],
    /// Logits of A and B at the run's ρ, `[n, 9, 3]`.
    pub coupled: [Vec<f64>; 2],
    /// Posterior means of A and B, `[n, 16]`.
    pub mu: [Vec<f64>; 2],
}

/// Sums over a validation pass.
#[derive(Clone, Debug, Default)]
pub struct EvalStats {
    operations: u32,
    alone: [u32; 2],
    coupled: [u32; 2],
    sums: [[f64; LATENT]; 2],
    squares: [[f64; LATENT]; 2],
}

impl EvalStats {
    /// Adds a batch to the sums.
    pub fn add(&mut self, operations: &[Operation], seen: &EvalOutputs) {
        self.operations += count32(operations.len());
        for which in 0..2 {
            self.alone[which] += exact(operations, &seen.alone[which]);
            self.coupled[which] += exact(operations, &seen.coupled[which]);
            for code in seen.mu[which].chunks_exact(LATENT) {
                for (dimension, mu) in code.iter().enumerate() {
                    self.sums[which][dimension] += mu;
                    self.squares[which][dimension] += mu * mu;
                }
            }
        }
    }

    /// Returns the figures of the pass; `None` without an operation.
    pub fn figures(&self) -> Option<Latent> {
        let n = f64::from(self.operations);
        if self.operations == 0 {
            return None;
        }
        let share = |counts: [u32; 2]| Pair {
            a: f64::from(counts[0]) / n,
            b: f64::from(counts[1]) / n,
        };
        let active = |which: usize| {
            let variances = self.sums[which].iter().zip(&self.squares[which]);
            let is_active =
                |(sum, square): &(&f64, &f64)| *square / n - (*sum / n).powi(2) > ACTIVE;
            count32(variances.filter(is_active).count())
        };
        Some(Latent {
            exact_alone: share(self.alone),
            exact_coupled: share(self.coupled),
            active: PerVae {
                a: active(0),
                b: active(1),
            },
        })
    }
}

/// Counts the operations that the most likely values of their logits rebuild without an error.
fn exact(operations: &[Operation], logits: &[f64]) -> u32 {
    let rebuilt = logits.chunks_exact(ENTRIES * VALUES).map(most_likely);
    let same = operations
        .iter()
        .zip(rebuilt)
        .filter(|(operation, rebuilt)| *operation == rebuilt);
    count32(same.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rebuilt_and_what_moves_is_counted() {
        let operations = [Operation::new(7).unwrap(), Operation::new(9_000).unwrap()];
        let logits = |operations: &[Operation]| -> Vec<f64> {
            let classes = operations.iter().flat_map(|operation| operation.classes());
            classes
                .flat_map(|class| {
                    (0..VALUES).map(move |value| f64::from(value == usize::from(class)))
                })
                .collect()
        };
        let right = logits(&operations);
        let swapped = logits(&[operations[1], operations[0]]);
        // Three dimensions of A move enough, none of B does.
        let mut mu = vec![0.5; 2 * LATENT];
        mu[..3].fill(0.8);
        let mut observed = EvalStats::default();
        assert_eq!(observed.figures(), None);
        observed.add(
            &operations,
            &EvalOutputs {
                alone: [swapped.clone(), right.clone()],
                coupled: [right.clone(), right],
                mu: [mu, vec![0.5; 2 * LATENT]],
            },
        );
        let figures = observed.figures().unwrap();
        assert_eq!((figures.exact_alone.a, figures.exact_alone.b), (0.0, 1.0));
        assert_eq!(
            (figures.exact_coupled.a, figures.exact_coupled.b),
            (1.0, 1.0)
        );
        assert_eq!((figures.active.a, figures.active.b), (3, 0));
    }
}
