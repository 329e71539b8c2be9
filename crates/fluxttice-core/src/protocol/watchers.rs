//! `watchers/ID`: who watches a run, so that its trainer shows more only while somebody does.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::run::names::WATCHERS;

/// Most watchers that count.
const MOST: usize = 32;
/// Largest file of a watcher that is read, in bytes.
const LIMIT: u64 = 4 << 10;
/// Time without a sign after which a watcher counts as gone.
pub const SILENT: Duration = Duration::from_mins(1);
/// Time between two signs that a watcher gives.
pub const SIGN: Duration = Duration::from_secs(10);

/// What a watcher wants to be shown; an empty file wants all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wants {
    /// Sets of the operations that A and B generated, after each epoch that counts them.
    pub covered: bool,
    /// Codes of all operations, after each epoch.
    pub codes: bool,
}

impl Wants {
    /// Everything that can be shown.
    pub const ALL: Self = Self {
        covered: true,
        codes: true,
    };

    /// Returns true if nothing is wanted.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    fn and(self, other: Self) -> Self {
        Self {
            covered: self.covered || other.covered,
            codes: self.codes || other.codes,
        }
    }
}

/// Returns what those who watch a run want together, and sweeps the files of those who are gone; `now` is the time
/// by the clock of the file system.
pub fn wanted(run: &Place, now: SystemTime) -> Wants {
    let Ok(folder) = run.existing(WATCHERS) else {
        return Wants::default();
    };
    let Ok(names) = folder.names() else {
        return Wants::default();
    };
    let mut wants = Wants::default();
    for name in names.take(MOST) {
        let Ok(sign) = folder.changed(&name) else {
            continue;
        };
        let age = now.duration_since(sign).unwrap_or_default();
        if age > SILENT {
            // A folder in a file's place stays, and counts for nothing.
            let _ = folder.remove(&name);
            continue;
        }
        if let Ok(found) = folder.read(&name, LIMIT) {
            let wanted = match found.bytes.is_empty() {
                true => Ok(Wants::ALL),
                false => serde_json::from_slice(&found.bytes),
            };
            wants = wants.and(wanted.unwrap_or(Wants::ALL));
        }
    }
    wants
}

/// The sign of a watcher, which is removed when this is dropped.
#[derive(Debug)]
pub struct Sign {
    folder: Place,
    name: String,
}

impl Sign {
    /// Gives the first sign in a run's folder.
    ///
    /// # Errors
    /// Returns the system's error where the folder cannot be written to.
    pub fn give(run: &Place, wants: Wants) -> std::io::Result<Self> {
        let folder = run.existing(WATCHERS)?;
        let name = super::new_id().map_err(std::io::Error::other)?;
        let text = serde_json::to_vec(&wants).map_err(std::io::Error::other)?;
        folder.put(&name, &text)?;
        Ok(Self { folder, name })
    }

    /// Gives a sign once more.
    ///
    /// # Errors
    /// Returns the system's error.
    pub fn again(&self) -> std::io::Result<()> {
        self.folder.touch(&self.name)
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        // One that stays is swept by the trainer.
        let _ = self.folder.remove(&self.name);
    }
}

/// Makes the folder of the watchers, as a trainer does.
///
/// # Errors
/// Returns the system's error.
pub fn prepare(run: &Place) -> std::io::Result<()> {
    run.subfolder(WATCHERS).map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_silent_are_swept_and_the_others_wants_are_added() {
        let home = tempfile::tempdir().unwrap();
        let run = Place::open(home.path()).unwrap();
        assert!(wanted(&run, SystemTime::now()).is_nothing());
        prepare(&run).unwrap();
        let covered = Wants {
            covered: true,
            codes: false,
        };
        let sign = Sign::give(&run, covered).unwrap();
        sign.again().unwrap();
        assert_eq!(wanted(&run, SystemTime::now()), covered);
        fs::write(home.path().join("watchers/stranger"), "").unwrap();
        assert_eq!(wanted(&run, SystemTime::now()), Wants::ALL);
        let stranger = fs::File::options()
            .write(true)
            .open(home.path().join("watchers/stranger"));
        let long_ago = SystemTime::now() - 2 * SILENT;
        stranger.unwrap().set_modified(long_ago).unwrap();
        assert_eq!(wanted(&run, SystemTime::now()), covered);
        assert!(!home.path().join("watchers/stranger").exists());
        drop(sign);
        assert!(wanted(&run, SystemTime::now()).is_nothing());
    }
}
