//! What is asked of a run, by whom, and what came of it: the journal keeps these.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::training::Steer;
use crate::words::counted;

/// Something the user asks of the worker.
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
        /// Folder name; the worker chooses one where there is none.
        name: Option<String>,
    },
    /// Keep the checkpoint after this many finished epochs: something rests on it.
    Keep {
        /// Finished epochs.
        epochs: u32,
    },
    /// Leave this run as it is and go on in another one, where that was left.
    Open {
        /// The other run's name; it lies beside this one.
        run: String,
    },
    /// Leave this run as it is and go on in a new one, from a checkpoint of this one or of another.
    Branch {
        /// Name of the run whose checkpoint it is; this one where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// Finished epochs of the checkpoint.
        epochs: u32,
        /// Folder name of the new run; the worker chooses one where there is none.
        name: Option<String>,
    },
    /// Send the codes of all operations as the model is now.
    Encode,
    /// Send the weights as they are now, to be measured elsewhere.
    Weights,
    /// Change the run.
    #[serde(untagged)]
    Steer(Steer),
}

/// In a few words, as logs tell it.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause => f.write_str("pause"),
            Self::Resume => f.write_str("go on"),
            Self::StopNow => f.write_str("stop now"),
            Self::StopAfterEpoch => f.write_str("stop after this epoch"),
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

/// Who asked for a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// Somebody at the screen.
    #[default]
    User,
    /// The command line, before the run began, or the journal that is replayed.
    Plan,
    /// The rule with this name.
    Rule(String),
}

/// A command with the number under which its outcome comes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Number, unique within a session.
    pub id: u64,
    /// Who asks.
    pub by: Author,
    /// What is asked.
    pub command: Command,
}

impl Request {
    /// A change that was planned before the run began.
    pub fn planned(steer: Steer) -> Self {
        Self {
            id: 0,
            by: Author::Plan,
            command: Command::Steer(steer),
        }
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The request's number.
    pub id: u64,
    /// Who asked.
    #[serde(default, skip_serializing_if = "is_user")]
    pub by: Author,
    /// What was asked.
    #[serde(flatten)]
    pub command: Command,
    /// Epoch in which it took effect or was refused.
    pub epoch: u32,
    /// Batches of that epoch that were finished then.
    pub batch: u32,
    /// Whether it was done.
    pub applied: bool,
    /// One line: what was done, or why not.
    pub message: String,
}

/// Before what was asked for: nothing for somebody at the screen.
impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User => Ok(()),
            Self::Plan => f.write_str("as planned, "),
            Self::Rule(_) => f.write_str("⚑ by rule, "),
        }
    }
}

fn is_user(author: &Author) -> bool {
    *author == Author::User
}

/// Why a session ended, as `train --json` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Every epoch asked for is done.
    Finished,
    /// The validation loss has not improved for `patience` epochs.
    EarlyStop,
    /// The user, or a signal, stopped it.
    Stopped,
    /// The loss or a gradient is not a finite number.
    Diverged,
    /// An error ended it.
    Failed,
}

impl EndReason {
    /// In one or two words, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::EarlyStop => "early stop",
            Self::Stopped => "stopped",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        }
    }
}

/// An event on the time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Epoch.
    pub epoch: u32,
    /// What happened.
    pub kind: MarkKind,
}

/// What a mark stands for.
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
