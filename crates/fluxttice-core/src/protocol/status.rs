//! `status.json`: what a trainer says of itself, replaced as a whole again and again.

use std::path::Path;

use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::place::{NotRead, Place};
use super::process::{Process, short};
use crate::lenient;
use crate::record::Stage;
use crate::request::EndReason;
use crate::run::names::STATUS;

/// Largest status that is read, in bytes.
const LIMIT: u64 = 64 << 10;

/// What a trainer says of itself. A trainer of another program may leave out all but `protocol`, `session`,
/// `heartbeat_s`, `beat` and `state`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Version of the protocol.
    pub protocol: u32,
    /// Name of the program that trains.
    pub program: String,
    /// Version of that program.
    pub version: String,
    /// Identifier of the session: another one each time that training is taken up.
    pub session: String,
    /// Process that trains.
    #[serde(flatten)]
    pub process: Process,
    /// True if the trainer holds a lock on the run's `.lock`.
    pub locked: bool,
    /// True if others than the run's owner may send requests.
    pub allow_group: bool,
    /// Longest time between two beats, in seconds.
    pub heartbeat_s: f64,
    /// Number of beats so far; it rises while the trainer lives.
    pub beat: u64,
    /// State of the trainer.
    pub state: State,
    /// Stage of the work on the epoch; `None` where none is at work.
    #[serde(deserialize_with = "known")]
    pub stage: Option<Stage>,
    /// Epoch at work, counted from 0.
    pub epoch: u32,
    /// Batches (or tiles of a coverage pass) that are done in this stage.
    pub batch: u32,
    /// Batches (or tiles of a coverage pass) of this stage in all.
    pub batches: u32,
    /// Training batches of an epoch.
    pub batches_in_epoch: u32,
    /// Number of finished epochs at which the session stops by itself.
    pub last_epoch: u32,
    /// Finished epochs per minute, over the last few; `None` before the first.
    pub epochs_per_minute: Option<f64>,
    /// Loss of the newest batch; `None` before the first, or where it is no number.
    pub loss: Option<f64>,
    /// Device of the tensors.
    pub device: String,
    /// Reason why that device was chosen.
    pub device_reason: String,
    /// Epochs that the disk refused; `None` while everything is saved.
    pub unsaved: Option<UnsavedSince>,
    /// End of the session; `None` while it goes on.
    pub end: Option<Ended>,
    /// Files in `live/` that are whole and current.
    pub live: Live,
}

/// State of a trainer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Opening the device, compiling kernels.
    Preparing,
    /// Training.
    #[default]
    Training,
    /// Held between two batches until it is asked to go on.
    Paused,
    /// Training has ended; snapshots may still be asked for while the process is there.
    Finished,
    /// An error has ended training.
    Failed,
    /// A state of another program that this version does not know; it counts as training.
    #[serde(other)]
    Other,
}

/// Reads a stage; one that this version does not know is none.
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Stage>, D::Error> {
    let stage = Option::<Value>::deserialize(deserializer)?;
    Ok(stage.and_then(|stage| serde_json::from_value(stage).ok()))
}

/// Epochs that are not on the disk, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedSince {
    /// First epoch that would have to be done again.
    pub since: u32,
    /// Message of the disk's refusal.
    pub problem: String,
}

/// Reason of a session's end, with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Reason of the end.
    pub reason: EndReason,
    /// One line for people.
    pub message: String,
}

/// Names of files in `live/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Live {
    /// File with the newest covered sets; `None` where none was written.
    pub covered: Option<String>,
    /// File with the newest codes; `None` where none was written.
    pub codes: Option<String>,
}

impl Status {
    /// Puts the status into a run's folder, in one step; returns the time at which that was, by the clock of the
    /// file system.
    ///
    /// # Errors
    /// Returns the system's error.
    pub fn put(&self, run: &Place) -> std::io::Result<SystemTime> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        run.put(STATUS, &text)
    }

    /// Reads the status in a run's folder; `None` where there is none, or none that can be read.
    pub fn read(run: &Place) -> Option<Self> {
        match run.read(STATUS, LIMIT) {
            Ok(found) => lenient::object(&found.bytes),
            Err(NotRead::Gone | NotRead::Unfit(_) | NotRead::Refused(_)) => None,
        }
    }

    /// Reads the status in the folder of a run; `None` where there is none, or none that can be read.
    pub fn of(run: &Path) -> Option<Self> {
        Self::read(&Place::open(run).ok()?)
    }

    /// Returns who trains where, in a few words.
    pub fn trainer(&self) -> String {
        match self.process.pid {
            0 if self.program.is_empty() => "another process".to_owned(),
            0 => short(&self.program),
            pid => format!("pid {pid} on {}", self.process.shown_host()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read_and_another_program_may_say_less() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::open(home.path()).unwrap();
        assert_eq!(Status::read(&place), None);
        let status = Status {
            protocol: super::super::VERSION,
            process: Process::this(),
            stage: Some(Stage::Coverage),
            state: State::Paused,
            end: Some(Ended {
                reason: EndReason::EarlyStop,
                message: "saved".to_owned(),
            }),
            ..Status::default()
        };
        status.put(&place).unwrap();
        assert_eq!(Status::of(home.path()), Some(status));
        for (text, state) in [
            ("paused", State::Paused),
            ("dreaming", State::Other),
            ("failed", State::Failed),
        ] {
            let text = format!(
                "{{\"protocol\":1,\"beat\":3,\"state\":\"{text}\",\"stage\":\"naps\",\"mood\":1}}"
            );
            place.put(STATUS, text.as_bytes()).unwrap();
            let read = Status::read(&place).unwrap();
            assert_eq!((read.state, read.beat, read.stage), (state, 3, None));
        }
        place.put(STATUS, b"{\"beat\":").unwrap();
        assert_eq!(Status::read(&place), None);
    }
}
