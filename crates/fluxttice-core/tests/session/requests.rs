//! Requests to the worker, and their outcomes.

use fluxttice_core::numbers::count32;
use fluxttice_core::vae::Scope;
use std::collections::BTreeMap;
use std::fs;

use fluxttice_core::disruption::{Disruption, DisruptionKind};
use fluxttice_core::request::{Command, EndReason};
use fluxttice_core::run::checkpoint::load_weights;
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::{built_in, read_journal, read_metrics};
use fluxttice_core::session::Session;
use fluxttice_core::session::message::{Event, RunState};
use fluxttice_core::training::Steer;

use fluxttice_testing::session::{Watched, config, continued, new_run, weights};

fn disrupt(amplitude: f64) -> Command {
    let mut disruption = Disruption::new(DisruptionKind::BetaB);
    disruption.amplitude = amplitude;
    Command::Steer(Steer::Disrupt { disruption })
}

fn snapshot(name: &str) -> Command {
    Command::Snapshot {
        name: Some(name.into()),
    }
}

#[test]
fn a_pause_holds_the_run_and_changes_no_weight() {
    let home = tempfile::tempdir().unwrap();
    let (plain, held) = (home.path().join("plain"), home.path().join("held"));
    let mut session = Watched::train(new_run(&held, &config(&[]), None));
    for _ in 0..2 {
        let paused = session.outcome(Command::Pause);
        assert!(paused.applied, "{}", paused.message);
        // Answered while paused, at the very same place: nothing has moved.
        let while_paused = session.outcome(Command::Snapshot { name: None });
        assert!(while_paused.applied, "{}", while_paused.message);
        let place = (paused.epoch, paused.batch);
        assert_eq!((while_paused.epoch, while_paused.batch), place);
        let resumed = session.outcome(Command::Resume);
        assert!(resumed.applied);
        assert_eq!((resumed.epoch, resumed.batch), place);
    }
    session.stop();
    let states = session.told.iter().filter_map(|event| match event {
        Event::State(state) => Some(*state),
        _ => None,
    });
    let paused = states.filter(|state| *state == RunState::Paused).count();
    assert_eq!(paused, 2);
    let epochs = count32(read_metrics(&held).unwrap().len());
    Watched::train(new_run(&plain, &config(&[]), Some(epochs))).ended();
    assert!(weights(&plain) == weights(&held));
}

#[test]
fn a_snapshot_is_whole_and_is_not_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut session = Watched::train(new_run(&run, &config(&[]), None));
    session.epoch();
    session.batches(1);
    let first = session.outcome(snapshot("mine"));
    assert!(first.applied, "{}", first.message);
    let place = run.join("snapshots/mine");
    let names = |folder| {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(place.clone()),
        [
            "digests.json",
            "optimizer.bpk",
            "state.json",
            "weights.safetensors"
        ]
    );
    let before = fs::read(place.join("weights.safetensors")).unwrap();
    load_weights(&place.join("weights.safetensors")).unwrap();

    session.epoch();
    let again = session.outcome(snapshot("mine"));
    assert!(!again.applied, "{}", again.message);
    assert!(again.message.contains("mine"), "{}", again.message);
    for name in ["", ".hidden", "../escaped", "a/b", "a b", "ü"] {
        let refused = session.outcome(snapshot(name));
        assert!(!refused.applied, "`{name}` was taken");
    }
    assert!(before == fs::read(place.join("weights.safetensors")).unwrap());
    assert_eq!(
        names(run.join("snapshots")),
        ["mine"],
        "and nothing beside it"
    );
    assert!(!run.join("escaped").exists());

    // While paused the place does not change, so the chosen names would be the same.
    session.outcome(Command::Pause);
    for _ in 0..3 {
        let unnamed = session.outcome(Command::Snapshot { name: None });
        assert!(unnamed.applied, "{}", unnamed.message);
    }
    assert_eq!(names(run.join("snapshots")).len(), 4);
}

#[test]
fn stop_after_epoch_finishes_the_epoch_also_out_of_a_pause() {
    for paused in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let run = home.path().join("run");
        let mut session = Watched::train(new_run(&run, &config(&[]), None));
        session.epoch();
        if paused {
            session.outcome(Command::Pause);
        }
        let stop = session.outcome(Command::StopAfterEpoch);
        assert!(stop.applied, "{}", stop.message);
        assert_eq!(session.ended().reason, EndReason::Stopped);
        let metrics = read_metrics(&run).unwrap();
        assert_eq!(
            metrics.last().unwrap().epoch,
            stop.epoch,
            "this epoch, no other"
        );
        session.leave().0.unwrap();
        let mut again = Watched::train(continued(&run, Some(1)));
        assert_eq!(count32(again.started().history.len()), stop.epoch + 1);
    }
}

#[test]
fn every_request_has_one_outcome_and_one_line_in_the_journal() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut session = Watched::train(new_run(&run, &config(&[]), None));
    let mut expected = BTreeMap::new();
    let mut ask = |session: &mut Watched, command: Command, applied: bool| {
        expected.insert(session.ask(command), applied);
    };
    session.epoch();
    ask(&mut session, Command::Resume, false);
    ask(&mut session, Command::Pause, true);
    ask(&mut session, Command::Pause, false);
    ask(&mut session, disrupt(0.2), true);
    ask(&mut session, disrupt(1e9), false);
    ask(&mut session, snapshot("one"), true);
    ask(&mut session, snapshot("one"), false);
    session.codes();
    ask(&mut session, Command::Resume, true);
    ask(&mut session, Command::StopAfterEpoch, true);
    session.ended();
    ask(&mut session, snapshot("late"), true);
    ask(&mut session, disrupt(0.2), false);
    ask(&mut session, Command::Pause, false);
    ask(&mut session, Command::StopNow, false);
    session.codes();

    let (done, told) = session.leave();
    done.unwrap();
    let outcomes: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::Outcome(outcome) => Some(outcome.clone()),
            _ => None,
        })
        .collect();
    let by_id: BTreeMap<u64, bool> = outcomes.iter().map(|it| (it.id, it.applied)).collect();
    assert_eq!(by_id, expected);
    assert_eq!(outcomes.len(), expected.len(), "one each");
    let journal: Vec<_> = read_journal(&run)
        .unwrap()
        .into_iter()
        .filter_map(|entry| match entry.event {
            JournalEvent::Outcome(outcome) => Some(outcome),
            _ => None,
        })
        .collect();
    assert_eq!(journal, outcomes);
}

#[test]
fn a_flood_of_requests_is_answered_or_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut session = Watched::train(new_run(&run, &config(&[]), None));
    let flood: Vec<_> = (0..500)
        .map(|i| {
            session.try_ask(if i % 2 == 0 {
                Command::Pause
            } else {
                Command::Resume
            })
        })
        .collect();
    assert!(flood.contains(&None), "the worker's inbox is bounded");
    let mut taken: Vec<u64> = flood.into_iter().flatten().collect();
    let last = *taken.last().unwrap();
    session.until("the last outcome", |event| match event {
        Event::Outcome(outcome) => (outcome.id == last).then_some(()),
        _ => None,
    });
    let answered: Vec<u64> = session
        .told
        .iter()
        .filter_map(|event| match event {
            Event::Outcome(outcome) => Some(outcome.id),
            _ => None,
        })
        .collect();
    assert_eq!(answered, taken, "in order, none twice");
    taken.dedup();
    assert_eq!(answered.len(), taken.len(), "numbers are unique");
}

#[test]
fn the_worker_ends_when_nobody_can_ask_it_any_more() {
    let home = tempfile::tempdir().unwrap();
    let new =
        |name: &str, epochs| Watched::train(new_run(&home.path().join(name), &config(&[]), epochs));
    let at_once = new("at once", None);
    let mut training = new("training", None);
    training.epoch();
    let mut paused = new("paused", None);
    paused.outcome(Command::Pause);
    for session in [at_once, training, paused] {
        let (done, told) = session.leave();
        done.unwrap();
        let last = told.last().unwrap();
        assert!(
            matches!(last, Event::Ended(end) if end.reason == EndReason::Stopped),
            "{last:?}"
        );
    }
    let mut finished = new("finished", Some(1));
    finished.ended();
    finished.leave().0.unwrap();
    let exploring = Watched::new(Session::explore(built_in().unwrap()).unwrap());
    exploring.leave().0.unwrap();
}

#[test]
fn codes_come_from_the_newest_weights_also_after_the_end() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut session = Watched::train(new_run(&run, &config(&[]), None));
    let early = session.codes();
    session.stop();
    let late = session.codes();
    let done = count32(read_metrics(&run).unwrap().len());
    assert_eq!(
        (late.source, late.epoch),
        (format!("epoch {}", done - 1), done)
    );
    assert!(
        Scope::ALL
            .into_iter()
            .all(|space| late.spaces.of(space).is_whole())
    );
    assert_ne!(early.spaces, late.spaces);

    let checkpoint = run.join("checkpoints/latest").display().to_string();
    let saved = fluxttice_core::run::find_checkpoint(home.path(), Some(&checkpoint)).unwrap();
    let mut explorer = Watched::new(Session::explore(saved).unwrap());
    assert_eq!(
        explorer.codes().spaces,
        late.spaces,
        "the codes of what is on the disk"
    );
}

#[test]
fn an_explored_model_answers_for_its_codes_and_refuses_the_rest() {
    let mut session = Watched::new(Session::explore(built_in().unwrap()).unwrap());
    assert!(!session.started().training);
    session.until("coverage", |event| match event {
        Event::Covered(sets) => sets.counts.map(|_| ()),
        _ => None,
    });
    for command in [
        Command::Pause,
        Command::Resume,
        Command::StopNow,
        Command::StopAfterEpoch,
        disrupt(0.2),
        snapshot("x"),
    ] {
        let outcome = session.outcome(command.clone());
        assert!(!outcome.applied);
        assert_eq!(outcome.command, command);
    }
    assert_eq!(session.codes().source, "built-in model");
}
