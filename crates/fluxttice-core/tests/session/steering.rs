//! Sessions that were steered: replayed, left and taken up again, branched.

use std::path::Path;

use fluxttice_core::config::Config;
use fluxttice_core::digest::hex;
use fluxttice_core::disruption::{Disruption, DisruptionKind, Shape};
use fluxttice_core::numbers::{count32, index};
use fluxttice_core::random::{Purpose, Stream, pick};
use fluxttice_core::request::{Author, Command, EndReason};
use fluxttice_core::run::journal::{JournalEvent, steps};
use fluxttice_core::run::{checkpoints, parent, read_journal, read_metrics};
use fluxttice_core::session::message::Event;
use fluxttice_core::training::Steer;

use fluxttice_testing::session::{Watched, config, continued, new_run, weights};

/// Enough batches in an epoch for requests to fall between any two.
fn longer(more: &[&str]) -> Config {
    let mut all = vec!["train_split=0.1", "test_split=0.89"];
    all.extend(more);
    config(&all)
}

/// Numbers that decide what a session is asked for; when, the machine decides.
struct Dice {
    stream: Stream,
    thrown: u32,
}

impl Dice {
    fn new(seed: u64) -> Self {
        Self {
            stream: Stream::new(seed, Purpose::Shuffle, 0, 0),
            thrown: 0,
        }
    }

    fn below(&mut self, n: u32) -> u32 {
        self.thrown += 1;
        count32(pick(self.stream.uniform(self.thrown, 0), index(n)))
    }

    fn request(&mut self) -> Command {
        let share = f64::from(self.below(100)) / 100.0;
        match self.below(8) {
            0 => Command::Pause,
            1 => Command::Resume,
            2 => Command::Snapshot { name: None },
            3 => Command::Steer(Steer::set("hold.rho", share.to_string())),
            4 => Command::Steer(Steer::set("hold.rho", "null")),
            5 => {
                let keys = [
                    "free_bits",
                    "vae_b.repulsion_weight",
                    "vae_a.beta_start",
                    "hold.lambda2",
                ];
                let key = keys[self.below(4) as usize];
                Command::Steer(Steer::set(key, share.to_string()))
            }
            _ => Command::Steer(Steer::Disrupt {
                disruption: Disruption {
                    epochs: 1 + self.below(3),
                    shape: Shape::ALL[self.below(3) as usize],
                    cooldown: self.below(2),
                    ..Disruption::new(DisruptionKind::ALL[self.below(6) as usize])
                },
            }),
        }
    }
}

/// A new run whose changes are those of another one's journal, to the same length.
fn replay(of: &Path, to: &Path, config: &Config) {
    let epochs = count32(read_metrics(of).unwrap().len());
    let mut plan = new_run(to, config, Some(epochs));
    plan.planned = steps(&read_journal(of).unwrap());
    plan.replay = true;
    let mut session = Watched::train(plan);
    assert_eq!(session.ended().reason, EndReason::Finished);
    session.leave().0.unwrap();
}

#[test]
fn ten_random_sessions_are_replayed_to_the_bit() {
    let config = longer(&[]);
    let mut changed = 0;
    for seed in 0..10 {
        let home = tempfile::tempdir().unwrap();
        let (asked, replayed) = (home.path().join("asked"), home.path().join("replayed"));
        let mut dice = Dice::new(seed);
        let mut session = Watched::train(new_run(&asked, &config, None));
        for sitting in 0..2 {
            for _ in 0..6 {
                session.outcome(dice.request());
                session.outcome(Command::Resume);
                session.batches(1 + dice.below(20));
            }
            session.epoch();
            if sitting == 0 {
                // Left in the middle of an epoch, which the next session does again.
                session.leave().0.unwrap();
                session = Watched::train(continued(&asked, None));
            }
        }
        session.outcome(Command::StopAfterEpoch);
        session.ended();
        session.leave().0.unwrap();
        changed += steps(&read_journal(&asked).unwrap()).len();
        replay(&asked, &replayed, &config);
        assert!(weights(&asked) == weights(&replayed), "session {seed}");
    }
    assert!(
        changed > 40,
        "{changed} changes in ten sessions test little"
    );
}

#[test]
fn a_branch_shares_the_past_and_leaves_its_parent_alone() {
    let home = tempfile::tempdir().unwrap();
    let (run, plain) = (home.path().join("run"), home.path().join("plain"));
    let config = longer(&["checkpoint_freq=1"]);
    let mut session = Watched::train(new_run(&run, &config, None));
    let disruption = Disruption::new(DisruptionKind::Permeability);
    session.epoch();
    session.epoch();
    session.outcome(Command::Steer(Steer::Disrupt { disruption }));
    session.epoch();
    let outcome = session.outcome(Command::Branch {
        of: None,
        epochs: 2,
        name: Some("back".into()),
    });
    assert!(outcome.applied, "{}", outcome.message);
    let before = weights(&run);
    let info = session.started();
    assert_eq!((info.name.as_str(), info.history.len()), ("back", 2));
    session.epoch();
    session.outcome(Command::StopAfterEpoch);
    session.ended();
    session.leave().0.unwrap();

    let back = home.path().join("back");
    assert!(before == weights(&run), "the parent was touched");
    let entries = read_journal(&back).unwrap();
    let origin = parent(&entries).unwrap();
    assert_eq!((origin.run.as_str(), origin.epochs), ("run", 2));
    let shared = run.join("checkpoints/epoch-0001/weights.safetensors");
    assert_eq!(origin.weights, Some(hex(&std::fs::read(shared).unwrap())));
    // Without the disruption, which came after the branch, it is the run nobody disrupted.
    let epochs = count32(read_metrics(&back).unwrap().len());
    assert!(steps(&entries).is_empty());
    let mut undisturbed = Watched::train(new_run(&plain, &config, Some(epochs)));
    undisturbed.ended();
    assert!(weights(&back) == weights(&plain));
}

#[test]
fn a_branch_takes_the_changes_before_it_along_and_can_be_replayed_alone() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let config = longer(&["checkpoint_freq=1"]);
    let mut session = Watched::train(new_run(&run, &config, None));
    session.outcome(Command::Steer(Steer::set("hold.rho", "0.6")));
    session.epoch();
    session.epoch();
    session.epoch();
    let name = Some("second".to_owned());
    session.outcome(Command::Branch {
        of: None,
        epochs: 2,
        name,
    });
    session.epoch();
    session.outcome(Command::Steer(Steer::set("free_bits", "1.5")));
    session.outcome(Command::StopAfterEpoch);
    session.ended();
    session.leave().0.unwrap();
    let (second, again) = (home.path().join("second"), home.path().join("again"));
    let records = read_metrics(&second).unwrap();
    assert!(
        records.iter().all(|record| record.rho == 0.6),
        "{records:?}"
    );
    replay(&second, &again, &config);
    assert!(weights(&second) == weights(&again));
}

#[test]
fn a_finished_run_goes_on_in_a_branch() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let config = config(&["checkpoint_freq=1", "total_epochs=3"]);
    let mut session = Watched::train(new_run(&run, &config, None));
    assert_eq!(session.ended().reason, EndReason::Finished);
    for (epochs, name) in [(9, "new"), (1, "../out"), (1, "run")] {
        let name = Some(name.to_owned());
        let refused = session.outcome(Command::Branch {
            of: None,
            epochs,
            name,
        });
        assert!(!refused.applied, "{}", refused.message);
    }
    let outcome = session.outcome(Command::Branch {
        of: None,
        epochs: 1,
        name: None,
    });
    assert!(outcome.applied, "{}", outcome.message);
    assert_eq!(session.epoch(), 1);
    assert_eq!(session.ended().reason, EndReason::Finished);
    let (done, told) = session.leave();
    done.unwrap();
    let ends = told.iter().filter(|event| matches!(event, Event::Ended(_)));
    assert_eq!(ends.count(), 2);
}

#[test]
fn the_checkpoint_before_a_disruption_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let config = longer(&["checkpoint_freq=1000"]);
    let mut session = Watched::train(new_run(&run, &config, None));
    session.epoch();
    session.epoch();
    let disruption = Disruption::new(DisruptionKind::TemperatureA);
    let outcome = session.outcome(Command::Steer(Steer::Disrupt { disruption }));
    for _ in 0..3 {
        session.epoch();
    }
    session.leave().0.unwrap();
    let mut session = Watched::train(continued(&run, Some(2)));
    session.ended();
    assert!(checkpoints(&run).contains(&(outcome.epoch - 1)));
}

#[test]
fn while_a_disruption_cools_down_no_other_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut session = Watched::train(new_run(&run, &longer(&[]), None));
    let disruption = Disruption {
        epochs: 1,
        cooldown: 2,
        ..Disruption::new(DisruptionKind::BetaB)
    };
    let ask = || Command::Steer(Steer::Disrupt { disruption });
    // Held, so that it cools down however short an epoch is.
    session.outcome(Command::Pause);
    let first = session.outcome(ask());
    assert!(first.applied);
    let second = session.outcome(ask());
    assert!(
        !second.applied && second.message.contains("cools down"),
        "{}",
        second.message
    );
    session.outcome(Command::Resume);
    while session.epoch() < first.epoch + 3 {}
    let third = session.outcome(ask());
    assert!(third.applied, "{}", third.message);
    session.leave().0.unwrap();
    let journal = read_journal(&run).unwrap();
    let disruptions = journal.iter().filter(|entry| {
        matches!(&entry.event, JournalEvent::Outcome(outcome)
            if outcome.applied && outcome.command == ask())
    });
    assert_eq!(disruptions.count(), 2);
}

#[test]
fn a_rule_fires_once_rests_and_is_replayed() {
    let home = tempfile::tempdir().unwrap();
    let (run, again) = (home.path().join("run"), home.path().join("again"));
    let rule =
        "when argmax gains less than 100 in 2 epochs then permeability:amplitude=0.3,epochs=1";
    let config = longer(&[&format!("rules=['{rule}']")]);
    let mut session = Watched::train(new_run(&run, &config, Some(4)));
    session.epoch();
    session.epoch();
    // Left in the middle of the epoch in which it fires: what is done again fires no second time.
    session.epoch();
    session.leave().0.unwrap();
    let more = 9 - count32(read_metrics(&run).unwrap().len());
    let mut session = Watched::train(continued(&run, Some(more)));
    session.ended();
    session.leave().0.unwrap();
    let rho: Vec<f64> = read_metrics(&run)
        .unwrap()
        .iter()
        .map(|record| record.rho)
        .collect();
    // After epochs 0 to 2 it looks back over two; one epoch of disruption, two of rest.
    let wanted = [0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.4, 0.1, 0.1];
    assert!(
        rho.iter()
            .zip(wanted)
            .all(|(is, wanted)| (is - wanted).abs() < 1e-12),
        "{rho:?}"
    );
    let entries = read_journal(&run).unwrap();
    let by_rule = entries.iter().filter(|entry| match &entry.event {
        JournalEvent::Outcome(outcome) => outcome.by == Author::Rule(rule.to_owned()),
        _ => false,
    });
    assert_eq!(by_rule.count(), 2);
    replay(&run, &again, &config);
    assert!(
        weights(&run) == weights(&again),
        "replayed with the rule still in the configuration"
    );
}

#[test]
fn a_rule_is_armed_and_disarmed_while_the_run_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut session = Watched::train(new_run(&run, &longer(&[]), None));
    session.epoch();
    let rule = "when argmax above 0 for 1 epochs then permeability:amplitude=0.3,epochs=1";
    let armed = session.outcome(Command::Steer(Steer::set("rules", rule)));
    assert!(armed.applied, "{}", armed.message);
    let fired = session.until("the rule", |event| match event {
        Event::Outcome(outcome) if outcome.by == Author::Rule(rule.to_owned()) => {
            Some(outcome.epoch)
        }
        _ => None,
    });
    assert!(fired > armed.epoch);
    let off = session.outcome(Command::Steer(Steer::set("rules", "null")));
    assert!(off.applied, "{}", off.message);
    let wrong = session.outcome(Command::Steer(Steer::set("rules", "when it rains")));
    assert!(
        !wrong.applied && wrong.message.contains("is no rule"),
        "{}",
        wrong.message
    );
    session.leave().0.unwrap();
}
