//! Tabs of the six panes.

/// Tab of a pane, in the order of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Charts and values of the run.
    #[default]
    Train,
    /// Map of all operations.
    Coverage,
    /// One operation, and the codes near it.
    Neighbours,
    /// Runs, branches and experiments.
    Runs,
    /// Snapshots and certificates.
    Evidence,
    /// Requests, outcomes, notices and log lines.
    Log,
}

impl Tab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Train,
        Self::Coverage,
        Self::Neighbours,
        Self::Runs,
        Self::Evidence,
        Self::Log,
    ];

    /// Returns the number key and the name.
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

    /// Returns the next or previous tab, wrapping round at the ends.
    #[must_use]
    pub fn next(self, forward: bool) -> Self {
        let place = Self::ALL
            .iter()
            .position(|tab| *tab == self)
            .unwrap_or_default();
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(place + by) % Self::ALL.len()]
    }
}
