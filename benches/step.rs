//! What training and looking cost on the CPU, part by part.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use burn::tensor::{DType, Device};
use criterion::{Criterion, criterion_group, criterion_main};
use fluxttice_core::config::{Config, Source};
use fluxttice_core::measure::{CoverageTask, Samples, TILE, posteriors};
use fluxttice_core::model::{DualVae, Which};
use fluxttice_core::run::built_in;
use fluxttice_core::space::Operation;
use fluxttice_core::training::{Advance, Trainer};

/// One training batch of 64 as the worker does it: shuffled rows, noise, forward, backward, step.
fn batch(c: &mut Criterion) {
    let few = ["eval_num_samples=1".to_owned()];
    let config = Config::load(Source::BuiltIn, &few).unwrap().config;
    let mut trainer = Trainer::new(&config, &Device::flex(), DType::F32);
    let mut steps = |n: u64| {
        let (mut done, mut spent) = (0, Duration::ZERO);
        while done < n {
            let began = Instant::now();
            let advance = trainer.advance().unwrap();
            // Validation and coverage lie between two epochs and are not counted.
            if let Advance::Batch(report) = advance {
                spent += began.elapsed();
                black_box(report.loss.loss);
                done += 1;
            }
        }
        spent
    };
    c.bench_function("training batch of 64", |b| b.iter_custom(&mut steps));
}

/// One tile of 4,096 prior codes: decoded, drawn, counted.
fn coverage(c: &mut Criterion) {
    let device = Device::flex();
    let model = DualVae::new(&built_in().unwrap().weights, &device, DType::F32);
    for which in Which::BOTH {
        let samples = Samples {
            categorical: 8 * TILE,
            argmax: 8 * TILE,
        };
        let fresh = || CoverageTask::new(which, samples, 0, 0);
        let mut task = fresh();
        c.bench_function(&format!("coverage tile of 4096, {}", which.name()), |b| {
            b.iter(|| {
                if task.tile(&model, &device, DType::F32).unwrap() {
                    task = fresh();
                }
            });
        });
    }
}

fn codes(c: &mut Criterion) {
    let device = Device::flex();
    let model = DualVae::new(&built_in().unwrap().weights, &device, DType::F32);
    let everything: Vec<Operation> = Operation::all().collect();
    let encode = || posteriors(&model, Which::A, &everything, &device, DType::F32).unwrap();
    let mut group = c.benchmark_group("codes");
    group.sample_size(20);
    group.bench_function("encode all 19683, a", |b| b.iter(encode));
    group.finish();
}

criterion_group!(benches, batch, coverage, codes);
criterion_main!(benches);
