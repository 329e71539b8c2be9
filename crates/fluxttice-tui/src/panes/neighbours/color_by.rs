//! What colours the codes on their plane.

use fluxttice_core::space::laws::{LAWS, Law};

/// What colours the codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorBy {
    /// Who generated them.
    #[default]
    Coverage,
    /// How likely they are.
    Probability,
    /// Entries that are 0, from none to all: the class by sparsity.
    Zeros,
    /// Whether they obey a law.
    Law,
    /// How far apart A and B put them.
    Apart,
    /// How far they moved since the moment that is looked back to.
    Moved,
    /// One colour for all.
    Plain,
}

impl ColorBy {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Coverage,
        Self::Probability,
        Self::Zeros,
        Self::Law,
        Self::Apart,
        Self::Moved,
        Self::Plain,
    ];

    /// The next one.
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|other| *other == self);
        place
            .and_then(|place| Self::ALL.get(place + 1).copied())
            .unwrap_or_default()
    }
}

/// The law after another one, round and round.
pub fn next_law(law: &'static Law) -> &'static Law {
    let place = LAWS.iter().position(|other| other.word == law.word);
    let next = place.map_or(0, |place| (place + 1) % LAWS.len());
    &LAWS[next]
}
