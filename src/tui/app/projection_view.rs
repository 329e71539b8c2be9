//! The plane that codes are drawn on in *Neighbours*, and what they are coloured by.

use std::sync::Arc;

use crate::measure::neighbours::{Space, Spaces};
use crate::measure::projection::Projection;
use crate::session::message::Codes;

/// What colours the codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// Who generated them.
    #[default]
    Coverage,
    /// How likely they are.
    Probability,
    /// Entries that are 0, from none to all.
    Zeros,
    /// One colour for all.
    Plain,
}

impl Paint {
    const ALL: [Self; 4] = [Self::Coverage, Self::Probability, Self::Zeros, Self::Plain];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coverage => "coverage",
            Self::Probability => "probability",
            Self::Zeros => "zeros",
            Self::Plain => "one colour",
        }
    }

    fn next(self) -> Self {
        let place = Self::ALL.iter().position(|paint| *paint == self);
        place
            .and_then(|place| Self::ALL.get(place + 1).copied())
            .unwrap_or_default()
    }
}

/// State of the projection.
#[derive(Clone, Debug, Default)]
pub struct ProjectionView {
    /// Whether it is shown.
    pub shown: bool,
    /// What colours the codes.
    pub paint: Paint,
    source: Option<(u32, String)>,
    planes: [Option<Arc<Projection>>; 3],
    /// What later ones are turned to: the first of each space, and where its codes were from.
    references: [Option<(Arc<Projection>, String)>; 3],
}

impl ProjectionView {
    /// Takes what colours the codes next.
    pub fn next_paint(&mut self) {
        self.paint = self.paint.next();
    }

    /// The codes of a space on their plane.
    pub fn of(&self, space: Space) -> Option<&Projection> {
        self.planes[space as usize].as_deref()
    }

    /// What the plane of a space is turned to.
    pub fn reference(&self, space: Space) -> Option<&str> {
        let reference = self.references[space as usize].as_ref();
        reference.map(|(_, source)| source.as_str())
    }

    /// Forgets the codes of another run.
    pub fn forget(&mut self) {
        *self = Self {
            shown: self.shown,
            paint: self.paint,
            ..Self::default()
        };
    }

    /// Draws the codes anew where there are newer ones and somebody looks; in the spaces asked for.
    pub fn refresh(&mut self, codes: Option<&Codes>, spaces: [Space; 2]) {
        let Some(codes) = codes.filter(|_| self.shown) else {
            return;
        };
        let source = (codes.epoch, codes.source.clone());
        if self.source.as_ref() != Some(&source) {
            self.planes = [None, None, None];
            self.source = Some(source);
        }
        for space in spaces {
            if self.planes[space as usize].is_none() {
                self.planes[space as usize] = self.plane(&codes.spaces, space, &codes.source);
            }
        }
    }

    fn plane(&mut self, spaces: &Spaces, space: Space, source: &str) -> Option<Arc<Projection>> {
        let plane = Projection::new(spaces.of(space))?;
        let reference = &mut self.references[space as usize];
        let plane = Arc::new(match reference {
            Some((reference, _)) => plane.aligned(reference),
            None => plane,
        });
        reference.get_or_insert_with(|| (plane.clone(), source.to_owned()));
        Some(plane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixtures;

    #[test]
    fn planes_are_turned_to_the_first_until_another_run_comes() {
        let mut view = ProjectionView {
            shown: true,
            ..ProjectionView::default()
        };
        view.refresh(Some(&fixtures::codes(5)), [Space::A, Space::B]);
        view.refresh(Some(&fixtures::codes(9)), [Space::A, Space::B]);
        assert_eq!(view.reference(Space::A), Some("epoch 5"));
        assert!(view.of(Space::B).is_some() && view.of(Space::Both).is_none());
        view.forget();
        assert!(view.shown && view.of(Space::A).is_none());
        view.refresh(Some(&fixtures::codes(2)), [Space::Both, Space::A]);
        assert_eq!(view.reference(Space::Both), Some("epoch 2"));
    }

    #[test]
    fn what_nobody_looks_at_is_not_computed() {
        let mut view = ProjectionView::default();
        view.refresh(Some(&fixtures::codes(5)), [Space::A, Space::B]);
        assert!(view.of(Space::A).is_none());
    }
}
