//! Sessions behind a graphics driver: a population, whose batches are computed together there, and a device
//! that goes away under its runs, an adapter that was reset or pulled out. A software rasteriser stands in.

use std::path::{Path, PathBuf};
use std::time::Instant;

use fluxttice_core::device::{Chosen, DeviceSpec, choose};
use fluxttice_core::record::EpochRecord;
use fluxttice_core::request::{Command, EndReason};
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::{read_journal, read_metrics};
use fluxttice_core::session::message::{Event, RunState};
use fluxttice_core::session::{Plan, Session, SessionError, plans};

use fluxttice_testing::session::{PATIENCE, Watched, config, continued, new_run};
use fluxttice_testing::whole::reopened;

const SEEDS: [u64; 3] = [42, 7, 1];

/// The folders of a population in `out`, and the population at work.
fn population(out: &Path, epochs: u32) -> ([PathBuf; 3], Watched) {
    let config = config(&[]);
    let plan = Plan {
        device: DeviceSpec::Software,
        ..new_run(out, &config, Some(epochs))
    };
    let plans = plans(&plan, &config, &SEEDS, Some(out)).unwrap();
    let folders = SEEDS.map(|seed| out.join(format!("s{seed}")));
    (folders, Watched::new(Session::population(plans).unwrap()))
}

/// One after another: a process has one device, and what is lost stays lost.
#[test]
fn populations_and_a_lost_device() {
    let Ok(chosen) = choose(DeviceSpec::Software) else {
        eprintln!("skipped: no software rasteriser on this machine");
        return;
    };
    each_comes_out_as_on_the_processor_but_for_rounding();
    held_up_looked_at_and_stopped_all_obey();
    a_lost_device_leaves_the_last_epoch_and_the_cpu_goes_on_from_there(chosen);
}

fn each_comes_out_as_on_the_processor_but_for_rounding() {
    let home = tempfile::tempdir().unwrap();
    let (folders, mut session) = population(&home.path().join("together"), 2);
    assert_eq!(session.ended().reason, EndReason::Finished);
    let (result, told) = session.leave();
    result.unwrap();
    let at_once = |event: &Event| matches!(event, Event::Notice(notice) if notice.text.contains("3 runs are computed at once"));
    assert!(told.iter().any(at_once));
    for (seed, folder) in SEEDS.into_iter().zip(folders) {
        let alone = home.path().join(format!("alone-{seed}"));
        let mut config = config(&[]);
        config.seed = seed;
        let mut session = Watched::train(new_run(&alone, &config, Some(2)));
        session.ended();
        session.leave().0.unwrap();
        let [found, expected] = [&folder, &alone].map(|run| read_metrics(run).unwrap());
        assert_eq!((found.len(), expected.len()), (2, 2));
        for (found, expected) in found.iter().zip(&expected) {
            let of = |record: &EpochRecord| {
                [
                    record.train.ce_a,
                    record.train.ce_b,
                    record.validation.ce_b,
                    record.gradient.norm_a,
                ]
            };
            for (found, expected) in of(found).into_iter().zip(of(expected)) {
                let difference = (found - expected).abs() / expected;
                assert!(difference < 2e-3, "seed {seed}: {found} {expected}");
            }
        }
    }
}

fn held_up_looked_at_and_stopped_all_obey() {
    let home = tempfile::tempdir().unwrap();
    let (folders, mut session) = population(home.path(), 400);
    session.batches(2);
    session.ask(Command::Pause);
    session.until("paused", |event| {
        matches!(event, Event::State(RunState::Paused)).then_some(())
    });
    // Nobody waits for a batch of somebody who is held up.
    let name = Some("held".to_owned());
    assert!(session.outcome(Command::Snapshot { name }).applied);
    let patience = Instant::now() + PATIENCE;
    for folder in &folders {
        while !folder.join("snapshots/held").is_dir() {
            assert!(Instant::now() < patience, "{} waits", folder.display());
            std::thread::yield_now();
        }
    }
    session.ask(Command::Resume);
    session.epoch();
    session.batches(2);
    session.ask(Command::StopNow);
    assert_eq!(session.ended().reason, EndReason::Stopped);
    session.leave().0.unwrap();
}

fn a_lost_device_leaves_the_last_epoch_and_the_cpu_goes_on_from_there(chosen: Chosen) {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut plan = new_run(&run, &config(&[]), None);
    plan.device = DeviceSpec::Software;
    let mut watched = Watched::train(plan);
    assert_eq!(watched.started().device, chosen.name);
    let (_, mut many) = population(&home.path().join("many"), 400);
    many.epoch();
    watched.epoch();
    watched.batches(2);
    chosen.graphics.unwrap().device.destroy();
    let end = watched.ended();
    assert_eq!(end.reason, EndReason::Failed);
    let advice = "the last saved state is intact, `--device cpu` continues it";
    assert!(end.message.contains(advice), "{}", end.message);
    let (left, _) = watched.leave();
    assert!(matches!(left, Err(SessionError::Device(_))), "{left:?}");
    assert_eq!(
        many.ended().reason,
        EndReason::Failed,
        "none waits for ever"
    );
    assert!(matches!(many.leave().0, Err(SessionError::Device(_))));

    let saved = reopened(&run);
    assert!(saved >= 1);
    let mut watched = Watched::train(continued(&run, Some(1)));
    assert_eq!(watched.ended().reason, EndReason::Finished);
    watched.leave().0.unwrap();
    assert_eq!(reopened(&run), saved + 1);
    let journal = read_journal(&run).unwrap();
    let devices = journal.iter().filter_map(|entry| match &entry.event {
        JournalEvent::Opened { device, .. } => Some(device.as_str()),
        _ => None,
    });
    assert_eq!(devices.collect::<Vec<_>>(), [chosen.name.as_str(), "cpu"]);
}
