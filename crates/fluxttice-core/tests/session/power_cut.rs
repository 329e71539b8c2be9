//! A power cut after every single change that a session makes to the disk.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use fluxttice_core::config::Config;
use fluxttice_core::numbers::count32;
use fluxttice_core::request::Command;
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::names::CONFIG;
use fluxttice_core::run::{Disk, RunFolder, finished_epochs, read_journal, read_metrics};
use fluxttice_core::session::message::Event;
use fluxttice_core::training::Steer;

use fluxttice_testing::power::{Recorder, Story, Unsynced};
use fluxttice_testing::session::{Watched, config, continued, new_run, weights};
use fluxttice_testing::whole::reopened;

/// Number of epochs of the run, at least.
const EPOCHS: u32 = 4;
const RUN: &str = "run";
const BRANCH: &str = "branch";

fn small() -> Config {
    config(&["checkpoint_freq=3"])
}

/// Returns a message of the session in words that the files after a cut can be compared with.
fn telling(event: &Event) -> Option<String> {
    match event {
        Event::Epoch(report) => Some(format!("epoch {}", report.record.epoch)),
        Event::Outcome(outcome) => Some(format!("answer {}", outcome.id)),
        _ => None,
    }
}

/// Trains with a change, a snapshot and a branch on the way, noting what is told.
fn recorded(home: &Path) -> Story {
    let recorder = Arc::new(Recorder::new(home));
    let mut plan = new_run(&home.join(RUN), &small(), None);
    plan.disk = Disk::on(recorder.clone());
    let mut watched = Watched::train(plan);
    let until = |watched: &mut Watched, what: &str, pick: &dyn Fn(&Event) -> bool| {
        watched.until(what, |event| {
            if let Some(told) = telling(event) {
                recorder.told(told);
            }
            pick(event).then_some(())
        });
    };
    let epoch = |event: &Event| matches!(event, Event::Epoch(_));
    until(&mut watched, "an epoch", &epoch);
    for command in [
        Command::Pause,
        Command::Steer(Steer::set("hold.rho", "0.2")),
        Command::Snapshot {
            name: Some("here".into()),
        },
        Command::Resume,
    ] {
        let asked = watched.ask(command);
        let answered = |event: &Event| matches!(event, Event::Outcome(told) if told.id == asked);
        until(&mut watched, "an answer", &answered);
    }
    let last =
        |event: &Event| matches!(event, Event::Epoch(report) if report.record.epoch + 2 >= EPOCHS);
    until(&mut watched, "the last but one", &last);
    watched.ask(Command::StopAfterEpoch);
    let ended = |event: &Event| matches!(event, Event::Ended(_));
    until(&mut watched, "the end", &ended);
    watched.ask(Command::Branch {
        of: None,
        epochs: 1,
        name: Some(BRANCH.into()),
    });
    let branched = |event: &Event| matches!(event, Event::Started(_));
    until(&mut watched, "the branch", &branched);
    recorder.told(BRANCH);
    until(&mut watched, "an epoch of the branch", &epoch);
    watched.leave().0.unwrap();
    recorder.story()
}

/// Checks a run after a cut against the messages sent before it.
fn holds(run: &Path, told: &BTreeSet<&str>) {
    let finished = reopened(run);
    let epochs = told.iter().filter_map(|told| told.strip_prefix("epoch "));
    for epoch in epochs.map(|epoch| epoch.parse::<u32>().unwrap()) {
        assert!(
            finished > epoch,
            "epoch {epoch} was told, {finished} are there"
        );
    }
    let journal = read_journal(run).unwrap();
    for answer in told.iter().filter_map(|told| told.strip_prefix("answer ")) {
        let there = journal.iter().any(|entry| match &entry.event {
            JournalEvent::Outcome(outcome) => outcome.id.to_string() == answer,
            _ => false,
        });
        assert!(there, "answer {answer} was told");
    }
}

#[test]
fn nothing_that_was_told_is_lost_and_nothing_half_made_is_taken_for_whole() {
    let home = tempfile::tempdir().unwrap();
    let story = recorded(home.path());
    let mut seen = BTreeSet::new();
    let mut runs = 0;
    for cut in 0..=story.len() {
        let told: BTreeSet<&str> = story.told(cut).collect();
        for unsynced in Unsynced::ALL {
            let tree = story.after(cut, unsynced);
            if !seen.insert((tree.clone(), told.len())) {
                continue;
            }
            let place = tempfile::tempdir().unwrap();
            tree.build(place.path());
            let run = place.path().join(RUN);
            let checked = std::panic::catch_unwind(|| {
                if run.join(CONFIG).exists() {
                    holds(&run, &told);
                } else {
                    assert!(told.is_empty(), "nothing was promised yet");
                    RunFolder::create(&Disk::default(), &run, &small()).unwrap();
                }
                let branch = place.path().join(BRANCH);
                if told.contains(BRANCH) || branch.exists() {
                    assert!(
                        reopened(&branch) >= 1,
                        "a branch is there whole or not at all"
                    );
                }
            });
            runs += 1;
            if let Err(panic) = checked {
                let what = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                panic!(
                    "cut after {cut} of {} changes, {unsynced:?}: {what}",
                    story.len()
                );
            }
        }
    }
    assert!(runs > 200, "{runs} different cuts");
    println!("{runs} different states after {} changes", story.len());
}

#[test]
fn a_run_goes_on_after_a_cut_and_comes_to_the_same() {
    let home = tempfile::tempdir().unwrap();
    let story = recorded(home.path());
    let wanted = weights(&home.path().join(RUN));
    let epochs = count32(read_metrics(&home.path().join(RUN)).unwrap().len());
    let mut resumed = 0;
    for cut in (0..story.len()).step_by(13) {
        // Before it was answered, the change of ρ may or may not be made again.
        let answers = story.told(cut).filter(|told| told.starts_with("answer"));
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join(RUN);
        if answers.count() < 4 {
            continue;
        }
        story.after(cut, Unsynced::Lost).build(place.path());
        let left = epochs - finished_epochs(&run, "latest").unwrap();
        let mut watched = Watched::train(continued(&run, Some(left)));
        watched.ended();
        watched.leave().0.unwrap();
        assert!(weights(&run) == wanted, "cut after {cut} changes");
        resumed += 1;
    }
    assert!(resumed > 2, "{resumed} cuts were gone on from");
}
