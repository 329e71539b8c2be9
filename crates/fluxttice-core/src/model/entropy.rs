//! Latent entropy: how widely codes are spread, from a histogram per dimension.

use crate::numbers::single;

const BINS: usize = 50;
/// The histogram covers ±RANGE; what lies outside is dropped.
const RANGE: f64 = 3.0;

/// Returns an edge of the histogram's bins, number 0 to 50, rounded to 32 bits as in the original.
fn edge(number: usize) -> f64 {
    f64::from(single(-RANGE + 2.0 * RANGE * number as f64 / BINS as f64))
}

/// Counts one dimension's values in 50 bins over [-3, 3]. 3.0 itself falls into the last bin; values outside
/// are dropped.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a value within ±RANGE lies in a bin from 0 to 50"
)]
pub fn histogram(values: impl Iterator<Item = f64>) -> [u32; BINS] {
    let mut counts = [0; BINS];
    for value in values.filter(|value| (-RANGE..=RANGE).contains(value)) {
        let near = ((value + RANGE) * BINS as f64 / (2.0 * RANGE)) as usize;
        // Rounding can miss by one: the edges decide.
        let bin = if near < BINS && value >= edge(near + 1) {
            near + 1
        } else if near > 0 && value < edge(near) {
            near - 1
        } else {
            near
        };
        counts[bin.min(BINS - 1)] += 1;
    }
    counts
}

/// Returns the entropy in nats of codes `[n × dimensions]` (row-major): the Shannon entropy of each
/// dimension's histogram, averaged over dimensions. A dimension with all values outside counts as 0.
///
/// The entropy is at most ln 50 = 3.912, and at most ln n for n codes.
pub fn latent_entropy(codes: &[f64], dimensions: usize) -> f64 {
    let total: f64 = (0..dimensions)
        .map(|dimension| {
            shannon(&histogram(
                codes.iter().skip(dimension).step_by(dimensions).copied(),
            ))
        })
        .sum();
    total / dimensions as f64
}

fn shannon(counts: &[u32]) -> f64 {
    let total = f64::from(counts.iter().sum::<u32>());
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|p| -p * p.ln())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_no_entropy_and_all_bins_have_ln_50() {
        assert!(latent_entropy(&[0.5; 20], 1).abs() < 1e-12);
        let spread: Vec<f64> = (0..50).map(|i| -2.94 + 0.12 * f64::from(i)).collect();
        assert!((latent_entropy(&spread, 1) - 50f64.ln()).abs() < 1e-12);
        assert!(latent_entropy(&[5.0, -4.0], 1).abs() < 1e-12);
    }

    #[test]
    fn dimensions_are_averaged() {
        // Dimension 0 has one value, dimension 1 two.
        let codes = [0.0, -1.0, 0.0, 1.0];
        assert!((latent_entropy(&codes, 2) - 2f64.ln() / 2.0).abs() < 1e-12);
    }
}
