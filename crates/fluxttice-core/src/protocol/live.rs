//! `live/`: what a trainer shows to those who watch, so that they need not load its weights.
//!
//! `covered-EPOCH.bin` has four sets of operations, one bit for each operation: A's and B's by categorical
//! draws, then A's and B's by argmax. `codes-EPOCH.npy` has the means of all codes.

use super::place::Place;
use crate::arrays::{Kind, to_npy};
use crate::measure::neighbours::Spaces;
use crate::model::LATENT;
use crate::record::CoveredSets;
use crate::run::names::LIVE;
use crate::space::{OPERATIONS, OperationSet};
use crate::vae::Scope;

/// Bytes of one set.
const SET: usize = OPERATIONS.div_ceil(8);
/// Sets in a file.
const SETS: usize = 4;
/// Files of each kind that are kept.
const KEPT: usize = 2;

/// Puts the sets of an epoch, and returns the name of their file.
///
/// # Errors
/// Returns the system's error.
pub fn put_covered(run: &Place, covered: &CoveredSets) -> std::io::Result<String> {
    let sets = [&covered.categorical, &covered.argmax];
    let sets = sets.into_iter().flat_map(|pair| [&pair.a, &pair.b]);
    let bytes: Vec<u8> = sets.flat_map(OperationSet::as_bytes).copied().collect();
    put(run, "covered-", covered.epoch, ".bin", &bytes)
}

/// Reads the sets in a file of that name; `None` where it is not there, or something else.
pub fn read_covered(run: &Place, name: &str) -> Option<CoveredSets> {
    let epoch = name.strip_prefix("covered-")?.strip_suffix(".bin")?;
    let epoch = epoch.parse().ok()?;
    let folder = run.existing(LIVE).ok()?;
    let bytes = folder.read(name, (SETS * SET) as u64).ok()?.bytes;
    let sets: Option<Vec<OperationSet>> = bytes.chunks(SET).map(OperationSet::from_bytes).collect();
    let [categorical_a, categorical_b, argmax_a, argmax_b] = sets?.try_into().ok()?;
    Some(CoveredSets {
        epoch,
        counts: None,
        categorical: [categorical_a, categorical_b].into(),
        argmax: [argmax_a, argmax_b].into(),
    })
}

/// Puts the means of all codes after an epoch, and returns the name of their file: an array of NumPy of 19,683
/// rows, A's 16 dimensions and then B's, in single precision.
///
/// # Errors
/// Returns the system's error.
pub fn put_codes(run: &Place, epoch: u32, spaces: &Spaces) -> std::io::Result<String> {
    let means = [Scope::A, Scope::B].map(|scope| spaces.of(scope).means());
    let rows =
        |row: usize| means.map(|of| of.get(row * LATENT..(row + 1) * LATENT).unwrap_or_default());
    let numbers = (0..OPERATIONS).flat_map(rows).flatten().copied();
    let bytes = to_npy(&[OPERATIONS, 2 * LATENT], numbers, Kind::Single);
    put(run, "codes-", epoch, ".npy", &bytes)
}

/// Puts a file of an epoch and removes those before, but for the newest ones.
fn put(run: &Place, kind: &str, epoch: u32, ending: &str, bytes: &[u8]) -> std::io::Result<String> {
    let folder = run.subfolder(LIVE)?;
    let name = format!("{kind}{epoch:04}{ending}");
    folder.put(&name, bytes)?;
    let number =
        |name: &str| -> Option<u64> { name.strip_prefix(kind)?.strip_suffix(ending)?.parse().ok() };
    let names = folder.names()?.filter_map(|name| name.into_string().ok());
    let mut there: Vec<(u64, String)> = names
        .filter_map(|name| Some((number(&name)?, name)))
        .collect();
    there.sort();
    // After a branch or a roll-back an epoch comes again; later ones are of no use then.
    let later = there
        .iter()
        .filter(|(number, _)| *number > u64::from(epoch));
    let old = there.len().saturating_sub(KEPT);
    let old = there.iter().take(old);
    for (_, name) in later.chain(old).filter(|(_, other)| *other != name) {
        let _ = folder.remove(name);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Operation;

    #[test]
    fn the_sets_come_back_and_the_newest_two_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let run = Place::open(home.path()).unwrap();
        let set = |step: usize| Operation::all().step_by(step).collect::<OperationSet>();
        let mut name = String::new();
        for epoch in [7, 8, 9] {
            let covered = CoveredSets {
                epoch,
                counts: None,
                categorical: [set(2), set(3)].into(),
                argmax: [set(5), set(19_682)].into(),
            };
            name = put_covered(&run, &covered).unwrap();
        }
        assert_eq!(name, "covered-0009.bin");
        let read = read_covered(&run, &name).unwrap();
        assert_eq!(read.epoch, 9);
        assert_eq!(read.categorical.a, set(2));
        assert_eq!(read.categorical.b, set(3));
        assert_eq!(read.argmax.a, set(5));
        assert_eq!(read.argmax.b, set(19_682));
        assert!(read_covered(&run, "covered-0007.bin").is_none());
        assert!(read_covered(&run, "covered-0008.bin").is_some());
        assert!(read_covered(&run, "../status.json").is_none());
    }
}
