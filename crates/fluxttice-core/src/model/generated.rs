//! Penalties on the decoded prior codes: the measures by which a generator is judged, as a training
//! objective.
//!
//! Over the data, the evidence lower bound is best where a code means nothing, because every operation is as
//! likely as any other. I(z; x) = H(x) - H(x | z) is best where a code names one operation and the
//! operations share the prior evenly. H(x | z) can be computed for each code. H(x) is replaced by the
//! probability that two codes give the same operation, Σ p(x)². That is a mean over pairs of codes of a
//! product over entries, and smallest, 1 / 19,683, where p is uniform.

use std::ops::Range;

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::network::Vaes;
use crate::space::{ENTRIES, OPERATIONS, VALUES};
use crate::vae::Vae;

/// Codes drawn from the prior for a training batch.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Codes for A and for B, `[m, 16]` each.
    pub codes: [Tensor<2>; 2],
}

/// Weights of the penalties on decoded prior codes; a weight of 0 has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GeneratedWeights {
    /// Weight of H(x | z) in nats.
    pub certainty: f64,
    /// Weight of 19,683 Σ p(x)² - 1, the χ² divergence of p from the uniform distribution.
    pub evenness: f64,
    /// Share of each entry's probability that is spread evenly over its three values before Σ p(x)² is taken.
    pub blur: f64,
}

impl Generated {
    /// Returns the weighted penalties of A and B, summed, `[1]`.
    pub fn penalty(&self, vaes: &Vaes, weights: GeneratedWeights) -> Tensor<1> {
        let of = |which: Vae| {
            let log_p = log_softmax(vaes.decode(which, self.codes[which as usize].clone()), 2);
            let certain = uncertainty(log_p.clone()).mul_scalar(weights.certainty);
            let p = blurred(log_p.exp(), weights.blur);
            certain + unevenness(p).mul_scalar(weights.evenness)
        };
        of(Vae::A) + of(Vae::B)
    }
}

/// Returns H(x | z) in nats, mean over codes, from log probabilities `[m, 9, 3]`: `[1]`.
fn uncertainty(log_p: Tensor<3>) -> Tensor<1> {
    let [codes, ..] = log_p.dims();
    (log_p.clone().exp() * log_p)
        .sum()
        .div_scalar(-(codes as f64))
}

/// Spreads a share of the probabilities evenly over an entry's three values.
fn blurred(p: Tensor<3>, blur: f64) -> Tensor<3> {
    p.mul_scalar(1.0 - blur).add_scalar(blur / VALUES as f64)
}

/// Returns 19,683 Σ p(x)² - 1 from probabilities `[m, 9, 3]`: `[1]`. Taken over all pairs of different codes,
/// the estimate has no bias.
fn unevenness(p: Tensor<3>) -> Tensor<1> {
    let [codes, ..] = p.dims();
    // All 19,683 probabilities, summed over codes: a matrix product of those of four entries and of five.
    let all = joint(&p, 0..4).transpose().matmul(joint(&p, 4..ENTRIES));
    let own = joint(&p.square().sum_dim(2), 0..ENTRIES);
    let pairs = (codes * (codes - 1)) as f64;
    (all.square().sum() - own.sum())
        .mul_scalar(OPERATIONS as f64 / pairs)
        .sub_scalar(1.0)
}

/// Returns the products over some entries for every combination of their values, `[m, 9, v]` to
/// `[m, v^entries]`.
fn joint(p: &Tensor<3>, entries: Range<usize>) -> Tensor<2> {
    let [codes, _, values] = p.dims();
    let of = |entry: usize| p.clone().narrow(1, entry, 1);
    let product = |product: Tensor<3>, entry: usize| {
        let [_, choices, _] = product.dims();
        let grown = product * of(entry);
        grown.reshape([codes, choices * values, 1])
    };
    let one = Tensor::ones([codes, 1, 1], (&p.device(), p.dtype()));
    entries.fold(one, product).squeeze_dim(2)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device, TensorData};

    use super::*;
    use crate::space::Operation;

    /// Probabilities of three codes, and of each operation under each code by multiplying out.
    fn three() -> (Tensor<3>, Vec<Vec<f64>>) {
        let mut numbers = Vec::new();
        for code in 0..3 {
            for entry in 0..ENTRIES {
                let raw = [1.0, 0.3 + 0.2 * f64::from(code), 0.1 + 0.15 * entry as f64];
                let sum: f64 = raw.iter().sum();
                numbers.extend(raw.map(|one| one / sum));
            }
        }
        let probability = |code: usize, operation: Operation| -> f64 {
            let classes = operation.classes().into_iter().enumerate();
            classes
                .map(|(i, class)| numbers[(code * ENTRIES + i) * VALUES + usize::from(class)])
                .product()
        };
        let each = (0..3)
            .map(|code| Operation::all().map(|one| probability(code, one)).collect())
            .collect();
        let data = TensorData::new(numbers.clone(), [3, ENTRIES, VALUES]);
        (Tensor::from_data(data, (&Device::flex(), DType::F64)), each)
    }

    fn number(tensor: Tensor<1>) -> f64 {
        tensor.try_into_vec_as::<f64>().unwrap()[0]
    }

    #[test]
    fn both_are_what_multiplying_out_over_all_operations_gives() {
        let (p, each) = three();
        let entropy = |p: &Vec<f64>| -p.iter().map(|p| p * p.ln()).sum::<f64>();
        let expected = each.iter().map(entropy).sum::<f64>() / 3.0;
        assert!((number(uncertainty(p.clone().log())) - expected).abs() < 1e-9);
        let meet = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let pairs = [(0, 1), (0, 2), (1, 2)].map(|(a, b)| meet(&each[a], &each[b]));
        let expected = 19_683.0 * pairs.iter().sum::<f64>() / 3.0 - 1.0;
        let found = number(unevenness(p));
        assert!(
            (found - expected).abs() < 1e-6 * expected.abs(),
            "{found} {expected}"
        );
    }

    /// Probabilities `[m, 9, 3]` of codes of which each is certain of one operation.
    fn certain(codes: &[[u8; ENTRIES]]) -> Tensor<3> {
        let numbers: Vec<f64> = codes
            .iter()
            .flatten()
            .flat_map(|class| (0..3).map(move |value| f64::from(u8::from(value == *class))))
            .collect();
        let data = TensorData::new(numbers, [codes.len(), ENTRIES, VALUES]);
        Tensor::from_data(data, (&Device::flex(), DType::F64))
    }

    #[test]
    fn blur_counts_what_fewer_entries_agree_in() {
        // Two codes that agree in `same` entries: each of those is a factor of 3, the others 0. Blurred,
        // agreement is 1 + 2 (1 - blur)² and disagreement 1 - (1 - blur)².
        let other = |same: usize| std::array::from_fn(|entry| u8::from(entry >= same));
        for same in [0, 4, 9] {
            let p = certain(&[[0; ENTRIES], other(same)]);
            for blur in [0.0, 0.3] {
                let kept = (1.0 - blur) * (1.0 - blur);
                let expected = (1.0f64 + 2.0 * kept).powi(i32::try_from(same).unwrap())
                    * (1.0 - kept).powi(i32::try_from(ENTRIES - same).unwrap())
                    - 1.0;
                let found = number(unevenness(blurred(p.clone(), blur)));
                assert!((found - expected).abs() < 1e-8 * expected.abs(), "{same}");
            }
        }
    }

    #[test]
    fn a_code_that_says_nothing_is_even_and_uncertain() {
        let device = Device::flex();
        let p = Tensor::<3>::full([4, ENTRIES, VALUES], 1.0 / 3.0, (&device, DType::F64));
        assert!(number(unevenness(p.clone())).abs() < 1e-9);
        assert!((number(uncertainty(p.log())) - 9.887_510_598_012_987).abs() < 1e-9);
    }
}
