//! Estimates a figure from finitely many codes: corrected for its bias, with an error
//! that covers the remaining bias.
//!
//! The codes are split into blocks. A figure of all blocks, of all but one and of all but two gives the
//! jackknife of second order, which removes the terms of the bias in 1/N and 1/N² (Quenouille, *Notes on bias
//! in estimation*, 1956; Schucany, Gray and Owen, *On bias reduction in estimation*, 1971).
//! `docs/reference/metrics.md` says how it was tested.

use crate::statistics::reach;

/// Number of blocks that the codes are split into; standard errors come from the differences between them.
pub const BLOCKS: usize = 16;

/// Ratio of the second correction to the first above which the remaining bias counts in full.
const CONVERGING: f64 = 0.08;
/// Ratio above which the series of corrections does not converge.
const DIVERGING: f64 = 0.25;
/// Corrections below this share of the figure do not matter, converging or not.
const NEGLIGIBLE: f64 = 1e-3;
/// Rounding error of the corrected figure, as a share of its size: the figures of all
/// blocks but one and but two enter it about 450-fold.
const ROUNDING: f64 = 1e3 * f64::EPSILON;

/// Estimate of a figure from a number of codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Estimate corrected for the bias; `None` where there are too few codes to correct it.
    pub corrected: Option<Corrected>,
    /// Figure computed from the averages over all codes, which is biased.
    pub raw: f64,
}

impl Estimate {
    /// Applies a function whose slope is known to the figure; the standard error scales with the slope.
    #[must_use]
    pub fn map(self, function: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64) -> Self {
        Self {
            corrected: self.corrected.map(|found| Corrected {
                value: function(found.value),
                standard_error: slope(found.value).abs() * found.standard_error,
            }),
            raw: function(self.raw),
        }
    }
}

/// A figure that is corrected for its bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corrected {
    /// Corrected value of the figure.
    pub value: f64,
    /// Standard error, which includes the remaining bias.
    pub standard_error: f64,
}

impl Corrected {
    /// Returns the 95 % interval by Student's t, with one degree of freedom less than there are blocks.
    pub fn interval(&self) -> [f64; 2] {
        let reach = reach(BLOCKS - 1).unwrap_or(f64::INFINITY) * self.standard_error;
        [self.value - reach, self.value + reach]
    }
}

/// Corrects a figure of all blocks, `whole`, by those of all but one, `but_one`, and of all but two,
/// `but_two` (the pairs in the order 0-1, 0-2, …, 1-2, …). Returns `None` where the correction does not
/// converge, or one of the figures does not exist.
///
/// The variance is the jackknife's. That counts the part that two blocks share twice, so this part is
/// estimated by itself and taken once (Efron and Stein, *The jackknife estimate of variance*, 1981).
pub fn corrected(whole: f64, but_one: &[f64], but_two: &[f64]) -> Option<Corrected> {
    let blocks = but_one.len() as f64;
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
    let (one, two) = (mean(but_one), mean(but_two));
    let first = blocks * whole - (blocks - 1.0) * one;
    let second = 0.5
        * (blocks * blocks * whole - 2.0 * (blocks - 1.0).powi(2) * one
            + (blocks - 2.0).powi(2) * two);
    if !second.is_finite() {
        return None;
    }
    let corrections = [(first - whole).abs(), (second - first).abs()];
    let variance = variance(whole, but_one, but_two);
    let rounding = ROUNDING * (1.0 + whole.abs());
    let [by_first, by_second] = corrections;
    let diverges =
        by_second > DIVERGING * by_first && by_second > variance.sqrt() && by_second > rounding;
    let (value, left) = match diverges {
        false => {
            let share = by_second / by_first.max(rounding);
            (second, by_second * (share / CONVERGING).powi(2).min(1.0))
        }
        true if by_first + by_second > NEGLIGIBLE * whole.abs() => return None,
        true => (whole, by_first + by_second),
    };
    Some(Corrected {
        value,
        standard_error: (variance + left.powi(2) + rounding.powi(2)).sqrt(),
    })
}

fn variance(whole: f64, but_one: &[f64], but_two: &[f64]) -> f64 {
    let blocks = but_one.len() as f64;
    let squares = |numbers: &[f64]| -> f64 {
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        numbers.iter().map(|x| (x - mean).powi(2)).sum()
    };
    let jackknife = (blocks - 1.0) / blocks * squares(but_one);
    let pairs = (0..but_one.len()).flat_map(|i| (i + 1..but_one.len()).map(move |j| (i, j)));
    let interactions: Vec<f64> = pairs
        .zip(but_two)
        .map(|((i, j), two)| {
            blocks * whole - (blocks - 1.0) * (but_one[i] + but_one[j]) + (blocks - 2.0) * two
        })
        .collect();
    let shared = squares(&interactions) / (blocks - 1.0).powi(2);
    shared + (jackknife - 2.0 * shared).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::generator::Mean;
    use crate::measure::generator::tests::drawn;
    use crate::numbers::count32;
    use crate::random::{Purpose, Stream};
    use crate::space::OPERATIONS;

    /// Repetitions of a case in the long form.
    fn repetitions() -> Option<u64> {
        let asked = std::env::var("FLUXTTICE_REPETITIONS").ok();
        asked.map(|asked| asked.parse().unwrap())
    }

    type Take = fn(&Mean) -> f64;
    /// Figures that are quickly computed.
    const QUICK: [(&str, Take); 3] = [
        ("operation entropy", Mean::entropy),
        ("chi-squared divergence", Mean::chi_squared_divergence),
        ("expected coverage at 50,000", |mean| {
            mean.expected_coverage(50_000.0)
        }),
    ];
    const SLOW: [(&str, Take); 4] = [
        ("KL from uniform", Mean::kl_from_uniform),
        ("expected coverage at 1,000", |mean| {
            mean.expected_coverage(1_000.0)
        }),
        ("expected coverage at 195,000", |mean| {
            mean.expected_coverage(195_000.0)
        }),
        ("samples for 99.9 %", |mean| mean.draws_for(0.999, 0.0)),
    ];

    fn truth(probabilities: &[f64]) -> Mean {
        Mean {
            probabilities: probabilities.to_vec(),
            conditional_entropy: 0.0,
            likeliest: 1.0,
        }
    }

    /// Returns Dirichlet shares: gamma variates of whole shape, which are sums of
    /// exponential ones, divided by their sum.
    fn dirichlet(shape: u16, seed: u64) -> Vec<f64> {
        let stream = Stream::new(seed, Purpose::Validation, 98, 0);
        let weights = (0..count32(OPERATIONS)).map(|row| {
            (0..shape)
                .map(|column| -libm::log1p(-stream.uniform(row, column)))
                .sum::<f64>()
        });
        let weights: Vec<f64> = weights.collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    /// Returns the chance of at most `hits` out of `of` where each comes with `chance`.
    fn at_most(hits: u64, of: u64, chance: f64) -> f64 {
        let mut term = of as f64 * libm::log1p(-chance);
        let mut sum = libm::exp(term);
        for k in 1..=hits {
            term += libm::log((of - k + 1) as f64 / k as f64) + libm::log(chance / (1.0 - chance));
            sum += libm::exp(term);
        }
        sum
    }

    /// Returns each figure whose interval holds the truth too seldom, with `each` codes an operation.
    fn too_seldom<const N: usize>(
        figures: [(&str, Take); N],
        (name, probabilities): (&str, &[f64]),
        each: usize,
        repetitions: u64,
        error: f64,
    ) -> Vec<String> {
        let codes = each * OPERATIONS / BLOCKS * BLOCKS;
        let truth = figures.map(|(_, take)| take(&truth(probabilities)));
        let (mut hits, mut of) = ([0; N], [0; N]);
        for seed in 0..repetitions {
            let generator = drawn(probabilities, codes, 10_000 * each as u64 + seed);
            let found = generator.estimates(|mean| figures.map(|(_, take)| take(mean)));
            for (i, estimate) in found.iter().enumerate() {
                if let Some(corrected) = estimate.corrected {
                    let [low, high] = corrected.interval();
                    hits[i] += u64::from((low..=high).contains(&truth[i]));
                    of[i] += 1;
                }
            }
        }
        let lines = (0..N).map(|i| {
            let figure = figures[i].0;
            let line = format!("{name}, {codes} codes, {figure}: {} of {}", hits[i], of[i]);
            println!("{line}");
            (at_most(hits[i], of[i], 0.95) < error, line)
        });
        lines
            .filter(|(seldom, _)| *seldom)
            .map(|(_, line)| line)
            .collect()
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let even = vec![1.0 / OPERATIONS as f64; OPERATIONS];
        let uneven = dirichlet(8, 1);
        let shapes = [("even", &even[..]), ("Dirichlet(8)", &uneven)];
        let mut wrong = Vec::new();
        match repetitions() {
            None => {
                // One in a thousand over all figures.
                let error = 0.001 / 6.0;
                for (shape, each) in [(shapes[0], 20), (shapes[1], 5)] {
                    wrong.extend(too_seldom(QUICK, shape, each, 200, error));
                }
            }
            Some(repetitions) => {
                let error = 0.001 / (8.0 * 7.0);
                for shape in shapes {
                    // What a certificate has, the explorer, validation, and few.
                    for each in [50, 20, 10, 5] {
                        wrong.extend(too_seldom(QUICK, shape, each, repetitions, error));
                        wrong.extend(too_seldom(SLOW, shape, each, repetitions, error));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn too_few_codes_are_said_to_be_too_few() {
        let even = vec![1.0 / OPERATIONS as f64; OPERATIONS];
        let generator = drawn(&even, 100_000, 1);
        assert_eq!(generator.estimate(Mean::kl_from_uniform).corrected, None);
        let far = generator.estimate(|mean| mean.expected_coverage(195_000.0));
        assert_eq!(far.corrected, None, "{far:?}");
        let near = generator.estimate(|mean| mean.expected_coverage(1_000.0));
        assert!(near.corrected.is_some());
    }

    #[test]
    fn what_is_linear_is_left_as_it_is_and_what_does_not_vary_is_exact() {
        let estimate = corrected(2.0, &[2.0; 4], &[2.0; 6]).unwrap();
        assert!((estimate.value - 2.0).abs() < 1e-12);
        assert!(estimate.standard_error < 1e-11, "{estimate:?}");
        // A mean of four blocks: 1, 2, 3, 6.
        let blocks = [1.0, 2.0, 3.0, 6.0f64];
        let sum: f64 = blocks.iter().sum();
        let one = blocks.map(|x| (sum - x) / 3.0);
        let mut two = Vec::new();
        for i in 0..4 {
            for j in i + 1..4 {
                two.push((sum - blocks[i] - blocks[j]) / 2.0);
            }
        }
        let estimate = corrected(sum / 4.0, &one, &two).unwrap();
        let variance: f64 = blocks.iter().map(|x| (x - 3.0f64).powi(2)).sum::<f64>() / 3.0;
        assert!((estimate.value - 3.0).abs() < 1e-12);
        assert!((estimate.standard_error - (variance / 4.0).sqrt()).abs() < 1e-9);
        // A square of it: its bias of 1/N goes, exactly.
        let square = |x: &f64| x * x;
        let one: Vec<f64> = one.iter().map(square).collect();
        let two: Vec<f64> = two.iter().map(square).collect();
        let estimate = corrected(9.0, &one, &two).unwrap();
        assert!(
            (estimate.value - (9.0 - variance / 4.0)).abs() < 1e-9,
            "{estimate:?}"
        );
    }
}
