//! What the checkpoints of epochs 100–110 measure, in 64 bits.

use std::path::Path;

use burn::tensor::{DType, Device};

use fluxttice_core::config::Config;
use fluxttice_core::measure::{
    CoverageTask, Samples, active_dimensions, encode_all, reconstruction,
};
use fluxttice_core::model::{DualVae, LATENT, Which};
use fluxttice_core::run::{checkpoint, checkpoint_folder};
use fluxttice_core::training::Split;

use super::super::Failure;
use super::median;

/// First epoch.
pub const FROM: u32 = 100;
/// Epochs.
pub const EPOCHS: usize = 11;

const SAMPLES: u32 = 50_000;

/// Medians (fewest, of active dimensions) of A and B.
pub struct Window {
    pub checkpoints: usize,
    pub seed: u64,
    pub argmax: [f64; 2],
    pub categorical: [f64; 2],
    pub decode_entropy: [f64; 2],
    pub active: [usize; 2],
    pub exact: [f64; 2],
}

impl Window {
    /// Measures every checkpoint of these epochs that the run has kept.
    pub fn measure(run: &Path, config: &Config, seed: u64) -> Result<Self, Failure> {
        let device = Device::flex();
        let validation = Split::new(config).validation;
        let mut figures: [[Vec<f64>; 4]; 2] = Default::default();
        let mut active = [LATENT; 2];
        let folders: Vec<_> = (FROM..FROM + EPOCHS as u32)
            .filter_map(|epoch| checkpoint_folder(run, &epoch.to_string()).ok())
            .collect();
        for folder in &folders {
            let weights = checkpoint::load_weights(&checkpoint::weights_path(folder))?;
            let model = DualVae::new(&weights, &device, DType::F64);
            let rebuilt = reconstruction(&model, &validation, 0.0, &device, DType::F64)?;
            for (i, which) in Which::BOTH.into_iter().enumerate() {
                let samples = Samples {
                    categorical: SAMPLES,
                    argmax: SAMPLES,
                };
                let mut task = CoverageTask::new(which, samples, seed, 0);
                while !task.tile(&model, &device, DType::F64)? {}
                let coverage = task.finish().coverage;
                let exact = rebuilt.exact[i] as f64 / rebuilt.of as f64;
                let found = [
                    f64::from(coverage.argmax.unique),
                    f64::from(coverage.categorical.unique),
                    coverage.decode_entropy,
                    exact,
                ];
                figures[i]
                    .iter_mut()
                    .zip(found)
                    .for_each(|(column, value)| column.push(value));
                let codes = encode_all(&model, which, &device, DType::F64)?;
                active[i] = active[i].min(active_dimensions(&codes, LATENT));
            }
        }
        let column = |number: usize| [0, 1].map(|i: usize| median(figures[i][number].clone()));
        Ok(Self {
            checkpoints: folders.len(),
            seed,
            argmax: column(0),
            categorical: column(1),
            decode_entropy: column(2),
            exact: column(3),
            active,
        })
    }
}
