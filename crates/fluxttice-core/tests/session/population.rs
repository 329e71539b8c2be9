//! Runs of several seeds side by side: each comes out as if it were alone, and what is asked is asked of all.

use std::path::{Path, PathBuf};

use fluxttice_core::config::Config;
use fluxttice_core::disruption::{Disruption, DisruptionKind};
use fluxttice_core::request::{Command, EndReason};
use fluxttice_core::run::journal::steps;
use fluxttice_core::run::{read_journal, read_metrics};
use fluxttice_core::session::message::Event;
use fluxttice_core::session::{Session, plans};
use fluxttice_core::training::Steer;

use fluxttice_testing::session::{Watched, config, new_run, weights};

const SEEDS: [u64; 3] = [42, 7, 1];

/// The folders of a population in `out`, and the population at work.
fn population(out: &Path, config: &Config, epochs: u32) -> ([PathBuf; 3], Watched) {
    let plan = new_run(out, config, Some(epochs));
    let plans = plans(&plan, config, &SEEDS, Some(out)).unwrap();
    let folders = SEEDS.map(|seed| out.join(format!("s{seed}")));
    (folders, Watched::new(Session::population(plans).unwrap()))
}

#[test]
fn each_comes_out_as_if_it_were_alone_and_goes_on_so() {
    let home = tempfile::tempdir().unwrap();
    let config = config(&[]);
    let together = home.path().join("together");
    // In two parts, as the same command made twice.
    let mut told = Vec::new();
    let mut folders = None;
    for _ in 0..2 {
        let (those, mut session) = population(&together, &config, 2);
        let end = session.ended();
        assert_eq!(end.reason, EndReason::Finished);
        let (result, events) = session.leave();
        result.unwrap();
        told.extend(events);
        folders = Some(those);
    }
    for (seed, folder) in SEEDS.into_iter().zip(folders.unwrap()) {
        let alone = home.path().join(format!("alone-{seed}"));
        let config = Config {
            seed,
            ..config.clone()
        };
        let mut session = Watched::train(new_run(&alone, &config, Some(4)));
        session.ended();
        session.leave().0.unwrap();
        assert!(weights(&folder) == weights(&alone), "seed {seed}");
    }
    // The first one tells of itself, the others of their epochs; there is one start and one end of each part.
    let count = |is: fn(&Event) -> bool| told.iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Started(_))), 2);
    assert_eq!(count(|event| matches!(event, Event::Ended(_))), 2);
    assert_eq!(count(|event| matches!(event, Event::Epoch(_))), 4);
    // When they go on, their history is told with the start.
    let histories = told.iter().filter_map(|event| match event {
        Event::Started(info) | Event::Joined(info) => Some(info.history.len()),
        _ => None,
    });
    assert_eq!(histories.collect::<Vec<_>>(), [0, 0, 0, 2, 2, 2]);
    let of_others: Vec<(u64, u32)> = told
        .iter()
        .filter_map(|event| match event {
            Event::Member(member) => Some((member.seed, member.record.epoch)),
            _ => None,
        })
        .collect();
    for seed in [7, 1] {
        let epochs: Vec<u32> = of_others
            .iter()
            .filter(|(of, _)| *of == seed)
            .map(|(_, epoch)| *epoch)
            .collect();
        assert_eq!(epochs, [0, 1, 2, 3], "seed {seed}");
    }
    assert!(
        matches!(told[0], Event::State(_) | Event::Started(_)),
        "{:?}",
        told[0]
    );
    let started = told
        .iter()
        .position(|event| matches!(event, Event::Started(_)));
    let member = told
        .iter()
        .position(|event| matches!(event, Event::Member(_)));
    assert!(started < member, "the first one is told first");
}

#[test]
fn what_is_asked_is_asked_of_all_and_they_stay_together() {
    let home = tempfile::tempdir().unwrap();
    let (folders, mut session) = population(home.path(), &config(&[]), 400);
    session.epoch();
    let mut disruption = Disruption::new(DisruptionKind::LatentNoise);
    disruption.epochs = 1;
    let asked = session.outcome(Command::Steer(Steer::Disrupt { disruption }));
    assert!(asked.applied);
    let refused = session.outcome(Command::Branch {
        of: None,
        epochs: 1,
        name: None,
    });
    assert!(
        !refused.applied && refused.message.contains("together"),
        "{}",
        refused.message
    );
    session.ask(Command::StopNow);
    assert_eq!(session.ended().reason, EndReason::Stopped);
    session.leave().0.unwrap();
    for folder in folders {
        let steps = steps(&read_journal(&folder).unwrap());
        assert_eq!(steps.len(), 1, "{}", folder.display());
        assert_eq!(steps[0].steer, Steer::Disrupt { disruption });
    }
}

#[test]
fn one_that_cannot_go_on_does_not_stop_the_others() {
    let home = tempfile::tempdir().unwrap();
    // The second one's folder is in use by somebody else.
    let config = config(&[]);
    let taken = home.path().join("s7");
    let seventh = Config {
        seed: 7,
        ..config.clone()
    };
    let mut other = Watched::train(new_run(&taken, &seventh, None));
    other.epoch();
    let (folders, mut session) = population(home.path(), &config, 2);
    assert_eq!(
        session.ended().reason,
        EndReason::Finished,
        "that is how the first one ended"
    );
    let (result, told) = session.leave();
    assert!(result.is_err(), "and yet one failed");
    let in_use = |event: &Event| match event {
        Event::Notice(notice) => {
            notice.text.starts_with("seed 7: ") && notice.text.contains("in use")
        }
        _ => false,
    };
    assert!(told.iter().any(in_use));
    for folder in [&folders[0], &folders[2]] {
        assert_eq!(read_metrics(folder).unwrap().len(), 2);
    }
    other.leave().0.unwrap();
}

#[test]
fn a_folder_of_other_runs_is_not_gone_on_with() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut session) = population(home.path(), &config(&[]), 1);
    session.ended();
    session.leave().0.unwrap();
    let other = config(&["batch_size=32"]);
    let plan = new_run(home.path(), &other, Some(1));
    let problem = plans(&plan, &other, &SEEDS, Some(home.path())).unwrap_err();
    let text = problem.to_string();
    assert!(
        text.contains("s42") && text.contains("another configuration"),
        "{text}"
    );
}
