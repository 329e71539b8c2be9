//! The coverage report: every measurement of one checkpoint.

use std::sync::atomic::{AtomicU32, Ordering};

use super::activity::{ACTIVE_VARIANCE, COLLAPSED_VARIANCE, mean_kl, variances};
use super::covered::Covered;
use super::estimate::Estimate;
use super::evaluator::Evaluator;
use super::figures::{Estimators, Figure};
use super::generator::{Generator, Mean, Plain};
use super::preservation::mean_preservation;
use super::prior::{PriorAnswer, PriorQuestion, codes_needed, deviation, sample_prior};
use crate::device::DeviceFailure;
use crate::model::{LATENT, latent_entropy};
use crate::space::{MOST_ENTROPY, OPERATIONS, Operation, OperationSet};
use crate::vae::{PerVae, Scope, Vae};

/// Sizes of the neighbourhoods that are measured.
const NEIGHBOURHOODS: [usize; 2] = [10, 100];
/// Sample sizes of the expected-coverage curve.
const CURVE: [u32; 16] = [
    1_000, 2_000, 5_000, 7_000, 10_000, 15_000, 20_000, 30_000, 50_000, 70_000, 100_000, 150_000,
    195_000, 300_000, 500_000, 1_000_000,
];
/// Share of a uniform generator's probability below which an operation is starved.
pub const STARVED: f64 = 0.1;
/// Number of least probable operations that are named.
const RAREST: usize = 10;

/// Sample sizes of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasurementPlan {
    /// Seed of codes and draws.
    pub seed: u64,
    /// Sample sizes of coverage.
    pub samples: Vec<u32>,
    /// Number of codes over which generator probabilities are averaged; 0 for none.
    pub probability_codes: u32,
}

impl MeasurementPlan {
    /// Returns the sizes of a certificate: coverage at 50,000 and 195,000, probabilities from 1,000,000.
    pub fn certificate(seed: u64) -> Self {
        Self {
            seed,
            samples: vec![50_000, 195_000],
            probability_codes: 1_000_000,
        }
    }

    fn question(&self, which: Vae) -> PriorQuestion {
        PriorQuestion {
            which,
            seed: self.seed,
            samples: self.samples.clone(),
            probability_codes: self.probability_codes,
        }
    }
}

/// Facts about a checkpoint that only its run knows.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFacts {
    /// Permeability ρ that the checkpoint was trained with.
    pub rho: f64,
    /// Operations that were held out to choose the best epoch.
    pub validation: OperationSet,
    /// Operations that were held out altogether.
    pub test: OperationSet,
}

/// Progress of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Name of the step that is going on.
    pub what: &'static str,
    /// Number of units of the step that are done.
    pub done: u32,
    /// Number of units of the step in all.
    pub of: u32,
}

/// Figures of the posteriors of all operations.
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    /// Entropy of μ's histogram, in nats.
    pub entropy: f64,
    /// Variance of μ in each dimension.
    pub variances: Vec<f64>,
    /// Mean KL of each dimension, in nats.
    pub kl: Vec<f64>,
    /// Neighbourhood preservation, as pairs of k and share.
    pub preservation: Vec<(usize, f64)>,
}

/// Numbers of operations that A and B cover together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Together {
    /// Number covered by A or B.
    pub union: usize,
    /// Number covered by both.
    pub intersection: usize,
    /// Number covered by A alone.
    pub only_a: usize,
    /// Number covered by B alone.
    pub only_b: usize,
}

impl Together {
    /// Compares the sets of operations that A and B cover.
    pub fn of(a: &OperationSet, b: &OperationSet) -> Self {
        Self {
            union: a.union(b).len(),
            intersection: a.intersection(b).len(),
            only_a: a.difference(b).len(),
            only_b: b.difference(a).len(),
        }
    }

    /// Returns 1 - intersection / union; 0 for two empty sets.
    pub fn jaccard_distance(&self) -> f64 {
        if self.union == 0 {
            0.0
        } else {
            1.0 - self.intersection as f64 / self.union as f64
        }
    }
}

/// All measurements of one checkpoint; A first in every pair.
#[derive(Clone, Debug)]
pub struct CoverageReport {
    /// Sample sizes of the report.
    pub scale: MeasurementPlan,
    /// Coverage and generator probabilities.
    pub prior: PerVae<PriorAnswer>,
    /// Figures of the posteriors of all operations.
    pub latent: PerVae<Latent>,
    /// Operations that each VAE alone reconstructs exactly.
    pub alone: PerVae<OperationSet>,
    /// Facts of the run, and the operations reconstructed exactly at its permeability; `None` without a run.
    pub coupled: Option<(RunFacts, PerVae<OperationSet>)>,
}

impl CoverageReport {
    /// Measures a model on all cores, and calls `watch` with the progress.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn measure(
        evaluator: &Evaluator,
        scale: &MeasurementPlan,
        run: Option<&RunFacts>,
        watch: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, DeviceFailure> {
        let prior = |which| measure_prior(evaluator, scale, which, watch);
        let prior = PerVae::try_from_fn(prior)?;
        let latent = |which, done| {
            let found = latent(evaluator, which);
            watch(Progress {
                what: "codes of all operations",
                done,
                of: 2,
            });
            found
        };
        Ok(Self {
            scale: scale.clone(),
            prior,
            latent: PerVae {
                a: latent(Vae::A, 1)?,
                b: latent(Vae::B, 2)?,
            },
            alone: evaluator.reconstructed(0.0)?,
            coupled: match run {
                Some(run) => Some((run.clone(), evaluator.reconstructed(run.rho)?)),
                None => None,
            },
        })
    }

    /// Returns every figure, for each VAE and for both together.
    pub fn figures(&self) -> Vec<Figure> {
        self.figures_as(Estimators::Corrected)
    }

    /// Returns every figure, estimated by the given method.
    pub fn figures_as(&self, estimators: Estimators) -> Vec<Figure> {
        let mut figures = Vec::new();
        for which in Vae::BOTH {
            let prior = &self.prior[which];
            coverage_figures(which, self.scale.seed, &prior.covered, &mut figures);
            if estimators == Estimators::Corrected {
                figures.extend(evenness_figures(which, self.scale.seed, prior));
            }
            let seed = self.scale.seed;
            figures.extend(
                prior
                    .generator
                    .iter()
                    .flat_map(|generator| match estimators {
                        Estimators::Plain => plain_figures(which, seed, generator),
                        Estimators::Corrected => generator_figures(which, seed, generator),
                    }),
            );
            self.reconstruction_figures(which, estimators, &mut figures);
            latent_figures(which, &self.latent[which], &mut figures);
        }
        self.shared_figures(&mut figures);
        figures
    }

    fn reconstruction_figures(
        &self,
        which: Vae,
        estimators: Estimators,
        figures: &mut Vec<Figure>,
    ) {
        let everything = Operation::all().collect();
        let mut add = |name: &str, rho: f64, exact: &OperationSet, among: &OperationSet| {
            let exact = exact.intersection(among);
            let figure = Figure::new(name, which, exact.len() as f64)
                .at_most(among.len() as f64)
                .of(format!("at rho = {rho}"));
            figures.push(figure.digest(exact.digest()));
        };
        add("reconstruction", 0.0, &self.alone[which], &everything);
        let Some((run, coupled)) = &self.coupled else {
            return;
        };
        // Version 0.1.0 states the figure twice where the run's permeability is 0.
        let both = estimators == Estimators::Plain || run.rho != 0.0;
        let coupled = both.then_some((run.rho, &coupled[which]));
        if let Some((rho, exact)) = coupled {
            add("reconstruction", rho, exact, &everything);
        }
        for (rho, exact) in [(0.0, &self.alone[which])].into_iter().chain(coupled) {
            add("validation reconstruction", rho, exact, &run.validation);
            add("test reconstruction", rho, exact, &run.test);
        }
    }

    fn shared_figures(&self, figures: &mut Vec<Figure>) {
        let PerVae { a, b } = &self.prior;
        for (a, b) in a.covered.iter().zip(&b.covered) {
            let samples = a.coverage.argmax.samples;
            for (draw, a, b) in [
                ("argmax", &a.argmax, &b.argmax),
                ("categorical", &a.categorical, &b.categorical),
            ] {
                let together = Together::of(a, b);
                let mut add = |name: &str, value: f64| {
                    let figure = Figure::new(&format!("{draw} {name}"), Scope::Both, value);
                    figures.push(figure.sampled(samples, self.scale.seed));
                };
                add("union", together.union as f64);
                add("intersection", together.intersection as f64);
                add("only A", together.only_a as f64);
                add("only B", together.only_b as f64);
                add("Jaccard distance", together.jaccard_distance());
            }
        }
        let difference = (self.latent.a.entropy - self.latent.b.entropy).abs();
        figures.push(Figure::new(
            "latent entropy difference",
            Scope::Both,
            difference,
        ));
    }
}

fn coverage_figures(which: Vae, seed: u64, covered: &[Covered], figures: &mut Vec<Figure>) {
    for covered in covered {
        for (name, unique, set) in [
            ("argmax coverage", covered.coverage.argmax, &covered.argmax),
            (
                "categorical coverage",
                covered.coverage.categorical,
                &covered.categorical,
            ),
        ] {
            let figure =
                Figure::new(name, which, f64::from(unique.unique)).sampled(unique.samples, seed);
            figures.push(figure.at_most(unique.ceiling).digest(set.digest()));
        }
        let figure = Figure::new("decode entropy", which, covered.coverage.decode_entropy);
        let figure = figure.sampled(covered.coverage.argmax.samples, seed);
        figures.push(figure.at_most(MOST_ENTROPY));
    }
}

/// Returns the χ² figures of how samples spread over all operations.
fn evenness_figures(which: Vae, seed: u64, prior: &PriorAnswer) -> Vec<Figure> {
    let sizes = prior
        .covered
        .iter()
        .map(|covered| covered.coverage.argmax.samples);
    sizes
        .zip(&prior.evenness)
        .flat_map(|(samples, evenness)| {
            let of = |draw: &str, chi_squared: f64| {
                let named = |name: &str, value: f64| {
                    Figure::new(&format!("{draw} {name}"), which, value).sampled(samples, seed)
                };
                [
                    named("chi-squared", chi_squared),
                    named("chi-squared deviation", deviation(chi_squared)),
                ]
            };
            let argmax = of("argmax", evenness.argmax);
            argmax
                .into_iter()
                .chain(of("categorical", evenness.categorical))
        })
        .collect()
}

/// Returns the figures that follow from generator probabilities.
pub fn generator_figures(which: Vae, seed: u64, generator: &Generator) -> Vec<Figure> {
    let sampled =
        |name: &str, value: f64| Figure::new(name, which, value).sampled(generator.codes(), seed);
    let estimated = |name: &str, estimate: Estimate| {
        let mut figure = sampled(name, f64::NAN);
        figure.value = estimate.corrected.map(|found| found.value);
        figure.standard_error = estimate.corrected.map(|found| found.standard_error);
        figure.raw = Some(estimate.raw).filter(|raw| raw.is_finite());
        figure
    };
    let draws = generator.mean().draws_for(0.999, 0.0);
    let near = if draws.is_finite() { draws } else { 0.0 };
    let [
        information,
        likeliest,
        entropy,
        divergence,
        kl,
        sum,
        samples,
    ] = generator.estimates(|mean| {
        [
            mean.mutual_information(),
            mean.likeliest,
            mean.entropy(),
            mean.chi_squared_divergence(),
            mean.kl_from_uniform(),
            mean.sum(),
            mean.draws_for(0.999, near),
        ]
    });
    let m = OPERATIONS as f64;
    let effective = entropy.map(libm::exp, libm::exp);
    let log_likelihood = kl.map(|kl| -MOST_ENTROPY - kl, |_| 1.0);
    let perplexity = kl.map(|kl| m * libm::exp(kl), |kl| m * libm::exp(kl));
    let mut figures = vec![
        estimated("mutual information", information).at_most(MOST_ENTROPY),
        estimated("likeliest operation", likeliest).at_most(1.0),
        estimated("operation entropy", entropy).at_most(MOST_ENTROPY),
        estimated("effective operations", effective).at_most(m),
        estimated("chi-squared divergence", divergence),
        estimated("mean log-likelihood", log_likelihood).at_most(-MOST_ENTROPY),
        estimated("KL from uniform", kl),
        estimated("perplexity", perplexity),
        estimated("sum of probabilities", sum).at_most(1.0),
        estimated("samples for 99.9 %", samples),
    ];
    let expected = generator.estimates(|mean| mean.expected_coverages(&CURVE.map(f64::from)));
    figures.extend(CURVE.iter().zip(expected).map(|(samples, estimate)| {
        let figure = estimated("expected coverage", estimate);
        figure
            .at_most(super::ceiling(*samples))
            .of(format!("at N = {samples}"))
    }));
    let rare = generator.rare();
    figures.push(sampled("rare operations", rare.len() as f64));
    figures.extend(rare.iter().take(RAREST).map(|rare| {
        let mut figure = sampled("rare operation", rare.probability);
        figure.standard_error = Some(rare.standard_error);
        figure.of(label(rare.operation))
    }));
    figures
}

/// Returns the figures of certificates of version 0.1.0.
fn plain_figures(which: Vae, seed: u64, generator: &Generator) -> Vec<Figure> {
    type Take = fn(&Mean) -> f64;

    let mut figures = Vec::new();
    let sampled =
        |name: &str, value: f64| Figure::new(name, which, value).sampled(generator.codes(), seed);
    let estimated = |name: &str, estimate: Plain| {
        let mut figure = sampled(name, estimate.value);
        // With few codes some p(x) is 0, and figures of its logarithm do not exist.
        figure.standard_error = Some(estimate.standard_error).filter(|error| error.is_finite());
        let exists = |trend: &[f64; 2]| trend.iter().all(|value| value.is_finite());
        figure.trend = Some(estimate.trend).filter(exists);
        figure
    };
    let named: [(&str, Take, Option<f64>); 8] = [
        (
            "mutual information",
            Mean::mutual_information,
            Some(MOST_ENTROPY),
        ),
        ("likeliest operation", |mean| mean.likeliest, Some(1.0)),
        (
            "starved operations",
            |mean| mean.starved(STARVED) as f64,
            None,
        ),
        ("operation entropy", Mean::entropy, Some(MOST_ENTROPY)),
        (
            "mean log-likelihood",
            Mean::log_likelihood,
            Some(-MOST_ENTROPY),
        ),
        ("KL from uniform", Mean::kl_from_uniform, None),
        ("perplexity", Mean::perplexity, None),
        ("sum of probabilities", Mean::sum, Some(1.0)),
    ];
    for (name, take, ceiling) in named {
        let mut figure = estimated(name, generator.plain(take));
        figure.ceiling = ceiling;
        figures.push(figure);
    }
    let mean = generator.mean();
    let samples = mean.samples_for(0.999).unwrap_or(f64::NAN);
    figures.push(sampled("samples for 99.9 %", samples));
    for samples in CURVE {
        let expected = |mean: &Mean| mean.expected_coverage(f64::from(samples));
        let figure = estimated("expected coverage", generator.plain(expected));
        let ceiling = super::ceiling(samples);
        figures.push(figure.at_most(ceiling).of(format!("at N = {samples}")));
    }
    for (operation, p, error) in generator.lowest(RAREST) {
        let mut figure = sampled("rarest operation", p);
        figure.standard_error = Some(error);
        figures.push(figure.of(label(operation)));
    }
    figures
}

/// Measures coverage and probabilities of one VAE, and calls `watch` with the progress.
///
/// # Errors
/// Returns the device's failure.
pub fn measure_prior(
    evaluator: &Evaluator,
    scale: &MeasurementPlan,
    which: Vae,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<PriorAnswer, DeviceFailure> {
    let question = scale.question(which);
    let done = AtomicU32::new(0);
    let tick = |codes: u32| {
        watch(Progress {
            what: match which {
                Vae::A => "prior codes of A",
                Vae::B => "prior codes of B",
            },
            done: done.fetch_add(codes, Ordering::Relaxed) + codes,
            of: codes_needed(&question),
        });
    };
    sample_prior(evaluator, &question, &tick)
}

fn latent(evaluator: &Evaluator, which: Vae) -> Result<Latent, DeviceFailure> {
    let operations: Vec<Operation> = Operation::all().collect();
    let posteriors = evaluator.posteriors(which, &operations)?;
    let preserved = mean_preservation(&posteriors.mu, LATENT, &NEIGHBOURHOODS);
    Ok(Latent {
        entropy: latent_entropy(&posteriors.mu, LATENT),
        variances: variances(&posteriors.mu, LATENT),
        kl: mean_kl(&posteriors.mu, &posteriors.log_variance, LATENT),
        preservation: NEIGHBOURHOODS.into_iter().zip(preserved).collect(),
    })
}

fn latent_figures(which: Vae, latent: &Latent, figures: &mut Vec<Figure>) {
    let count = |predicate: &dyn Fn(f64) -> bool| {
        latent.variances.iter().filter(|v| predicate(**v)).count() as f64
    };
    figures.push(Figure::new("latent entropy", which, latent.entropy).at_most(50f64.ln()));
    let active = count(&|variance| variance > ACTIVE_VARIANCE);
    let collapsed = count(&|variance| variance < COLLAPSED_VARIANCE);
    figures.push(Figure::new("active dimensions", which, active).at_most(LATENT as f64));
    figures.push(Figure::new("collapsed dimensions", which, collapsed).at_most(LATENT as f64));
    for (name, values) in [
        ("variance of dimension", &latent.variances),
        ("KL of dimension", &latent.kl),
    ] {
        for (dimension, value) in values.iter().enumerate() {
            figures.push(Figure::new(name, which, *value).of(dimension.to_string()));
        }
    }
    for (k, share) in &latent.preservation {
        let figure = Figure::new("neighbourhood preservation", which, *share).at_most(1.0);
        figures.push(figure.of(format!("at k = {k}")));
    }
}

/// Returns index, trits and, where there is one, name of an operation.
fn label(operation: Operation) -> String {
    match operation.name() {
        Some(name) => format!("{} {operation} {name}", operation.index()),
        None => format!("{} {operation}", operation.index()),
    }
}
