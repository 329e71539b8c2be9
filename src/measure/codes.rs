//! Codes of all operations.

use burn::tensor::{DType, Device};

use crate::device::DeviceFailure;
use crate::model::{Batch, DualVae, Which};
use crate::space::Operation;

/// Operations encoded at a time.
const TILE: usize = 2_187;

/// Posterior means μ of all 19,683 operations, row-major `[19,683 × 16]`, of A or B.
///
/// `model` must be without autodiff, on `device` in `dtype`.
///
/// # Errors
/// The device's failure.
pub fn encode_all(
    model: &DualVae,
    which: Which,
    device: &Device,
    dtype: DType,
) -> Result<Vec<f64>, DeviceFailure> {
    let operations: Vec<Operation> = Operation::all().collect();
    let mut codes = Vec::with_capacity(operations.len() * crate::model::LATENT);
    for tile in operations.chunks(TILE) {
        let batch = Batch::new(tile.iter().copied(), device, dtype);
        let mu: Vec<f64> = model.encoder(which).forward(batch.x).mu.try_into_vec_as()?;
        codes.extend(mu);
    }
    Ok(codes)
}
