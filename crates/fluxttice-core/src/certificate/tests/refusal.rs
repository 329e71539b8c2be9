//! Checkpoints that get no certificate.

use super::*;
use crate::certificate::CertificateError;
use crate::model::Weights;
use crate::run::names::{CONFIG, JOURNAL, METRICS, WEIGHTS};
use crate::run::{Checkpoint, Disk, Origin, checkpoint, find_checkpoint, stored_config};
use crate::training::{Bests, Controller, OptimizerState, Snapshot, TrainerState};

/// A run's folder with the built-in model's story and these weights.
fn pretended(home: &Path, weights: &Weights) -> Checkpoint {
    for (name, bytes) in Origin::BuiltIn.files().unwrap() {
        std::fs::write(home.join(name), bytes).unwrap();
    }
    std::fs::write(home.join(WEIGHTS), weights.to_bytes().unwrap()).unwrap();
    find_checkpoint(home, home.to_str()).unwrap()
}

fn refused(checkpoint: &Checkpoint, folder: &Path) -> Vec<String> {
    match certify(
        &Disk::default(),
        &tool(),
        checkpoint,
        &small(),
        folder,
        None,
        &|_| {},
    ) {
        Err(CertificateError::Refused { failed, .. }) => {
            assert!(!folder.exists(), "nothing is left behind");
            failed.into_iter().map(|check| check.name).collect()
        }
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[test]
fn untrained_weights_are_refused_even_with_a_borrowed_story() {
    let home = tempfile::tempdir().unwrap();
    let checkpoint = pretended(home.path(), &Weights::fresh(42));
    let found = refused(&checkpoint, &home.path().join("evidence")).join("\n");
    for name in ["A", "B"] {
        assert!(
            found.contains(&format!("argmax coverage of {name} is at least")),
            "{found}"
        );
        assert!(
            found.contains(&format!("mutual information of {name} is at least")),
            "{found}"
        );
        assert!(
            found.contains(&format!("{name} is near the one that the run recorded")),
            "{found}"
        );
    }
}

#[test]
fn weights_without_a_story_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("some.safetensors");
    std::fs::write(&path, built_in().unwrap().weights.to_bytes().unwrap()).unwrap();
    let checkpoint = find_checkpoint(home.path(), path.to_str()).unwrap();
    let found = refused(&checkpoint, &home.path().join("evidence"));
    assert_eq!(found, ["the weights have a training history"]);
}

#[test]
fn a_story_without_epochs_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let checkpoint = pretended(home.path(), &built_in().unwrap().weights);
    std::fs::write(home.path().join(METRICS), "").unwrap();
    let found = refused(&checkpoint, &home.path().join("evidence"));
    assert_eq!(found, ["the weights have a training history"]);
}

#[test]
fn a_certificate_is_never_overwritten_and_never_half_there() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("evidence");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("mine"), "precious").unwrap();
    let error = certify(
        &Disk::default(),
        &tool(),
        &built_in().unwrap(),
        &small(),
        &folder,
        None,
        &|_| {},
    )
    .unwrap_err();
    assert!(error.to_string().contains("not overwritten"), "{error}");
    assert_eq!(read(&folder).len(), 1);
    // A place that cannot be written, found out before anything is measured or after.
    let error = certify(
        &Disk::default(),
        &tool(),
        &built_in().unwrap(),
        &small(),
        Path::new("/proc/evidence"),
        None,
        &|_| {},
    );
    assert!(matches!(error, Err(CertificateError::Run(_))));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn a_checkpoint_within_a_run_brings_only_its_own_past() {
    // A run of 107 epochs whose state says that 60 are finished.
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let snapshot = run.join("snapshots").join("mine");
    std::fs::create_dir_all(run.join("snapshots")).unwrap();
    for (name, bytes) in Origin::BuiltIn.files().unwrap() {
        std::fs::write(run.join(name), bytes).unwrap();
    }
    let state = TrainerState {
        epoch: 60,
        batch: 7,
        controller: Controller::default(),
        coverage: None,
        best: None,
        stale: 0,
        rolled_back: 0,
        disruptions: Vec::new(),
        bests: Bests::default(),
        edits: Vec::new(),
    };
    let saved = Snapshot {
        weights: Weights::fresh(1),
        optimizer: OptimizerState {
            steps: 0,
            moments: [Vec::new(), Vec::new()],
        },
        state,
    };
    let digest = stored_config(&run).unwrap().digest().unwrap();
    checkpoint::save(&Disk::default(), &snapshot, false, &saved, &digest, None).unwrap();
    let origin = find_checkpoint(home.path(), snapshot.to_str())
        .unwrap()
        .origin;
    let files = super::super::evidence::gather(&origin).unwrap();
    let lines = |name: &str| String::from_utf8_lossy(&files[name]).lines().count();
    assert_eq!(lines(METRICS), 60);
    assert_eq!(lines(JOURNAL), 1, "the end of the run lies in its future");
    assert!(files.contains_key(CONFIG) && files.contains_key("state.json"));
}
