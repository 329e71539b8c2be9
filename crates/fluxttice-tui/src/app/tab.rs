//! The views by name, and two small things that all of them share.

use std::time::SystemTime;

use crate::keys::Context;
use crate::log_buffer::LogLevel;

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Charts and values of the run.
    #[default]
    Train,
    /// The map of all operations.
    Coverage,
    /// One operation and what is near it.
    Neighbours,
    /// Runs, branches, experiments.
    Runs,
    /// Snapshots and certificates.
    Evidence,
    /// Requests, outcomes, logs.
    Log,
}

impl Tab {
    /// Every view, left to right.
    pub const ALL: [Self; 6] = [
        Self::Train,
        Self::Coverage,
        Self::Neighbours,
        Self::Runs,
        Self::Evidence,
        Self::Log,
    ];

    /// The number key and the name.
    pub fn label(self) -> (char, &'static str) {
        match self {
            Self::Train => ('1', "Train"),
            Self::Coverage => ('2', "Coverage"),
            Self::Neighbours => ('3', "Neighbours"),
            Self::Runs => ('4', "Runs"),
            Self::Evidence => ('5', "Evidence"),
            Self::Log => ('6', "Log"),
        }
    }

    /// The context of its keys.
    pub fn context(self) -> Context {
        match self {
            Self::Train => Context::Train,
            Self::Coverage => Context::Coverage,
            Self::Neighbours => Context::Neighbours,
            Self::Runs => Context::Runs,
            Self::Evidence => Context::Evidence,
            Self::Log => Context::Log,
        }
    }

    pub(super) fn next(self, forward: bool) -> Self {
        let place = Self::ALL
            .iter()
            .position(|tab| *tab == self)
            .unwrap_or_default();
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(place + by) % Self::ALL.len()]
    }
}

/// How soon a frame is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Redraw {
    /// Nothing changed.
    #[default]
    No,
    /// Only the place within the epoch changed.
    Progress,
    /// The run has news.
    News,
    /// The user did something.
    Now,
}

/// A line that stands for a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// How serious.
    pub level: LogLevel,
    /// What it says.
    pub text: String,
    pub(super) since: SystemTime,
}
