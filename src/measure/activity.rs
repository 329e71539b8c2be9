//! Which latent dimensions carry anything.

/// A dimension whose codes vary more than this over all operations is active.
pub const ACTIVE_VARIANCE: f64 = 0.01;

/// Variance of each dimension of codes `[n × dimensions]` (row-major) over the n operations.
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

/// Number of active dimensions.
pub fn active_dimensions(codes: &[f64], dimensions: usize) -> usize {
    variances(codes, dimensions)
        .into_iter()
        .filter(|variance| *variance > ACTIVE_VARIANCE)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_dimension_is_not_active() {
        let codes = [1.0, 5.0, -1.0, 5.0, 1.0, 5.05, -1.0, 5.05];
        let found = variances(&codes, 2);
        assert!(
            (found[0] - 1.0).abs() < 1e-12 && (found[1] - 0.000_625).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(active_dimensions(&codes, 2), 1);
    }
}
