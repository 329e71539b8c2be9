//! A device that goes away under a run: an adapter that was reset or pulled out.

use fluxttice_core::device::{DeviceSpec, choose};
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::read_journal;
use fluxttice_core::session::SessionError;
use fluxttice_core::session::message::EndReason;

use crate::support::{Watched, config, continued, new_run};
use crate::whole::reopened;

#[test]
fn a_lost_device_leaves_the_last_epoch_and_the_cpu_goes_on_from_there() {
    // The session opens it once more and gets the same one.
    let Ok(chosen) = choose(DeviceSpec::Software) else {
        eprintln!("skipped: no software rasteriser on this machine");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut plan = new_run(&run, &config(&[]), None);
    plan.device = DeviceSpec::Software;
    let mut watched = Watched::train(plan);
    assert_eq!(watched.started().device, chosen.name);
    watched.epoch();
    watched.batches(2);
    chosen.graphics.unwrap().device.destroy();
    let end = watched.ended();
    assert_eq!(end.reason, EndReason::Failed);
    let advice = "the last saved state is intact, `--device cpu` continues it";
    assert!(end.message.contains(advice), "{}", end.message);
    let (left, _) = watched.leave();
    assert!(matches!(left, Err(SessionError::Device(_))), "{left:?}");

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
