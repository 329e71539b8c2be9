//! The operation in the middle of *Neighbours*, what is near it, and the way that led there.

use std::sync::Arc;

use fluxttice_core::measure::neighbours::{
    Centre, Metric, Neighbour, Place, Search, Space, Spaces, nearest, preservation,
};
use fluxttice_core::session::message::Codes;
use fluxttice_core::space::{OPERATIONS, Operation, OperationSet, names};
use fluxttice_core::vae::Vae;
use fluxttice_core::{Decoded, Located, locate};

use super::{Along, Selection, Walk};

/// Neighbours listed.
pub const LISTED: usize = 100;
/// Neighbourhood sizes for which preservation is shown.
pub const SIZES: [usize; 2] = [10, 100];
/// Steps kept of the way back.
const MEMORY: usize = 1_000;

/// What the list was computed from.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    place: Place,
    metric: Metric,
    space: Space,
    codes: Option<String>,
    since: Option<String>,
    among: Option<Arc<Selection>>,
}

/// What was found around the centre.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The nearest operations.
    pub near: Ranked,
    /// The nearest ones in another space, to lay beside; none where the metric knows no space.
    pub other: Ranked,
    /// What the decoders make of a centre that is a point between operations.
    pub decoded: Vec<(Vae, Decoded)>,
    /// Coordinates of such a centre.
    pub point: Option<Vec<f64>>,
    /// Why there is nothing around it.
    pub problem: Option<String>,
    /// Share of each of [`SIZES`] nearest codes that are also nearest by Hamming distance.
    pub preserved: [Option<f64>; 2],
}

/// Operations by their distance, and how they rank by now where an earlier moment is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    /// The nearest operations.
    pub neighbours: Vec<Neighbour>,
    /// The rank of each by now; empty where now is looked at.
    pub now: Vec<u32>,
}

impl Ranked {
    /// How many of the `k` nearest are among the `k` nearest by now; `None` where now is looked at, or
    /// where not all of them are listed.
    pub fn stayed(&self, k: usize) -> Option<usize> {
        let last = self.neighbours.get(k.checked_sub(1)?)?;
        let nearest = self.now.get(..k).filter(|_| last.rank as usize == k)?;
        Some(nearest.iter().filter(|rank| **rank as usize <= k).count())
    }
}

/// State of the *Neighbours* view.
#[derive(Clone, Debug)]
pub struct NeighbourView {
    path: Vec<Place>,
    position: usize,
    /// Distance by which the list is ordered.
    pub metric: Metric,
    /// Whose codes.
    pub space: Space,
    /// Chosen row.
    pub selected: usize,
    walk: Option<Walk>,
    asked: Option<Question>,
    found: Arc<Found>,
}

impl Default for NeighbourView {
    fn default() -> Self {
        let centre = names::find("min").unwrap_or_else(|| Operation::from_function(i8::min));
        Self {
            path: vec![centre.into()],
            position: 0,
            metric: Metric::default(),
            space: Space::A,
            selected: 0,
            walk: None,
            asked: None,
            found: Arc::default(),
        }
    }
}

impl NeighbourView {
    /// What is in the middle.
    pub fn place(&self) -> &Place {
        &self.path[self.position]
    }

    /// The operation in the middle, or what the decoder makes of the point there; the first operation that
    /// the point is made of, where that is not known.
    pub fn centre(&self) -> Operation {
        let place = self.place();
        let decoded = self
            .found
            .decoded
            .first()
            .map(|(_, decoded)| decoded.operation);
        place
            .operation()
            .or(decoded)
            .or_else(|| place.operations().next())
            .unwrap_or_else(|| Operation::from_function(i8::min))
    }

    /// What is near it, as last computed.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// The chosen neighbour.
    pub fn chosen(&self) -> Option<&Neighbour> {
        self.found.near.neighbours.get(self.selected)
    }

    /// Where somebody has been, the last one first, and how many steps ago.
    pub fn been(&self) -> impl Iterator<Item = (&Place, usize)> {
        let way = &self.path[..=self.position];
        way.iter().rev().zip(0..)
    }

    /// Steps that can be gone back and forward.
    pub fn ways(&self) -> (usize, usize) {
        (self.position, self.path.len() - 1 - self.position)
    }

    /// Makes an operation or a point the centre; what lay ahead on the way is forgotten.
    pub fn visit(&mut self, place: impl Into<Place>) {
        let place = place.into();
        if place.is_same(self.place()) {
            return;
        }
        self.path.truncate(self.position + 1);
        self.path.push(place);
        if self.path.len() > MEMORY {
            self.path.remove(0);
        }
        self.position = self.path.len() - 1;
        self.selected = 0;
    }

    /// Goes back or forward on the way; false at its end.
    pub fn travel(&mut self, forward: bool) -> bool {
        let to = if forward {
            self.position + 1
        } else {
            self.position.wrapping_sub(1)
        };
        let possible = to < self.path.len();
        if possible {
            self.position = to;
            self.selected = 0;
        }
        possible
    }

    /// The walk that led here, or is about to begin here.
    pub fn walk(&self) -> Option<&Walk> {
        self.walk
            .as_ref()
            .filter(|walk| walk.place().is_same(self.place()))
    }

    /// Takes a step of the walk at hand; without one, on the line to the chosen operation. False where
    /// there is nothing to walk to.
    pub fn walk_on(&mut self, forward: bool) -> bool {
        let to_chosen = || {
            let to = self.chosen()?.operation;
            Some(Walk::new(self.place().clone(), Along::Line(to)))
        };
        let Some(mut walk) = self.walk().cloned().or_else(to_chosen) else {
            return false;
        };
        self.leave(&walk);
        walk.step(forward);
        self.visit(walk.place());
        self.walk = Some(walk);
        true
    }

    /// Turns to another latent dimension of the space with so many of them, back where the walk began.
    pub fn turn(&mut self, forward: bool, dimensions: usize) {
        let last = dimensions.saturating_sub(1);
        let next = |dimension: usize| match forward {
            true if dimension >= last => 0,
            true => dimension + 1,
            false => dimension.checked_sub(1).unwrap_or(last),
        };
        let first = if forward { 0 } else { last };
        let walk = match self.walk().cloned() {
            None => Walk::new(self.place().clone(), Along::Dimension(first)),
            Some(walk) => {
                self.leave(&walk);
                walk.turned(match walk.along() {
                    Along::Dimension(dimension) => Along::Dimension(next(dimension)),
                    Along::Line(_) => Along::Dimension(first),
                })
            }
        };
        self.walk = Some(walk);
    }

    /// Takes the step that a walk stands on off the way: a walk is one step of it.
    fn leave(&mut self, walk: &Walk) {
        if !walk.is_home() && self.position > 0 {
            self.path.truncate(self.position);
            self.position -= 1;
        }
    }

    /// Moves the choice.
    pub fn step(&mut self, by: isize) {
        let last = self.found.near.neighbours.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// The space that is looked at, and the one beside it.
    pub fn spaces(&self) -> [Space; 2] {
        [self.space, self.beside()]
    }

    /// The space whose neighbours are laid beside.
    pub fn beside(&self) -> Space {
        match self.space {
            Space::A => Space::B,
            Space::B | Space::Both => Space::A,
        }
    }

    /// Every operation that is as near as the chosen one, and how that is said.
    pub fn within(&self, codes: Option<&Codes>) -> Option<(String, OperationSet)> {
        let chosen = self.chosen()?;
        let nothing = Spaces::default();
        let cloud = codes.map_or(&nothing, |codes| &codes.spaces).of(self.space);
        let search = Search {
            radius: chosen.distance,
            ..Search::nearest(self.metric, OPERATIONS)
        };
        let near = nearest(cloud, &self.from()?, &search);
        let found = near.iter().map(|near| near.operation);
        let whose = match self.metric {
            Metric::Hamming => String::new(),
            _ => format!(" in {}", self.space.title()),
        };
        let text = format!(
            "within {:.4} of {}{whose}, {}",
            chosen.distance,
            self.place(),
            self.metric.name()
        );
        Some((text, found.chain(self.place().operation()).collect()))
    }

    /// Where neighbours were last counted from.
    fn from(&self) -> Option<Centre> {
        match (self.place().operation(), &self.found.point) {
            (Some(operation), _) => Some(Centre::Operation(operation)),
            (None, Some(mu)) => Some(Centre::Point {
                mu: mu.clone(),
                decoded: self.centre(),
            }),
            (None, None) => None,
        }
    }

    /// Takes the next metric.
    pub fn next_metric(&mut self) {
        let place = Metric::ALL
            .iter()
            .position(|metric| *metric == self.metric)
            .unwrap_or_default();
        self.metric = Metric::ALL.get(place + 1).copied().unwrap_or_default();
    }

    /// Computes the list anew if its question has changed; `since` are the newest codes, where `codes` are
    /// those of an earlier moment.
    pub fn refresh(
        &mut self,
        codes: Option<&Codes>,
        since: Option<&Codes>,
        among: Option<&Arc<Selection>>,
    ) {
        let question = Question {
            place: self.place().clone(),
            metric: self.metric,
            space: self.space,
            codes: codes.map(|codes| codes.source.clone()),
            since: since.map(|codes| codes.source.clone()),
            among: among.cloned(),
        };
        if self.asked.as_ref() == Some(&question) {
            return;
        }
        let search = Search {
            among: among.map(|selection| &selection.found),
            ..Search::nearest(self.metric, LISTED)
        };
        let around = |space| {
            let mut found = around(codes, &question.place, space, &search);
            let now = since.filter(|_| self.metric != Metric::Hamming);
            if let Some(now) = now {
                found.near.now = ranks(now, &question.place, space, &search, &found.near);
            }
            found
        };
        let mut found = around(self.space);
        if self.metric != Metric::Hamming {
            found.other = around(self.beside()).near;
        }
        if let (Some(operation), Some(codes)) = (question.place.operation(), codes) {
            let cloud = codes.spaces.of(self.space);
            found.preserved = SIZES.map(|k| preservation(cloud, operation, self.metric, k));
        }
        self.found = Arc::new(found);
        self.asked = Some(question);
        self.step(0);
    }
}

/// What lies around a place in one space, or why nothing does.
fn around(codes: Option<&Codes>, place: &Place, space: Space, search: &Search<'_>) -> Found {
    let nothing = Spaces::default();
    let cloud = codes.map_or(&nothing, |codes| &codes.spaces).of(space);
    let mut found = Found::default();
    let located = match (place.operation(), codes) {
        (Some(operation), _) => Ok(operation.into()),
        (None, Some(codes)) => locate(&codes.weights, &codes.spaces, space, place),
        (None, None) => Err(place.error("there are no codes yet".to_owned())),
    };
    match located {
        Ok(Located { centre, .. }) if let Some(problem) = centre.problem(cloud, search.metric) => {
            found.problem = Some(problem);
        }
        Ok(Located { centre, decoded }) => {
            found.near.neighbours = nearest(cloud, &centre, search);
            found.decoded = decoded;
            if let Centre::Point { mu, .. } = centre {
                found.point = Some(mu);
            }
        }
        Err(error) => found.problem = Some(error.problem),
    }
    found
}

/// How operations rank by other codes; nothing where the place is not in them.
fn ranks(codes: &Codes, place: &Place, space: Space, search: &Search<'_>, of: &Ranked) -> Vec<u32> {
    let Ok(Located { centre, .. }) = locate(&codes.weights, &codes.spaces, space, place) else {
        return Vec::new();
    };
    let all = Search {
        k: OPERATIONS,
        ..*search
    };
    let mut ranks = vec![0; OPERATIONS];
    for near in nearest(codes.spaces.of(space), &centre, &all) {
        ranks[near.operation.index()] = near.rank;
    }
    let listed = of.neighbours.iter();
    listed.map(|near| ranks[near.operation.index()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_way_come() {
        let mut view = NeighbourView::default();
        let start = view.centre();
        let operations: Vec<_> = [1, 2, 3].into_iter().filter_map(Operation::new).collect();
        for operation in &operations {
            view.visit(*operation);
        }
        assert!(view.travel(false) && view.travel(false));
        assert_eq!(view.centre(), operations[0]);
        assert!(view.travel(true));
        assert_eq!(view.centre(), operations[1]);
        view.visit(operations[0]);
        assert!(!view.travel(true));
        assert_eq!(view.ways(), (3, 0));
        while view.travel(false) {}
        assert_eq!(view.centre(), start);
    }

    #[test]
    fn a_walk_is_one_step_of_the_way() {
        let mut view = NeighbourView {
            metric: Metric::Hamming,
            ..NeighbourView::default()
        };
        view.refresh(None, None, None);
        let start = view.place().clone();
        for _ in 0..3 {
            assert!(view.walk_on(true));
        }
        assert_eq!(view.ways(), (1, 0));
        assert!(view.place().operation().is_none());
        for _ in 0..3 {
            view.walk_on(false);
        }
        assert!(view.place().is_same(&start));
        assert_eq!(view.ways(), (0, 0));
        view.turn(true, 16);
        view.turn(false, 16);
        assert_eq!(view.walk().unwrap().along(), Along::Dimension(15));
        view.walk_on(true);
        view.turn(true, 16);
        assert!(view.place().is_same(&start));
        // Whoever goes elsewhere has left the walk.
        view.walk_on(true);
        view.visit(Operation::new(5).unwrap());
        assert!(view.walk().is_none());
        assert_eq!(view.ways(), (2, 0));
    }

    #[test]
    fn hamming_needs_no_codes() {
        let mut view = NeighbourView {
            metric: Metric::Hamming,
            ..NeighbourView::default()
        };
        view.refresh(None, None, None);
        assert_eq!(view.found().near.neighbours.len(), LISTED);
        view.next_metric();
        view.refresh(None, None, None);
        assert_eq!(view.found().near.neighbours.len(), 0);
    }
}
