//! Decoding of one code's logits: the most likely operation, a draw, probabilities, the entropy.

use crate::space::{ENTRIES, Operation, VALUES};

/// The nine softmax distributions of one code.
///
/// Exponentials and logarithms come from `libm`, so that draws are the same on every machine.
#[derive(Clone, Debug)]
pub struct Decoding {
    /// Each logit minus the largest logit of its entry.
    shifted: [[f64; VALUES]; ENTRIES],
    /// Exponential of `shifted`: the probabilities up to a factor.
    weights: [[f64; VALUES]; ENTRIES],
}

/// Returns e^x; that of 0, the shifted largest logit of an entry, needs no computation.
fn exp(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { libm::exp(x) }
}

impl Decoding {
    /// Makes the distributions from a code's 27 logits, entry by entry three values.
    pub fn new(logits: &[f64]) -> Self {
        let shifted: [[f64; VALUES]; ENTRIES] = std::array::from_fn(|position| {
            let entry = &logits[VALUES * position..][..VALUES];
            let largest = entry.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            std::array::from_fn(|value| entry[value] - largest)
        });
        Self {
            shifted,
            weights: shifted.map(|entry| entry.map(exp)),
        }
    }

    /// Draws each entry once, by uniform numbers in [0, 1).
    pub fn draw(&self, uniforms: &[f64; ENTRIES]) -> Operation {
        Operation::from_classes(std::array::from_fn(|position| {
            let [a, b, c] = self.weights[position];
            let target = uniforms[position] * (a + b + c);
            if target < a {
                0
            } else if target < a + b {
                1
            } else {
                2
            }
        }))
    }

    /// Returns every entry's expectation Σ p · value, rounded to the nearest of -1, 0, +1.
    ///
    /// This is no sample of the model: where -1 and +1 are equally likely it answers 0, which may be
    /// impossible. It is here because a coverage of 99 % was once reported this way.
    pub fn rounded_expectation(&self) -> Operation {
        Operation::from_classes(self.probabilities().map(|[minus, _, plus]| {
            let expectation = plus - minus;
            1 + u8::from(expectation > 0.5) - u8::from(expectation < -0.5)
        }))
    }

    /// Returns the probability of each value of each entry.
    pub fn probabilities(&self) -> [[f64; VALUES]; ENTRIES] {
        self.weights.map(|entry| {
            let sum: f64 = entry.iter().sum();
            entry.map(|weight| weight / sum)
        })
    }

    /// Returns the largest p(x | z): the probability of the operation that the code most likely means.
    pub fn likeliest(&self) -> f64 {
        // The largest weight of an entry is exp(0) = 1.
        let largest = |weights: &[f64; VALUES]| 1.0 / weights.iter().sum::<f64>();
        self.weights.iter().map(largest).product()
    }

    /// Returns the entropy of each entry's softmax in nats; a uniform entry has ln 3.
    pub fn entropies(&self) -> [f64; ENTRIES] {
        std::array::from_fn(|entry| {
            // -Σ p ln p with ln p = (l - max) - ln Σ.
            let (weights, shifted) = (self.weights[entry], self.shifted[entry]);
            let sum: f64 = weights.iter().sum();
            let mean: f64 = weights.iter().zip(shifted).map(|(w, l)| w * l).sum();
            libm::log(sum) - mean / sum
        })
    }

    /// Returns H(x | z) in nats and the largest p(x | z).
    /// H(x | z) equals [`entropy`](Self::entropy) up to the last digits, by one logarithm instead of nine.
    pub(super) fn entropy_at_once(&self) -> (f64, f64) {
        // The largest p(x | z) is 1 / Π Σ.
        let (mut product, mut means) = (1.0, 0.0);
        for (weights, shifted) in self.weights.iter().zip(&self.shifted) {
            let sum: f64 = weights.iter().sum();
            let mean: f64 = weights.iter().zip(shifted).map(|(w, l)| w * l).sum();
            product *= sum;
            means += mean / sum;
        }
        (libm::log(product) - means, product.recip())
    }

    /// Returns H(x | z) in nats: the sum of the entropies of the nine softmaxes.
    pub fn entropy(&self) -> f64 {
        self.entropies().iter().sum()
    }
}

/// Returns the operation with the largest logit in every entry; of equal logits the first counts.
#[expect(clippy::cast_possible_truncation, reason = "one of three values")]
pub fn most_likely(logits: &[f64]) -> Operation {
    Operation::from_classes(std::array::from_fn(|position| {
        let entry = &logits[VALUES * position..][..VALUES];
        let larger = |best: usize, value: usize| {
            if entry[value] > entry[best] {
                value
            } else {
                best
            }
        };
        (1..VALUES).fold(0, larger) as u8
    }))
}

/// Operations that one code from the prior was decoded to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Operation where every entry is drawn once.
    pub categorical: Operation,
    /// Operation where every entry takes its most likely value.
    pub argmax: Operation,
    /// Operation where every entry's expectation is rounded; no sample of the model.
    pub rounded: Operation,
    /// Decode entropy H(x | z) in nats.
    pub entropy: f64,
    /// Probability of `argmax`: the largest p(x | z).
    pub likeliest: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_decides_its_own_digit() {
        let mut logits = [0.0; 27];
        logits[2] = 5.0;
        logits[3 * 8 + 1] = 5.0;
        assert_eq!(most_likely(&logits).index(), 2 + 6_561);
    }

    #[test]
    fn each_entry_has_its_own_entropy() {
        let mut logits = [0.0; 27];
        logits[3..6].copy_from_slice(&[0.0, 2f64.ln(), -800.0]);
        logits[8] = 800.0;
        let entropies = Decoding::new(&logits).entropies();
        // Thirds; 1/3 against 2/3; certain; thirds again.
        let two = (3f64).ln() - 2.0 / 3.0 * 2f64.ln();
        for (found, expected) in entropies.iter().zip([3f64.ln(), two, 0.0, 3f64.ln()]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
    }

    /// One entry with probabilities 0.2, 0.3, 0.5; the others certain.
    fn uneven() -> Decoding {
        let mut logits = [0.0; 27];
        for entry in 1..9 {
            logits[3 * entry] = 60.0;
        }
        (logits[0], logits[1], logits[2]) = (0.2f64.ln(), 0.3f64.ln(), 0.5f64.ln());
        Decoding::new(&logits)
    }

    #[test]
    fn draws_follow_the_probabilities() {
        let decoding = uneven();
        let drawn =
            [0.0, 0.19, 0.21, 0.49, 0.51, 0.99].map(|uniform| decoding.draw(&[uniform; 9]).index());
        assert_eq!(drawn, [0, 0, 1, 1, 2, 2]);
        for (found, expected) in decoding.probabilities()[0].iter().zip([0.2, 0.3, 0.5]) {
            assert!((found - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn a_rounded_expectation_can_be_what_the_model_never_says() {
        let mut logits = [0.0; 27];
        for entry in 0..9 {
            // -1 or +1, each with chance 1/2, never 0.
            logits[3 * entry + 1] = -1_000.0;
        }
        let decoding = Decoding::new(&logits);
        assert_eq!(decoding.rounded_expectation().classes(), [1; 9]);
        assert_eq!(uneven().rounded_expectation().classes()[0], 1, "0.5 - 0.2");
        logits[2] = 2.0;
        assert_eq!(Decoding::new(&logits).rounded_expectation().classes()[0], 2);
    }

    #[test]
    fn the_likeliest_operation_of_known_distributions() {
        let nothing = Decoding::new(&[0.0; 27]).likeliest();
        assert!((nothing * 19_683.0 - 1.0).abs() < 1e-9);
        assert!((uneven().likeliest() - 0.5).abs() < 1e-12);
        let logits: [f64; 27] = std::array::from_fn(|i| (i as f64 * 1.7).sin());
        let p = Decoding::new(&logits).probabilities();
        let largest = p.map(|entry| entry.into_iter().fold(0.0, f64::max));
        let product: f64 = largest.iter().product();
        assert!((Decoding::new(&logits).likeliest() - product).abs() < 1e-12);
    }

    #[test]
    fn entropy_of_known_distributions() {
        assert!((Decoding::new(&[0.0; 27]).entropy() - 9.0 * 3f64.ln()).abs() < 1e-12);
        let certain: Vec<f64> = (0..27)
            .map(|i| if i % 3 == 0 { 1_000.0 } else { 0.0 })
            .collect();
        assert!(Decoding::new(&certain).entropy().abs() < 1e-12);
        let expected = -(0.2 * 0.2f64.ln() + 0.3 * 0.3f64.ln() + 0.5 * 0.5f64.ln());
        assert!((uneven().entropy() - expected).abs() < 1e-12);
        let (entropy, likeliest) = uneven().entropy_at_once();
        assert!((entropy - expected).abs() < 1e-12 && (likeliest - 0.5).abs() < 1e-12);
    }
}
