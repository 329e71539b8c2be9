//! Honest numbers from a model: coverage, probabilities, codes, neighbours, reconstruction.

mod activity;
mod benchmark;
mod codes;
mod coverage;
mod covered;
mod decoding;
pub mod displacement;
mod estimate;
mod evaluator;
mod factors;
mod figures;
mod generator;
pub mod given;
mod information;
pub mod neighbours;
mod pass;
mod preservation;
mod prior;
pub mod projection;
mod report;

pub use activity::{ACTIVE_VARIANCE, COLLAPSED_VARIANCE, mean_kl, variances};
pub use benchmark::{Benchmark, CoverageTrials, Spread, VaeBenchmark};
pub use codes::{Posteriors, posteriors};
pub use coverage::{CoverageTask, Samples, TILE};
pub use covered::{Covered, ceiling};
pub use decoding::{Decoding, Drawn, most_likely};
pub use estimate::{BLOCKS, Corrected, Estimate};
pub use evaluator::Evaluator;
pub use figures::{Definition, Estimators, Figure, definition, definition_as, definitions};
pub use generator::{Generator, Mean, Plain, Rare};
pub use information::prior_information;
pub use pass::CoveragePass;
pub use preservation::mean_preservation;
pub use prior::{Evenness, FREEDOM, PriorAnswer, PriorQuestion, deviation, sample_prior, samples};
pub use report::{
    CoverageReport, Latent, MeasurementPlan, Progress, RunFacts, STARVED, Together,
    generator_figures, measure_prior,
};
