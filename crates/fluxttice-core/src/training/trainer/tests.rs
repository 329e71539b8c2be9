//! Trainers of one group against the same trainers alone.

use std::ops::ControlFlow;

use super::*;
use crate::config::tests::config as built_in;
use crate::disruption::Disruption;
use crate::training::Controller;

/// Seven batches of 64 or fewer, then four of validation.
const SMALL: [&str; 4] = [
    "train_split=0.02",
    "val_split=0.01",
    "test_split=0.97",
    "eval_num_samples=300",
];
const BATCHES: usize = 7;

fn config(seed: u64, set: &[&str]) -> Config {
    let set: Vec<&str> = SMALL.iter().chain(set).copied().collect();
    Config {
        seed,
        ..built_in(&set)
    }
}

fn trainer(seed: u64, set: &[&str]) -> Trainer {
    Trainer::new(&config(seed, set), &Device::flex(), DType::F64)
}

/// Result of a trainer.
struct Course {
    records: Vec<Arc<EpochRecord>>,
    /// True for each batch that was trained on with others.
    together: Vec<bool>,
    end: Snapshot,
    error: Option<StepError>,
}

/// Called before a batch; breaks to end the training.
type Before<'a> = &'a (dyn Fn(&mut Trainer, usize, u32, u32) -> ControlFlow<()> + Sync);

/// Trains a member for so many epochs.
fn course(mut trainer: Trainer, member: usize, epochs: u32, before: Before) -> Course {
    let (mut records, mut together, mut error) = (Vec::new(), Vec::new(), None);
    while trainer.epoch() < epochs {
        let (epoch, batch) = (trainer.epoch(), trainer.batch());
        if before(&mut trainer, member, epoch, batch).is_break() {
            break;
        }
        match trainer.advance() {
            Ok(Advance::Batch(_)) => together.push(trainer.strategy.is_batched()),
            Ok(Advance::Epoch(report)) => records.push(report.record),
            Ok(Advance::Measured | Advance::Waiting) => {}
            Err(diverged) => {
                error = Some(diverged);
                break;
            }
        }
    }
    let end = trainer.snapshot().unwrap();
    Course {
        records,
        together,
        end,
        error,
    }
}

/// Trains several members at one table, each on a thread.
fn courses(trainers: Vec<Trainer>, epochs: u32, before: Before) -> Vec<Course> {
    let handles = GroupHandle::group_of(trainers.len()).unwrap();
    std::thread::scope(|scope| {
        let seated = trainers.into_iter().zip(handles).enumerate();
        let threads = seated.map(|(member, (trainer, handle))| {
            let trainer = trainer.in_group(Some(handle));
            scope.spawn(move || course(trainer, member, epochs, before))
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn figures(record: &EpochRecord) -> Vec<f64> {
    let terms = [record.train, record.validation];
    let terms = terms.into_iter().flat_map(|terms| {
        let serde_json::Value::Object(terms) = serde_json::to_value(terms).unwrap() else {
            unreachable!("terms are an object")
        };
        terms
            .into_values()
            .map(|value| value.as_f64().unwrap_or(-1.0))
    });
    let mut all: Vec<f64> = terms.collect();
    assert!(all.len() > 12);
    all.extend([record.lambda1, record.lambda2, record.lambda3]);
    all.extend([record.learning_rate.corrected, record.gradient.norm_a]);
    all.extend([record.gradient.norm_b, record.gradient.ratio, record.rho]);
    all
}

fn same(expected: &Course, found: &Course) {
    assert_eq!(expected.records.len(), found.records.len());
    for (expected, found) in expected.records.iter().zip(&found.records) {
        assert!(expected.latent.is_some() && expected.latent == found.latent);
        let both = figures(expected).into_iter().zip(figures(found));
        for (which, (expected, found)) in both.enumerate() {
            let difference = (expected - found).abs() / expected.abs().max(1.0);
            assert!(difference < 1e-9, "figure {which}: {expected} {found}");
        }
        assert_eq!(expected.coverage, found.coverage);
    }
    same_numbers(&expected.end, &found.end);
}

fn same_numbers(expected: &Snapshot, found: &Snapshot) {
    let apart = |one: &[f32], other: &[f32]| {
        let pairs = one.iter().zip(other);
        pairs.fold(0f32, |most, (x, y)| most.max((x - y).abs()))
    };
    assert_eq!(expected.optimizer.steps, found.optimizer.steps);
    for (expected, found) in expected.weights.tensors.iter().zip(&found.weights.tensors) {
        assert!(apart(expected, found) < 1e-6);
    }
    let moments = expected.optimizer.moments.iter();
    for (expected, found) in moments.zip(&found.optimizer.moments) {
        assert_eq!(expected.len(), found.len());
        assert!(apart(expected, found) < 1e-6);
    }
    let emas = |controller: &Controller| controller.gradient_emas;
    let (expected, found) = (&expected.state.controller, &found.state.controller);
    let pairs = emas(expected).into_iter().zip(emas(found));
    assert!(pairs.into_iter().all(|(x, y)| (x - y).abs() < 1e-9));
}

/// Holds members at one table against the same ones alone.
fn all_same(trainers: impl Fn() -> Vec<Trainer>, epochs: u32, before: Before) -> Vec<Course> {
    let found = courses(trainers(), epochs, before);
    for (member, (trainer, found)) in trainers().into_iter().zip(&found).enumerate() {
        let expected = course(trainer, member, epochs, before);
        assert!(!expected.together.contains(&true));
        same(&expected, found);
    }
    found
}

const GO_ON: ControlFlow<()> = ControlFlow::Continue(());

#[test]
fn trainers_at_one_table_are_what_they_are_alone() {
    let trainers = || {
        let taught: &[&str] = &["beyond.statenet_rate=0.05"];
        vec![trainer(1, &[]), trainer(2, taught), trainer(3, &[])]
    };
    // The codes of one are disturbed in its second epoch.
    let found = all_same(trainers, 3, &|trainer, member, epoch, batch| {
        if member == 2 && (epoch, batch) == (1, 0) && trainer.disruptions().is_empty() {
            let disruption = Disruption {
                kind: DisruptionKind::LatentNoise,
                amplitude: 0.5,
                epochs: 1,
                shape: crate::disruption::Shape::default(),
                cooldown: 0,
            };
            trainer.steer(&mut Steer::Disrupt { disruption }).unwrap();
        }
        GO_ON
    });
    for course in &found {
        assert_eq!(course.together, vec![true; 3 * BATCHES]);
    }
    let losses = |which: usize| found[which].records[0].train.loss;
    assert!(
        (losses(0) - losses(1)).abs() > 1e-3,
        "each has its own seed"
    );
    assert!(found[2].records[1].latent_noise > 0.0);
}

#[test]
fn who_leaves_in_the_middle_is_not_waited_for_and_has_all_it_learned() {
    let trainers = || vec![trainer(1, &[]), trainer(2, &[]), trainer(3, &[])];
    let found = all_same(trainers, 2, &|trainer, member, epoch, batch| {
        if member == 1 && (epoch, batch) == (0, 4) {
            trainer.leave_group().unwrap();
        }
        GO_ON
    });
    let alone = found[1].together.iter().position(|together| !together);
    assert_eq!(alone, Some(4));
    assert_eq!(found[0].together, vec![true; 2 * BATCHES]);
}

#[test]
fn a_state_in_the_middle_of_an_epoch_is_that_of_the_batch() {
    let trainers = || vec![trainer(1, &[]), trainer(2, &[])];
    let found = all_same(trainers, 1, &|_, _, _, batch| match batch {
        5 => ControlFlow::Break(()),
        _ => GO_ON,
    });
    assert_eq!(found[0].end.state.batch, 5);
    assert_eq!(found[0].end.optimizer.steps, 5);
}

#[test]
fn what_only_a_model_alone_has_is_trained_alone() {
    let trainers = || {
        let certain: &[&str] = &["beyond.certainty=0.1"];
        vec![trainer(1, &[]), trainer(2, certain), trainer(3, &[])]
    };
    // One asks for it in the middle of an epoch.
    let found = all_same(trainers, 2, &|trainer, member, epoch, batch| {
        if member == 2 && (epoch, batch) == (0, 3) && trainer.edits().is_empty() {
            let mut steer = Steer::Set {
                key: "beyond.certainty".to_owned(),
                value: "0.2".to_owned(),
                was: None,
                why: None,
            };
            trainer.steer(&mut steer).unwrap();
        }
        GO_ON
    });
    let together = |member: usize| found[member].together.iter().filter(|one| **one).count();
    assert_eq!([0, 1, 2].map(together), [BATCHES, 0, 3]);
}

#[test]
fn one_that_diverges_ends_and_the_others_go_on() {
    let trainers = || {
        let wild: &[&str] = &[
            "optimizer.weight_decay=1000000",
            "optimizer.lr_schedule=[{epoch: 0, lr: 1.0}]",
        ];
        vec![trainer(1, &[]), trainer(2, wild), trainer(3, &[])]
    };
    let found = all_same(trainers, 2, &|_, _, _, _| GO_ON);
    let error = &found[1].error;
    assert!(
        matches!(error, Some(StepError::Diverged { .. })),
        "{error:?}"
    );
    assert_eq!(found[2].together, vec![true; 2 * BATCHES]);
}
