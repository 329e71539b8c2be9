//! Classes by which operations are coloured on their plane, and the marks on it.
use fluxttice_core::measure::projection::{Projection, is_there};
use fluxttice_core::space::Operation;
use fluxttice_core::vae::Scope;

use super::Neighbours;
use super::color_by::ColorBy;
use crate::reading::{Cover, LIKELIHOODS, shade};
use crate::shared::Shared;

/// Class of an operation on its plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellClass {
    /// Outside the selection, or not true for the chosen law: drawn below the others.
    Background,
    /// A kind, 0 to 3; a character has the colour of most of its operations.
    Kind(usize),
    /// A number; a character shows the mean of its operations.
    Number(f64),
}

/// Bounds between the shades of the number of zeros in a table; three of nine is the mean.
const ZEROS: [f64; 4] = [1.5, 2.5, 3.5, 4.5];
/// Bounds between the shades of distances, in root-mean-square norms; √2 is the distance of unrelated codes.
const DISTANCES: [f64; 4] = [0.3, 0.6, 0.9, 1.2];

impl ColorBy {
    /// Returns the bounds between the five shades.
    pub fn bounds(self) -> [f64; 4] {
        match self {
            Self::Probability => LIKELIHOODS,
            Self::Zeros => ZEROS,
            _ => DISTANCES,
        }
    }

    /// Returns the index of a number's shade, 0 to 4.
    pub fn shade(self, number: f64) -> usize {
        shade(&self.bounds(), number)
    }
}

/// Marks on a plane, as points in the plane's units.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Points of bookmarked operations.
    pub bookmarks: Vec<[f64; 2]>,
    /// Nearest operations, at most ten.
    pub near: Vec<[f64; 2]>,
    /// Chosen one of the nearest operations.
    pub chosen: Option<[f64; 2]>,
    /// Centre; a point between operations is marked in the chosen space only.
    pub centre: Option<[f64; 2]>,
}

/// Number of nearest operations that are marked.
const MARKED: usize = 10;

impl Neighbours {
    /// Returns the marks on the plane of a space.
    pub fn overlay(&self, space: Scope, plane: &Projection, cx: &Shared) -> Overlay {
        let view = &self.around;
        let at = |operation: Operation| {
            let point = plane.points.get(operation.index()).copied();
            point.filter(|point| is_there(*point))
        };
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

    /// Returns a function that gives the class of each operation in a space, by the chosen colouring.
    pub fn classify(&self, space: Scope, cx: &Shared) -> impl Fn(Operation) -> CellClass {
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
