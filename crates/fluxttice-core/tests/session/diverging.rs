//! A run whose numbers break off: what was there before is kept, and where it is asked to, it goes back.

use std::path::Path;

use fluxttice_core::numbers::exponent;
use fluxttice_core::request::{Command, EndReason};
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::{read_journal, read_metrics};
use fluxttice_core::session::SessionError;
use fluxttice_core::training::Steer;

use fluxttice_testing::session::{Watched, config, continued, new_run, weights};
use fluxttice_testing::whole::{reopened, whole};

/// Weights lose a tenth of themselves with every batch; from epoch 2 on a million times themselves, until
/// no number is left.
const LEAP: [&str; 2] = [
    "optimizer.weight_decay=1000000",
    "optimizer.lr_schedule=[{epoch: 0, lr: 0.0000001}, {epoch: 2, lr: 1.0}]",
];
const EPOCHS: u32 = 4;

fn train(run: &Path, more: &[&str], epochs: u32) -> EndReason {
    let settings = [&LEAP, more].concat();
    let mut watched = Watched::train(new_run(run, &config(&settings), Some(epochs)));
    let end = watched.ended();
    watched.leave().0.unwrap();
    end.reason
}

/// Returns the epochs at which a run went back, each with the number of times until then, from its journal.
fn back(run: &Path) -> Vec<(u32, u32)> {
    let journal = read_journal(run).unwrap();
    let back = journal.iter().filter_map(|entry| match &entry.event {
        JournalEvent::RolledBack { epoch, times, .. } => Some((*epoch, *times)),
        _ => None,
    });
    back.collect()
}

#[test]
fn a_run_that_diverges_ends_with_the_epoch_before_it() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut watched = Watched::train(new_run(&run, &config(&LEAP), Some(EPOCHS)));
    assert_eq!(watched.ended().reason, EndReason::Diverged);
    let (left, _) = watched.leave();
    assert!(matches!(left, Err(SessionError::Diverged(_))), "{left:?}");
    assert_eq!(reopened(&run), 2);
}

#[test]
fn it_goes_back_with_half_the_learning_rate_until_numbers_hold() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    assert_eq!(
        train(&run, &["stopping.roll_back=40"], EPOCHS),
        EndReason::Finished
    );
    assert_eq!(whole(&run), EPOCHS);
    let back = back(&run);
    assert!(!back.is_empty(), "it diverged, or this tests nothing");
    for (number, (epoch, times)) in back.iter().enumerate() {
        assert!(*times as usize == number + 1 && *epoch >= 2, "{back:?}");
    }
    for record in read_metrics(&run).unwrap() {
        let halved = back.iter().filter(|(epoch, _)| *epoch <= record.epoch);
        let unhalved = if record.epoch < 2 { 1e-7 } else { 1.0 };
        assert_eq!(
            record.learning_rate.scheduled,
            unhalved * 0.5_f64.powi(exponent(halved.count())),
            "{back:?}"
        );
    }

    // Nothing of it hangs on how the run came there.
    let other = home.path().join("other");
    train(&other, &["stopping.roll_back=40"], 3);
    let mut resumed = Watched::train(continued(&other, Some(1)));
    resumed.ended();
    resumed.leave().0.unwrap();
    assert!(weights(&run) == weights(&other));
}

#[test]
fn it_goes_back_no_more_often_than_it_may() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut watched = Watched::train(new_run(&run, &config(&LEAP), Some(EPOCHS)));
    let allowed = watched.outcome(Command::Steer(Steer::set("stopping.roll_back", "2")));
    assert!(allowed.applied, "{}", allowed.message);
    assert_eq!(watched.ended().reason, EndReason::Diverged);
    watched.leave().0.unwrap_err();
    assert_eq!(back(&run), [(2, 1), (2, 2)]);
    assert_eq!(reopened(&run), 2);
}
