//! Measurements of the checkpoints of epochs 100–110, in 64 bits.

use std::path::Path;

use fluxttice_core::config::Config;
use fluxttice_core::measure::{ACTIVE_VARIANCE, Evaluator, PriorQuestion, sample_prior, variances};
use fluxttice_core::model::LATENT;
use fluxttice_core::numbers::count32;
use fluxttice_core::run::{checkpoint, checkpoint_folder};
use fluxttice_core::space::{Operation, OperationSet};
use fluxttice_core::statistics::median;
use fluxttice_core::training::Split;
use fluxttice_core::vae::Vae;

use super::super::Failure;

/// First epoch of the window.
pub const FROM: u32 = 100;
/// Number of epochs of the window.
pub const EPOCHS: usize = 11;

const SAMPLES: u32 = 50_000;

/// Medians of A and B over the checkpoints; of active dimensions the fewest.
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
        let validation: OperationSet = Split::new(config).validation.into_iter().collect();
        let everything: Vec<Operation> = Operation::all().collect();
        let mut figures: [[Vec<f64>; 4]; 2] = Default::default();
        let mut active = [LATENT; 2];
        let folders: Vec<_> = (FROM..FROM + count32(EPOCHS))
            .filter_map(|epoch| checkpoint_folder(run, &epoch.to_string()).ok())
            .collect();
        for folder in &folders {
            let weights = checkpoint::load_weights(&checkpoint::weights_path(folder))?;
            let evaluator = Evaluator::new(&weights);
            let rebuilt = evaluator.reconstructed(0.0)?;
            for (i, which) in Vae::BOTH.into_iter().enumerate() {
                let question = PriorQuestion {
                    which,
                    seed,
                    samples: vec![SAMPLES],
                    probability_codes: 0,
                };
                let coverage = sample_prior(&evaluator, &question, &|_| {})?.covered[0].coverage;
                let exact = rebuilt[which].intersection(&validation).len() as f64;
                let found = [
                    f64::from(coverage.argmax.unique),
                    f64::from(coverage.categorical.unique),
                    coverage.decode_entropy,
                    exact / validation.len() as f64,
                ];
                figures[i]
                    .iter_mut()
                    .zip(found)
                    .for_each(|(column, value)| column.push(value));
                let codes = evaluator.posteriors(which, &everything)?.mu;
                let variances = variances(&codes, LATENT).into_iter();
                active[i] = active[i].min(variances.filter(|v| *v > ACTIVE_VARIANCE).count());
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
