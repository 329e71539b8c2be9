//! Members at once against the same members alone.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::TensorData;

use super::*;
use crate::config::tests::config;
use crate::device::{Chosen, DeviceSpec, choose};
use crate::model::{Batch, LATENT, TENSORS_TRAINED, Weights};
use crate::random::{Purpose, Stream};
use crate::space::{OPERATIONS, Operation};
use crate::training::OptimizerState;

const MEMBERS: usize = 3;
const ROWS: usize = 64;
/// Batches of one epoch here.
const EPOCH: u32 = 10;

/// Members that differ in everything in which they may.
fn configs() -> [Config; MEMBERS] {
    [
        &["free_bits=0.3"][..],
        &[
            "free_bits=0",
            "grad_clip=0.5",
            "vae_b.repulsion_weight=0",
            "beyond.statenet_rate=0.05",
        ],
        &[
            "free_bits=0.1",
            "model.gradient_balance=false",
            "optimizer.weight_decay=0.05",
            "vae_b.entropy_weight=0.2",
            "beyond.align_spread=true",
        ],
    ]
    .map(config)
}

fn scheduled(member: usize, epoch: u32) -> Scheduled {
    let shift = member as f64 + 0.1 * f64::from(epoch);
    Scheduled {
        phase: Some(1),
        rho: 0.1 + 0.15 * shift,
        lambda3: 0.3 + 0.1 * shift,
        temperature_a: 1.0 - 0.2 * shift,
        temperature_b: 0.9 - 0.1 * shift,
        beta_a: 0.2 + 0.3 * shift,
        beta_b: 0.1 + 0.2 * shift,
        learning_rate: 1e-3 * (1.0 + shift),
        latent_noise: 0.0,
        fresh_share: 0.0,
    }
}

/// The operations that a member is shown in a batch, and its noise.
fn material(member: usize, batch: u32) -> (Vec<Operation>, [Vec<f64>; 2]) {
    let operation = |row: usize| {
        let index = (row * 307 + member * 5_003 + batch as usize * 911) % OPERATIONS;
        Operation::new(index).unwrap()
    };
    let noise = [Purpose::NoiseA, Purpose::NoiseB].map(|purpose| {
        let mut numbers = vec![0.0; ROWS * LATENT];
        let stream = Stream::new(7 + member as u64, purpose, 0, batch);
        for (row, code) in (0..).zip(numbers.chunks_exact_mut(LATENT)) {
            stream.normals(row, code);
        }
        numbers
    });
    ((0..ROWS).map(operation).collect(), noise)
}

fn codes<const D: usize>(
    numbers: Vec<f64>,
    shape: [usize; D],
    (device, dtype): (&Device, DType),
) -> Tensor<D> {
    let data = TensorData::new(numbers, shape).convert_dtype(dtype);
    Tensor::from_data(data, (device, dtype))
}

fn alone(learner: &mut Learner, member: usize, batch: u32) -> BatchReport {
    let (operations, noise) = material(member, batch);
    let place = learner.placement();
    let tensors = Batch::new(operations.into_iter(), place.0, place.1);
    let noise = noise.map(|numbers| codes(numbers, [ROWS, LATENT], place));
    let scheduled = scheduled(member, batch / EPOCH);
    learner
        .train_batch(&tensors, noise, &scheduled, batch.is_multiple_of(EPOCH))
        .unwrap()
}

fn together(ensemble: &mut Ensemble, batch: u32) -> Vec<Result<BatchReport, StepError>> {
    together_with(ensemble, &[0, 1, 2], batch)
}

/// Trains these members of an ensemble on one batch each.
fn together_with(
    ensemble: &mut Ensemble,
    members: &[usize],
    batch: u32,
) -> Vec<Result<BatchReport, StepError>> {
    let of_members = members.iter().map(|member| material(*member, batch));
    let (operations, noise): (Vec<_>, Vec<_>) = of_members.unzip();
    let pairs: Vec<Vec<[Operation; 2]>> = operations
        .iter()
        .map(|all| all.iter().map(|one| [*one; 2]).collect())
        .collect();
    let place = ensemble.placement();
    let batches = Batches::of_pairs(&pairs, place.0, place.1).unwrap();
    let noise = [0, 1].map(|which: usize| {
        let numbers = noise
            .iter()
            .flat_map(|noise| noise[which].clone())
            .collect();
        codes(numbers, [members.len(), ROWS, LATENT], place)
    });
    let of_members = members.iter();
    let scheduled: Vec<Scheduled> = of_members
        .map(|member| scheduled(*member, batch / EPOCH))
        .collect();
    ensemble
        .train_batch(&batches, noise, &scheduled, batch.is_multiple_of(EPOCH))
        .unwrap()
}

fn start(seed: usize) -> Weights {
    Weights::fresh(42 + seed as u64)
}

fn begin(controller: &mut Controller, member: usize, epoch: u32, config: &Config) {
    let coverage = (epoch > 0).then_some([900, 1_500]);
    controller.begin_epoch(&scheduled(member, epoch), config, coverage);
}

fn learners(device: &Device, dtype: DType) -> Vec<Learner> {
    let of_members = configs().into_iter().enumerate();
    of_members
        .map(|(member, config)| Learner::new(&config, &start(member), device, dtype))
        .collect()
}

fn ensemble(device: &Device, dtype: DType) -> Ensemble {
    Ensemble::of(&learners(device, dtype)).unwrap()
}

/// Gives a member other weights and leaves everything else as it is.
fn replace(ensemble: &mut Ensemble, member: usize, change: impl Fn(&mut Weights)) {
    let mut learners: Vec<Learner> = (0..MEMBERS)
        .map(|one| ensemble.learner(one).unwrap())
        .collect();
    let mut weights = learners[member].weights().unwrap();
    change(&mut weights);
    learners[member].place(&weights);
    *ensemble = Ensemble::of(&learners).unwrap();
}

fn begin_all(ensemble: &mut Ensemble, epoch: u32) {
    for (member, config) in configs().iter().enumerate() {
        begin(
            ensemble.controller_mut(member).unwrap(),
            member,
            epoch,
            config,
        );
    }
}

/// Trained parameters in 64 bits, each with its members one after another.
#[derive(Default)]
struct Read(Vec<Vec<f64>>);

impl ModuleVisitor for Read {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().inner().try_into_vec_as().unwrap());
    }
}

fn read(module: &impl Module) -> Vec<Vec<f64>> {
    let mut read = Read::default();
    module.visit(&mut read);
    read.0.truncate(TENSORS_TRAINED);
    read.0
}

fn of_member(ensemble: &Ensemble, member: usize) -> Vec<Vec<f64>> {
    let all = read(&ensemble.network);
    all.iter()
        .map(|numbers| {
            let each = numbers.len() / MEMBERS;
            numbers[member * each..(member + 1) * each].to_vec()
        })
        .collect()
}

/// Largest difference in relation to the largest number of a tensor.
fn apart(one: &[Vec<f64>], other: &[Vec<f64>]) -> f64 {
    assert_eq!(one.len(), other.len());
    let of_tensors = one.iter().zip(other).map(|(one, other)| {
        assert_eq!(one.len(), other.len());
        let largest = one.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let differences = one.iter().zip(other).map(|(x, y)| (x - y).abs());
        differences.fold(0.0, f64::max) / largest
    });
    of_tensors.fold(0.0, f64::max)
}

fn terms(loss: &Loss) -> Vec<f64> {
    vec![
        loss.loss,
        loss.loss_a,
        loss.loss_b,
        loss.ce_a,
        loss.ce_b,
        loss.kl_a,
        loss.kl_b,
        loss.entropy_term_b,
        loss.repulsion_b,
        loss.entropy_alignment,
        loss.entropy_a,
        loss.entropy_b,
        loss.penalty,
    ]
}

fn figures(report: &BatchReport) -> Vec<f64> {
    let mut all = terms(&report.loss);
    all.extend([report.gradient.norm, report.gradient.coefficient]);
    all.extend(report.gradient.parts);
    if let Some(answer) = report.statenet {
        let lambdas = [
            answer.delta_lambda1,
            answer.delta_lambda2,
            answer.delta_lambda3,
        ];
        all.push(answer.delta_lr);
        all.extend(lambdas);
    }
    all
}

/// Validation of members at once against that of members alone.
fn validate(learners: &[Learner], ensemble: &Ensemble) {
    let (device, dtype) = (Device::flex(), DType::F64);
    let of_members = 0..learners.len();
    let batches = of_members.clone().map(|member| {
        let (operations, _) = material(member, 99);
        Batch::new(operations.into_iter(), &device, dtype)
    });
    let batches: Vec<Batch> = batches.collect();
    let scheduled: Vec<Scheduled> = of_members.map(|member| scheduled(member, 1)).collect();
    let stacked = Batches::stacked(&batches).unwrap();
    let found = ensemble.validate_batch(&stacked, &scheduled).unwrap();
    let of_members = learners.iter().zip(&batches).zip(scheduled);
    for (((learner, batch), scheduled), (found, found_seen)) in of_members.zip(found) {
        let model = learner.inference_model();
        let (loss, seen) = learner.validate_batch(&model, batch, &scheduled).unwrap();
        let (expected, found) = (terms(&loss), terms(&found));
        for (expected, found) in expected.iter().zip(&found) {
            assert!((expected - found).abs() < 1e-9, "{expected} {found}");
        }
        for (expected, found) in [
            (&seen.alone, &found_seen.alone),
            (&seen.coupled, &found_seen.coupled),
            (&seen.mu, &found_seen.mu),
        ] {
            assert!(!expected[0].is_empty() && apart(expected, found) < 1e-9);
        }
    }
}

#[test]
fn members_at_once_are_what_they_are_alone() {
    let processor = Device::flex();
    let mut learners = learners(&processor, DType::F64);
    let mut ensemble = ensemble(&processor, DType::F64);
    let before = of_member(&ensemble, 0);
    let mut losses = Vec::new();
    for batch in 0..2 * EPOCH {
        if batch % EPOCH == 0 {
            begin_all(&mut ensemble, batch / EPOCH);
            ensemble.teach_state_nets();
            for (member, (learner, config)) in learners.iter_mut().zip(configs()).enumerate() {
                begin(learner.controller_mut(), member, batch / EPOCH, &config);
                learner.teach_state_net();
            }
        }
        let found = together(&mut ensemble, batch);
        for (member, (learner, found)) in learners.iter_mut().zip(found).enumerate() {
            let (expected, found) = (alone(learner, member, batch), found.unwrap());
            assert_eq!(expected.statenet.is_some(), batch % EPOCH == 0);
            let (expected, found) = (figures(&expected), figures(&found));
            assert_eq!(expected.len(), found.len());
            for (which, (expected, found)) in expected.iter().zip(&found).enumerate() {
                let difference = (expected - found).abs() / expected.abs().max(1.0);
                assert!(
                    difference < 1e-9,
                    "batch {batch}, member {member}, figure {which}: {expected} {found}"
                );
            }
            losses.push(found[0]);
        }
    }
    validate(&learners, &ensemble);
    // They were not all the same, and none stayed where it was.
    assert!((losses[0] - losses[1]).abs() > 1e-3 && (losses[1] - losses[2]).abs() > 1e-3);
    assert!(apart(&before, &of_member(&ensemble, 0)) > 0.01);
    for (member, learner) in learners.iter().enumerate() {
        let difference = apart(&read(&learner.model()), &of_member(&ensemble, member));
        assert!(difference < 1e-9, "member {member}: {difference}");
        let (expected, found) = (learner.controller(), ensemble.controller(member).unwrap());
        let [a, b] = expected.gradient_emas;
        let [a, b] = [a - found.gradient_emas[0], b - found.gradient_emas[1]];
        assert!(a.abs() < 1e-9 && b.abs() < 1e-9, "member {member}: {a} {b}");
        let (expected, found) = (expected.learning_rate, found.learning_rate);
        assert!((expected - found).abs() < 1e-9, "{expected} {found}");
        // StateNet's tensors too: one of them was taught.
        let expected = learner.model().state_net.tensors().unwrap();
        let found = ensemble.learner(member).unwrap().weights().unwrap().tensors;
        let wide = |all: &[Vec<f32>]| -> Vec<Vec<f64>> {
            let wide = |numbers: &Vec<f32>| numbers.iter().copied().map(f64::from).collect();
            all.iter().map(wide).collect()
        };
        let biased: Vec<usize> = (0..expected.len())
            .filter(|tensor| expected[*tensor].iter().any(|number| *number != 0.0))
            .collect();
        let pick = |all: &[Vec<f32>]| -> Vec<Vec<f32>> {
            biased.iter().map(|tensor| all[*tensor].clone()).collect()
        };
        let (expected, found) = (pick(&expected), pick(&found[TENSORS_TRAINED..]));
        assert!(apart(&wide(&expected), &wide(&found)) < 1e-6);
    }
    assert!(
        learners[1].model().state_net.tensors().unwrap() != start(1).tensors[TENSORS_TRAINED..]
    );
}

/// Every bit of a member.
fn bits(ensemble: &Ensemble, member: usize) -> (Weights, OptimizerState, Controller, Vec<u64>) {
    let numbers = of_member(ensemble, member).concat();
    let learner = ensemble.learner(member).unwrap();
    (
        learner.weights().unwrap(),
        learner.optimizer().unwrap(),
        ensemble.controller(member).unwrap().clone(),
        numbers.into_iter().map(f64::to_bits).collect(),
    )
}

fn a_member_that_diverges_harms_no_other(dtype: DType, spoil: impl Fn(&mut Ensemble)) {
    let new = || ensemble(&Device::flex(), dtype);
    let (mut healthy, mut ill) = (new(), new());
    for ensemble in [&mut healthy, &mut ill] {
        begin_all(ensemble, 0);
    }
    let mut diverged = 0;
    for batch in 0..6 {
        if batch == 2 {
            spoil(&mut ill);
        }
        let before = bits(&ill, 1);
        let expected = together(&mut healthy, batch);
        let found = together(&mut ill, batch);
        for member in [0, 2] {
            assert_eq!(expected[member], found[member]);
        }
        if let Err(error) = &found[1] {
            assert!(matches!(error, StepError::Diverged { .. }), "{error}");
            // No step, nothing forgotten: bits, for what is no number equals nothing.
            let after = bits(&ill, 1);
            let same = before.1 == after.1 && before.2 == after.2 && before.3 == after.3;
            assert!(same, "a step was taken in batch {batch}");
            diverged += 1;
        }
    }
    assert!(diverged >= 2, "{diverged}");
    for member in [0, 2] {
        let same = bits(&healthy, member) == bits(&ill, member);
        assert!(same, "member {member} is another");
    }
    // Given other numbers it goes on.
    let mut learners: Vec<Learner> = (0..MEMBERS).map(|one| ill.learner(one).unwrap()).collect();
    learners[1] = healthy.learner(1).unwrap();
    assert!(together(&mut Ensemble::of(&learners).unwrap(), 6)[1].is_ok());
}

#[test]
fn a_learning_rate_without_bounds_harms_no_other() {
    for dtype in [DType::F32, DType::F64] {
        a_member_that_diverges_harms_no_other(dtype, |ensemble| {
            ensemble.controller_mut(1).unwrap().learning_rate = f64::INFINITY;
        });
    }
}

#[test]
fn weights_that_are_no_numbers_harm_no_other() {
    for dtype in [DType::F32, DType::F64] {
        a_member_that_diverges_harms_no_other(dtype, |ensemble| {
            replace(ensemble, 1, |weights| {
                weights.tensors[0][3] = f32::NAN;
                weights.tensors[20][5] = f32::INFINITY;
            });
        });
    }
}

/// Few steps, on whatever adapter there is, a software rasteriser included: its kernels are compiled as
/// they are met. One member diverges.
#[test]
fn members_at_once_through_wgpu() {
    let chosen = choose(DeviceSpec::Gpu(None)).or_else(|_| choose(DeviceSpec::Software));
    let Ok(Chosen { device, .. }) = chosen else {
        eprintln!("skipped: no graphics adapter, not even a software one, on this machine");
        return;
    };
    let mut learners = learners(&device, DType::F32);
    let mut ensemble = ensemble(&device, DType::F32);
    begin_all(&mut ensemble, 0);
    for (member, (learner, config)) in learners.iter_mut().zip(configs()).enumerate() {
        begin(learner.controller_mut(), member, 0, &config);
    }
    for batch in 0..3 {
        let found = together(&mut ensemble, batch);
        for member in [0, 2] {
            let expected = alone(&mut learners[member], member, batch);
            let found = found[member].as_ref().unwrap();
            let (expected, found) = (figures(&expected), figures(found));
            for (which, (expected, found)) in expected.iter().zip(&found).enumerate() {
                // A value that crosses a bin's edge in 32 bits moves H, and the loss by it.
                let difference = (expected - found).abs() / expected.abs().max(1.0);
                assert!(
                    difference < 2e-3,
                    "batch {batch}, member {member}, figure {which}: {expected} {found}"
                );
            }
        }
        assert_eq!(found[1].is_err(), batch == 2);
        if batch == 1 {
            // Not a number that a GPU could make finite: every product of it is none.
            replace(&mut ensemble, 1, |weights| weights.tensors[1][3] = f32::NAN);
        }
    }
    for member in [0, 2] {
        let expected = learners[member].weights().unwrap();
        let found = ensemble.learner(member).unwrap().weights().unwrap();
        for (expected, found) in expected.tensors.iter().zip(&found.tensors) {
            let largest = expected.iter().fold(0f32, |most, x| most.max(x.abs()));
            let apart = expected
                .iter()
                .zip(found)
                .map(|(x, y)| (x - y).abs() / largest);
            // Adam's first steps are as large where a gradient is next to nothing: the mean tells.
            let mean = apart.sum::<f32>() / expected.len() as f32;
            assert!(largest == 0.0 || mean < 1e-3, "member {member}: {mean}");
        }
    }
}

#[test]
fn a_member_leaves_and_goes_on_alone() {
    let processor = Device::flex();
    for dtype in [DType::F32, DType::F64] {
        let mut ensemble = ensemble(&processor, dtype);
        begin_all(&mut ensemble, 0);
        for batch in 0..5 {
            together(&mut ensemble, batch);
        }
        // StateNet of member 1 is taught: what it was taught by goes with it.
        let mut left = ensemble.learner(1).unwrap();
        let mut others = ensemble.only(&[0, 2]).unwrap();
        assert_eq!(others.members(), MEMBERS - 1);
        for batch in 5..EPOCH {
            let found = alone(&mut left, 1, batch);
            let expected = together(&mut ensemble, batch);
            let stayed = together_with(&mut others, &[0, 2], batch);
            assert_eq!(stayed[0], expected[0]);
            assert_eq!(stayed[1], expected[2]);
            let expected = expected[1].as_ref().unwrap();
            let difference = (expected.loss.loss - found.loss.loss).abs();
            let most = if dtype == DType::F64 { 1e-9 } else { 1e-3 };
            assert!(difference < most, "{dtype:?}: {difference}");
        }
        left.teach_state_net();
        ensemble.teach_state_nets();
        let taught = ensemble.learner(1).unwrap();
        let [found, expected] = [&left, &taught].map(|learner| learner.weights().unwrap());
        let untaught = &start(1).tensors[TENSORS_TRAINED..];
        let [found, expected] =
            [found, expected].map(|all| all.tensors[TENSORS_TRAINED..].to_vec());
        assert!(found != untaught);
        let flat = found.concat().into_iter().zip(expected.concat());
        let difference = flat.fold(0f32, |most, (x, y)| most.max((x - y).abs()));
        assert!(difference < 1e-5, "{dtype:?}: {difference}");
    }
}

#[test]
fn what_cannot_be_trained_at_once_is_refused_and_said() {
    let device = Device::flex();
    let make = |members: &[(Config, Weights)]| {
        let learners = members.iter();
        let learners =
            learners.map(|(config, weights)| Learner::new(config, weights, &device, DType::F32));
        Ensemble::of(&learners.collect::<Vec<_>>())
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert!(make(&[]).contains("expected 1, found 0"));
    let plain = (config(&[]), start(0));
    let beyond = (config(&["beyond.consistency=0.1"]), start(1));
    let told = make(&[plain.clone(), beyond.clone()]);
    assert!(
        told.contains("member 1 sets `beyond.consistency`"),
        "{told}"
    );
    let wide = Architecture {
        width: 2,
        ..Architecture::PUBLISHED
    };
    let wide = (config(&["beyond.width=2"]), Weights::start(wide, 3));
    let told = make(&[plain.clone(), plain.clone(), wide]);
    assert!(told.contains("in member 2"), "{told}");

    let mut ensemble = ensemble(&device, DType::F32);
    assert!(ensemble.set_config(1, &beyond.0).is_err());
    assert!(ensemble.only(&[]).is_err() && ensemble.only(&[0, 3]).is_err());
    let absent = ensemble.learner(3).unwrap_err().to_string();
    assert_eq!(absent, "no member 3: there are 3, from 0");
    let place = ensemble.placement();
    let pairs = vec![vec![[Operation::new(5).unwrap(); 2]; 4]; MEMBERS];
    let batches = Batches::of_pairs(&pairs, place.0, place.1).unwrap();
    let zeros = |rows: usize| codes(vec![0.0; 3 * rows * LATENT], [3, rows, LATENT], place);
    let (few, enough) = ([zeros(4), zeros(3)], [zeros(4), zeros(4)]);
    let scheduled: Vec<Scheduled> = (0..3).map(|member| scheduled(member, 0)).collect();
    let told = ensemble.train_batch(&batches, few, &scheduled, false);
    let told = told.unwrap_err().to_string();
    assert_eq!(told, "rows of noise: expected 4, found 3");
    let told = ensemble.train_batch(&batches, enough, &scheduled[1..], false);
    let told = told.unwrap_err().to_string();
    assert_eq!(told, "schedules: expected 3, found 2");
}
