//! Means, shares and correlations with their intervals.

use super::Measured;

/// Normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// A share `hits / of` with its Wilson interval (Wilson 1927), which stays within 0 and 1 where all or
/// none hit.
pub fn share(hits: usize, of: usize) -> Measured {
    let n = of as f64;
    let p = hits as f64 / n;
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let reach = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Measured {
        value: p,
        interval: (of > 0).then_some([(middle - reach).max(0.0), (middle + reach).min(1.0)]),
        samples: of as u32,
    }
}

/// The mean of independent values, with its normal interval.
pub fn mean(values: &[f64]) -> Measured {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let reach = Z * (variance / n).sqrt();
    Measured {
        value: mean,
        interval: (values.len() > 1).then_some([mean - reach, mean + reach]),
        samples: values.len() as u32,
    }
}

/// A value without an interval.
pub fn exact(value: f64, samples: usize) -> Measured {
    Measured {
        value,
        interval: None,
        samples: samples as u32,
    }
}

/// An estimate with its standard error.
pub fn estimate(value: f64, standard_error: f64, samples: u32) -> Measured {
    let reach = Z * standard_error;
    Measured {
        value,
        interval: Some([value - reach, value + reach]),
        samples,
    }
}

/// |x - y|.
pub fn distance(x: &[f64], y: &[f64]) -> f64 {
    let squares = x.iter().zip(y).map(|(x, y)| (x - y).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Pearson's correlation; not a number where one side is constant.
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
    fn correlations_have_their_sign() {
        let x = [1.0, 2.0, 4.0];
        assert!((correlation(&x, &[2.0, 4.0, 8.0]) - 1.0).abs() < 1e-12);
        assert!((correlation(&x, &[-1.0, -2.0, -4.0]) + 1.0).abs() < 1e-12);
        assert!(correlation(&x, &[1.0; 3]).is_nan());
    }
}
