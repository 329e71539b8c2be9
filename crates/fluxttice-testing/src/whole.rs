//! Checks that every file of a run can be read.

use std::path::Path;

use fluxttice_core::numbers::count32;
use fluxttice_core::run::{
    Disk, RunFolder, checkpoint, enter_newest, finished_epochs, read_journal, read_metrics,
    stored_config,
};

/// Opens a run for writing, as a continued session does, and reads it.
pub fn reopened(run: &Path) -> u32 {
    RunFolder::open(&Disk::default(), run).unwrap();
    whole(run)
}

/// Reads every file of a run that has a final name; returns the number of epochs of the newest checkpoint.
pub fn whole(run: &Path) -> u32 {
    let digest = stored_config(run).unwrap().digest().unwrap();
    let checkpoints = run.join("checkpoints");
    let latest = enter_newest(run)
        .unwrap()
        .map(|(_, entered)| entered.files.snapshot(&digest).unwrap());
    let finished = latest.as_ref().map_or(0, |snapshot| snapshot.state.epoch);
    let epochs: Vec<u32> = read_metrics(run)
        .unwrap()
        .iter()
        .map(|record| record.epoch)
        .collect();
    assert!(epochs.iter().copied().eq(0..count32(epochs.len())));
    assert!(count32(epochs.len()) >= finished, "metrics of every epoch");
    if run.join("journal.jsonl").exists() {
        read_journal(run).unwrap();
    }
    let ours = format!("-{}-", std::process::id());
    for folder in [checkpoints, run.join("snapshots")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // A folder with our process id is still being written.
            let made = !path.to_string_lossy().contains(&ours);
            if made && !path.ends_with("none-yet") {
                checkpoint::load(&path, &digest).unwrap();
            }
        }
    }
    let bests = latest.map(|snapshot| snapshot.state.best_epochs());
    let links = ["best", "best-coverage", "best-information"];
    for (link, best) in links.into_iter().zip(bests.into_iter().flatten()) {
        if let Some(best) = best {
            assert!(finished_epochs(run, link).unwrap() > best, "{link}");
        }
    }
    finished
}
