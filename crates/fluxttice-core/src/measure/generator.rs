//! Generator probabilities p(x) of all operations, and the figures that follow from them.

use rayon::prelude::*;

use super::decoding::Drawn;
use super::estimate::{BLOCKS, Corrected, Estimate, corrected};
use crate::numbers::{count32, index, rounded};
use crate::space::{OPERATIONS, Operation};

/// Largest chance that any operation is named as rare which is not.
const SIMULTANEOUS: f64 = 0.05;
/// 95 % quantile of the normal distribution.
const ONE_SIDED: f64 = 1.645;
/// Largest number of draws that is searched for.
const MOST_DRAWS: f64 = 1e15;
/// Noise of p(x) above which no correction helps. Where each code names one operation,
/// this means fewer than five codes for each.
const TOO_NOISY: f64 = 0.21;
/// Size below which a correction does not matter.
const NEGLIGIBLE: f64 = 1e-9;

/// A figure computed from the averages without bias correction, as in certificates of version 0.1.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plain {
    /// Value from all codes; biased unless the figure is an average.
    pub value: f64,
    /// Standard error by the jackknife over the blocks, which does not include the bias.
    pub standard_error: f64,
    /// Values from the first quarter and from the first half of the codes.
    pub trend: [f64; 2],
}

/// An operation that gets less than its equal share, beyond what chance in the codes
/// explains: see [`Generator::rare`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rare {
    /// Operation that gets less than its share.
    pub operation: Operation,
    /// Probability of the operation, averaged over all codes.
    pub probability: f64,
    /// Standard error of the probability.
    pub standard_error: f64,
}

/// `p(x) = E_z[p(x | z)]` for each of the 19,683 operations, averaged over codes from the prior.
///
/// The estimate is unbiased and adds up to 1 by construction. Logarithms of it are biased at finite N.
#[derive(Clone, Debug)]
pub struct Generator {
    blocks: Vec<Block>,
    /// Averages over all codes.
    mean: Mean,
    /// Averages over the first quarter and over the first half of the codes.
    first: [Mean; 2],
    /// Averages over all blocks but one, for each block.
    but_one: Vec<Mean>,
}

/// Sums over the codes of one block.
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

/// Returns the first code of block `number` out of `codes` codes.
pub(super) fn block_start(codes: u32, number: usize) -> u32 {
    count32(u64::from(codes) * number as u64 / BLOCKS as u64)
}

/// Returns the block of code number `row` out of `codes` codes.
pub(super) fn block_of(codes: u32, row: u32) -> usize {
    index((u64::from(row) * BLOCKS as u64 + BLOCKS as u64 - 1) / u64::from(codes))
}

impl Block {
    /// Makes a block without codes, whose sums are 0.
    pub(super) fn empty() -> Self {
        Self::new(vec![0.0; OPERATIONS], std::iter::empty())
    }

    /// Returns the sums of p(x | z) of each operation, to which the caller adds those
    /// of a code counted by [`told`](Self::told).
    pub(super) fn sums(&mut self) -> &mut [f64] {
        &mut self.sums
    }

    /// Counts a code: its entropy and its largest p(x | z). The sums are left to the caller.
    pub(super) fn told(&mut self, entropy: f64, likeliest: f64) {
        self.codes += 1;
        self.entropy += entropy;
        self.likeliest += likeliest;
    }

    /// Adds all codes of another block.
    pub(super) fn join(&mut self, other: &Self) {
        for (sum, more) in self.sums.iter_mut().zip(&other.sums) {
            *sum += more;
        }
        self.codes += other.codes;
        self.entropy += other.entropy;
        self.likeliest += other.likeliest;
    }

    /// Makes a block from the sums of p(x | z) over some codes, and what each of them was decoded to.
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

/// The averages over codes that figures are computed from.
#[derive(Clone, Debug)]
pub struct Mean {
    /// p(x), operation 0 first.
    pub probabilities: Vec<f64>,
    /// Mean H(x | z) in nats.
    pub conditional_entropy: f64,
    /// Mean of the largest p(x | z): the probability of the operation that a code most likely means.
    pub likeliest: f64,
}

impl Generator {
    /// Makes a generator from blocks of about equally many codes.
    pub(super) fn new(blocks: Vec<Block>) -> Self {
        let first = |count: usize| mean(blocks.iter().take(count.max(1)));
        let all = 0..blocks.len();
        let but_one = all.into_par_iter().map(|block| without(&blocks, &[block]));
        Self {
            mean: mean(blocks.iter()),
            first: [first(blocks.len() / 4), first(blocks.len() / 2)],
            but_one: but_one.collect(),
            blocks,
        }
    }

    /// Returns the number of codes that are averaged over.
    pub fn codes(&self) -> u32 {
        self.blocks.iter().map(|block| block.codes).sum()
    }

    /// Returns the averages over all codes.
    pub fn mean(&self) -> &Mean {
        &self.mean
    }

    /// Returns the standard error of each probability, from the differences between blocks (15 degrees of
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

    /// Computes a figure of the averages, corrected for its bias.
    pub fn estimate(&self, figure: impl Fn(&Mean) -> f64 + Sync) -> Estimate {
        let [estimate] = self.estimates(|mean| [figure(mean)]);
        estimate
    }

    /// Computes several figures that have work in common, each corrected for its bias.
    pub fn estimates<const N: usize>(
        &self,
        figures: impl Fn(&Mean) -> [f64; N] + Sync,
    ) -> [Estimate; N] {
        let of = |i: usize, all: &[[f64; N]]| all.iter().map(|found| found[i]).collect::<Vec<_>>();
        let whole = figures(&self.mean);
        let but_one: Vec<[f64; N]> = self.but_one.par_iter().map(&figures).collect();
        let blocks = self.blocks.len();
        let pairs: Vec<[usize; 2]> = (0..blocks)
            .flat_map(|i| (i + 1..blocks).map(move |j| [i, j]))
            .collect();
        let but_two = |pair: &[usize; 2]| figures(&without(&self.blocks, pair));
        let but_two: Vec<[f64; N]> = pairs.par_iter().map(but_two).collect();
        // The noise is not a number where a block has no code.
        let noise = self.noise();
        let too_noisy = noise.is_nan() || noise > TOO_NOISY;
        std::array::from_fn(|i| {
            let found = corrected(whole[i], &of(i, &but_one), &of(i, &but_two));
            // A figure that hardly depends on p(x), or not at all, is not affected by its noise.
            let hardly = |found: &Corrected| (found.value - whole[i]).abs() <= NEGLIGIBLE;
            Estimate {
                corrected: found.filter(|found| !too_noisy || hardly(found)),
                raw: whole[i],
            }
        })
    }

    /// Returns the uncertainty of p(x) in units of 1/M: the mean over all operations of its squared standard
    /// error, times M². Where each code names one operation it is M/N.
    fn noise(&self) -> f64 {
        let squares: f64 = self
            .standard_errors()
            .iter()
            .map(|error| error.powi(2))
            .sum();
        squares * OPERATIONS as f64
    }

    /// Computes a figure of the averages without bias correction, with the jackknife's standard error.
    pub fn plain(&self, figure: impl Fn(&Mean) -> f64) -> Plain {
        let left_out: Vec<f64> = self.but_one.iter().map(&figure).collect();
        let blocks = left_out.len() as f64;
        let centre = left_out.iter().sum::<f64>() / blocks;
        let squares: f64 = left_out.iter().map(|x| (x - centre).powi(2)).sum();
        Plain {
            value: figure(&self.mean),
            standard_error: ((blocks - 1.0) / blocks * squares).sqrt(),
            trend: self.first.each_ref().map(&figure),
        }
    }

    /// Returns the operations that are rarer than under a uniform generator as far as N codes can show, the
    /// rarest first. Each is so rare that as many other codes would find it again with a chance of 95 %.
    ///
    /// An operation with its equal share 1/M is found with a chance of at most 5 %, for all operations
    /// together. For p(x | z) lies within 0 and 1, so that the chance that N of them add up to k or less is
    /// at most e times that of N coins of probability 1/M (Bentkus, *On Hoeffding's inequalities*, 2004);
    /// that must be below 5 % / M.
    pub fn rare(&self) -> Vec<Rare> {
        let codes = f64::from(self.codes());
        let Some(bound) = rare_bound(codes) else {
            return Vec::new();
        };
        let found_again = |p: f64| {
            let hits = codes * p;
            // Both counts vary, by no more than hits of coins.
            hits + ONE_SIDED * (2.0 * hits + 1.0).sqrt() <= bound
        };
        let mut rare: Vec<Rare> = Operation::all()
            .zip(&self.mean.probabilities)
            .zip(self.standard_errors())
            .filter(|((_, p), _)| found_again(**p))
            .map(|((operation, probability), standard_error)| Rare {
                operation,
                probability: *probability,
                standard_error,
            })
            .collect();
        rare.sort_by(|a, b| {
            let order = a.probability.total_cmp(&b.probability);
            order.then(a.operation.cmp(&b.operation))
        });
        rare
    }

    /// Returns the `count` least probable operations by the estimates, least first, each with probability and
    /// standard error. Being the lowest of 19,683 estimates, they are lower than the true probabilities.
    pub fn lowest(&self, count: usize) -> Vec<(Operation, f64, f64)> {
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

/// Computes a power by squaring: the same result on every machine.
fn power(mut base: f64, mut times: u32) -> f64 {
    let mut found = 1.0;
    while times > 0 {
        if times % 2 == 1 {
            found *= base;
        }
        base *= base;
        times /= 2;
    }
    found
}

/// Returns the largest number of hits in this many codes that shows an operation to be
/// rare; `None` where not even 0 hits do.
fn rare_bound(codes: f64) -> Option<f64> {
    let m = OPERATIONS as f64;
    let wanted = SIMULTANEOUS / m / std::f64::consts::E;
    // The chances of 0, 1, 2, … hits, each from the one before.
    let mut term = codes * libm::log1p(-1.0 / m);
    let (mut below, mut hits) = (libm::exp(term), 0.0);
    if below > wanted {
        return None;
    }
    loop {
        term += libm::log((codes - hits) / (hits + 1.0) / (m - 1.0));
        below += libm::exp(term);
        if below > wanted {
            return Some(hits);
        }
        hits += 1.0;
    }
}

/// Returns the averages over all blocks except the given ones.
fn without(blocks: &[Block], left_out: &[usize]) -> Mean {
    let others = blocks.iter().enumerate();
    let others = others.filter(|(number, _)| !left_out.contains(number));
    mean(others.map(|(_, block)| block))
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
    /// Returns Σ p(x), which is 1 up to rounding.
    pub fn sum(&self) -> f64 {
        self.probabilities.iter().sum()
    }

    /// Returns H(x) = -Σ p ln p in nats; at most ln 19,683 = 9.8875.
    pub fn entropy(&self) -> f64 {
        let m = OPERATIONS as f64;
        let known = self.probabilities.iter().filter(|p| **p > 0.0);
        libm::log(m) - known.map(|p| p * libm::log(m * p)).sum::<f64>()
    }

    /// Returns M Σ p² - 1, the χ² divergence from the uniform distribution: 0 for a uniform generator.
    pub fn chi_squared_divergence(&self) -> f64 {
        let m = OPERATIONS as f64;
        let squares = self.probabilities.iter().map(|p| (m * p - 1.0).powi(2));
        squares.sum::<f64>() / m
    }

    /// Returns the mutual information I(z; x) = H(x) - H(x | z) in nats.
    pub fn mutual_information(&self) -> f64 {
        self.entropy() - self.conditional_entropy
    }

    /// Returns the number of operations whose probability is below a share of a uniform generator's.
    pub fn starved(&self, share: f64) -> usize {
        let bound = share / OPERATIONS as f64;
        self.probabilities.iter().filter(|p| **p < bound).count()
    }

    /// Returns the mean over all operations of ln p(x) in nats; at most -9.8875, the
    /// value of a uniform generator.
    pub fn log_likelihood(&self) -> f64 {
        -libm::log(OPERATIONS as f64) - self.kl_from_uniform()
    }

    /// Returns KL(uniform ‖ p) in nats: 0 for a uniform generator.
    pub fn kl_from_uniform(&self) -> f64 {
        let m = OPERATIONS as f64;
        let sum: f64 = self.probabilities.iter().map(|p| libm::log(m * p)).sum();
        -sum / m
    }

    /// Returns exp of minus the mean log-likelihood; 19,683 for a uniform generator, more for any other.
    pub fn perplexity(&self) -> f64 {
        libm::exp(-self.log_likelihood())
    }

    /// Returns the number of distinct operations expected among `samples` categorical draws: Σ 1 - (1 - p)^N.
    ///
    /// The expectation is not rounded. It is too low while p rests on few codes.
    pub fn expected_coverage(&self, samples: f64) -> f64 {
        let [found] = self.expected_coverages(&[samples]);
        found
    }

    /// Returns the expected coverage for several numbers of draws, the fewest first.
    pub fn expected_coverages<const N: usize>(&self, samples: &[f64; N]) -> [f64; N] {
        // (1 - p)^N is a power of that for fewer draws, where N is a small multiple of these.
        const MOST_TIMES: f64 = 16.0;
        let divides = |i: usize, part: &usize| {
            let times = samples[i] / samples[*part];
            times.fract() == 0.0 && times <= MOST_TIMES
        };
        let bases: [_; N] = std::array::from_fn(|i| {
            let base = (0..i).rev().find(|part| divides(i, part));
            base.map(|base| (base, count32(rounded(samples[i] / samples[base]))))
        });
        let mut found = [0.0; N];
        let mut missed = [0.0; N];
        for p in &self.probabilities {
            let rate = libm::log1p(-p);
            for (i, base) in bases.iter().enumerate() {
                let covered = match base {
                    None => -libm::expm1(samples[i] * rate),
                    Some((base, times)) => 1.0 - power(missed[*base], *times),
                };
                missed[i] = 1.0 - covered;
                found[i] += covered;
            }
        }
        found
    }

    /// Returns the smallest number of categorical draws whose expected coverage is `share` of all operations;
    /// `None` where 10¹⁵ do not suffice.
    pub fn samples_for(&self, share: f64) -> Option<f64> {
        let enough = |samples: f64| self.expected_coverage(samples) >= share * OPERATIONS as f64;
        if !enough(MOST_DRAWS) {
            return None;
        }
        let (mut few, mut many) = (0.0, MOST_DRAWS);
        while many - few > 1.0 {
            let middle = f64::midpoint(few, many).floor();
            if enough(middle) {
                many = middle;
            } else {
                few = middle;
            }
        }
        Some(many)
    }

    /// Returns the number of categorical draws that are expected to cover `share` of all operations, not
    /// rounded; infinite where too many operations never come. `near` is a first guess.
    pub fn draws_for(&self, share: f64, near: f64) -> f64 {
        const STEPS: usize = 100;
        // Each step squares the error of the one before.
        const EXACT: f64 = 1e-7;
        let wanted = libm::log((1.0 - share) * OPERATIONS as f64);
        let rates: Vec<f64> = self.probabilities.iter().map(|p| libm::log1p(-p)).collect();
        // Newton's method: the logarithm of what is missed is convex in the draws, and falls.
        let mut draws = near;
        for _ in 0..STEPS {
            let (mut missed, mut slope) = (0.0, 0.0);
            for rate in &rates {
                let chance = libm::exp(draws * rate);
                missed += chance;
                slope += rate * chance;
            }
            let step = (libm::log(missed) - wanted) * missed / slope.abs();
            let next = draws + step;
            if next.is_nan() || next > MOST_DRAWS {
                return f64::INFINITY;
            }
            draws = next.max(0.0);
            if step.abs() <= EXACT * draws {
                break;
            }
        }
        draws
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::measure::ceiling;

    /// Makes a generator from codes that each name one operation, drawn with these probabilities.
    pub fn drawn(probabilities: &[f64], codes: usize, seed: u64) -> Generator {
        use crate::random::{Purpose, Stream};
        let mut ends = Vec::with_capacity(OPERATIONS);
        let mut end = 0.0;
        for p in probabilities {
            end += p;
            ends.push(end);
        }
        let stream = Stream::new(seed, Purpose::Validation, 99, 0);
        let mut row = 0;
        let blocks = (0..BLOCKS).map(|_| {
            let mut sums = vec![0.0; OPERATIONS];
            for _ in 0..codes / BLOCKS {
                let at = stream.uniform(row, 0) * end;
                sums[ends.partition_point(|end| *end <= at).min(OPERATIONS - 1)] += 1.0;
                row += 1;
            }
            block(codes / BLOCKS, sums, 0.0)
        });
        Generator::new(blocks.collect())
    }

    #[test]
    fn few_hits_are_few_by_the_binomial_tail() {
        // With 2,000 codes even none says nothing: e · exp(-2000/M) is no small chance.
        assert_eq!(rare_bound(2_000.0), None);
        // Sums of binomial terms, worked out by themselves with 50 digits.
        assert_eq!(rare_bound(400_000.0), Some(2.0));
        assert_eq!(rare_bound(1_000_000.0), Some(20.0));
    }

    #[test]
    fn ten_rare_operations_are_named_and_of_equal_ones_none() {
        const CODES: usize = 1_000_000;
        let even = vec![1.0 / OPERATIONS as f64; OPERATIONS];
        let mut uneven = even.clone();
        let rare: Vec<usize> = (0..10).map(|n| n * 1_951).collect();
        for operation in &rare {
            uneven[*operation] /= 20.0;
        }
        for seed in 0..2 {
            assert!(drawn(&even, CODES, seed).rare().is_empty(), "seed {seed}");
            let found = drawn(&uneven, CODES, seed).rare();
            let mut named: Vec<usize> = found.iter().map(|rare| rare.operation.index()).collect();
            named.sort_unstable();
            assert_eq!(named, rare, "seed {seed}");
            assert!(found.is_sorted_by_key(|rare| rare.probability));
        }
    }

    /// Makes a block of codes with this entropy, each of which means its likeliest
    /// operation with probability 1/2.
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
        let sizes = [1u32, 10_000, 30_000, 195_000];
        let together = mean.expected_coverages(&sizes.map(f64::from));
        for (samples, together) in sizes.into_iter().zip(together) {
            let expected = mean.expected_coverage(f64::from(samples));
            assert!((expected - ceiling(samples)).abs() < 1e-6, "{samples}");
            assert!((together - expected).abs() < 1e-9, "{samples}");
        }
        // M ln(1 / 0.001), but for the difference between ln(1 - 1/M) and -1/M.
        let samples = mean.samples_for(0.999).unwrap();
        assert!((samples - 135_962.0).abs() < 2.0, "{samples}");
        assert!(
            mean.draws_for(0.999, 0.0) <= samples && mean.draws_for(0.999, 0.0) > samples - 1.0
        );
        assert!(mean.chi_squared_divergence().abs() < 1e-10);
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
        assert_eq!(generator.mean().draws_for(0.999, 0.0), f64::INFINITY);
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
        // √(Σ (x - 1.5)² / (B (B - 1))) with B = 16.
        let expected = (16.0 * 0.25 / (16.0 * 15.0f64)).sqrt();
        let plain = generator.plain(|mean| mean.conditional_entropy);
        let estimate = generator.estimate(|mean| mean.conditional_entropy);
        let corrected = estimate.corrected.unwrap();
        for (value, error) in [
            (plain.value, plain.standard_error),
            (corrected.value, corrected.standard_error),
        ] {
            assert!((value - 1.5).abs() < 1e-12);
            assert!((error - expected).abs() < 1e-11);
        }
    }

    #[test]
    fn the_lowest_come_first_and_ties_by_index() {
        let mut sums = vec![1.0; OPERATIONS];
        (sums[7], sums[3], sums[9]) = (0.25, 0.25, 0.125);
        let block = block(1, sums, 0.0);
        let generator = Generator::new(vec![block.clone(), block]);
        let found: Vec<usize> = generator
            .lowest(4)
            .into_iter()
            .map(|(operation, ..)| operation.index())
            .collect();
        assert_eq!(found, [9, 3, 7, 0]);
    }
}
