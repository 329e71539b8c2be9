//! A run that is trained in one place, and watched and steered from others through its folder.

use std::fs;
use std::path::Path;

use fluxttice_core::disruption::{Disruption, DisruptionKind};
use fluxttice_core::protocol::Post;
use fluxttice_core::protocol::controls::Controls;
use fluxttice_core::protocol::place::Place;
use fluxttice_core::protocol::process::claim;
use fluxttice_core::protocol::request_file::RequestFile;
use fluxttice_core::protocol::status::{State, Status};
use fluxttice_core::request::{Claim, Command, EndReason, Outcome};
use fluxttice_core::run::journal::{JournalEvent, steps};
use fluxttice_core::run::names::REQUESTS;
use fluxttice_core::run::{read_journal, read_metrics};
use fluxttice_core::session::Session;
use fluxttice_core::session::message::{Event, RunState};
use fluxttice_core::training::Steer;

use fluxttice_testing::session::{Watched, config, continued, new_run, weights};

fn attach(run: &Path) -> Watched {
    Watched::new(Session::attach(run.to_owned(), continued(run, None)).unwrap())
}

/// Returns what an event told, whether it has been read already or is still to come.
fn seen<T>(watched: &mut Watched, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
    let told = watched.told.iter().find_map(&pick);
    told.unwrap_or_else(|| watched.until(what, pick))
}

/// The outcome of a request that somebody else asked for.
fn outcome_of(watched: &mut Watched, wanted: &Command) -> Outcome {
    seen(
        watched,
        "an outcome of somebody else",
        |event| match event {
            Event::Outcome(outcome) if outcome.command == *wanted => Some(outcome.clone()),
            _ => None,
        },
    )
}

fn state(watched: &mut Watched, wanted: RunState) {
    seen(watched, "a state", |event| match event {
        Event::State(state) => (*state == wanted).then_some(()),
        _ => None,
    });
}

/// Outcomes in the journal that answer requests of other programs.
fn answers(run: &Path) -> Vec<Outcome> {
    let entries = read_journal(run).unwrap();
    entries
        .into_iter()
        .filter_map(|entry| match entry.event {
            JournalEvent::Outcome(outcome) if outcome.by.requester().is_some() => Some(outcome),
            _ => None,
        })
        .collect()
}

#[test]
fn a_run_steered_from_three_places_is_seen_everywhere_and_replayed_to_the_bit() {
    let home = tempfile::tempdir().unwrap();
    let (run, replayed) = (home.path().join("run"), home.path().join("replayed"));
    let small = config(&[]);
    let mut trainer = Watched::train(new_run(&run, &small, None));
    trainer.epoch();
    let (mut one, mut other) = (attach(&run), attach(&run));
    let info = one.started();
    assert!(info.training && !info.history.is_empty());
    let attached = info.attached.unwrap();
    assert!(attached.trainer.contains(&std::process::id().to_string()));
    assert_eq!(attached.cannot_steer, None);
    other.started();

    let paused = one.outcome(Command::Pause);
    assert!(paused.applied, "{}", paused.message);
    assert_eq!(paused.message, "paused");
    state(&mut one, RunState::Paused);
    state(&mut other, RunState::Paused);
    let by = outcome_of(&mut other, &Command::Pause).by;
    assert!(by.to_string().contains("tests 1"), "{by}");
    let again = other.outcome(Command::Pause);
    assert_eq!(
        (again.applied, again.message.as_str()),
        (false, "already paused")
    );

    let change = Command::Steer(Steer::set("hold.rho", "0.4"));
    assert!(trainer.outcome(change).applied);
    let mut disruption = Disruption::new(DisruptionKind::BetaB);
    disruption.epochs = 2;
    let disrupted = other.outcome(Command::Steer(Steer::Disrupt { disruption }));
    assert!(disrupted.applied, "{}", disrupted.message);
    let tuned = seen(&mut one, "the change of another one", |event| match event {
        Event::Tuned(tuning) => Some(tuning.config.hold.rho),
        _ => None,
    });
    assert_eq!(tuned, Some(0.4));
    outcome_of(&mut one, &disrupted.command);

    assert!(one.outcome(Command::Resume).applied);
    let codes = other.codes();
    assert!(codes.epoch > 0);
    let covered = seen(&mut one, "covered sets", |event| match event {
        Event::Covered(sets) => Some(sets.argmax.a.len()),
        _ => None,
    });
    assert!(covered > 0);
    assert!(one.outcome(Command::Snapshot { name: None }).applied);
    assert!(one.outcome(Command::StopAfterEpoch).applied);
    for watched in [&mut one, &mut other, &mut trainer] {
        assert_eq!(watched.ended().reason, EndReason::Stopped);
    }
    let third = attach(&run).started();
    let before: Vec<_> = third
        .answered
        .iter()
        .map(|(_, outcome)| &outcome.command)
        .collect();
    assert!(before.contains(&&Command::Pause) && before.contains(&&Command::Resume));
    let late = one.outcome(Command::Pause);
    assert_eq!(
        (late.applied, late.message.as_str()),
        (false, "training has ended")
    );
    for watched in [one, other, trainer] {
        watched.leave().0.unwrap();
    }
    let status = Status::of(&run).unwrap();
    assert_eq!(status.state, State::Finished);
    assert_eq!(status.end.unwrap().reason, EndReason::Stopped);
    assert_eq!(fs::read_dir(run.join(REQUESTS)).unwrap().count(), 0);
    assert_eq!(answers(&run).len(), 6);

    let done = read_metrics(&run).unwrap().len();
    let mut plan = new_run(&replayed, &small, Some(u32::try_from(done).unwrap()));
    plan.planned = steps(&read_journal(&run).unwrap());
    plan.replay = true;
    let mut replay = Watched::train(plan);
    replay.ended();
    replay.leave().0.unwrap();
    assert!(weights(&run) == weights(&replayed));
}

#[test]
fn a_request_is_answered_once_and_another_sessions_is_too_late() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut trainer = Watched::train(new_run(&run, &config(&[]), None));
    trainer.epoch();
    let post = Post::new(&run, claim("a test"));
    let id = post
        .send(Command::Snapshot {
            name: Some("mine".into()),
        })
        .unwrap();
    let answered = trainer.until("the answer", |event| match event {
        Event::Outcome(outcome) => Some(outcome.clone()),
        _ => None,
    });
    assert!(answered.applied, "{}", answered.message);
    let requester = answered.by.requester().unwrap();
    assert_eq!(requester.id, id);
    assert_eq!(requester.claim.program, "a test");
    let session = Status::of(&run).unwrap().session;
    trainer.leave().0.unwrap();

    // As if it had been killed between the line of the journal and the removal of the file.
    let put = |request: &RequestFile| {
        let text = serde_json::to_vec(request).unwrap();
        let folder = Place::open(&run.join(REQUESTS)).unwrap();
        folder.put(&request.file_name(), &text).unwrap();
    };
    let again = RequestFile::new(&session, Claim::default(), Command::Pause).unwrap();
    put(&RequestFile { id, ..again });
    let late = RequestFile::new(&session, Claim::default(), Command::Pause).unwrap();
    put(&late);
    let mut trainer = Watched::train(continued(&run, None));
    let refused = outcome_of(&mut trainer, &Command::Pause);
    assert_eq!(refused.by.requester().unwrap().id, late.id);
    assert!(
        !refused.applied && refused.message.contains("too late"),
        "{}",
        refused.message
    );
    trainer.epoch();
    trainer.leave().0.unwrap();
    assert_eq!(fs::read_dir(run.join(REQUESTS)).unwrap().count(), 0);
    assert_eq!(answers(&run).len(), 2);
}

#[test]
fn a_branch_of_a_run_that_is_watched_is_trained_by_whoever_asked() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut trainer = Watched::train(new_run(&run, &config(&[]), None));
    trainer.epoch();
    let mut watcher = attach(&run);
    watcher.started();
    let branched = watcher.outcome(Command::Branch {
        of: None,
        epochs: 1,
        name: Some("branch".into()),
    });
    assert!(branched.applied, "{}", branched.message);
    let info = watcher.started();
    assert_eq!((info.name.as_str(), info.attached), ("branch", None));
    watcher.epoch();
    trainer.epoch();
    watcher.stop();
    watcher.leave().0.unwrap();
    trainer.stop();
    trainer.leave().0.unwrap();
    assert!(run.with_file_name("branch").join("metrics.jsonl").exists());
}

#[test]
fn a_trainer_that_is_gone_without_a_word_is_lost_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut trainer = Watched::train(new_run(&run, &config(&[]), None));
    trainer.epoch();
    trainer.leave().0.unwrap();
    // As a kill leaves it: a status that says nothing of an end, and no lock.
    let place = Place::open(&run).unwrap();
    let mut status = Status::read(&place).unwrap();
    (status.end, status.state) = (None, State::Training);
    status.put(&place).unwrap();
    let mut watcher = attach(&run);
    watcher.started();
    assert_eq!(watcher.ended().reason, EndReason::Lost);
    let mut trainer = Watched::train(continued(&run, None));
    let info = watcher.started();
    assert!(info.attached.is_some());
    let epoch = watcher.epoch();
    assert!(epoch as usize >= info.history.len());
    trainer.stop();
    assert_eq!(watcher.ended().reason, EndReason::Stopped);
    watcher.leave().0.unwrap();
    trainer.leave().0.unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_only_be_read_is_watched_and_says_why_nothing_can_be_asked() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: root may write anywhere");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut trainer = Watched::train(new_run(&run, &config(&[]), None));
    trainer.epoch();
    let requests = run.join(REQUESTS);
    fs::set_permissions(&requests, fs::Permissions::from_mode(0o555)).unwrap();
    let mut watcher = attach(&run);
    let problem = watcher.started().attached.unwrap().cannot_steer.unwrap();
    assert!(problem.contains("cannot be written to"), "{problem}");
    watcher.epoch();
    let refused = watcher.outcome(Command::Pause);
    assert!(!refused.applied);
    watcher.leave().0.unwrap();
    trainer.leave().0.unwrap();
}

/// The screen's walk of the keys is in `fluxttice-tui`; here are the requests behind them.
#[test]
fn every_control_and_request_has_the_same_outcome_line_as_on_a_run_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let config = config(&[]);
    let mut trainer = Watched::train(new_run(&run, &config, None));
    trainer.epoch();
    let mut watcher = attach(&run);
    watcher.started();
    assert!(trainer.outcome(Command::Pause).applied);
    let controls = Controls::of(&config, "").controls;
    assert!(controls.len() > 60);
    let mut commands = vec![Command::Pause, Command::Keep { epochs: 1 }];
    commands.push(Command::Keep { epochs: 99 });
    commands.push(Command::Snapshot {
        name: Some("../out".into()),
    });
    for control in controls {
        let wrong = Steer::set(control.name.clone(), "[nonsense]");
        commands.push(Command::Steer(Steer::set(control.name, control.value)));
        commands.push(Command::Steer(wrong));
    }
    for kind in DisruptionKind::ALL {
        let mut disruption = Disruption::new(kind);
        disruption.epochs = 0;
        commands.push(Command::Steer(Steer::Disrupt { disruption }));
    }
    for command in commands {
        let own = trainer.outcome(command.clone());
        let attached = watcher.outcome(command);
        assert_eq!(
            (attached.applied, &attached.message),
            (own.applied, &own.message)
        );
        assert_eq!(attached.command.to_string(), own.command.to_string());
        assert_eq!((attached.epoch, attached.batch), (own.epoch, own.batch));
        assert_eq!(attached.by, own.by, "nothing before the request");
    }
    watcher.leave().0.unwrap();
    trainer.leave().0.unwrap();
}
