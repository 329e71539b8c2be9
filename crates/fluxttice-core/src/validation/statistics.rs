//! Means, shares and correlations with their intervals.

use super::{Measured, Method};
use crate::numbers::count32;

/// Quantile of the normal distribution for a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// Returns a share `hits / of` with its Wilson interval (Wilson 1927), which stays
/// within 0 and 1 even where all or none hit.
pub fn share(hits: usize, of: usize) -> Measured {
    let value = hits as f64 / of as f64;
    Measured {
        value,
        interval: (of > 0).then(|| wilson(value, of as f64)),
        method: Method::Wilson,
        samples: count32(of),
    }
}

fn wilson(p: f64, n: f64) -> [f64; 2] {
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let reach = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(middle - reach).max(0.0), (middle + reach).min(1.0)]
}

/// Returns the mean of shares, each of a few things that are not independent of each other. The interval is
/// Wilson's for the number of independent things that would vary as much (Korn and Graubard 1998); where all
/// shares are equal, for the number of shares.
pub fn clustered(shares: &[f64]) -> Measured {
    let n = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / n;
    let variance = shares.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n;
    let differ = shares.iter().any(|share| *share != shares[0]);
    let as_many = match differ {
        true => mean * (1.0 - mean) / variance,
        false => n,
    };
    Measured {
        value: mean,
        interval: (shares.len() > 1).then(|| wilson(mean, as_many)),
        method: Method::Clustered,
        samples: count32(shares.len()),
    }
}

/// Returns the mean of independent values, with its normal interval.
pub fn mean(values: &[f64]) -> Measured {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let reach = Z * (variance / n).sqrt();
    Measured {
        value: mean,
        interval: (values.len() > 1).then_some([mean - reach, mean + reach]),
        method: Method::Normal,
        samples: count32(values.len()),
    }
}

/// Returns the ratio of two independent means, with its normal interval (the delta method).
pub fn ratio(above: Measured, below: Measured) -> Measured {
    let half = |found: Measured| found.interval.map(|[low, high]| (high - low) / 2.0);
    let value = above.value / below.value;
    let reach = half(above)
        .zip(half(below))
        .map(|(a, b)| (a / below.value).hypot(value * b / below.value));
    Measured {
        value,
        interval: reach.map(|reach| [value - reach, value + reach]),
        method: Method::Ratio,
        samples: above.samples,
    }
}

/// Returns a value without an interval.
pub fn exact(value: f64, samples: usize) -> Measured {
    Measured {
        value,
        interval: None,
        method: Method::None,
        samples: count32(samples),
    }
}

/// Returns the Euclidean distance |x - y|.
pub fn distance(x: &[f64], y: &[f64]) -> f64 {
    let squares = x.iter().zip(y).map(|(x, y)| (x - y).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Returns Pearson's correlation; not a number where one side is constant.
pub fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    xy / (xx * yy).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_wilsons_interval() {
        // 81 of 263: Wilson's score interval as Newcombe (1998) gives it.
        let found = share(81, 263);
        let [low, high] = found.interval.unwrap();
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5);
        let [low, high] = share(20, 20).interval.unwrap();
        assert!((high - 1.0).abs() < 1e-12 && (low - 0.8389).abs() < 5e-5);
        assert!(share(0, 0).value.is_nan() && share(0, 0).interval.is_none());
    }

    #[test]
    fn means_have_the_normal_interval() {
        let found = mean(&[1.0, 2.0, 3.0, 4.0]);
        let [low, high] = found.interval.unwrap();
        let reach = Z * (5.0f64 / 3.0 / 4.0).sqrt();
        assert!((found.value - 2.5).abs() < 1e-12);
        assert!((low - 2.5 + reach).abs() < 1e-12 && (high - 2.5 - reach).abs() < 1e-12);
    }

    #[test]
    fn what_hangs_together_counts_as_one() {
        // Nine entries of a table, all right or all wrong: as good as one of each table.
        let shares: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i % 4 > 0))).collect();
        let [one, other] =
            [clustered(&shares), share(75, 100)].map(|found| found.interval.unwrap());
        assert!((one[0] - other[0]).abs() < 1e-3 && (one[1] - other[1]).abs() < 1e-3);
        assert_eq!(clustered(&[1.0; 50]).interval, share(50, 50).interval);
    }

    #[test]
    fn a_ratio_is_as_uncertain_as_both() {
        let of = |value: f64, reach: f64| Measured {
            value,
            interval: Some([value - reach, value + reach]),
            method: Method::Normal,
            samples: 9,
        };
        let [low, high] = ratio(of(3.0, 0.3), of(6.0, 0.8)).interval.unwrap();
        // 10 % and 13.3 %: 16.7 % of a half.
        assert!((low - 0.5 * (1.0 - 1.0 / 6.0)).abs() < 1e-12);
        assert!((high - 0.5 * (1.0 + 1.0 / 6.0)).abs() < 1e-12);
        assert!(ratio(exact(1.0, 1), of(6.0, 0.8)).interval.is_none());
    }

    #[test]
    fn correlations_have_their_sign() {
        let x = [1.0, 2.0, 4.0];
        assert!((correlation(&x, &[2.0, 4.0, 8.0]) - 1.0).abs() < 1e-12);
        assert!((correlation(&x, &[-1.0, -2.0, -4.0]) + 1.0).abs() < 1e-12);
        assert!(correlation(&x, &[1.0; 3]).is_nan());
    }
}
