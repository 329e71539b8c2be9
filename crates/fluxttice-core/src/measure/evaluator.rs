//! Evaluates a model in 64 bits on the CPU, so that others can recompute the figures.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::codes::{Posteriors, posteriors};
use super::decoding::most_likely;
use super::factors::Factors;
use super::neighbours::Spaces;
use crate::device::DeviceFailure;
use crate::model::{Batch, Coupling, DualVae, Weights, codes_tensor};
use crate::space::{ENTRIES, Operation, OperationSet, VALUES};
use crate::vae::{PerVae, Vae};

/// Number type of certified figures: its rounding is too small to change a draw.
const PRECISION: DType = DType::F64;
/// Number of operations encoded at a time.
const TILE: usize = 2_048;

/// A model in 64 bits on the CPU.
#[derive(Clone, Debug)]
pub struct Evaluator {
    model: DualVae,
    device: Device,
}

impl Evaluator {
    /// Builds the model from its weights.
    pub fn new(weights: &Weights) -> Self {
        let device = Device::flex();
        Self {
            model: DualVae::new(weights, &device, PRECISION),
            device,
        }
    }

    /// Encodes operations with A's or B's encoder and returns their posteriors.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn posteriors(
        &self,
        which: Vae,
        operations: &[Operation],
    ) -> Result<Posteriors, DeviceFailure> {
        posteriors(&self.model, which, operations, &self.device, PRECISION)
    }

    /// Returns the codes of all operations, in A's and B's spaces and in both as one.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn spaces(&self) -> Result<Spaces, DeviceFailure> {
        Spaces::encoded(|which, operations| self.posteriors(which, operations))
    }

    /// Decodes codes, row-major `[n × 16]`, to logits, row-major `[n × 27]`, without the other VAE's code.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn logits(&self, which: Vae, codes: Vec<f64>) -> Result<Vec<f64>, DeviceFailure> {
        let codes = codes_tensor(codes, &self.device, PRECISION);
        Ok(self.model.decode(which, codes).try_into_vec_as()?)
    }

    /// Returns the operations that A and B each reconstruct exactly, `argmax decode(μ(x)) = x` in all nine
    /// entries, at permeability `rho` (0: each VAE on its own).
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn reconstructed(&self, rho: f64) -> Result<PerVae<OperationSet>, DeviceFailure> {
        let operations: Vec<Operation> = Operation::all().collect();
        let mut exact = PerVae::<OperationSet>::default();
        for tile in operations.chunks(TILE) {
            let batch = Batch::new(tile.iter().copied(), &self.device, PRECISION);
            let forward = self.model.forward(batch.x, Coupling::at(rho));
            for (which, logits) in Vae::BOTH.into_iter().zip(forward.logits) {
                let logits: Vec<f64> = logits.try_into_vec_as()?;
                let decoded = logits.chunks_exact(ENTRIES * VALUES).map(most_likely);
                for (wanted, _) in tile.iter().zip(decoded).filter(|(w, found)| *w == found) {
                    exact[which].insert(*wanted);
                }
            }
        }
        Ok(exact)
    }

    /// Returns the most likely reconstruction by A or B, alone and from the posterior's mean, of tables given
    /// as numbers, row-major `[n × 9]`; the numbers need not be -1, 0 or +1.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn reconstruct(&self, which: Vae, shown: &[f64]) -> Result<Vec<Operation>, DeviceFailure> {
        let mut found = Vec::with_capacity(shown.len() / ENTRIES);
        for tile in shown.chunks(TILE * ENTRIES) {
            let data = TensorData::new(tile.to_vec(), [tile.len() / ENTRIES, ENTRIES]);
            let x = Tensor::from_data(data, (&self.device, PRECISION));
            let mu = self.model.encoder(which).forward(x).mu;
            let logits: Vec<f64> = self.model.decode(which, mu).try_into_vec_as()?;
            found.extend(logits.chunks_exact(ENTRIES * VALUES).map(most_likely));
        }
        Ok(found)
    }

    /// Adds p(x | z) of some codes, summed over them, to the sums of all operations.
    pub(super) fn add(&self, factors: Factors<f64>, sums: &mut [f64]) -> Result<(), DeviceFailure> {
        factors.add_to(sums, &self.device, PRECISION)
    }
}
