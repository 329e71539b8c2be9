//! Centre of *Neighbours*, the operations near it, and the walk that leads there.

use std::sync::Arc;

use fluxttice_core::measure::neighbours::{
    Centre, LatentPoint, Metric, Neighbour, Search, Spaces, nearest, preservation,
};
use fluxttice_core::session::message::Codes;
use fluxttice_core::session::{LocatePoint, LocatedPoint};
use fluxttice_core::space::{OPERATIONS, Operation, OperationSet, names};
use fluxttice_core::vae::{Scope, Vae};
use fluxttice_core::{Decoded, Located};

use super::history::History;
use super::walk::{Along, Walk};
use crate::layout::step;
use crate::selection::Selection;

/// Number of neighbours listed.
pub const LISTED: usize = 100;
/// Neighbourhood sizes for which preservation is shown.
pub const SIZES: [usize; 2] = [10, 100];

/// Inputs of the list, which is computed anew when one of them changes.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    place: LatentPoint,
    metric: Metric,
    space: Scope,
    codes: Option<String>,
    since: Option<String>,
    among: Option<Arc<Selection>>,
}

/// Operations around a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Place in the middle; `None` before the first search.
    pub place: Option<LatentPoint>,
    /// Nearest operations in the chosen space.
    pub near: Ranked,
    /// Nearest operations in another space, for comparison; empty where the metric uses no space.
    pub other: Ranked,
    /// Operations that the decoders give for a place that is a point between operations; empty for an
    /// operation.
    pub decoded: Vec<(Vae, Decoded)>,
    /// Coordinates of such a point; `None` for an operation.
    pub point: Option<Vec<f64>>,
    /// Reason why nothing was found; `None` where something was.
    pub problem: Option<String>,
    /// Share of each of [`SIZES`] nearest codes that are also nearest by Hamming distance; `None` where not
    /// known.
    pub preserved: [Option<f64>; 2],
}

/// Operations by their distance. For codes of an earlier epoch, also their ranks by the newest codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    /// Nearest operations, with distances and ranks.
    pub neighbours: Vec<Neighbour>,
    /// Rank of each by the newest codes; empty where these are the codes in use.
    pub now: Vec<u32>,
}

impl Ranked {
    /// Returns how many of the `k` nearest are also among the `k` nearest by the newest codes. `None` where
    /// these are the codes in use, or where not all `k` are listed.
    pub fn stayed(&self, k: usize) -> Option<usize> {
        let last = self.neighbours.get(k.checked_sub(1)?)?;
        let nearest = self.now.get(..k).filter(|_| last.rank as usize == k)?;
        Some(nearest.iter().filter(|rank| **rank as usize <= k).count())
    }
}

/// Centre of *Neighbours*, with the operations near it.
#[derive(Clone, Debug)]
pub struct Around {
    history: History,
    /// Distance by which the list is ordered.
    pub metric: Metric,
    /// Latent space in which distances are measured.
    pub space: Scope,
    /// Chosen row of the list.
    pub selected: usize,
    walk: Option<Walk>,
    /// Point that was last asked to be decoded.
    requested: Option<Point>,
    /// Point that was last decoded.
    located: Option<Arc<LocatedPoint>>,
    asked: Option<Question>,
    found: Arc<Found>,
}

/// A point between operations, with the sources of the codes and the spaces in which it is decoded.
#[derive(Clone, Debug, PartialEq)]
struct Point {
    place: LatentPoint,
    sources: Vec<String>,
    spaces: [Scope; 2],
}

impl Point {
    /// Returns true if the point was decoded with all of its codes in all of its spaces.
    fn is_in(&self, located: &LocatedPoint) -> bool {
        let has = |source: &String, space| {
            let mut found = located.found.iter();
            found.any(|(other, at, _)| other == source && *at == space)
        };
        located.place == self.place
            && self
                .sources
                .iter()
                .all(|source| self.spaces.iter().all(|space| has(source, *space)))
    }
}

impl Default for Around {
    fn default() -> Self {
        let centre = names::find("min").unwrap_or_else(|| Operation::from_function(i8::min));
        Self {
            history: History::new(centre.into()),
            metric: Metric::default(),
            space: Scope::A,
            selected: 0,
            walk: None,
            requested: None,
            located: None,
            asked: None,
            found: Arc::default(),
        }
    }
}

impl Around {
    /// Returns the place that the user chose. For a point, the list shows it only once it is decoded.
    pub fn place(&self) -> &LatentPoint {
        self.history.current()
    }

    /// Returns the place that the list shows.
    pub fn shown(&self) -> &LatentPoint {
        self.found.place.as_ref().unwrap_or(self.place())
    }

    /// Returns the operation in the middle; for a point that is the one which the decoder gives, or the first
    /// one that the point is made of where that is not known.
    pub fn centre(&self) -> Operation {
        let place = self.shown();
        let decoded = self.found.decoded.first();
        place
            .operation()
            .or(decoded.map(|(_, decoded)| decoded.operation))
            .or_else(|| place.operations().next())
            .unwrap_or_else(|| Operation::from_function(i8::min))
    }

    /// Returns the history of centres, with the present one first.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns the operations around the place that is shown.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Returns the chosen neighbour; `None` where the list is empty.
    pub fn chosen(&self) -> Option<&Neighbour> {
        self.found.near.neighbours.get(self.selected)
    }

    /// Makes an operation or a point the centre; later entries of the history are dropped.
    pub fn visit(&mut self, place: impl Into<LatentPoint>) {
        if self.history.push(place.into()) {
            self.selected = 0;
        }
    }

    /// Goes back or forward in the history; returns false at its end.
    pub fn go(&mut self, forward: bool) -> bool {
        let gone = self.history.go(forward);
        if gone {
            self.selected = 0;
        }
        gone
    }

    /// Returns the walk that led to the present centre, or begins there.
    pub fn walk(&self) -> Option<&Walk> {
        self.walk
            .as_ref()
            .filter(|walk| walk.place().is_same(self.place()))
    }

    /// Takes a step of the present walk; without one, on the line to the chosen operation. Returns false
    /// where there is nothing to walk to.
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

    /// Turns the walk to the next or previous latent dimension of a space with this number of dimensions; it
    /// begins again at its start.
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

    /// Removes the present place of a walk from the history, because a walk is one step of it however long it
    /// is.
    fn leave(&mut self, walk: &Walk) {
        if !walk.is_home() {
            self.history.drop_current();
        }
    }

    /// Moves the choice by some rows.
    pub fn step(&mut self, by: isize) {
        self.selected = step(self.selected, by, self.found.near.neighbours.len());
    }

    /// Returns the chosen space, and the one shown beside it.
    pub fn spaces(&self) -> [Scope; 2] {
        [self.space, self.beside()]
    }

    /// Returns the space whose neighbours are shown beside those of the chosen one.
    pub fn beside(&self) -> Scope {
        match self.space {
            Scope::A => Scope::B,
            Scope::B | Scope::Both => Scope::A,
        }
    }

    /// Returns every operation that is as near as the chosen one, and a description of them.
    pub fn within(&self, codes: Option<&Codes>) -> Option<(String, OperationSet)> {
        let chosen = self.chosen()?;
        let nothing = Spaces::default();
        let spaces = codes.map_or(&nothing, |codes| &codes.spaces);
        let cloud = spaces.of(self.space);
        let search = Search {
            radius: chosen.distance,
            ..Search::nearest(self.metric, OPERATIONS)
        };
        let near = nearest(cloud, &self.from()?, &search);
        let found = near.iter().map(|near| near.operation);
        let whose = match self.metric.needs_codes() {
            false => String::new(),
            true => format!(" in {}", spaces.title(self.space)),
        };
        let text = format!(
            "within {:.4} of {}{whose}, {}",
            chosen.distance,
            self.shown(),
            self.metric.name()
        );
        Some((text, found.chain(self.shown().operation()).collect()))
    }

    /// Returns the shown place as the centre of a search; `None` for a point that is not decoded.
    fn from(&self) -> Option<Centre> {
        match (self.shown().operation(), &self.found.point) {
            (Some(operation), _) => Some(Centre::Operation(operation)),
            (None, Some(mu)) => Some(Centre::Point {
                mu: mu.clone(),
                decoded: self.centre(),
            }),
            (None, None) => None,
        }
    }

    /// Takes the next metric, wrapping round at the end.
    pub fn next_metric(&mut self) {
        let place = Metric::ALL
            .iter()
            .position(|metric| *metric == self.metric)
            .unwrap_or_default();
        self.metric = Metric::ALL.get(place + 1).copied().unwrap_or_default();
    }

    /// Stores a decoded point.
    pub fn on_located(&mut self, point: Arc<LocatedPoint>) {
        self.located = Some(point);
    }

    /// Computes the list anew if one of its inputs has changed. `since` are the newest codes, where `codes`
    /// are those of an earlier epoch. Returns a request to decode the centre where it is a point; the list
    /// waits for that.
    pub fn refresh(
        &mut self,
        codes: Option<&Arc<Codes>>,
        since: Option<&Arc<Codes>>,
        among: Option<&Arc<Selection>>,
    ) -> Option<LocatePoint> {
        let question = Question {
            place: self.place().clone(),
            metric: self.metric,
            space: self.space,
            codes: codes.map(|codes| codes.source.clone()),
            since: since.map(|codes| codes.source.clone()),
            among: among.cloned(),
        };
        if self.asked.as_ref() == Some(&question) {
            return None;
        }
        if question.place.operation().is_none() && codes.is_some() {
            let codes: Vec<Arc<Codes>> = codes.into_iter().chain(since).cloned().collect();
            let point = Point {
                place: question.place.clone(),
                sources: codes.iter().map(|codes| codes.source.clone()).collect(),
                spaces: self.spaces(),
            };
            let located = self.located.as_deref();
            if !located.is_some_and(|located| point.is_in(located)) {
                if self.requested.as_ref() == Some(&point) {
                    return None;
                }
                let request = LocatePoint {
                    place: point.place.clone(),
                    codes,
                    spaces: point.spaces.to_vec(),
                };
                self.requested = Some(point);
                return Some(request);
            }
        }
        let search = Search {
            among: among.map(|selection| &selection.found),
            ..Search::nearest(self.metric, LISTED)
        };
        let around = |space| {
            let mut found = self.around(codes, &question.place, space, &search);
            let now = since.filter(|_| self.metric.needs_codes());
            if let Some(now) = now {
                found.near.now = self.ranks(now, &question.place, space, &search, &found.near);
            }
            found
        };
        let mut found = around(self.space);
        if self.metric.needs_codes() {
            found.other = around(self.beside()).near;
        }
        if let (Some(operation), Some(codes)) = (question.place.operation(), codes) {
            let cloud = codes.spaces.of(self.space);
            found.preserved = SIZES.map(|k| preservation(cloud, operation, self.metric, k));
        }
        found.place = Some(question.place.clone());
        self.found = Arc::new(found);
        self.asked = Some(question);
        self.step(0);
        None
    }

    /// Returns a place in a space, by the codes of a source; for a point, the decoded one. The error says why
    /// there is none.
    fn located(&self, place: &LatentPoint, source: &str, space: Scope) -> Result<Located, String> {
        if let Some(operation) = place.operation() {
            return Ok(operation.into());
        }
        let mut found = self.located.iter().flat_map(|located| &located.found);
        let found = found.find(|(other, at, _)| other == source && *at == space);
        match found {
            Some((_, _, Ok(located))) => Ok(located.clone()),
            Some((_, _, Err(error))) => Err(error.problem.clone()),
            None => Err("there are no codes yet".to_owned()),
        }
    }

    /// Returns the operations around a place in one space, or the reason why there are none.
    fn around(
        &self,
        codes: Option<&Arc<Codes>>,
        place: &LatentPoint,
        space: Scope,
        search: &Search<'_>,
    ) -> Found {
        let nothing = Spaces::default();
        let cloud = codes.map_or(&nothing, |codes| &codes.spaces).of(space);
        let source = codes.map_or("", |codes| codes.source.as_str());
        let mut found = Found::default();
        match self.located(place, source, space) {
            Ok(Located { centre, .. })
                if let Some(problem) = centre.problem(cloud, search.metric) =>
            {
                found.problem = Some(problem);
            }
            Ok(Located { centre, decoded }) => {
                found.near.neighbours = nearest(cloud, &centre, search);
                found.decoded = decoded;
                if let Centre::Point { mu, .. } = centre {
                    found.point = Some(mu);
                }
            }
            Err(problem) => found.problem = Some(problem),
        }
        found
    }

    /// Returns the ranks of the listed operations by other codes; none where the place is not in them.
    fn ranks(
        &self,
        codes: &Codes,
        place: &LatentPoint,
        space: Scope,
        search: &Search<'_>,
        of: &Ranked,
    ) -> Vec<u32> {
        let Ok(Located { centre, .. }) = self.located(place, &codes.source, space) else {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_one_step_of_the_way() {
        let mut view = Around {
            metric: Metric::Hamming,
            ..Around::default()
        };
        view.refresh(None, None, None);
        let start = view.place().clone();
        for _ in 0..3 {
            assert!(view.walk_on(true));
        }
        assert_eq!(view.history().steps(), (1, 0));
        assert!(view.place().operation().is_none());
        for _ in 0..3 {
            view.walk_on(false);
        }
        assert!(view.place().is_same(&start));
        assert_eq!(view.history().steps(), (0, 0));
        view.turn(true, 16);
        view.turn(false, 16);
        assert_eq!(view.walk().unwrap().along(), Along::Dimension(15));
        view.walk_on(true);
        view.turn(true, 16);
        assert!(view.place().is_same(&start));
        // Going elsewhere ends the walk.
        view.walk_on(true);
        view.visit(Operation::new(5).unwrap());
        assert!(view.walk().is_none());
        assert_eq!(view.history().steps(), (2, 0));
    }

    #[test]
    fn distances_of_truth_tables_need_no_codes() {
        let mut view = Around {
            metric: Metric::Hamming,
            ..Around::default()
        };
        view.refresh(None, None, None);
        assert_eq!(view.found().near.neighbours.len(), LISTED);
        view.next_metric();
        view.refresh(None, None, None);
        assert_eq!(view.metric, Metric::ThreeAdic);
        assert_eq!(view.found().near.neighbours.len(), LISTED);
        view.next_metric();
        view.refresh(None, None, None);
        assert_eq!(view.found().near.neighbours.len(), 0);
    }
}
