//! Figures of untrained weights, which a certified model must exceed by far.

use serde::{Deserialize, Serialize};

use crate::device::DeviceFailure;
use crate::digest::sha256;
use crate::measure::{
    Estimators, Evaluator, Generator, Mean, MeasurementPlan, PriorQuestion, sample_prior,
};
use crate::model::{Architecture, Weights};
use crate::vae::Vae;
use crate::validation::UNTRAINED;

/// Factor by which argmax coverage must exceed that of untrained weights.
pub const COVERAGE_MARGIN: f64 = 1.5;
/// Nats by which I(z; x) must exceed that of untrained weights.
pub const INFORMATION_MARGIN: f64 = 1.0;

/// Figures of untrained weights of the same shape, and the margins by which a model must exceed them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Untrained {
    /// Seed of codes and draws; also of the untrained weights where they are those of one model.
    pub seed: u64,
    /// Seeds of the untrained weights, where they are those of several models; each figure is the best of
    /// theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
    /// SHA-256 of each untrained model's file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<String>,
    /// Samples of coverage, which is also the number of codes behind I(z; x).
    pub samples: u32,
    /// Argmax coverage of A and B, in operations.
    pub argmax_coverage: [u32; 2],
    /// I(z; x) of A and B in nats.
    pub mutual_information: [f64; 2],
    /// Smallest factor by which argmax coverage of a model must be larger.
    pub coverage_margin: f64,
    /// Smallest number of nats by which I(z; x) of a model must be larger.
    pub information_margin: f64,
}

impl Untrained {
    /// Measures fresh weights of an architecture at the smallest sample size of a scale.
    ///
    /// Version 0.1.0 took one model, of the measurement's seed. Since then it is the best of several,
    /// whatever the seed; for the published architecture stored figures are used.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn of(
        architecture: Architecture,
        scale: &MeasurementPlan,
        estimators: Estimators,
    ) -> Result<Self, DeviceFailure> {
        let samples = smallest(scale);
        if estimators == Estimators::Plain {
            return Self::measure(architecture, scale.seed, scale.seed, samples, estimators);
        }
        if architecture == Architecture::PUBLISHED && samples == KEPT_SAMPLES {
            return Ok(Self::best(&KEPT.map(Self::kept)));
        }
        let found = UNTRAINED
            .iter()
            .map(|seed| Self::measure(architecture, *seed, CODES_SEED, samples, estimators));
        Ok(Self::best(&found.collect::<Result<Vec<_>, _>>()?))
    }

    /// Returns the best figures of several models, and all their seeds.
    fn best(all: &[Self]) -> Self {
        let of = |i: usize| all.iter().map(move |one| one.mutual_information[i]);
        let most = |i: usize| of(i).fold(0.0, f64::max);
        let covered = |i: usize| all.iter().map(|one| one.argmax_coverage[i]).max();
        Self {
            seed: CODES_SEED,
            seeds: all.iter().map(|one| one.seed).collect(),
            weights: all.iter().flat_map(|one| one.weights.clone()).collect(),
            samples: all.first().map_or(0, |one| one.samples),
            argmax_coverage: [0, 1].map(|i| covered(i).unwrap_or(0)),
            mutual_information: [most(0), most(1)],
            coverage_margin: COVERAGE_MARGIN,
            information_margin: INFORMATION_MARGIN,
        }
    }

    fn kept(kept: Kept) -> Self {
        Self {
            seed: kept.seed,
            seeds: Vec::new(),
            weights: vec![kept.weights.to_owned()],
            samples: KEPT_SAMPLES,
            argmax_coverage: kept.argmax_coverage,
            mutual_information: kept.mutual_information,
            coverage_margin: COVERAGE_MARGIN,
            information_margin: INFORMATION_MARGIN,
        }
    }

    fn measure(
        architecture: Architecture,
        of_weights: u64,
        of_codes: u64,
        samples: u32,
        estimators: Estimators,
    ) -> Result<Self, DeviceFailure> {
        let weights = Weights::start(architecture, of_weights);
        let digest = weights.to_bytes().map(|bytes| sha256(&bytes));
        let evaluator = Evaluator::new(&weights);
        let mut untrained = Self {
            seed: of_weights,
            seeds: Vec::new(),
            weights: match estimators {
                Estimators::Plain => Vec::new(),
                Estimators::Corrected => digest.into_iter().collect(),
            },
            samples,
            argmax_coverage: [0; 2],
            mutual_information: [0.0; 2],
            coverage_margin: COVERAGE_MARGIN,
            information_margin: INFORMATION_MARGIN,
        };
        for (i, which) in Vae::BOTH.into_iter().enumerate() {
            let question = PriorQuestion {
                which,
                seed: of_codes,
                samples: vec![samples],
                probability_codes: samples,
            };
            let answer = sample_prior(&evaluator, &question, &|_| {})?;
            untrained.argmax_coverage[i] = answer.covered[0].coverage.argmax.unique;
            untrained.mutual_information[i] = information(answer.generator.as_ref(), estimators);
        }
        Ok(untrained)
    }
}

/// Seed of codes and draws of untrained models, whatever the measurement's seed.
const CODES_SEED: u64 = 0;
/// Sample size of the stored figures of untrained models.
const KEPT_SAMPLES: u32 = 50_000;

/// Stored figures of an untrained model of the published architecture.
#[derive(Clone, Copy)]
struct Kept {
    seed: u64,
    /// SHA-256 of the model's file.
    weights: &'static str,
    argmax_coverage: [u32; 2],
    mutual_information: [f64; 2],
}

/// Stored figures, measured by this program; a test measures them again.
const KEPT: [Kept; 3] = [
    Kept {
        seed: 3,
        weights: "sha256:e1dcedf6ce80a9eb281a98de1b98bc390aaf355a0b46935717d3d7c1ff00b0f3",
        argmax_coverage: [1_171, 4_186],
        mutual_information: [0.013_491_251_030_298_024, 0.103_186_047_814_375_57],
    },
    Kept {
        seed: 5,
        weights: "sha256:6fd8a1b9941e6f5b094bf8393e420ca6f5f592bbe7d9df9bc05b3c9070c0860d",
        argmax_coverage: [1_275, 1_980],
        mutual_information: [0.020_672_522_355_888_123, 0.118_518_247_547_230_62],
    },
    Kept {
        seed: 7,
        weights: "sha256:1901f0e3ed504d2782ba1627002cca877d4461e34a0747120dad4b7e61056942",
        argmax_coverage: [501, 4_659],
        mutual_information: [0.012_105_027_679_302_882, 0.112_353_386_746_875_12],
    },
];

fn smallest(scale: &MeasurementPlan) -> u32 {
    scale.samples.iter().copied().min().unwrap_or(0)
}

/// Returns I(z; x) in nats; 0 where no probabilities were measured.
pub fn information(generator: Option<&Generator>, estimators: Estimators) -> f64 {
    generator.map_or(0.0, |generator| match estimators {
        Estimators::Plain => generator.mean().mutual_information(),
        Estimators::Corrected => {
            let found = generator.estimate(Mean::mutual_information);
            // The raw value is too low, which speaks against the model.
            found.corrected.map_or(found.raw, |found| found.value)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::compare::same_untrained;

    #[test]
    fn what_is_kept_of_untrained_models_is_what_they_reach() {
        assert_eq!(KEPT.map(|kept| kept.seed), UNTRAINED);
        let measured = UNTRAINED.map(|seed| {
            let published = Architecture::PUBLISHED;
            let corrected = Estimators::Corrected;
            Untrained::measure(published, seed, CODES_SEED, KEPT_SAMPLES, corrected).unwrap()
        });
        let kept = KEPT.map(Untrained::kept);
        let same = measured
            .iter()
            .zip(&kept)
            .all(|(measured, kept)| same_untrained(kept, measured));
        assert!(same, "{measured:#?}");
    }
}
