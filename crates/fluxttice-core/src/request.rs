//! Requests to a run, their authors and their outcomes, as the journal keeps them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::training::Steer;
use crate::words::counted;

/// A command to the worker: from the user, from a plan or from a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Command {
    /// Hold training after the batch at hand.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Stop after the batch at hand; the unfinished epoch is dropped.
    StopNow,
    /// Stop when this epoch is finished.
    StopAfterEpoch,
    /// Save the model as it is under `snapshots/`.
    Snapshot {
        /// Folder name; `None` lets the worker choose one.
        name: Option<String>,
    },
    /// Keep the checkpoint after this many finished epochs, because an experiment or a branch starts from it.
    Keep {
        /// Finished epochs at the checkpoint; 0 is the start of the run, which needs no checkpoint.
        epochs: u32,
    },
    /// Finish this epoch and leave the run to a process of its own, which goes on with it.
    HandOver,
    /// Leave this run as it is and go on in another one, where that was left.
    Open {
        /// Name of the other run, which lies in the same folder as this one.
        run: String,
    },
    /// Leave this run as it is and go on in a new one, from a checkpoint of this one or of another.
    Branch {
        /// Name of the run that the checkpoint belongs to; `None` for this run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// Finished epochs at the checkpoint; 0 branches off before the first epoch.
        epochs: u32,
        /// Folder name of the new run; `None` lets the worker choose one.
        name: Option<String>,
    },
    /// Send the codes of all operations as the model is now.
    Encode,
    /// Send the weights as they are now, to be measured elsewhere.
    Weights,
    /// Change the training by a disruption, or by another value of the configuration.
    #[serde(untagged)]
    Steer(Steer),
}

/// Writes the command in a few words, as logs show it.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause => f.write_str("pause"),
            Self::Resume => f.write_str("go on"),
            Self::StopNow => f.write_str("stop now"),
            Self::StopAfterEpoch => f.write_str("stop after this epoch"),
            Self::HandOver => f.write_str("leave it running"),
            Self::Snapshot { name: None } => f.write_str("snapshot"),
            Self::Snapshot { name: Some(name) } => write!(f, "snapshot {name}"),
            Self::Keep { epochs } => {
                write!(f, "keep the state after {}", counted(*epochs, "epoch"))
            }
            Self::Open { run } => write!(f, "go on in {run}"),
            Self::Branch { of, epochs, .. } => match of {
                Some(run) => write!(f, "branch of {run} after {}", counted(*epochs, "epoch")),
                None => write!(f, "branch after {}", counted(*epochs, "epoch")),
            },
            Self::Encode => f.write_str("codes for neighbours"),
            Self::Weights => f.write_str("weights to be measured"),
            Self::Steer(steer) => steer.fmt(f),
        }
    }
}

/// Author of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// The user at the screen.
    #[default]
    User,
    /// The command line, before the run began, or the journal that is replayed.
    Plan,
    /// The rule of the configuration with this text.
    Rule(String),
    /// Another program, by a file in the run's folder.
    Request(Box<Requester>),
}

/// What a program says of whoever sends a request. Nobody checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claim {
    /// Name of the user.
    pub user: String,
    /// Name of the machine.
    pub host: String,
    /// Name and version of the program.
    pub program: String,
}

/// Whoever asked by a file in the run's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Identifier of the request, which is answered once.
    pub id: String,
    /// Number of the user that owns the file; `None` where the system has no owners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Name of that user; `None` where the system knows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What the sender says of himself, which nobody checks.
    #[serde(default)]
    pub claim: Claim,
}

/// Writes the file's owner, and what he says of his machine and program.
impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.owner, self.uid) {
            (Some(name), _) => f.write_str(name)?,
            (None, Some(number)) => write!(f, "user {number}")?,
            (None, None) => f.write_str(&self.claim.user)?,
        }
        let Claim { host, program, .. } = &self.claim;
        if !host.is_empty() {
            write!(f, " on {host}")?;
        }
        // Most ask with this program, which is no news.
        match program.is_empty() || program.starts_with("fluxttice-explorer ") {
            true => Ok(()),
            false => write!(f, " with {program}"),
        }
    }
}

impl Author {
    /// Returns whoever asked by a file; `None` for all others.
    pub fn requester(&self) -> Option<&Requester> {
        match self {
            Self::Request(requester) => Some(requester),
            Self::User | Self::Plan | Self::Rule(_) => None,
        }
    }
}

/// A command with its author, and with the number under which its outcome comes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Number of a user's request, unique within a session; 0 where a plan or a rule asks.
    pub id: u64,
    /// Author: the user, a plan or a rule.
    pub by: Author,
    /// Command that the worker carries out or refuses.
    pub command: Command,
}

impl Request {
    /// Makes the request for a change that was planned before the run began; its number is 0.
    pub fn planned(steer: Steer) -> Self {
        Self {
            id: 0,
            by: Author::Plan,
            command: Command::Steer(steer),
        }
    }
}

/// Outcome of a request, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Number of the request, as in [`Request::id`].
    pub id: u64,
    /// Author of the request; left out of the journal where that is the user.
    #[serde(default, skip_serializing_if = "is_user")]
    pub by: Author,
    /// Command that was carried out or refused; the journal has its fields beside the others.
    #[serde(flatten)]
    pub command: Command,
    /// Epoch in which it took effect or was refused.
    pub epoch: u32,
    /// Batches of that epoch that were finished then.
    pub batch: u32,
    /// True if the command was carried out, false if it was refused.
    pub applied: bool,
    /// One line for people: the effect, or the reason of the refusal.
    pub message: String,
}

/// Writes the author as a prefix of the request; nothing for the user.
impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User => Ok(()),
            Self::Plan => f.write_str("as planned, "),
            Self::Rule(_) => f.write_str("⚑ by rule, "),
            Self::Request(requester) => write!(f, "by {requester}, "),
        }
    }
}

fn is_user(author: &Author) -> bool {
    *author == Author::User
}

/// Reason why a session ended; `train --json` prints it in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Every epoch asked for is done.
    Finished,
    /// The figure that stops the run has not improved for `patience` epochs.
    EarlyStop,
    /// The user, or a signal, stopped it.
    Stopped,
    /// The loss or a gradient is not a finite number.
    Diverged,
    /// An error ended it.
    Failed,
    /// It was left to a process of its own, which goes on with it.
    HandedOver,
    /// Its trainer is gone without a word.
    Lost,
}

impl EndReason {
    /// Returns the reason in one or two words, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::EarlyStop => "early stop",
            Self::Stopped => "stopped",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
            Self::HandedOver => "handed over",
            Self::Lost => "lost",
        }
    }
}

/// An event that is marked on the time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Epoch of the event, counted from 0.
    pub epoch: u32,
    /// Kind of the event, from a disruption to a branch.
    pub kind: MarkKind,
}

/// Kind of an event on the time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// A disruption began.
    Disruption,
    /// A snapshot was saved.
    Snapshot,
    /// The run was continued here.
    Resumed,
    /// The configuration was changed.
    Edit,
    /// The run began here, as a branch of another.
    Branch,
}
