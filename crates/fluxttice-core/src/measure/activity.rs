//! Activity of latent dimensions: which ones carry information.

/// Variance of a dimension's codes over all operations above which the dimension is active.
pub const ACTIVE_VARIANCE: f64 = 0.01;
/// Variance below which a dimension has collapsed.
pub const COLLAPSED_VARIANCE: f64 = 0.001;

/// Returns the variance of each dimension of codes `[n × dimensions]` (row-major) over the n operations.
pub fn variances(codes: &[f64], dimensions: usize) -> Vec<f64> {
    let n = (codes.len() / dimensions) as f64;
    (0..dimensions)
        .map(|dimension| {
            let values = || codes.iter().skip(dimension).step_by(dimensions);
            let mean = values().sum::<f64>() / n;
            values().map(|x| (x - mean).powi(2)).sum::<f64>() / n
        })
        .collect()
}

/// Returns the mean KL of each dimension's posteriors N(μ, σ²) to N(0, 1) in nats, without a floor:
/// `½ (μ² + σ² - 1 - ln σ²)` averaged over the n operations.
pub fn mean_kl(mu: &[f64], log_variance: &[f64], dimensions: usize) -> Vec<f64> {
    let mut sums = vec![0.0; dimensions];
    for (mu, log_variance) in mu
        .chunks_exact(dimensions)
        .zip(log_variance.chunks_exact(dimensions))
    {
        for ((sum, mu), l) in sums.iter_mut().zip(mu).zip(log_variance) {
            *sum += 0.5 * (mu * mu + libm::exp(*l) - 1.0 - l);
        }
    }
    let n = (mu.len() / dimensions) as f64;
    sums.into_iter().map(|sum| sum / n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variance_is_taken_dimension_by_dimension() {
        let codes = [1.0, 5.0, -1.0, 5.0, 1.0, 5.05, -1.0, 5.05];
        let found = variances(&codes, 2);
        assert!(
            (found[0] - 1.0).abs() < 1e-12 && (found[1] - 0.000_625).abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn kl_of_known_gaussians() {
        // Dimension 0: the prior itself. Dimension 1: N(2, 1) and N(0, e).
        let mu = [0.0, 2.0, 0.0, 0.0];
        let log_variance = [0.0, 0.0, 0.0, 1.0];
        let found = mean_kl(&mu, &log_variance, 2);
        let expected = f64::midpoint(2.0, 0.5 * (1f64.exp() - 2.0));
        assert!(
            found[0].abs() < 1e-12 && (found[1] - expected).abs() < 1e-12,
            "{found:?}"
        );
    }
}
