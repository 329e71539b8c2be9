//! How a run stands: being trained, over, or left without a word.

use std::path::Path;

use super::liveness::{Liveness, glance};
use super::status::{State, Status};
use crate::request::EndReason;

/// How a run stands at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is being trained.
    Live,
    /// Its trainer holds it between two batches.
    Paused,
    /// Its trainer holds its lock and gives no sign any more.
    NotResponding,
    /// Its trainer, whose lock cannot be seen from here, gives no sign any more.
    Lost,
    /// Its last session ended, for this reason; the process may still have it open.
    Ended(EndReason),
    /// Its last session ended without a word.
    CutOff,
}

impl Standing {
    /// Looks how a run stands whose last session ended for this reason, or has not ended.
    pub fn of(run: &Path, end: Option<EndReason>) -> Self {
        let status = Status::of(run);
        let paused = || status.as_ref().map(|status| status.state) == Some(State::Paused);
        match (glance(run), end) {
            (_, Some(reason)) => Self::Ended(reason),
            (Liveness::Live, None) if paused() => Self::Paused,
            (Liveness::Live, None) => Self::Live,
            (Liveness::NotResponding, None) => Self::NotResponding,
            (Liveness::Lost, None) => Self::Lost,
            (Liveness::CutOff | Liveness::Ended, None) => Self::CutOff,
        }
    }

    /// Returns true if a process trains the run, as far as can be seen.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Live | Self::Paused | Self::NotResponding)
    }

    /// Returns how it stands in one or two words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Paused => "paused",
            Self::NotResponding => "not responding",
            Self::Lost => "lost",
            Self::Ended(reason) => reason.words(),
            Self::CutOff => "cut off",
        }
    }
}
