//! Latent codes of operations.

use burn::tensor::{DType, Device};

use crate::device::DeviceFailure;
use crate::model::{Batch, DualVae};
use crate::space::Operation;
use crate::vae::Vae;

/// Number of operations encoded at a time.
const TILE: usize = 2_187;

/// Posteriors of n operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Posteriors {
    /// Means μ, row-major `[n × 16]`.
    pub mu: Vec<f64>,
    /// Logarithms of the variances σ², row-major `[n × 16]`.
    pub log_variance: Vec<f64>,
}

/// Encodes operations with A's or B's encoder and returns their posteriors.
///
/// `model` must be without autodiff, on `device` in `dtype`.
///
/// # Errors
/// Returns the device's failure.
pub fn posteriors(
    model: &DualVae,
    which: Vae,
    operations: &[Operation],
    device: &Device,
    dtype: DType,
) -> Result<Posteriors, DeviceFailure> {
    let mut found = Posteriors::default();
    for tile in operations.chunks(TILE) {
        let batch = Batch::new(tile.iter().copied(), device, dtype);
        let posterior = model.encoder(which).forward(batch.x);
        let mu: Vec<f64> = posterior.mu.try_into_vec_as()?;
        let log_variance: Vec<f64> = posterior.log_variance.try_into_vec_as()?;
        found.mu.extend(mu);
        found.log_variance.extend(log_variance);
    }
    Ok(found)
}
