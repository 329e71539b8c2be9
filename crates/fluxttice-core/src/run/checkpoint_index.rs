//! Every kept state of a run, with those of its parents from before it was branched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::branch::parent;
use super::checkpoint::epoch_name;
use super::folder::{checkpoints, read_journal};
use super::names::CHECKPOINTS;

/// Finds checkpoint folders by the number of epochs finished in them: the run's, and up to where it left its
/// parent the parent's, as far as the parents lie beside it.
pub fn checkpoint_index(run: &Path) -> BTreeMap<u32, PathBuf> {
    let mut found = BTreeMap::new();
    let mut run = run.to_owned();
    let mut shared = u32::MAX;
    loop {
        for epoch in checkpoints(&run) {
            let folder = run.join(CHECKPOINTS).join(epoch_name(epoch));
            let epochs = epoch.saturating_add(1);
            if epochs <= shared {
                found.entry(epochs).or_insert(folder);
            }
        }
        let entries = read_journal(&run).unwrap_or_default();
        // Each parent shares less, so that this ends however the journals name each other.
        match parent(&entries) {
            Some(parent) if parent.epochs < shared => {
                shared = parent.epochs;
                run.set_file_name(parent.run);
            }
            _ => return found,
        }
    }
}
