//! Generator probabilities p(x) of all operations, and what follows from them.

use super::prior::Drawn;
use crate::space::{OPERATIONS, Operation};

/// Blocks that the codes are split into; standard errors come from the differences between them.
pub const BLOCKS: usize = 16;

/// A figure that depends on a finite number of codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// From all codes.
    pub value: f64,
    /// Standard error: the jackknife over the blocks.
    pub standard_error: f64,
    /// The same from the first quarter and the first half of the codes. Where these drift towards
    /// the value, the value is still biased by the finite number of codes.
    pub trend: [f64; 2],
}

/// `p(x) = E_z[p(x | z)]` for each of the 19,683 operations, averaged over codes from the prior.
///
/// Unbiased; adds up to 1 by construction. Logarithms of it are biased at finite N.
#[derive(Clone, Debug)]
pub struct Generator {
    blocks: Vec<Block>,
    /// Over all codes.
    mean: Mean,
    /// Over the first quarter and the first half.
    first: [Mean; 2],
    /// Over all but one block, for each block.
    left_out: Vec<Mean>,
}

/// What the codes of one block add up to.
#[derive(Clone, Debug)]
pub(super) struct Block {
    codes: u32,
    /// Sum of p(x | z) over the block's codes.
    sums: Vec<f64>,
    /// Sum of H(x | z) over the block's codes.
    entropy: f64,
    /// Sum of the largest p(x | z) over the block's codes.
    likeliest: f64,
}

impl Block {
    /// The sums of p(x | z) over some codes, and what each of them was decoded to.
    pub(super) fn new<'a>(sums: Vec<f64>, drawn: impl Iterator<Item = &'a Drawn>) -> Self {
        let empty = Self {
            codes: 0,
            sums,
            entropy: 0.0,
            likeliest: 0.0,
        };
        drawn.fold(empty, |block, drawn| Self {
            codes: block.codes + 1,
            entropy: block.entropy + drawn.entropy,
            likeliest: block.likeliest + drawn.likeliest,
            ..block
        })
    }
}

/// Everything a figure may depend on.
#[derive(Clone, Debug)]
pub struct Mean {
    /// p(x), operation 0 first.
    pub probabilities: Vec<f64>,
    /// H(x | z) in nats.
    pub conditional_entropy: f64,
    /// Mean of the largest p(x | z): how probable the operation is that a code most likely means.
    pub likeliest: f64,
}

impl Generator {
    /// From blocks of about equally many codes.
    pub(super) fn new(blocks: Vec<Block>) -> Self {
        let without = |left_out: usize| {
            let others = blocks.iter().enumerate();
            let others = others.filter(|(number, _)| *number != left_out);
            mean(others.map(|(_, block)| block))
        };
        let first = |count: usize| mean(blocks.iter().take(count.max(1)));
        Self {
            mean: mean(blocks.iter()),
            first: [first(blocks.len() / 4), first(blocks.len() / 2)],
            left_out: (0..blocks.len()).map(without).collect(),
            blocks,
        }
    }

    /// Codes averaged over.
    pub fn codes(&self) -> u32 {
        self.blocks.iter().map(|block| block.codes).sum()
    }

    /// The averages over all codes.
    pub fn mean(&self) -> &Mean {
        &self.mean
    }

    /// Standard error of each probability, from the differences between blocks (15 degrees of
    /// freedom: itself good to about 18 %).
    pub fn standard_errors(&self) -> Vec<f64> {
        let whole = &self.mean.probabilities;
        let mut squares = vec![0.0; OPERATIONS];
        for block in &self.blocks {
            for ((square, sum), mean) in squares.iter_mut().zip(&block.sums).zip(whole) {
                *square += (sum / f64::from(block.codes) - mean).powi(2);
            }
        }
        let blocks = self.blocks.len() as f64;
        let error = |square: f64| (square / (blocks * (blocks - 1.0))).sqrt();
        squares.into_iter().map(error).collect()
    }

    /// A figure of the averages with its standard error and its trend under doubling.
    pub fn estimate(&self, figure: impl Fn(&Mean) -> f64) -> Estimate {
        let left_out: Vec<f64> = self.left_out.iter().map(&figure).collect();
        let blocks = left_out.len() as f64;
        let centre = left_out.iter().sum::<f64>() / blocks;
        let squares: f64 = left_out.iter().map(|x| (x - centre).powi(2)).sum();
        Estimate {
            value: figure(&self.mean),
            standard_error: ((blocks - 1.0) / blocks * squares).sqrt(),
            trend: self.first.each_ref().map(&figure),
        }
    }

    /// The `count` least probable operations, least first, each with probability and standard error.
    pub fn rarest(&self, count: usize) -> Vec<(Operation, f64, f64)> {
        let errors = self.standard_errors();
        let mut found: Vec<(Operation, f64, f64)> = Operation::all()
            .zip(&self.mean.probabilities)
            .zip(errors)
            .map(|((operation, p), error)| (operation, *p, error))
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        found.truncate(count);
        found
    }
}

fn mean<'a>(blocks: impl Iterator<Item = &'a Block>) -> Mean {
    let mut probabilities = vec![0.0; OPERATIONS];
    let (mut entropy, mut likeliest, mut codes) = (0.0, 0.0, 0.0);
    for block in blocks {
        for (p, sum) in probabilities.iter_mut().zip(&block.sums) {
            *p += sum;
        }
        entropy += block.entropy;
        likeliest += block.likeliest;
        codes += f64::from(block.codes);
    }
    for p in &mut probabilities {
        *p /= codes;
    }
    Mean {
        probabilities,
        conditional_entropy: entropy / codes,
        likeliest: likeliest / codes,
    }
}

impl Mean {
    /// Σ p(x): 1, up to rounding.
    pub fn sum(&self) -> f64 {
        self.probabilities.iter().sum()
    }

    /// H(x) = -Σ p ln p in nats; at most ln 19,683 = 9.8875.
    pub fn entropy(&self) -> f64 {
        -self
            .probabilities
            .iter()
            .filter(|p| **p > 0.0)
            .map(|p| p * libm::log(*p))
            .sum::<f64>()
    }

    /// I(z; x) = H(x) - H(x | z) in nats: how much a code says about its operation.
    pub fn mutual_information(&self) -> f64 {
        self.entropy() - self.conditional_entropy
    }

    /// Operations whose probability is below a share of a uniform generator's.
    pub fn starved(&self, share: f64) -> usize {
        let bound = share / OPERATIONS as f64;
        self.probabilities.iter().filter(|p| **p < bound).count()
    }

    /// Mean over all operations of ln p(x) in nats; at most -9.8875, a uniform generator's.
    pub fn log_likelihood(&self) -> f64 {
        let sum: f64 = self.probabilities.iter().map(|p| libm::log(*p)).sum();
        sum / OPERATIONS as f64
    }

    /// KL(uniform ‖ p) in nats: 0 for a uniform generator.
    pub fn kl_from_uniform(&self) -> f64 {
        -libm::log(OPERATIONS as f64) - self.log_likelihood()
    }

    /// exp of minus the mean log-likelihood; 19,683 for a uniform generator, more for any other.
    pub fn perplexity(&self) -> f64 {
        libm::exp(-self.log_likelihood())
    }

    /// Distinct operations expected among `samples` categorical draws: Σ 1 - (1 - p)^N.
    ///
    /// An average without rounding. Too low while p rests on few codes.
    pub fn expected_coverage(&self, samples: f64) -> f64 {
        self.probabilities
            .iter()
            .map(|p| -libm::expm1(samples * libm::log1p(-p)))
            .sum()
    }

    /// Fewest categorical draws whose expected coverage is `share` of all operations; `None` where
    /// 10¹⁵ do not suffice.
    pub fn samples_for(&self, share: f64) -> Option<f64> {
        const MOST: f64 = 1e15;
        let enough = |samples: f64| self.expected_coverage(samples) >= share * OPERATIONS as f64;
        if !enough(MOST) {
            return None;
        }
        let (mut few, mut many) = (0.0, MOST);
        while many - few > 1.0 {
            let middle = ((few + many) / 2.0f64).floor();
            if enough(middle) {
                many = middle;
            } else {
                few = middle;
            }
        }
        Some(many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::ceiling;

    /// A block of codes that leave this entropy open, and mean their likeliest operation by half.
    fn block(codes: usize, sums: Vec<f64>, entropy: f64) -> Block {
        let operation = Operation::from_classes([0; 9]);
        let drawn = Drawn {
            categorical: operation,
            argmax: operation,
            rounded: operation,
            entropy,
            likeliest: 0.5,
        };
        Block::new(sums, std::iter::repeat_n(&drawn, codes))
    }

    fn uniform() -> Generator {
        let block = || block(10, vec![10.0 / OPERATIONS as f64; OPERATIONS], 0.0);
        Generator::new((0..BLOCKS).map(|_| block()).collect())
    }

    #[test]
    fn a_uniform_generator_meets_every_known_value() {
        let generator = uniform();
        let mean = generator.mean();
        let most = (OPERATIONS as f64).ln();
        assert!((mean.sum() - 1.0).abs() < 1e-10);
        assert!((mean.entropy() - most).abs() < 1e-10);
        assert!((mean.mutual_information() - most).abs() < 1e-10);
        assert!((mean.log_likelihood() + most).abs() < 1e-10);
        assert!(mean.kl_from_uniform().abs() < 1e-10);
        assert!((mean.perplexity() - 19_683.0).abs() < 1e-6);
        assert!((mean.likeliest - 0.5).abs() < 1e-12);
        assert_eq!((mean.starved(0.99), mean.starved(1.01)), (0, OPERATIONS));
        for samples in [1u32, 10_000, 195_000] {
            let expected = mean.expected_coverage(f64::from(samples));
            assert!((expected - ceiling(samples)).abs() < 1e-6, "{samples}");
        }
        // M ln(1 / 0.001), but for the difference between ln(1 - 1/M) and -1/M.
        let samples = mean.samples_for(0.999).unwrap();
        assert!((samples - 135_962.0).abs() < 2.0, "{samples}");
    }

    #[test]
    fn an_operation_that_never_comes_is_never_covered() {
        let mut sums = vec![1.0 / (OPERATIONS - 21) as f64; OPERATIONS];
        for never in 0..21 {
            sums[19_662 - never] = 0.0;
        }
        let generator = Generator::new(vec![block(1, sums, 0.0)]);
        assert_eq!(generator.mean().starved(0.1), 21);
        assert_eq!(generator.mean().samples_for(0.999), None);
        assert!(generator.mean().entropy().is_finite());
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        // Blocks alternate between two conditional entropies; everything else is equal.
        let alternating = |number: usize| {
            let entropy = if number.is_multiple_of(2) { 1.0 } else { 2.0 };
            block(1, vec![1.0 / OPERATIONS as f64; OPERATIONS], entropy)
        };
        let generator = Generator::new((0..BLOCKS).map(alternating).collect());
        let estimate = generator.estimate(|mean| mean.conditional_entropy);
        assert!((estimate.value - 1.5).abs() < 1e-12);
        // √(Σ (x - 1.5)² / (B (B - 1))) with B = 16.
        let expected = (16.0 * 0.25 / (16.0 * 15.0f64)).sqrt();
        assert!((estimate.standard_error - expected).abs() < 1e-12);
    }

    #[test]
    fn the_rarest_come_first_and_ties_by_index() {
        let mut sums = vec![1.0; OPERATIONS];
        (sums[7], sums[3], sums[9]) = (0.25, 0.25, 0.125);
        let block = block(1, sums, 0.0);
        let generator = Generator::new(vec![block.clone(), block]);
        let found: Vec<usize> = generator
            .rarest(4)
            .into_iter()
            .map(|(operation, ..)| operation.index())
            .collect();
        assert_eq!(found, [9, 3, 7, 0]);
    }
}
