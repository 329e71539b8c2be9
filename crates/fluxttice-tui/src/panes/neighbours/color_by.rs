//! Properties by which the codes are coloured on their plane.

use fluxttice_core::space::laws::{LAWS, Law};

/// Property by which the codes are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorBy {
    /// Coverage: the VAEs that generated the operation.
    #[default]
    Coverage,
    /// Probability, as a multiple of a uniform generator's.
    Probability,
    /// Number of entries that are 0, from none to all nine.
    Zeros,
    /// Law: true or not true for the operation.
    Law,
    /// Distance between A's and B's code.
    Apart,
    /// Movement from an earlier epoch to the newest codes.
    Moved,
    /// One colour for all codes.
    Plain,
}

impl ColorBy {
    /// Every property, in the order in which it is offered.
    pub const ALL: [Self; 7] = [
        Self::Coverage,
        Self::Probability,
        Self::Zeros,
        Self::Law,
        Self::Apart,
        Self::Moved,
        Self::Plain,
    ];

    /// Returns the next property, wrapping round at the end.
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|other| *other == self);
        place
            .and_then(|place| Self::ALL.get(place + 1).copied())
            .unwrap_or_default()
    }
}

/// Returns the law after another one, wrapping round at the end.
pub fn next_law(law: &'static Law) -> &'static Law {
    let place = LAWS.iter().position(|other| other.word == law.word);
    let next = place.map_or(0, |place| (place + 1) % LAWS.len());
    &LAWS[next]
}
