//! The marker, a file which says that this program made a folder as a run.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::error::RunError;
use super::files;
use super::names::MARKER;
use super::owner::Owner;
use crate::digest::hex;

const PROGRAM: &str = "fluxttice-explorer";
/// Version of a run's layout: 0 had neither this file nor digests.
const LAYOUT: u32 = 1;
/// Largest marker that is read, in bytes.
const LIMIT: u64 = 4 << 10;

/// Content of a run's marker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    program: String,
    layout: u32,
    /// Identifier of the run, 32 hexadecimal digits, whatever its folder is called; a copy has the same.
    pub id: String,
    /// SHA-256 of the configuration file.
    pub config: String,
}

impl Marker {
    /// Makes the marker of a new run with this configuration file.
    pub fn new(config: &[u8]) -> Self {
        let moment = format!("{} {:?}", Owner::this().word(), SystemTime::now());
        Self {
            program: PROGRAM.to_owned(),
            layout: LAYOUT,
            id: hex(moment.as_bytes())[..32].to_owned(),
            config: hex(config),
        }
    }

    /// Reads the marker of a run; `None` where it has none that can be read.
    pub fn read(run: &Path) -> Option<Self> {
        let bytes = files::read(&run.join(MARKER), LIMIT).ok()?;
        let read: Self = serde_json::from_slice(&bytes).ok()?;
        (read.program == PROGRAM).then_some(read)
    }

    /// Checks that no later version made a run, because it may mean other things by the same files.
    ///
    /// # Errors
    /// Returns [`RunError::Unusable`] where one did.
    pub fn is_known(run: &Path) -> Result<(), RunError> {
        match Self::read(run) {
            Some(marker) if marker.layout > LAYOUT => Err(RunError::unusable(
                &run.join(MARKER),
                format!(
                    "layout version {} of a later fluxttice-explorer; this one reads {LAYOUT}",
                    marker.layout
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Writes the marker into a run.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the disk refuses.
    pub fn write(&self, disk: &Disk, run: &Path) -> Result<(), RunError> {
        let path = run.join(MARKER);
        let text = serde_json::to_vec(self)
            .map_err(|error| RunError::unusable(&path, error.to_string()))?;
        disk.write(&path, &text)
    }
}
