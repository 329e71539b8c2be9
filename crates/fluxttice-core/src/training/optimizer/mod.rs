//! Global-norm clipping and AdamW over all trained parameters as one flat row, of one model or of S members
//! at once.
//!
//! Burn's own optimizer clips each tensor by itself and keeps its state under random ids; the
//! model needs the norm over all parameters, and a state that can be stored under stable names.

mod gradient;
mod layout;
mod step;
mod store;

pub use gradient::FlatGradients;
pub use layout::ParamLayout;
pub use store::ParamStore;

/// Decay of the first moment.
const BETA_1: f64 = 0.9;
/// Decay of the second moment.
const BETA_2: f64 = 0.999;
/// Keeps the division finite.
const EPSILON: f64 = 1e-8;
/// Added to the norm before the clip coefficient is formed, as PyTorch does.
const CLIP_EPSILON: f64 = 1e-6;

/// Result of clipping a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clipped {
    /// Norm over all parameters before clipping.
    pub norm: f64,
    /// Factor applied, at most 1.
    pub coefficient: f64,
    /// Norms of VAE-A's and VAE-B's parts after clipping.
    pub parts: [f64; 2],
}

impl Clipped {
    /// Clips a gradient with these squared part norms to the global norm `largest`.
    pub fn new(squared_norms: [f64; 2], largest: f64) -> Self {
        let norm = (squared_norms[0] + squared_norms[1]).sqrt();
        let coefficient = (largest / (norm + CLIP_EPSILON)).min(1.0);
        Self {
            norm,
            coefficient,
            parts: squared_norms.map(|squared| squared.sqrt() * coefficient),
        }
    }
}

/// Factors of a member's step: AdamW with decoupled weight decay (Loshchilov and Hutter 2019), ε outside the
/// root as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct StepParams {
    /// Factor by which the gradient is clipped, at most 1.
    pub coefficient: f64,
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Weight decay for each unit of the learning rate.
    pub weight_decay: f64,
}

/// An optimizer's state on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState {
    /// Number of steps taken.
    pub steps: u32,
    /// First and second moments of all trained parameters, or empty before the first step.
    pub moments: [Vec<f32>; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_gradient_is_left_alone_and_a_large_one_gets_the_largest_norm() {
        let small = Clipped::new([0.09, 0.16], 1.0);
        assert!((small.norm - 0.5).abs() < 1e-12);
        assert!((small.coefficient - 1.0).abs() < 1e-12);
        let large = Clipped::new([9.0, 16.0], 1.0);
        assert!((large.coefficient - 1.0 / 5.000_001).abs() < 1e-12);
        assert!((large.parts[0].hypot(large.parts[1]) - 1.0).abs() < 1e-6);
    }
}
