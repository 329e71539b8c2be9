//! Experiments on a run small enough to be trained in a second.

use std::path::Path;

use super::*;
use crate::config::{Config, Source};
use crate::device::choose;
use crate::disruption::{Disruption, DisruptionKind};
use crate::record::{EpochRecord, Seconds};
use crate::run::{Disk, RunFolder, read_metrics};
use crate::session::message::Event;
use crate::session::{Plan, RunLocation, Session};
use crate::training::{Planned, Steer};

const EPOCH: u32 = 2;
const HORIZON: u32 = 3;

fn small() -> Config {
    let overrides = [
        "train_split=0.02",
        "val_split=0.01",
        "test_split=0.97",
        "eval_num_samples=2000",
        "free_bits=0",
        "checkpoint_freq=1",
    ]
    .map(str::to_owned);
    Config::load(Source::BuiltIn, &overrides).unwrap().config
}

/// A run of some epochs with these changes on the way.
fn train(folder: &Path, epochs: u32, planned: Vec<Planned>) {
    let plan = Plan {
        disk: Disk::default(),
        device: "cpu".parse().unwrap(),
        place: RunLocation::NewAt(folder.to_owned(), Box::new(small())),
        config_name: "test".into(),
        ineffective: Vec::new(),
        epochs: Some(epochs),
        planned,
        meeting: None,
        until: None,
        paused: false,
        replay: true,
    };
    let mut session = Session::train(plan).unwrap();
    while !matches!(session.events.blocking_recv(), Some(Event::Ended(_))) {}
    drop(session.inlet);
    session.worker.join().unwrap();
}

fn push(amplitude: f64) -> Disruption {
    Disruption {
        amplitude,
        epochs: 2,
        ..Disruption::new(DisruptionKind::Permeability)
    }
}

fn trial(run: &Path, batch: u32, disruption: Disruption) -> Trial {
    Trial {
        run: run.to_owned(),
        epoch: EPOCH,
        batch,
        disruption,
        horizon: HORIZON,
        repetitions: 1,
    }
}

fn tried(trial: &Trial, threads: usize) -> Experiment {
    let cpu = choose("cpu".parse().unwrap()).unwrap();
    run(trial, &cpu, threads, &|_| true).unwrap()
}

fn untimed(records: &[EpochRecord]) -> Vec<EpochRecord> {
    let untimed = |record: &EpochRecord| EpochRecord {
        seconds: Seconds::default(),
        ..record.clone()
    };
    records.iter().map(untimed).collect()
}

#[test]
fn an_amplitude_of_zero_equals_its_control_to_the_bit_for_every_kind() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    train(&folder, EPOCH, Vec::new());
    for kind in DisruptionKind::ALL {
        for batch in [0, 3] {
            let nothing = Disruption {
                amplitude: 0.0,
                epochs: 2,
                ..Disruption::new(kind)
            };
            let found = tried(&trial(&folder, batch, nothing), 2);
            let pair = &found.pairs[0];
            assert_eq!(pair.treated.weights, pair.control.weights, "{kind}");
            assert_eq!(
                untimed(&pair.treated.records),
                untimed(&pair.control.records)
            );
            assert_eq!(found.verdict.decision, Decision::Identical);
            let something = Disruption::new(kind);
            let found = tried(&trial(&folder, batch, something), 2);
            let pair = &found.pairs[0];
            assert_ne!(
                pair.treated.weights, pair.control.weights,
                "{kind} does nothing"
            );
            assert_eq!(found.verdict.decision, Decision::NotRepeated);
        }
    }
}

#[test]
fn the_arms_are_what_the_run_itself_goes_through() {
    let home = tempfile::tempdir().unwrap();
    let (disrupted, plain) = (home.path().join("disrupted"), home.path().join("plain"));
    let at = |epoch, batch, steer| Planned {
        epoch,
        batch,
        steer,
    };
    // Another change in the same epoch belongs to both arms; one that comes later to neither.
    let edit = at(EPOCH, 1, Steer::set("vae_b.entropy_weight", "0.5"));
    let treatment = at(
        EPOCH,
        4,
        Steer::Disrupt {
            disruption: push(0.3),
        },
    );
    train(&disrupted, EPOCH + HORIZON, vec![edit.clone(), treatment]);
    train(&plain, EPOCH + HORIZON, vec![edit]);
    let found = tried(&trial(&disrupted, 4, push(0.3)), 2);
    let of = |run: &Path| read_metrics(run).unwrap()[EPOCH as usize..].to_vec();
    assert_eq!(
        untimed(&found.pairs[0].treated.records),
        untimed(&of(&disrupted))
    );
    assert_eq!(
        untimed(&found.pairs[0].control.records),
        untimed(&of(&plain))
    );
    let rho: Vec<f64> = of(&disrupted).iter().map(|record| record.rho).collect();
    assert!(
        (rho[0] - 0.4).abs() < 1e-12 && (rho[2] - 0.1).abs() < 1e-12,
        "{rho:?}"
    );
}

#[test]
fn repetitions_differ_and_neither_threads_nor_their_number_change_one() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    train(&folder, EPOCH, Vec::new());
    let three = Trial {
        repetitions: 3,
        ..trial(&folder, 0, push(0.5))
    };
    let found = tried(&three, 3);
    let single = tried(&trial(&folder, 0, push(0.5)), 1);
    let first = |experiment: &Experiment| experiment.pairs[0].clone();
    assert_eq!(first(&found).key, small().seed);
    assert_eq!(
        first(&found).treated.weights,
        first(&single).treated.weights
    );
    assert_eq!(
        first(&found).control.weights,
        first(&single).control.weights
    );
    let mut ends: Vec<_> = found
        .pairs
        .iter()
        .map(|pair| &pair.control.weights)
        .collect();
    ends.dedup();
    assert_eq!(ends.len(), 3, "each has its own luck");
    assert_eq!(found.verdict.figures[0].differences.len(), 3);
    assert!(found.verdict.figures[0].interval.is_some());
}

#[test]
fn an_experiment_is_read_back_and_one_whose_verdict_was_changed_is_not() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    train(&folder, EPOCH, Vec::new());
    let found = tried(&trial(&folder, 0, push(0.5)), 2);
    let path = found.save(&Disk::default(), &folder).unwrap();
    let again = found.save(&Disk::default(), &folder).unwrap();
    assert_ne!(path, again, "nothing is written over");
    assert_eq!(Experiment::read(&path).unwrap(), found);
    assert_eq!(experiments(&folder).len(), 2);

    let mut prettier = found;
    prettier.verdict.figures[0].mean += 1.0;
    Disk::default()
        .write(&path, &prettier.bytes(&path).unwrap())
        .unwrap();
    let problem = Experiment::read(&path).unwrap_err().to_string();
    assert!(problem.contains("does not follow"), "{problem}");
}

#[test]
fn what_cannot_be_tried_is_refused_and_what_is_given_up_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    train(&folder, EPOCH, Vec::new());
    let cpu = choose("cpu".parse().unwrap()).unwrap();
    let refused = |trial: &Trial| run(trial, &cpu, 1, &|_| true).unwrap_err().to_string();
    let good = trial(&folder, 0, push(0.1));
    let later = Trial {
        epoch: 9,
        ..good.clone()
    };
    assert!(
        refused(&later).contains("no checkpoint"),
        "{}",
        refused(&later)
    );
    let endless = Trial {
        horizon: 0,
        ..good.clone()
    };
    assert!(refused(&endless).contains("expected 1..="));
    let never = Trial {
        batch: 900,
        ..good.clone()
    };
    assert!(
        refused(&never).contains("has no batch 900"),
        "{}",
        refused(&never)
    );
    let given_up = run(&good, &cpu, 1, &|progress| progress.record.epoch > 900);
    assert!(matches!(given_up, Err(ExperimentError::Cancelled)));
    assert!(experiments(&folder).is_empty());
}

#[test]
fn it_can_be_tried_before_the_first_epoch_and_beside_an_open_run() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let open = RunFolder::create(&Disk::default(), &folder, &small()).unwrap();
    let first = Trial {
        epoch: 0,
        ..trial(&folder, 0, push(0.2))
    };
    let found = tried(&first, 2);
    assert_eq!(found.base.weights, None);
    assert_eq!(found.pairs[0].treated.records.len(), HORIZON as usize);
    drop(open);
}
