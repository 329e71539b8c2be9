//! Files that a session leaves behind, and how the next session uses them.

use std::path::Path;

use fluxttice_core::disruption::{Disruption, DisruptionKind};
use fluxttice_core::numbers::count32;
use fluxttice_core::request::{Command, EndReason, MarkKind, Outcome};
use fluxttice_core::run::journal::steps;
use fluxttice_core::run::{RunError, read_journal, read_metrics};
use fluxttice_core::session::message::{Event, RunState};
use fluxttice_core::session::{Plan, SessionError};
use fluxttice_core::training::{Planned, Steer};

use fluxttice_testing::session::{Watched, config, continued, new_run, weights};

fn beta_b(epochs: u32) -> Disruption {
    let mut disruption = Disruption::new(DisruptionKind::BetaB);
    disruption.epochs = epochs;
    disruption
}

/// Trains as planned to the end.
fn finish(plan: Plan) {
    let mut session = Watched::train(plan);
    assert_eq!(session.ended().reason, EndReason::Finished);
    session.leave().0.unwrap();
}

/// Pauses somewhere in the training part of an epoch, whichever that turns out to be.
fn pause_in_mid_epoch(session: &mut Watched, batches: u32) -> Outcome {
    loop {
        session.batches(1);
        let paused = session.outcome(Command::Pause);
        if (1..batches).contains(&paused.batch) {
            return paused;
        }
        session.outcome(Command::Resume);
    }
}

/// A new run whose disruptions are those of another one's journal.
fn replay(of: &Path, to: &Path, config: &fluxttice_core::config::Config) {
    let epochs = count32(read_metrics(of).unwrap().len());
    let mut plan = new_run(to, config, Some(epochs));
    plan.planned = steps(&read_journal(of).unwrap());
    plan.replay = true;
    finish(plan);
}

#[test]
fn a_run_that_is_open_is_refused_to_a_second_session() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut first = Watched::train(new_run(&run, &config(&[]), None));
    first.epoch();
    let mut second = Watched::train(continued(&run, None));
    let end = second.ended();
    assert_eq!(end.reason, EndReason::Failed);
    assert!(end.message.contains("in use"), "{}", end.message);
    let (refused, _) = second.leave();
    assert!(
        matches!(refused, Err(SessionError::Run(RunError::InUse(_)))),
        "{refused:?}"
    );
    first.epoch();
    first.leave().0.unwrap();
    let mut third = Watched::train(continued(&run, Some(1)));
    third.epoch();
}

#[test]
fn a_run_left_in_mid_epoch_twice_ends_as_one_that_was_not() {
    let home = tempfile::tempdir().unwrap();
    let (left, whole) = (home.path().join("left"), home.path().join("whole"));
    let mut session = Watched::train(new_run(&left, &config(&[]), None));
    for _ in 0..2 {
        session.epoch();
        session.batches(1);
        session.leave().0.unwrap();
        let done = read_metrics(&left).unwrap().len();
        session = Watched::train(continued(&left, None));
        let info = session.started();
        assert_eq!(info.history.len(), done);
        let resumed = info
            .marks
            .iter()
            .filter(|mark| mark.kind == MarkKind::Resumed);
        assert!(resumed.map(|mark| mark.epoch as usize).max() == Some(done));
    }
    session.leave().0.unwrap();
    let done = read_metrics(&left).unwrap();
    assert!(
        done.iter()
            .zip(0..)
            .all(|(record, epoch)| record.epoch == epoch)
    );
    finish(new_run(&whole, &config(&[]), Some(count32(done.len()))));
    assert!(weights(&left) == weights(&whole));
}

#[test]
fn a_disruption_asked_for_in_mid_epoch_is_replayed_at_its_batch() {
    let home = tempfile::tempdir().unwrap();
    let (asked, replayed) = (home.path().join("asked"), home.path().join("replayed"));
    let half = config(&["train_split=0.5", "test_split=0.49"]);
    let mut session = Watched::train(new_run(&asked, &half, None));
    let batches = session.started().batches;
    let place = pause_in_mid_epoch(&mut session, batches);
    let disruption = beta_b(2);
    let outcome = session.outcome(Command::Steer(Steer::Disrupt { disruption }));
    assert!(outcome.applied, "{}", outcome.message);
    assert_eq!((outcome.epoch, outcome.batch), (place.epoch, place.batch));
    session.outcome(Command::Resume);
    session.outcome(Command::StopAfterEpoch);
    session.ended();
    session.leave().0.unwrap();

    let planned = steps(&read_journal(&asked).unwrap());
    let (epoch, batch) = (place.epoch, place.batch);
    assert_eq!(
        planned,
        [Planned {
            epoch,
            batch,
            steer: Steer::Disrupt { disruption },
        }]
    );
    replay(&asked, &replayed, &half);
    assert!(weights(&asked) == weights(&replayed));
    let plain = home.path().join("plain");
    finish(new_run(&plain, &half, Some(place.epoch + 1)));
    assert!(
        weights(&asked) != weights(&plain),
        "it did disrupt something"
    );
}

#[test]
fn a_disruption_of_an_epoch_that_was_dropped_is_not_half_remembered() {
    let home = tempfile::tempdir().unwrap();
    let (run, replayed) = (home.path().join("run"), home.path().join("replayed"));
    let half = config(&["train_split=0.5", "test_split=0.49"]);
    let mut session = Watched::train(new_run(&run, &half, None));
    let batches = session.started().batches;
    pause_in_mid_epoch(&mut session, batches);
    let disruption = beta_b(3);
    assert!(
        session
            .outcome(Command::Steer(Steer::Disrupt { disruption }))
            .applied
    );
    // The epoch at work is dropped, and done again from its start by the next session.
    session.ask(Command::StopNow);
    session.ended();
    session.leave().0.unwrap();
    finish(continued(&run, Some(2)));
    // Either the disruption was done again with its epoch, or the journal takes it back.
    replay(&run, &replayed, &half);
    assert!(weights(&run) == weights(&replayed));
}

#[test]
fn a_disruption_after_an_epochs_last_batch_is_in_effect_from_the_next_batch_on() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut plan = new_run(&run, &config(&[]), Some(3));
    // Seven batches train an epoch; what follows is validation and coverage.
    plan.planned = vec![Planned {
        epoch: 0,
        batch: 7,
        steer: Steer::Disrupt {
            disruption: beta_b(1),
        },
    }];
    let mut session = Watched::train(plan);
    assert_eq!(session.started().batches, 7);
    session.ended();
    let beta: Vec<f64> = read_metrics(&run)
        .unwrap()
        .iter()
        .map(|r| r.beta_b)
        .collect();
    assert_eq!(
        beta,
        [0.0, 0.212, 0.0],
        "no batch of epoch 0 was trained with it, every batch of epoch 1 is"
    );
}

#[test]
fn events_come_in_order() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut session = Watched::train(new_run(&run, &config(&[]), Some(2)));
    session.ended();
    let (done, told) = session.leave();
    done.unwrap();
    let told: Vec<String> = told
        .iter()
        .map(|event| match event {
            Event::Started(_) => "started".to_owned(),
            Event::State(RunState::Preparing) => "preparing".to_owned(),
            Event::State(RunState::Running) => "running".to_owned(),
            Event::State(RunState::Finished) => "finished".to_owned(),
            Event::Epoch(report) => format!("epoch {}", report.record.epoch),
            Event::Ended(_) => "ended".to_owned(),
            other => panic!("unexpected: {other:?}"),
        })
        .collect();
    let order = [
        "preparing",
        "started",
        "running",
        "epoch 0",
        "epoch 1",
        "finished",
        "ended",
    ];
    assert_eq!(told, order);
}

#[test]
fn a_folder_that_is_no_run_and_one_that_is_taken_end_the_session_with_a_reason() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("something"), "x").unwrap();
    for plan in [
        continued(home.path(), None),
        continued(&home.path().join("absent"), None),
        new_run(home.path(), &config(&[]), None),
    ] {
        let mut session = Watched::train(plan);
        let end = session.ended();
        assert_eq!(end.reason, EndReason::Failed);
        let (refused, told) = session.leave();
        assert!(matches!(refused, Err(SessionError::Run(_))), "{refused:?}");
        let failed = |event: &Event| matches!(event, Event::State(RunState::Failed));
        assert!(told.iter().any(failed));
        assert!(!told.iter().any(|event| matches!(event, Event::Started(_))));
    }
}
