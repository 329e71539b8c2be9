//! What colours the codes on their plane, operation by operation.

use fluxttice_core::measure::neighbours::Space;
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::space::Operation;

use super::{App, Cover, LIKELIHOODS, Paint};

/// What is drawn of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Look {
    /// That it is there, below what is looked at.
    Ground,
    /// Its kind; a character has the colour of most of them.
    Kind(usize),
    /// A number; a character shows the mean.
    Number(f64),
}

/// Zeros in the table from which on the next shade begins; three of nine are the mean.
const ZEROS: [f64; 4] = [1.5, 2.5, 3.5, 4.5];
/// Distances in root-mean-square norms from which on the next shade begins; √2 is that of strangers.
const DISTANCES: [f64; 4] = [0.3, 0.6, 0.9, 1.2];

impl Paint {
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
        let bounds = self.bounds();
        bounds.iter().filter(|bound| number >= **bound).count()
    }
}

/// Points of a plane that are marked.
#[derive(Clone, Debug, Default)]
pub struct Marks {
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

impl App {
    /// What is marked on the plane of a space.
    pub fn marks(&self, space: Space, plane: &Projection) -> Marks {
        let view = &self.neighbours;
        let at = |operation: Operation| plane.points.get(operation.index()).copied();
        let near = view.found().near.neighbours.iter().take(MARKED);
        let bookmarks = self.bookmarks.iter().flat_map(|all| all.iter());
        let bookmarked = bookmarks.filter_map(|bookmark| bookmark.place.operation());
        Marks {
            bookmarks: bookmarked.filter_map(at).collect(),
            near: near.filter_map(|near| at(near.operation)).collect(),
            chosen: view.chosen().and_then(|chosen| at(chosen.operation)),
            centre: match &view.found().point {
                Some(point) => plane.place(point).filter(|_| space == view.space),
                None => at(view.centre()),
            },
        }
    }

    /// What is drawn of each operation in a space with the paint at hand.
    pub fn looks(&self, space: Space) -> impl Fn(Operation) -> Look {
        let paint = self.projection.paint;
        let (sets, estimates) = (
            self.run().covered.as_deref(),
            self.desk.estimates.as_deref(),
        );
        let obedient = self.projection.law.operations();
        let distances = match paint {
            Paint::Apart => self.projection.apart.as_ref().map(|apart| apart.as_slice()),
            _ => self.past.moved(space),
        };
        move |operation| match (paint, sets, estimates) {
            _ if !self.looks_at(operation) => Look::Ground,
            (Paint::Coverage, Some(sets), _) => {
                Look::Kind(Cover::of(sets, self.map.draw, operation) as usize)
            }
            (Paint::Probability, _, Some(estimates)) => {
                Look::Number(self.map.likelihood(estimates, operation))
            }
            (Paint::Zeros, ..) => Look::Number(operation.zeros() as f64),
            (Paint::Law, ..) if !obedient.contains(operation) => Look::Ground,
            (Paint::Apart | Paint::Moved, ..) => {
                let distance = distances.and_then(|distances| distances.get(operation.index()));
                distance.map_or(Look::Kind(0), |distance| Look::Number(*distance))
            }
            _ => Look::Kind(0),
        }
    }
}
