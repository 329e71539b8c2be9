//! Distances between two operations.

use super::cloud::Code;

/// A distance, or a divergence used as a distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Euclidean distance of the codes μ.
    #[default]
    Euclidean,
    /// 1 minus the cosine of the angle between the codes; 1 where a code is the origin and has no direction.
    Cosine,
    /// 2-Wasserstein distance of the posteriors: √(|μ - μ'|² + |σ - σ'|²) for diagonal Gaussians
    /// (Givens and Shortt, *A class of Wasserstein metrics for probability distributions*, 1984).
    Wasserstein,
    /// Jeffreys divergence of the posteriors, KL(p ‖ q) + KL(q ‖ p), in nats (Jeffreys 1946).
    Jeffreys,
    /// Number of entries in which the truth tables differ; independent of codes.
    Hamming,
    /// 3-adic distance of the indices, 3^-v for the largest v with 3^v dividing their difference; independent of
    /// codes. The entries are the digits of an index: v is the number of equal entries before the first that
    /// differs.
    ThreeAdic,
}

impl Metric {
    /// Every metric, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Euclidean,
        Self::Cosine,
        Self::Wasserstein,
        Self::Jeffreys,
        Self::Hamming,
        Self::ThreeAdic,
    ];

    /// Returns the name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
            Self::Wasserstein => "wasserstein",
            Self::Jeffreys => "jeffreys",
            Self::Hamming => "hamming",
            Self::ThreeAdic => "3-adic",
        }
    }

    /// Returns true if the metric compares codes, not truth tables.
    pub fn needs_codes(self) -> bool {
        !matches!(self, Self::Hamming | Self::ThreeAdic)
    }

    /// Returns true if the metric compares posteriors by their spread as well as their mean.
    pub fn needs_spread(self) -> bool {
        matches!(self, Self::Wasserstein | Self::Jeffreys)
    }

    /// Returns the distance between two codes of equal length; infinite where it is not a number. Not for a
    /// metric that compares truth tables.
    pub(super) fn between(self, a: Code<'_>, b: Code<'_>) -> f64 {
        let value = match self {
            Self::Euclidean | Self::Hamming | Self::ThreeAdic => squares(a.mu, b.mu).sqrt(),
            Self::Cosine => cosine(a.mu, b.mu),
            Self::Wasserstein => (squares(a.mu, b.mu) + squares(a.deviation, b.deviation)).sqrt(),
            Self::Jeffreys => jeffreys(a, b),
        };
        // A NaN may carry a sign, which total_cmp would sort to the front.
        if value.is_nan() { f64::INFINITY } else { value }
    }
}

fn squares(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    let norms = match aa * bb {
        product if product.is_normal() => product.sqrt(),
        // Too large or too small for one number.
        _ => aa.sqrt() * bb.sqrt(),
    };
    if norms == 0.0 { 1.0 } else { 1.0 - dot / norms }
}

/// Returns ½ Σ [v/w + w/v - 2 + (μ - ν)² (1/v + 1/w)] with the variances v, w, on one denominator.
fn jeffreys(a: Code<'_>, b: Code<'_>) -> f64 {
    let means = a.mu.iter().zip(b.mu);
    let deviations = a.deviation.iter().zip(b.deviation);
    let terms = means.zip(deviations).map(|((x, y), (s, t))| {
        let (v, w) = (s * s, t * t);
        ((v - w) * (v - w) + (x - y) * (x - y) * (v + w)) / (v * w)
    });
    0.5 * terms.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(metric: Metric, a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> f64 {
        let code = |[mu, deviation]: &'static [[f64; 2]; 2]| Code { mu, deviation };
        let leak = |rows| -> &'static [[f64; 2]; 2] { Box::leak(Box::new(rows)) };
        metric.between(code(leak(a)), code(leak(b)))
    }

    #[test]
    fn cosine_is_one_minus_cos() {
        let cosine = |a, b| between(Metric::Cosine, [a, [1.0; 2]], [b, [1.0; 2]]);
        assert!((cosine([1.0, 0.0], [0.0, 2.0]) - 1.0).abs() < 1e-12);
        assert!(cosine([1.0, 1.0], [3.0, 3.0]).abs() < 1e-12);
        assert!((cosine([1.0, 0.0], [-5.0, 0.0]) - 2.0).abs() < 1e-12);
        assert!((cosine([0.0, 0.0], [1.0, 0.0]) - 1.0).abs() < 1e-12);
        assert!(cosine([1e120, 1e120], [1e120, 1e120]).abs() < 1e-12);
        assert!(cosine([1e-120, 0.0], [1e-120, 0.0]).abs() < 1e-12);
    }

    #[test]
    fn spreads_count_where_they_should() {
        let (narrow, wide) = ([[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [2.0, 1.0]]);
        assert_eq!(between(Metric::Euclidean, narrow, wide), 0.0);
        assert_eq!(between(Metric::Wasserstein, narrow, wide), 1.0);
        // KL(1 ‖ 2) = ln 2 + 1/8 - 1/2, KL(2 ‖ 1) = -ln 2 + 2 - 1/2.
        assert!((between(Metric::Jeffreys, narrow, wide) - 1.125).abs() < 1e-12);
        // Equal spreads: |μ - ν|² / σ².
        let moved = [[3.0, 4.0], [1.0, 1.0]];
        assert!((between(Metric::Jeffreys, narrow, moved) - 25.0).abs() < 1e-12);
        assert!((between(Metric::Wasserstein, narrow, moved) - 5.0).abs() < 1e-12);
    }
}
