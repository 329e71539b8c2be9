//! A disk that refuses for a while, or for good.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use fluxttice_core::config::Config;
use fluxttice_core::numbers::count32;
use fluxttice_core::record::Stage;
use fluxttice_core::request::{Command, EndReason};
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::{Disk, RunError, read_journal, read_metrics};
use fluxttice_core::session::message::{Event, Unsaved};
use fluxttice_core::session::{Plan, SessionError};
use fluxttice_core::training::Steer;

use fluxttice_testing::failing::Failing;
use fluxttice_testing::session::{Watched, config, continued, new_run, weights};
use fluxttice_testing::whole::whole;

/// A configuration whose run does not end by itself.
fn endless() -> Config {
    config(&[
        "checkpoint_freq=1",
        "total_epochs=100000",
        "patience=100000",
    ])
}

/// A run that goes on until it is stopped, on a disk that can be made to refuse.
fn plan(run: &Path) -> (Plan, Arc<Failing>) {
    let failing = Arc::new(Failing::default());
    let mut plan = new_run(run, &endless(), None);
    plan.disk = Disk::on(failing.clone());
    (plan, failing)
}

fn saving(watched: &mut Watched) -> Option<Unsaved> {
    watched.until("news of saving", |event| match event {
        Event::Unsaved(unsaved) => Some(unsaved.clone()),
        _ => None,
    })
}

/// Stops and leaves, and compares what is there with what was told, and with an
/// undisturbed run of as many epochs.
fn stops_undisturbed(mut watched: Watched, run: &Path) {
    assert_eq!(watched.stop().reason, EndReason::Stopped);
    let (left, told) = watched.leave();
    left.unwrap();
    let epochs = told.iter().rev().find_map(|event| match event {
        Event::Epoch(report) => Some(report.record.epoch + 1),
        _ => None,
    });
    undisturbed(run, epochs.unwrap());
}

/// Checks that this many epochs are complete, and equal to those of an undisturbed run.
fn undisturbed(run: &Path, epochs: u32) {
    assert_eq!(whole(run), epochs);
    assert_eq!(count32(read_metrics(run).unwrap().len()), epochs);
    let home = tempfile::tempdir().unwrap();
    let plain = home.path().join("run");
    Watched::train(new_run(&plain, &endless(), Some(epochs))).ended();
    assert!(weights(run) == weights(&plain), "not the same run");
}

#[test]
fn training_goes_on_while_the_disk_refuses_and_all_is_saved_when_it_takes_again() {
    for why in [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::PermissionDenied,
    ] {
        let home = tempfile::tempdir().unwrap();
        let run = home.path().join("run");
        let (plan, failing) = plan(&run);
        let mut watched = Watched::train(plan);
        let last = watched.epoch();
        failing.refuse(Some(why));
        let unsaved = saving(&mut watched).expect("it says that nothing is saved");
        assert!(unsaved.since > last, "{unsaved}");
        assert!(unsaved.problem.contains("run"), "{unsaved}");
        whole(&run);
        let since = watched.epoch();
        let refused = watched.outcome(Command::Snapshot {
            name: Some("now".into()),
        });
        assert!(!refused.applied, "{}", refused.message);
        let noted = watched.outcome(Command::Steer(Steer::set("patience", "300")));
        assert!(noted.applied && noted.message.contains("not in the journal yet"));
        assert!(watched.epoch() > since, "training goes on");
        whole(&run);
        failing.refuse(None);
        assert_eq!(saving(&mut watched), None);
        let snapshot = watched.outcome(Command::Snapshot {
            name: Some("now".into()),
        });
        assert!(snapshot.applied, "{}", snapshot.message);
        stops_undisturbed(watched, &run);
        let journal = read_journal(&run).unwrap();
        let outcomes = journal.iter().filter_map(|entry| match &entry.event {
            JournalEvent::Outcome(outcome) => Some((outcome.id, outcome.applied)),
            _ => None,
        });
        assert_eq!(
            outcomes.collect::<Vec<_>>(),
            [(1, false), (2, true), (3, true), (4, true)],
            "{why}: every answer once, in order"
        );
        let left = walk(&run);
        assert!(
            !left.iter().any(|name| name.ends_with(".tmp")),
            "{why}: {left:?}"
        );
    }
}

/// Returns the paths of everything below a folder.
fn walk(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        names.push(path.display().to_string());
        if path.is_dir() && !path.is_symlink() {
            names.extend(walk(&path));
        }
    }
    names
}

#[test]
fn what_could_not_be_saved_to_the_end_is_said_and_done_again() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let (plan, failing) = plan(&run);
    let mut watched = Watched::train(plan);
    let last = watched.epoch();
    failing.refuse(Some(ErrorKind::StorageFull));
    saving(&mut watched);
    let end = watched.stop();
    assert!(
        end.message.contains("not saved from epoch"),
        "{}",
        end.message
    );
    let (left, _) = watched.leave();
    let Err(SessionError::Unsaved(unsaved)) = left else {
        panic!("{left:?}");
    };
    assert!(unsaved.since > last);
    whole(&run);
    assert_eq!(count32(read_metrics(&run).unwrap().len()), unsaved.since);
    let mut again = Watched::train(continued(&run, Some(2)));
    assert_eq!(again.ended().reason, EndReason::Finished);
    again.leave().0.unwrap();
    undisturbed(&run, unsaved.since + 2);
}

#[test]
fn a_folder_that_somebody_cleared_is_made_again() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let (plan, _) = plan(&run);
    let mut watched = Watched::train(plan);
    watched.epoch();
    // Held, so that nothing is being written while it is cleared.
    watched.outcome(Command::Pause);
    std::fs::remove_dir_all(&run).unwrap();
    watched.until("the folder is made again", |event| match event {
        Event::Notice(notice) => notice.text.contains("made again").then_some(()),
        _ => None,
    });
    watched.outcome(Command::Resume);
    stops_undisturbed(watched, &run);
    // What was written before is there again.
    let journal = read_journal(&run).unwrap();
    assert!(matches!(journal[0].event, JournalEvent::Opened { .. }));
    let answered = journal.iter().filter_map(|entry| match &entry.event {
        JournalEvent::Outcome(outcome) => Some(&outcome.command),
        _ => None,
    });
    assert!(answered.take(2).eq([&Command::Pause, &Command::Resume]));
}

#[test]
fn a_run_that_cannot_be_left_on_the_disk_is_not_left_for_another() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let (plan, failing) = plan(&run);
    let mut watched = Watched::train(plan);
    watched.epoch();
    failing.refuse(Some(ErrorKind::StorageFull));
    saving(&mut watched);
    let refused = watched.outcome(Command::Branch {
        of: None,
        epochs: 1,
        name: Some("other".into()),
    });
    assert!(!refused.applied && refused.message.contains("not saved"));
    failing.refuse(None);
    watched.stop();
    watched.leave().0.unwrap();
    assert!(!home.path().join("other").exists());
}

#[test]
fn a_run_that_was_never_begun_is_no_obstacle() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let (plan, failing) = plan(&run);
    failing.refuse(Some(ErrorKind::StorageFull));
    let (left, _) = Watched::train(plan.clone()).leave();
    assert!(
        matches!(left, Err(SessionError::Run(RunError::Disk { .. }))),
        "{left:?}"
    );
    failing.refuse(None);
    let mut watched = Watched::train(plan);
    assert_eq!(watched.epoch(), 0);
    watched.leave().0.unwrap();
}

#[test]
fn a_disk_that_takes_its_time_shows() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let (plan, slow) = plan(&run);
    let mut watched = Watched::train(plan);
    watched.epoch();
    let held = slow.hold();
    watched.stage(Stage::Saving);
    drop(held);
    stops_undisturbed(watched, &run);
}
