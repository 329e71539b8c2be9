//! The journal: requests with their outcomes and other events of a run, one line each, only ever appended to.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::disk::Disk;
use super::error::RunError;
use super::files;
use super::lines::{self, Sealed, is_whole, look_at_seal};
use crate::request::{Command, EndReason, Mark, MarkKind, Outcome};
use crate::training::{Planned, Steer};

/// Largest journal that is read, in bytes.
pub(super) const LIMIT: u64 = 64 << 20;

/// One line of the journal, without its seal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Time of the event in UTC (RFC 3339).
    pub time: String,
    /// Event of that time; its fields stand beside the time.
    #[serde(flatten)]
    pub event: JournalEvent,
}

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JournalEvent {
    /// A session began.
    Opened {
        /// Epochs finished at that time.
        epoch: u32,
        /// Version of the program that opened the run.
        version: String,
        /// Device of the tensors: `cpu`, or the adapter's name.
        device: String,
        /// Seed of every random number of the run.
        seed: u64,
    },
    /// A request was answered.
    Outcome(Outcome),
    /// The run left another one here; the lines above it are of that run.
    Branched {
        /// Name of the other run, which is its folder's.
        parent: String,
        /// Epochs that both runs share.
        epoch: u32,
        /// SHA-256 of the weights at that point; `None` before the first epoch.
        weights: Option<String>,
    },
    /// An experiment with a disruption came to its end.
    Verdict {
        /// Name of its file in the run's folder of experiments, without the ending.
        experiment: String,
        /// Epoch in which the disruption began.
        epoch: u32,
        /// Finding in one line.
        finding: String,
    },
    /// The run diverged and went back to the end of the epoch before.
    RolledBack {
        /// Epoch that is done again.
        epoch: u32,
        /// Number of times that the run has gone back by now, this one included.
        times: u32,
        /// Message that says which number was not finite.
        problem: String,
    },
    /// Metrics of epochs were found missing when the run was opened.
    Missing {
        /// Epochs finished at that time.
        epoch: u32,
        /// Epochs whose metrics are missing.
        epochs: Vec<u32>,
    },
    /// Things that were no requests lay among them and were moved aside.
    MovedAside {
        /// Epochs finished at that time.
        epoch: u32,
        /// Number of things since the last such line of the session.
        count: u32,
        /// Name of the first of them, with the reason.
        first: String,
    },
    /// A session ended.
    Closed {
        /// Epochs finished at that time.
        epoch: u32,
        /// Reason why the session ended.
        reason: EndReason,
    },
}

impl JournalEvent {
    /// Returns the number of finished epochs at the event; for a verdict, at the start of its disruption.
    pub fn epoch(&self) -> u32 {
        match self {
            Self::Opened { epoch, .. }
            | Self::Branched { epoch, .. }
            | Self::Verdict { epoch, .. }
            | Self::RolledBack { epoch, .. }
            | Self::Missing { epoch, .. }
            | Self::MovedAside { epoch, .. }
            | Self::Closed { epoch, .. } => *epoch,
            Self::Outcome(outcome) => outcome.epoch,
        }
    }
}

/// Returns the time now in UTC (RFC 3339).
pub fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
}

impl Entry {
    /// Makes an entry for an event that has just happened.
    pub fn now(event: JournalEvent) -> Self {
        Self { time: now(), event }
    }

    /// Returns the time of the event; `None` where it is not written as a time.
    pub fn moment(&self) -> Option<SystemTime> {
        let time = OffsetDateTime::parse(&self.time, &Rfc3339);
        time.ok().map(SystemTime::from)
    }

    /// Returns the identifier of the request that the entry answers; `None` where it answers none of another
    /// program.
    pub fn request_id(&self) -> Option<&str> {
        match &self.event {
            JournalEvent::Outcome(outcome) => {
                let requester = outcome.by.requester();
                requester.map(|requester| requester.id.as_str())
            }
            _ => None,
        }
    }
}

/// Appends an event as a line, with the time now.
///
/// # Errors
/// Returns [`RunError::Disk`] where the disk refuses.
pub fn append(disk: &Disk, path: &Path, event: JournalEvent) -> Result<(), RunError> {
    append_entry(disk, path, &Entry::now(event))
}

/// Appends an entry as a line with its seal, and with the time that it has.
///
/// # Errors
/// Returns [`RunError::Disk`] where the disk refuses.
pub fn append_entry(disk: &Disk, path: &Path, entry: &Entry) -> Result<(), RunError> {
    let line = serde_json::to_string(entry)
        .map_err(|error| RunError::unusable(path, error.to_string()))?;
    disk.append_line(path, |before| lines::sealed(before, &line))
}

/// Reads a journal; a last line that was cut off by a crash is left out.
///
/// # Errors
/// Returns a [`RunError::Unusable`] that names the line that cannot be read or is not what was written.
pub fn read(path: &Path) -> Result<Vec<Entry>, RunError> {
    let bytes = files::read(path, LIMIT)?;
    let text = String::from_utf8_lossy(&bytes);
    // Some editors write a byte order mark.
    parse(text.strip_prefix('\u{feff}').unwrap_or(&text), path)
}

/// Parses lines of a journal and checks their seals; a last line that was cut off is left out.
///
/// # Errors
/// Returns a [`RunError::Unusable`] that names the line of `path` that cannot be read or is not what was
/// written.
pub fn parse(text: &str, path: &Path) -> Result<Vec<Entry>, RunError> {
    let mut before = "";
    whole_lines(text)
        .map(|(number, line)| {
            let unusable =
                |problem: String| RunError::unusable(path, format!("line {number}: {problem}"));
            let entry = serde_json::from_str(line)
                .map_err(|error| unusable(format!("expected a journal entry, found: {error}")))?;
            if look_at_seal(before.as_bytes(), line) == Sealed::Broken {
                let problem = "is not what was written, or does not follow the line before it";
                return Err(unusable(problem.to_owned()));
            }
            before = line;
            Ok(entry)
        })
        .collect()
}

/// Returns the whole lines of a text that are not blank, with their numbers, counted from 1.
pub fn whole_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.rfind('\n').map_or(0, |end| end + 1);
    let end = match is_whole(&text.as_bytes()[end..]) {
        true => text.len(),
        false => end,
    };
    let lines = text[..end].lines().enumerate();
    lines
        .map(|(number, line)| (number + 1, line))
        .filter(|(_, line)| !line.trim().is_empty())
}

/// Counts the lines without a seal: version 0.1.0 wrote them, and nothing shows whether they were changed.
pub fn unsealed(text: &str) -> usize {
    whole_lines(text)
        .filter(|(_, line)| look_at_seal(b"", line) == Sealed::Absent)
        .count()
}

/// Seals lines anew, in the order that they have now; those without a seal stay without one.
pub fn resealed<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    let mut before = String::new();
    for line in lines {
        before = match look_at_seal(b"", line) {
            Sealed::Absent => line.to_owned(),
            _ => lines::sealed(before.as_bytes(), &lines::without_seal(line)),
        };
        text += &before;
        text.push('\n');
    }
    text
}

/// Lists the changes that a journal says were made, to be made again.
pub fn steps(entries: &[Entry]) -> Vec<Planned> {
    entries
        .iter()
        .filter_map(|entry| match &entry.event {
            JournalEvent::Outcome(Outcome {
                command: Command::Steer(steer),
                epoch,
                batch,
                applied: true,
                ..
            }) => Some(Planned {
                epoch: *epoch,
                batch: *batch,
                steer: steer.clone(),
            }),
            _ => None,
        })
        .collect()
}

/// Lists the epochs (counted from 0) whose checkpoints a journal says are to be kept.
pub fn kept(entries: &[Entry]) -> impl Iterator<Item = u32> {
    entries.iter().filter_map(|entry| match &entry.event {
        JournalEvent::Outcome(Outcome {
            command: Command::Keep { epochs },
            applied: true,
            ..
        }) => epochs.checked_sub(1),
        _ => None,
    })
}

/// Returns how the last session in a journal ended; `None` where it was cut off or still goes on.
pub fn last_end(entries: &[Entry]) -> Option<EndReason> {
    let last = entries.iter().rev().find_map(|entry| match entry.event {
        JournalEvent::Closed { reason, .. } => Some(Some(reason)),
        JournalEvent::Opened { .. } => Some(None),
        _ => None,
    });
    last.flatten()
}

/// Lists the marks that a journal puts on the time axis.
pub fn marks(entries: &[Entry]) -> Vec<Mark> {
    entries
        .iter()
        .filter_map(|entry| match &entry.event {
            JournalEvent::Opened { epoch, .. } if *epoch > 0 => Some(Mark {
                epoch: *epoch,
                kind: MarkKind::Resumed,
            }),
            JournalEvent::Branched { epoch, .. } => Some(Mark {
                epoch: *epoch,
                kind: MarkKind::Branch,
            }),
            JournalEvent::Outcome(outcome) => mark(outcome),
            _ => None,
        })
        .collect()
}

/// Returns the mark that an outcome puts on the time axis; `None` where it was refused or leaves no mark.
pub fn mark(outcome: &Outcome) -> Option<Mark> {
    let kind = match outcome.command {
        _ if !outcome.applied => return None,
        Command::Steer(Steer::Disrupt { .. }) => MarkKind::Disruption,
        Command::Steer(Steer::Set { .. }) => MarkKind::Edit,
        Command::Snapshot { .. } => MarkKind::Snapshot,
        _ => return None,
    };
    Some(Mark {
        epoch: outcome.epoch,
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disruption::{Disruption, DisruptionKind};
    use crate::request::Author;

    fn outcome(applied: bool) -> JournalEvent {
        let disruption = Disruption::new(DisruptionKind::BetaB);
        JournalEvent::Outcome(Outcome {
            id: 1,
            by: Author::User,
            command: Command::Steer(Steer::Disrupt { disruption }),
            epoch: 4,
            batch: 9,
            applied,
            message: "done".into(),
        })
    }

    #[test]
    fn what_is_appended_is_read_and_a_torn_line_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal.jsonl");
        let opened = JournalEvent::Opened {
            epoch: 2,
            version: "0".into(),
            device: "cpu".into(),
            seed: 42,
        };
        for event in [opened.clone(), outcome(true), outcome(false)] {
            append(&Disk::default(), &path, event).unwrap();
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend(b"{\"time\":\"20");
        std::fs::write(&path, bytes).unwrap();
        let entries = read(&path).unwrap();
        assert_eq!(
            entries.iter().map(|e| e.event.clone()).collect::<Vec<_>>(),
            [opened, outcome(true), outcome(false)]
        );
        assert_eq!(steps(&entries).len(), 1, "only the one that was applied");
        assert_eq!(steps(&entries)[0].batch, 9);
        assert_eq!(marks(&entries).len(), 2);
    }

    #[test]
    fn every_request_is_read_back_as_it_was_written() {
        let disruption = Disruption::new(DisruptionKind::LatentNoise);
        for command in [
            Command::Pause,
            Command::Snapshot { name: None },
            Command::Branch {
                of: None,
                epochs: 7,
                name: Some("b".into()),
            },
            Command::Steer(Steer::Disrupt { disruption }),
            Command::Steer(Steer::set("hold.rho", "0.4")),
        ] {
            for by in [Author::User, Author::Plan, Author::Rule("when".into())] {
                let JournalEvent::Outcome(outcome) = outcome(true) else {
                    unreachable!()
                };
                let written = JournalEvent::Outcome(Outcome {
                    by,
                    command: command.clone(),
                    ..outcome
                });
                let text = serde_json::to_string(&written).unwrap();
                assert_eq!(
                    serde_json::from_str::<JournalEvent>(&text).unwrap(),
                    written
                );
            }
        }
    }

    #[test]
    fn a_journal_of_before_there_were_authors_is_read() {
        let text = r#"{"time":"2026-11-21T00:00:00Z","event":"outcome","id":1,"request":"disrupt","disruption":{"kind":"beta-b","amplitude":0.2,"epochs":5},"epoch":4,"batch":9,"applied":true,"message":"done"}"#;
        let entries = parse(&format!("{text}\n"), Path::new("journal")).unwrap();
        assert_eq!(steps(&entries).len(), 1);
    }

    #[test]
    fn a_line_that_is_no_entry_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal.jsonl");
        append(&Disk::default(), &path, outcome(true)).unwrap();
        Disk::default()
            .append_line(&path, |_| "nonsense".to_owned())
            .unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("line 2"));
    }
}
