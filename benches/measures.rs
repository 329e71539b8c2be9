//! Codes a second: coverage alone, and with the probabilities of all operations.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use fluxttice_core::measure::displacement::displacements;
use fluxttice_core::measure::neighbours::{Centre, Metric, Search, nearest};
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::measure::{Evaluator, PriorQuestion, mean_preservation, sample_prior};
use fluxttice_core::model::LATENT;
use fluxttice_core::run::built_in;
use fluxttice_core::space::Operation;
use fluxttice_core::space::query::Query;
use fluxttice_core::vae::{Scope, Vae};

const CODES: u32 = 65_536;

fn measures(criterion: &mut Criterion) {
    let evaluator = Evaluator::new(&built_in().unwrap().weights);
    let mut group = criterion.benchmark_group("prior codes");
    group.throughput(Throughput::Elements(u64::from(CODES)));
    group.sample_size(10);
    for which in Vae::BOTH {
        for (name, probability_codes) in [("coverage", 0), ("coverage and probabilities", CODES)] {
            let question = PriorQuestion {
                which,
                seed: 0,
                samples: vec![CODES],
                probability_codes,
            };
            group.bench_function(format!("{name} of {}", which.name()), |bencher| {
                bencher.iter(|| sample_prior(&evaluator, &question, &|_| {}).unwrap());
            });
        }
    }
    group.finish();
    let mut group = criterion.benchmark_group("all operations");
    group.sample_size(10);
    let everything: Vec<Operation> = Operation::all().collect();
    group.bench_function("encoded by A", |bencher| {
        bencher.iter(|| evaluator.posteriors(Vae::A, &everything).unwrap());
    });
    let codes = evaluator.posteriors(Vae::A, &everything).unwrap().mu;
    group.bench_function("neighbourhood preservation, k = 10 and 100", |bencher| {
        bencher.iter(|| mean_preservation(&codes, LATENT, &[10, 100]));
    });
    let spaces = evaluator.spaces().unwrap();
    for metric in Metric::ALL {
        for space in Scope::ALL {
            let centre = Centre::Operation(everything[7_153]);
            let search = Search::nearest(metric, 100);
            let name = format!("100 nearest, {}, {}", metric.name(), space.title());
            group.bench_function(name, |bencher| {
                bencher.iter(|| nearest(spaces.of(space), &centre, &search));
            });
        }
    }
    group.bench_function("plane of A", |bencher| {
        bencher.iter(|| Projection::new(spaces.of(Scope::A)));
    });
    group.bench_function("A's codes laid on B's", |bencher| {
        bencher.iter(|| displacements(spaces.of(Scope::A), spaces.of(Scope::B)));
    });
    group.bench_function("an expression", |bencher| {
        let query: Query = "commutative & !associative & entropy > 1".parse().unwrap();
        bencher.iter(|| query.operations());
    });
    group.finish();
}

criterion_group!(benches, measures);
criterion_main!(benches);
