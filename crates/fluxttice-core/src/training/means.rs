//! Unweighted means of batch losses: the last batch counts like any other, however small.

use crate::model::Loss;
use crate::record::LossTerms;

/// Sums of batch losses.
#[derive(Clone, Debug, Default)]
pub struct Means {
    batches: u32,
    sum: Loss,
}

impl Means {
    /// Adds the loss of a batch to the sums.
    pub fn add(&mut self, loss: &Loss) {
        self.batches += 1;
        let sum = &mut self.sum;
        for (sum, value) in [
            (&mut sum.loss, loss.loss),
            (&mut sum.loss_a, loss.loss_a),
            (&mut sum.loss_b, loss.loss_b),
            (&mut sum.ce_a, loss.ce_a),
            (&mut sum.ce_b, loss.ce_b),
            (&mut sum.kl_a, loss.kl_a),
            (&mut sum.kl_b, loss.kl_b),
            (&mut sum.entropy_term_b, loss.entropy_term_b),
            (&mut sum.repulsion_b, loss.repulsion_b),
            (&mut sum.entropy_alignment, loss.entropy_alignment),
            (&mut sum.entropy_a, loss.entropy_a),
            (&mut sum.entropy_b, loss.entropy_b),
            (&mut sum.penalty, loss.penalty),
        ] {
            *sum += value;
        }
    }

    /// Returns true if no batch was added.
    pub fn is_empty(&self) -> bool {
        self.batches == 0
    }

    fn mean(&self, sum: f64) -> f64 {
        sum / f64::from(self.batches)
    }

    /// Returns the means of the loss's terms; NaN without a batch.
    pub fn terms(&self) -> LossTerms {
        LossTerms {
            loss: self.mean(self.sum.loss),
            ce_a: self.mean(self.sum.ce_a),
            ce_b: self.mean(self.sum.ce_b),
            kl_a: self.mean(self.sum.kl_a),
            kl_b: self.mean(self.sum.kl_b),
            entropy_term_b: self.mean(self.sum.entropy_term_b),
            repulsion_b: self.mean(self.sum.repulsion_b),
            entropy_alignment: self.mean(self.sum.entropy_alignment),
            penalty: self.mean(self.sum.penalty),
        }
    }

    /// Returns the means of the latent entropies `H_A` and `H_B`; NaN without a batch.
    pub fn entropies(&self) -> [f64; 2] {
        [self.mean(self.sum.entropy_a), self.mean(self.sum.entropy_b)]
    }
}
