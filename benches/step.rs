//! What training and looking cost on the CPU, part by part.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use burn::tensor::{DType, Device};
use criterion::{Criterion, criterion_group, criterion_main};
use fluxttice_core::config::{Config, Source};
use fluxttice_core::device::read_all;
use fluxttice_core::measure::{CoverageTask, Samples, TILE, posteriors};
use fluxttice_core::model::{
    Batch, Batches, Coupling, DualVae, LATENT, LossWeights, Weights, codes_tensor, flattened,
    loss_graph,
};
use fluxttice_core::numbers::count32;
use fluxttice_core::random::{Purpose, Stream};
use fluxttice_core::run::built_in;
use fluxttice_core::schedule::Schedule;
use fluxttice_core::space::{OPERATIONS, Operation};
use fluxttice_core::training::{
    Advance, Clipped, Ensemble, FlatGradients, Learner, ParamStore, StepParams, Trainer,
};
use fluxttice_core::vae::Vae;

/// One training batch of 64 as the worker does it: shuffled rows, noise, forward, backward, step.
fn batch(c: &mut Criterion) {
    let config = Config::load(Source::BuiltIn, &["eval_num_samples=1".to_owned()]);
    let config = config.unwrap().config;
    let trainer = Trainer::new(&config, &Device::flex(), DType::F32);
    batches(c, "training batch of 64", trainer);
}

/// The same after three hundred epochs of 15 batches: no process may become slower as it goes on.
fn late_batch(c: &mut Criterion) {
    let few = [
        "eval_num_samples=1",
        "train_split=0.05",
        "val_split=0.01",
        "test_split=0.94",
    ];
    let config = Config::load(Source::BuiltIn, &few.map(str::to_owned));
    let config = config.unwrap().config;
    let mut trainer = Trainer::new(&config, &Device::flex(), DType::F32);
    while trainer.epoch() < 300 {
        trainer.advance().unwrap();
    }
    batches(c, "training batch of 64 after 300 epochs", trainer);
}

fn batches(c: &mut Criterion, name: &str, mut trainer: Trainer) {
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
    c.bench_function(name, |b| b.iter_custom(&mut steps));
}

/// Sizes of the populations that are trained at once.
const POPULATIONS: [usize; 3] = [1, 2, 8];

/// A batch of 64 of each member of a population at once, per member: to be held against a batch alone.
fn population(c: &mut Criterion) {
    let config = Config::load(Source::BuiltIn, &[]).unwrap().config;
    let scheduled = Schedule::new(&config).at(60, false);
    let mut group = c.benchmark_group("a member's batch of 64");
    group.bench_function("alone", |b| {
        let mut core = Learner::new(&config, &Weights::fresh(42), &Device::flex(), DType::F32);
        core.controller_mut().begin_epoch(&scheduled, &config, None);
        b.iter(|| {
            let place = core.placement();
            let batch = Batch::new(operations(0).into_iter(), place.0, place.1);
            let noise = noises(1).map(|numbers| codes_tensor(numbers, place.0, place.1));
            let report = core.train_batch(&batch, noise, &scheduled, false).unwrap();
            black_box(report.loss.loss)
        });
    });
    for members in POPULATIONS {
        let of_seed =
            |seed| Learner::new(&config, &Weights::fresh(seed), &Device::flex(), DType::F32);
        let cores: Vec<_> = (0..members as u64).map(of_seed).collect();
        let mut ensemble = Ensemble::of(&cores).unwrap();
        for member in 0..members {
            let controller = ensemble.controller_mut(member).unwrap();
            controller.begin_epoch(&scheduled, &config, None);
        }
        let scheduled = vec![scheduled; members];
        let mut step = || {
            let place = ensemble.placement();
            let pairs = (0..members).map(|member| operations(member).map(|one| [one; 2]).to_vec());
            let pairs: Vec<_> = pairs.collect();
            let batches = Batches::of_pairs(&pairs, place.0, place.1).unwrap();
            let noise = noises(members).map(|numbers| {
                let codes = codes_tensor(numbers, place.0, place.1);
                codes.reshape([members, 64, LATENT])
            });
            let reports = ensemble.train_batch(&batches, noise, &scheduled, false);
            black_box(reports.unwrap().len());
        };
        group.bench_function(format!("population of {members}"), |b| {
            b.iter_custom(|n| {
                let began = Instant::now();
                (0..n).for_each(|_| step());
                began.elapsed() / count32(members)
            });
        });
    }
    group.finish();
}

/// 64 operations, others for every member.
fn operations(member: usize) -> [Operation; 64] {
    std::array::from_fn(|row| Operation::new((row * 307 + member * 5_003) % OPERATIONS).unwrap())
}

/// ε of A and B of a batch of 64 of each member, row by row.
fn noises(members: usize) -> [Vec<f64>; 2] {
    [Purpose::NoiseA, Purpose::NoiseB].map(|purpose| {
        let mut numbers = vec![0.0; members * 64 * LATENT];
        let stream = Stream::new(42, purpose, 0, 0);
        for (row, code) in (0..).zip(numbers.chunks_exact_mut(LATENT)) {
            stream.normals(row, code);
        }
        numbers
    })
}

/// A whole epoch of the published configuration: 247 batches, validation, 2 × 195,000 codes counted.
fn epoch(c: &mut Criterion) {
    let config = Config::load(Source::BuiltIn, &[]).unwrap().config;
    let mut trainer = Trainer::new(&config, &Device::flex(), DType::F32);
    let mut group = c.benchmark_group("epoch");
    group.sample_size(10);
    group.bench_function("published, coverage counted", |b| {
        b.iter(|| while !matches!(trainer.advance().unwrap(), Advance::Epoch(_)) {});
    });
    group.finish();
}

/// What a training step is made of.
const PARTS: [&str; 4] = [
    "forward and loss",
    "backward",
    "read back and clip",
    "optimizer",
];

/// The parts of a training step apart, on one batch that is the same every time.
fn parts(c: &mut Criterion) {
    let device = Device::flex().autodiff();
    let place = (&device, DType::F32);
    let weights = Weights::fresh(42);
    let architecture = weights.architecture;
    let mut trained = ParamStore::new(architecture, vec![flattened(&weights)], place.0, place.1);
    let mut model = DualVae::new(&weights, place.0, place.1);
    let batch = Batch::new(Operation::all().step_by(307).take(64), place.0, place.1);
    let weights = LossWeights {
        beta_a: 0.3,
        beta_b: 0.2,
        lambda1: 0.7,
        lambda2: 0.7,
        lambda3: 0.3,
        free_bits: 0.5,
        entropy_weight: 0.05,
        repulsion_weight: 0.01,
        align_spread: false,
        scale_a: 1.0,
        scale_b: 1.0,
    };
    let noise = |purpose| {
        let mut numbers = vec![0.0; 64 * LATENT];
        Stream::new(42, purpose, 0, 0).normals(0, &mut numbers);
        codes_tensor(numbers, place.0, place.1)
    };
    let epsilon = [Purpose::NoiseA, Purpose::NoiseB].map(noise);
    let mut step = || -> [Duration; PARTS.len()] {
        let began = Instant::now();
        let coupling = Coupling {
            rho: 0.3,
            noise: Some(epsilon.clone().map(|epsilon| (epsilon, 1.0))),
            jitter: None,
        };
        let graph = loss_graph(&model.forward(batch.x.clone(), coupling), &batch, &weights);
        let forward = Instant::now();
        let gradients = graph.objective.clone().backward();
        let gradient = FlatGradients::collect(&model.vaes, gradients, 1, trained.places());
        let backward = Instant::now();
        let asked = graph.figures().into_iter().chain([gradient.squares()]);
        let asked = asked.chain(gradient.probes().iter().cloned());
        let read = read_all(asked.collect()).unwrap();
        // The eight figures of the loss come first.
        let clipped = Clipped::new(trained.places().squared_norms(&read[8]), 1.0);
        let clip = Instant::now();
        let stride = StepParams {
            coefficient: clipped.coefficient,
            learning_rate: 1e-3,
            weight_decay: 1e-4,
        };
        trained.step(gradient, &[Some(stride)]).unwrap();
        model.vaes = trained.network();
        [
            forward - began,
            backward - forward,
            clip - backward,
            clip.elapsed(),
        ]
    };
    let mut group = c.benchmark_group("training step");
    for (place, part) in PARTS.into_iter().enumerate() {
        group.bench_function(part, |b| {
            b.iter_custom(|n| (0..n).map(|_| step()[place]).sum());
        });
    }
    group.finish();
}

/// One tile of prior codes: decoded, drawn, counted.
fn coverage(c: &mut Criterion) {
    let device = Device::flex();
    let model = DualVae::new(&built_in().unwrap().weights, &device, DType::F32);
    for which in Vae::BOTH {
        let samples = Samples {
            categorical: 8 * TILE,
            argmax: 8 * TILE,
        };
        let fresh = || CoverageTask::new(which, samples, 0, 0);
        let mut task = fresh();
        c.bench_function(&format!("coverage tile of 16384, {}", which.name()), |b| {
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
    let encode = || posteriors(&model, Vae::A, &everything, &device, DType::F32).unwrap();
    let mut group = c.benchmark_group("codes");
    group.sample_size(20);
    group.bench_function("encode all 19683, a", |b| b.iter(encode));
    group.finish();
}

criterion_group!(
    benches, batch, late_batch, population, parts, epoch, coverage, codes
);
criterion_main!(benches);
