//! Measures the claims that the definitions of figures make about untrained weights.

use std::collections::BTreeSet;

use fluxttice_core::config::{Config, Source};
use fluxttice_core::measure::{
    CoverageReport, Evaluator, Figure, MeasurementPlan, RunFacts, definition, definitions,
};
use fluxttice_core::model::Weights;
use fluxttice_core::run::built_in;
use fluxttice_core::training::Split;

/// Weights of a run of the published configuration.
const PUBLISHED: &[u8] = include_bytes!("../../../../assets/published/weights.safetensors");

fn figures(weights: &Weights) -> Vec<Figure> {
    let config = Config::load(Source::BuiltIn, &[]).unwrap().config;
    let split = Split::new(&config);
    let run = RunFacts {
        rho: 0.3,
        validation: split.validation.into_iter().collect(),
        test: split.test.into_iter().collect(),
    };
    let scale = MeasurementPlan {
        seed: 0,
        samples: vec![20_000],
        probability_codes: 200_000,
    };
    let report = CoverageReport::measure(&Evaluator::new(weights), &scale, Some(&run), &|_| {});
    report.unwrap().figures()
}

#[test]
fn every_figure_that_claims_to_ranks_untrained_weights_below_trained_ones() {
    let trained = figures(&built_in().unwrap().weights);
    let names: BTreeSet<&str> = trained.iter().map(|figure| figure.name.as_str()).collect();
    let defined = definitions().map(|d| d.name);
    // Where none stands out, none is named.
    let defined: BTreeSet<&str> = defined.filter(|name| *name != "rare operation").collect();
    assert_eq!(names, defined, "a figure for every definition and no other");
    for seed in [0, 7] {
        for (trained, fresh) in trained.iter().zip(figures(&Weights::fresh(seed))) {
            let claims = definition(&trained.name).unwrap().ranks_untrained_below;
            let (Some(good), Some(bad)) = (trained.value, fresh.value) else {
                // With so few codes, figures of ln p(x) do not exist for a model whose codes are certain.
                assert!(!claims, "{} of {}", trained.title(), trained.vae);
                continue;
            };
            let better = if trained.name == "decode entropy" {
                good < bad
            } else {
                good > bad
            };
            assert!(
                better || !claims,
                "{} of {}, untrained seed {seed}: {good} against {bad}",
                trained.title(),
                trained.vae
            );
        }
    }
}

#[test]
fn categorical_coverage_alone_would_rank_untrained_weights_first() {
    let of = |weights: &Weights| {
        let figures = figures(weights);
        let found = figures.iter().find(|f| f.name == "categorical coverage");
        found.unwrap().value.unwrap()
    };
    let published = Weights::from_bytes(PUBLISHED).unwrap();
    let (trained, fresh) = (of(&published), of(&Weights::fresh(0)));
    assert!(
        fresh > trained,
        "{fresh} {trained}: the warning in the definition is wrong"
    );
}
