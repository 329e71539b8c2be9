//! Exact reconstruction: argmax decode(μ(x)) = x in all nine entries.

use burn::tensor::{DType, Device};

use super::coverage::most_likely;
use crate::device::DeviceFailure;
use crate::model::{Batch, Coupling, DualVae};
use crate::space::{ENTRIES, Operation, VALUES};

/// Operations encoded at a time.
const TILE: usize = 2_048;

/// How many of some operations each VAE gives back exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconstruction {
    /// Operations asked about.
    pub of: usize,
    /// Given back exactly by A and by B.
    pub exact: [usize; 2],
}

/// Exact reconstruction of some operations at permeability `rho` (0: each VAE on its own).
///
/// `model` must be without autodiff, on `device` in `dtype`.
///
/// # Errors
/// The device's failure.
pub fn reconstruction(
    model: &DualVae,
    operations: &[Operation],
    rho: f64,
    device: &Device,
    dtype: DType,
) -> Result<Reconstruction, DeviceFailure> {
    let mut exact = [0; 2];
    for tile in operations.chunks(TILE) {
        let batch = Batch::new(tile.iter().copied(), device, dtype);
        let forward = model.forward(batch.x, Coupling { rho, noise: None });
        for (exact, logits) in exact.iter_mut().zip(forward.logits) {
            let logits: Vec<f64> = logits.try_into_vec_as()?;
            let decoded = logits.chunks_exact(ENTRIES * VALUES).map(most_likely);
            *exact += decoded
                .zip(tile)
                .filter(|(found, wanted)| found == *wanted)
                .count();
        }
    }
    Ok(Reconstruction {
        of: operations.len(),
        exact,
    })
}
