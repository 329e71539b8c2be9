//! Classes of operations by what colours their plane, and the marks on it.

use fluxttice_core::measure::neighbours::Space;
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::space::Operation;

use super::Neighbours;
use super::color_by::ColorBy;
use crate::reading::{Cover, LIKELIHOODS, shade};
use crate::shared::Shared;

/// The class of an operation on its plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellClass {
    /// Not looked at: drawn below the others.
    Background,
    /// One of up to four kinds; a character has the colour of most of its operations.
    Kind(usize),
    /// A number; a character shows the mean of its operations.
    Number(f64),
}

/// Zeros in the table from which on the next shade begins; three of nine are the mean.
const ZEROS: [f64; 4] = [1.5, 2.5, 3.5, 4.5];
/// Distances in root-mean-square norms from which on the next shade begins; √2 is that of strangers.
const DISTANCES: [f64; 4] = [0.3, 0.6, 0.9, 1.2];

impl ColorBy {
    /// Numbers from which on the next of five shades begins.
    pub fn bounds(self) -> [f64; 4] {
        match self {
            Self::Probability => LIKELIHOODS,
            Self::Zeros => ZEROS,
            _ => DISTANCES,
        }
    }

    /// The shade of a number, from the first to the fifth.
    pub fn shade(self, number: f64) -> usize {
        shade(&self.bounds(), number)
    }
}

/// Marks on a plane.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Bookmarked operations.
    pub bookmarks: Vec<[f64; 2]>,
    /// The nearest operations.
    pub near: Vec<[f64; 2]>,
    /// The chosen one of them.
    pub chosen: Option<[f64; 2]>,
    /// The centre; a point between operations lies in the space that is looked at alone.
    pub centre: Option<[f64; 2]>,
}

/// Nearest operations that are marked.
const MARKED: usize = 10;

impl Neighbours {
    /// The marks on the plane of a space.
    pub fn overlay(&self, space: Space, plane: &Projection, cx: &Shared) -> Overlay {
        let view = &self.around;
        let at = |operation: Operation| plane.points.get(operation.index()).copied();
        let near = view.found().near.neighbours.iter().take(MARKED);
        let bookmarked = cx.bookmarks.iter();
        let bookmarked = bookmarked.filter_map(|bookmark| bookmark.place.operation());
        Overlay {
            bookmarks: bookmarked.filter_map(at).collect(),
            near: near.filter_map(|near| at(near.operation)).collect(),
            chosen: view.chosen().and_then(|chosen| at(chosen.operation)),
            centre: match &view.found().point {
                Some(point) => plane.place(point).filter(|_| space == view.space),
                None => at(view.centre()),
            },
        }
    }

    /// The class of each operation in a space, by what colours the codes.
    pub fn classify(&self, space: Space, cx: &Shared) -> impl Fn(Operation) -> CellClass {
        let color_by = self.planes.color_by;
        let (sets, estimates) = (cx.run().covered.as_deref(), cx.estimates.as_deref());
        let obedient = self.planes.law.operations();
        let distances = match color_by {
            ColorBy::Apart => self.planes.apart.as_ref().map(|apart| apart.as_slice()),
            _ => self.past.moved(space),
        };
        move |operation| match (color_by, sets, estimates) {
            _ if !cx.is_selected(operation) => CellClass::Background,
            (ColorBy::Coverage, Some(sets), _) => {
                CellClass::Kind(Cover::of(sets, cx.reading.draw, operation) as usize)
            }
            (ColorBy::Probability, _, Some(estimates)) => {
                CellClass::Number(cx.reading.likelihood(estimates, operation))
            }
            (ColorBy::Zeros, ..) => CellClass::Number(operation.zeros() as f64),
            (ColorBy::Law, ..) if !obedient.contains(operation) => CellClass::Background,
            (ColorBy::Apart | ColorBy::Moved, ..) => {
                let distance = distances.and_then(|distances| distances.get(operation.index()));
                distance.map_or(CellClass::Kind(0), |distance| CellClass::Number(*distance))
            }
            _ => CellClass::Kind(0),
        }
    }
}
