//! Codes of earlier epochs, from what a run kept.

use std::path::Path;

use fluxttice_core::device::DeviceSpec;
use fluxttice_core::encode;
use fluxttice_core::model::{Architecture, LATENT, Weights};
use fluxttice_core::run::{
    Disk, branch, checkpoint, checkpoint_index, find_checkpoint, stored_config,
};
use fluxttice_core::session::message::{Codes, Event};
use fluxttice_core::session::{
    FoundCodes, JobEvent, Jobs, LoadCodes, LoadedCodes, QuickJob, Session, Toward,
};
use fluxttice_core::space::Operation;
use fluxttice_core::vae::{Scope, Vae};

use fluxttice_testing::session::{Watched, config, new_run, runs};

/// The codes that were kept before or after an epoch.
fn recalled(run: &Path, now: u32, toward: Toward) -> LoadedCodes {
    let mut jobs = Jobs::start(runs(run.parent().unwrap()), DeviceSpec::Cpu).unwrap();
    let recall = LoadCodes {
        run: Some(run.to_owned()),
        seed: stored_config(run).unwrap().seed,
        architecture: Architecture::PUBLISHED,
        now,
        toward,
    };
    assert!(jobs.sender.send(QuickJob::LoadCodes(recall).into()));
    match jobs.events.blocking_recv().unwrap() {
        JobEvent::CodesLoaded(Ok(found)) => (*found).clone(),
        other => panic!("{other:?}"),
    }
}

/// B's code of min, by weights.
fn code(weights: &Weights) -> [f64; LATENT] {
    let operation: Operation = "min".parse().unwrap();
    encode(weights, Vae::B, &[operation]).unwrap()[0].mu
}

/// The codes that were recalled.
fn codes(found: &LoadedCodes) -> &Codes {
    match &found.found {
        FoundCodes::Codes(codes) => codes,
        other => panic!("{other:?}"),
    }
}

fn train(run: &Path, epochs: u32) {
    let config = config(&["checkpoint_freq=2"]);
    let mut session = Watched::train(new_run(run, &config, Some(epochs)));
    session.ended();
    session.leave().0.unwrap();
}

#[test]
fn every_moment_that_was_kept_is_found_in_order() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    train(&run, 4);
    let seed = stored_config(&run).unwrap().seed;
    // Epochs 0 and 2 are due, 3 is the latest; now is after epoch 3.
    let there = checkpoint_index(&run);
    let earlier: Vec<u32> = there.range(..4).map(|(epochs, _)| *epochs).collect();
    assert!(earlier.contains(&1) && earlier.contains(&3), "{earlier:?}");
    let mut expected = vec![0];
    expected.extend(earlier);
    expected.push(4);

    let mut at = 4;
    for epochs in expected.iter().rev().skip(1) {
        let found = recalled(&run, 4, Toward::Before(at));
        assert_eq!(found.kept, expected);
        assert_eq!(codes(&found).epoch, *epochs);
        let stored = match there.get(epochs) {
            Some(folder) => checkpoint::load_weights(&checkpoint::weights_path(folder)).unwrap(),
            None => Weights::fresh(seed),
        };
        assert_eq!(
            code(codes(&found).weights.as_ref().unwrap()),
            code(&stored),
            "after {epochs} epochs"
        );
        at = *epochs;
    }
    let start = recalled(&run, 4, Toward::Before(0)).found;
    assert!(matches!(start, FoundCodes::Nowhere));
    let first = recalled(&run, 4, Toward::After(0));
    assert_eq!(codes(&first).epoch, 1);
    let last = recalled(&run, 4, Toward::After(3)).found;
    assert!(matches!(last, FoundCodes::Now));
    // Seen from an epoch in the middle, there are later ones.
    let later = recalled(&run, 1, Toward::After(1));
    assert_eq!(codes(&later).epoch, 3);

    // The codes are those of these weights.
    let min = "min".parse().unwrap();
    let found = codes(&first).spaces.of(Scope::B).code(min).unwrap().mu;
    for (found, expected) in found
        .iter()
        .zip(code(codes(&first).weights.as_ref().unwrap()))
    {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}

#[test]
fn a_branch_remembers_what_its_parent_kept() {
    let home = tempfile::tempdir().unwrap();
    let (parent, child) = (home.path().join("parent"), home.path().join("child"));
    train(&parent, 5);
    branch(
        &Disk::default(),
        &parent,
        3,
        &child,
        &config(&["checkpoint_freq=2"]),
    )
    .unwrap();
    let there = checkpoint_index(&child);
    assert_eq!(there.keys().copied().collect::<Vec<_>>(), [1, 3]);
    // The first is the parent's own, the moment of the branch the child's; what came after is the
    // parent's alone.
    assert!(there[&1].starts_with(&parent));
    assert!(there[&3].starts_with(&child));
}

#[test]
fn a_checkpoint_that_is_damaged_is_told_and_the_others_are_still_there() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    train(&run, 4);
    let folder = checkpoint_index(&run)[&3].clone();
    std::fs::write(checkpoint::weights_path(&folder), b"torn").unwrap();
    let mut jobs = Jobs::start(runs(home.path()), DeviceSpec::Cpu).unwrap();
    let recall = |toward| LoadCodes {
        run: Some(run.clone()),
        seed: 0,
        architecture: Architecture::PUBLISHED,
        now: 4,
        toward,
    };
    for toward in [Toward::Before(4), Toward::Before(3)] {
        jobs.sender.send(QuickJob::LoadCodes(recall(toward)).into());
    }
    match jobs.events.blocking_recv().unwrap() {
        JobEvent::CodesLoaded(Err(problem)) => {
            assert!(problem.to_string().contains("epoch-0002"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
    match jobs.events.blocking_recv().unwrap() {
        JobEvent::CodesLoaded(Ok(found)) => assert_eq!(codes(&found).epoch, 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_model_that_is_explored_is_told_the_story_up_to_its_own_epoch() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    train(&run, 4);
    let folder = checkpoint_index(&run)[&1].clone();
    let checkpoint = find_checkpoint(home.path(), folder.to_str()).unwrap();
    let mut session = Session::explore(checkpoint).unwrap();
    let mut source = None;
    while source.is_none() {
        match session.events.blocking_recv().unwrap() {
            Event::Started(info) => assert_eq!(info.history.len(), 1),
            Event::Codes(codes) => source = Some((codes.epoch, codes.source.clone())),
            _ => {}
        }
    }
    assert_eq!(source, Some((1, "epoch 0".to_owned())));
}
