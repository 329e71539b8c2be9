//! Planes that codes are drawn on in *Neighbours*, and the property by which they are coloured.

use fluxttice_core::vae::Scope;
use std::sync::Arc;

use fluxttice_core::measure::displacement::displacements;
use fluxttice_core::measure::neighbours::Spaces;
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::session::message::Codes;
use fluxttice_core::space::laws::{LAWS, Law};

use super::color_by::{ColorBy, next_law};

/// Planes of the codes in each latent space, computed while they are shown.
#[derive(Clone, Debug)]
pub struct Planes {
    /// True if planes are shown.
    pub shown: bool,
    /// Property by which the codes are coloured.
    pub color_by: ColorBy,
    /// Law by which the codes are coloured, where that is the property.
    pub law: &'static Law,
    /// Distance between A's and B's code of each operation; `None` where that is not the property.
    pub apart: Option<Arc<Vec<f64>>>,
    source: Option<(u32, String)>,
    by_space: [Option<Arc<Projection>>; 3],
    /// First plane of each space, with the source of its codes; later planes are rotated to it.
    references: [Option<(Arc<Projection>, String)>; 3],
}

impl Default for Planes {
    fn default() -> Self {
        Self {
            shown: false,
            color_by: ColorBy::default(),
            law: &LAWS[0],
            apart: None,
            source: None,
            by_space: [None, None, None],
            references: [None, None, None],
        }
    }
}

impl Planes {
    /// Takes the next property to colour the codes by.
    pub fn next_color(&mut self) {
        self.color_by = self.color_by.next();
    }

    /// Colours the codes by a law; by the next one where a law colours them already.
    pub fn next_law(&mut self) {
        if self.color_by == ColorBy::Law {
            self.law = next_law(self.law);
        }
        self.color_by = ColorBy::Law;
    }

    /// Returns the plane of a space; `None` where it is not computed.
    pub fn of(&self, space: Scope) -> Option<&Projection> {
        self.by_space[space as usize].as_deref()
    }

    /// Returns the source of the codes to whose plane that of a space is rotated.
    pub fn reference(&self, space: Scope) -> Option<&str> {
        let reference = self.references[space as usize].as_ref();
        reference.map(|(_, source)| source.as_str())
    }

    /// Forgets the codes of another run; the choices stay.
    pub fn forget(&mut self) {
        *self = Self {
            shown: self.shown,
            color_by: self.color_by,
            law: self.law,
            ..Self::default()
        };
    }

    /// Computes the planes of these spaces anew where the codes have changed and planes are shown.
    pub fn refresh(&mut self, codes: Option<&Codes>, spaces: [Scope; 2]) {
        let Some(codes) = codes.filter(|_| self.shown) else {
            return;
        };
        let source = (codes.epoch, codes.source.clone());
        if self.source.as_ref() != Some(&source) {
            self.by_space = [None, None, None];
            self.apart = None;
            self.source = Some(source);
        }
        if self.color_by == ColorBy::Apart && self.apart.is_none() {
            let [a, b] = [Scope::A, Scope::B].map(|space| codes.spaces.of(space));
            self.apart = displacements(a, b).map(Arc::new);
        }
        for space in spaces {
            if self.by_space[space as usize].is_none() {
                self.by_space[space as usize] = self.plane(&codes.spaces, space, &codes.source);
            }
        }
    }

    fn plane(&mut self, spaces: &Spaces, space: Scope, source: &str) -> Option<Arc<Projection>> {
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
    use crate::fixtures;

    #[test]
    fn planes_are_turned_to_the_first_until_another_run_comes() {
        let mut view = Planes {
            shown: true,
            ..Planes::default()
        };
        view.refresh(Some(&fixtures::codes(5)), [Scope::A, Scope::B]);
        view.refresh(Some(&fixtures::codes(9)), [Scope::A, Scope::B]);
        assert_eq!(view.reference(Scope::A), Some("epoch 5"));
        assert!(view.of(Scope::B).is_some() && view.of(Scope::Both).is_none());
        view.forget();
        assert!(view.shown && view.of(Scope::A).is_none());
        view.refresh(Some(&fixtures::codes(2)), [Scope::Both, Scope::A]);
        assert_eq!(view.reference(Scope::Both), Some("epoch 2"));
    }

    #[test]
    fn what_nobody_looks_at_is_not_computed() {
        let mut view = Planes::default();
        view.refresh(Some(&fixtures::codes(5)), [Scope::A, Scope::B]);
        assert!(view.of(Scope::A).is_none());
    }
}
