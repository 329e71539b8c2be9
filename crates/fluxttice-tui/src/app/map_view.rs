//! The coverage map: who generates each operation, which part is in sight, where the cursor stands.

use ratatui::layout::Size;

use fluxttice_core::record::CoveredSets;
use fluxttice_core::session::Estimates;
use fluxttice_core::space::{OPERATIONS, Operation, OperationSet};

/// Columns of the map: entries 0–4.
pub const COLUMNS: usize = 243;
/// Rows of the map: entries 5–8.
pub const ROWS: usize = 81;

/// How the operations were drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Draw {
    /// The most likely value of every entry.
    #[default]
    Argmax,
    /// One categorical draw per entry.
    Categorical,
}

impl Draw {
    /// What A and B generated drawn like this.
    pub fn of(self, sets: &CoveredSets) -> &[OperationSet; 2] {
        match self {
            Self::Argmax => &sets.argmax,
            Self::Categorical => &sets.categorical,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Argmax => "argmax",
            Self::Categorical => "categorical",
        }
    }
}

/// Who generated an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cover {
    /// Nobody.
    Neither,
    /// Only A.
    OnlyA,
    /// Only B.
    OnlyB,
    /// Both.
    Both,
}

impl Cover {
    /// Who generated this operation in that draw.
    pub fn of(sets: &CoveredSets, draw: Draw, operation: Operation) -> Self {
        let [a, b] = draw.of(sets);
        match (a.contains(operation), b.contains(operation)) {
            (true, true) => Self::Both,
            (true, false) => Self::OnlyA,
            (false, true) => Self::OnlyB,
            (false, false) => Self::Neither,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Neither => "neither",
            Self::OnlyA => "only A",
            Self::OnlyB => "only B",
            Self::Both => "A and B",
        }
    }
}

/// The operations that are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Those that somebody generated.
    #[default]
    Covered,
    /// Those that nobody generated.
    Missing,
    /// Only A's.
    OnlyA,
    /// Only B's.
    OnlyB,
}

impl Filter {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Missing => "missing",
            Self::OnlyA => "only A",
            Self::OnlyB => "only B",
        }
    }

    /// Whether an operation with this cover is drawn.
    pub fn shows(self, cover: Cover) -> bool {
        match self {
            Self::Covered => cover != Cover::Neither,
            Self::Missing => cover == Cover::Neither,
            Self::OnlyA => cover == Cover::OnlyA,
            Self::OnlyB => cover == Cover::OnlyB,
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Covered => Self::Missing,
            Self::Missing => Self::OnlyA,
            Self::OnlyA => Self::OnlyB,
            Self::OnlyB => Self::Covered,
        }
    }
}

/// Likelihoods, in multiples of 1/19,683, from which on the next of five shades begins.
pub const LIKELIHOODS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];

/// How many operations one character holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// 2 × 4, in dots.
    Dots,
    /// 2 × 2, in quarters.
    Quarters,
    /// 1 × 2, in halves.
    Halves,
    /// One.
    Single,
}

impl Zoom {
    const ALL: [Self; 4] = [Self::Dots, Self::Quarters, Self::Halves, Self::Single];

    /// Operations across and down in one character.
    pub fn cell(self) -> (usize, usize) {
        match self {
            Self::Dots => (2, 4),
            Self::Quarters => (2, 2),
            Self::Halves => (1, 2),
            Self::Single => (1, 1),
        }
    }

    /// Characters the whole map takes.
    pub fn size(self) -> (usize, usize) {
        let (across, down) = self.cell();
        (COLUMNS.div_ceil(across), ROWS.div_ceil(down))
    }

    /// The closest zoom at which the whole map fits into this room, else the widest.
    pub fn fitting(room: Size) -> Self {
        let fits = |zoom: &Self| {
            let (columns, rows) = zoom.size();
            columns <= usize::from(room.width) && rows <= usize::from(room.height)
        };
        Self::ALL.into_iter().rev().find(fits).unwrap_or(Self::Dots)
    }

    fn step(self, closer: bool) -> Self {
        let place = Self::ALL
            .iter()
            .position(|zoom| *zoom == self)
            .unwrap_or_default();
        let next = if closer {
            place + 1
        } else {
            place.saturating_sub(1)
        };
        Self::ALL.get(next).copied().unwrap_or(self)
    }
}

/// State of the *Coverage* view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapView {
    /// The draw that is shown.
    pub draw: Draw,
    /// Whether probabilities are shown in its place.
    pub likely: bool,
    /// Whose probabilities: A's (0), B's (1), or the smaller of both (2).
    pub whose: usize,
    /// What is drawn of it.
    pub filter: Filter,
    /// Column of the cursor, 0..243.
    pub column: usize,
    /// Row of the cursor, 0..81.
    pub row: usize,
    /// Chosen zoom; `None` takes the closest at which everything fits.
    zoom: Option<Zoom>,
    /// First character column and row in sight.
    origin: (usize, usize),
}

impl Default for MapView {
    fn default() -> Self {
        // The middle of the space: the operation that answers 0 to everything.
        Self {
            draw: Draw::default(),
            likely: false,
            whose: 2,
            filter: Filter::default(),
            column: COLUMNS / 2,
            row: ROWS / 2,
            zoom: None,
            origin: (0, 0),
        }
    }
}

impl MapView {
    /// The operation under the cursor.
    pub fn operation(&self) -> Operation {
        let index = (self.row * COLUMNS + self.column).min(OPERATIONS - 1);
        Operation::new(index).unwrap_or_else(|| Operation::from_function(|_, _| 0))
    }

    /// Puts the cursor on an operation.
    pub fn select(&mut self, operation: Operation, room: Size) {
        self.column = operation.index() % COLUMNS;
        self.row = operation.index() / COLUMNS;
        self.follow(room);
    }

    /// The zoom in this room.
    pub fn zoom(&self, room: Size) -> Zoom {
        self.zoom.unwrap_or_else(|| Zoom::fitting(room))
    }

    /// First character column and row in sight, in this room.
    pub fn origin(&self, room: Size) -> (usize, usize) {
        let (columns, rows) = self.zoom(room).size();
        (
            self.origin
                .0
                .min(columns.saturating_sub(usize::from(room.width))),
            self.origin
                .1
                .min(rows.saturating_sub(usize::from(room.height))),
        )
    }

    /// Zooms one step closer or wider, the cursor staying in sight.
    pub fn change_zoom(&mut self, closer: bool, room: Size) {
        self.zoom = Some(self.zoom(room).step(closer));
        self.centre(room);
    }

    /// Back to the closest zoom that shows everything.
    pub fn fit(&mut self, room: Size) {
        self.zoom = None;
        self.follow(room);
    }

    /// Moves the cursor.
    pub fn step(&mut self, columns: isize, rows: isize, room: Size) {
        self.column = self.column.saturating_add_signed(columns).min(COLUMNS - 1);
        self.row = self.row.saturating_add_signed(rows).min(ROWS - 1);
        self.follow(room);
    }

    /// Puts the cursor on the operation at this character of the room.
    pub fn point(&mut self, x: usize, y: usize, room: Size) {
        let (across, down) = self.zoom(room).cell();
        let (left, top) = self.origin(room);
        self.column = ((left + x) * across).min(COLUMNS - 1);
        self.row = ((top + y) * down).min(ROWS - 1);
    }

    /// Moves the part in sight so that the cursor is in it.
    pub fn follow(&mut self, room: Size) {
        let (across, down) = self.zoom(room).cell();
        let (left, top) = self.origin(room);
        self.origin = (
            nearest_origin(self.column / across, left, usize::from(room.width)),
            nearest_origin(self.row / down, top, usize::from(room.height)),
        );
        self.origin = self.origin(room);
    }

    fn centre(&mut self, room: Size) {
        let (across, down) = self.zoom(room).cell();
        self.origin = (
            (self.column / across).saturating_sub(usize::from(room.width) / 2),
            (self.row / down).saturating_sub(usize::from(room.height) / 2),
        );
        self.origin = self.origin(room);
    }

    /// Takes the next filter.
    pub fn next_filter(&mut self) {
        if self.likely {
            self.whose = (self.whose + 1) % 3;
        } else {
            self.filter = self.filter.next();
        }
    }

    /// Shows the next of argmax, categorical and probabilities.
    pub fn toggle_draw(&mut self) {
        (self.draw, self.likely) = match (self.draw, self.likely) {
            (Draw::Argmax, false) => (Draw::Categorical, false),
            (Draw::Categorical, false) => (Draw::Categorical, true),
            (_, true) => (Draw::Argmax, false),
        };
    }

    /// Probability of an operation as a multiple of a uniform generator's, of whom it is asked for.
    pub fn likelihood(&self, estimates: &Estimates, operation: Operation) -> f64 {
        let of = |i: usize| {
            let p = estimates.vaes[i].probabilities.get(operation.index());
            p.map_or(f64::NAN, |p| f64::from(*p) * OPERATIONS as f64)
        };
        match self.whose {
            0 => of(0),
            1 => of(1),
            _ => of(0).min(of(1)),
        }
    }

    /// The operations that get less than their fair share, the rarest first, of whom they are asked for.
    pub fn rare(&self, estimates: &Estimates) -> Vec<Operation> {
        let [a, b] = estimates
            .vaes
            .each_ref()
            .map(|vae| vae.rare.iter().map(|rare| rare.operation));
        let mut found: Vec<Operation> = match self.whose {
            0 => a.collect(),
            1 => b.collect(),
            _ => a.chain(b).collect(),
        };
        let likelihood = |operation: &Operation| self.likelihood(estimates, *operation);
        found.sort_by(|x, y| likelihood(x).total_cmp(&likelihood(y)).then(x.cmp(y)));
        found.dedup();
        found
    }

    /// Puts the cursor on the next (or previous) of them; false where there are none.
    pub fn next_rare(&mut self, estimates: &Estimates, forward: bool, room: Size) -> bool {
        let rare = self.rare(estimates);
        let here = rare
            .iter()
            .position(|operation| *operation == self.operation());
        let next = match (here, forward) {
            (None, _) => 0,
            (Some(place), true) => (place + 1) % rare.len(),
            (Some(place), false) => (place + rare.len() - 1) % rare.len(),
        };
        if let Some(operation) = rare.get(next) {
            self.select(*operation, room);
        }
        !rare.is_empty()
    }

    /// Puts the cursor on the next (or previous) operation that nobody generated; false if all are.
    pub fn next_missing(&mut self, sets: &CoveredSets, forward: bool, room: Size) -> bool {
        let here = self.operation().index();
        let places = (1..=OPERATIONS).map(|step| {
            let step = if forward { step } else { OPERATIONS - step };
            (here + step) % OPERATIONS
        });
        let found = places
            .filter_map(Operation::new)
            .find(|operation| Cover::of(sets, self.draw, *operation) == Cover::Neither);
        if let Some(operation) = found {
            self.select(operation, room);
        }
        found.is_some()
    }
}

/// The first place in sight, moved as little as possible for `at` to be in sight.
fn nearest_origin(at: usize, origin: usize, room: usize) -> usize {
    if at < origin {
        at
    } else if room > 0 && at >= origin + room {
        at + 1 - room
    } else {
        origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_zoom_that_fits_is_taken() {
        assert_eq!(Zoom::fitting(Size::new(250, 90)), Zoom::Single);
        assert_eq!(Zoom::fitting(Size::new(250, 45)), Zoom::Halves);
        assert_eq!(Zoom::fitting(Size::new(150, 52)), Zoom::Quarters);
        assert_eq!(Zoom::fitting(Size::new(122, 21)), Zoom::Dots);
        assert_eq!(Zoom::fitting(Size::new(20, 5)), Zoom::Dots);
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let room = Size::new(40, 10);
        let mut map = MapView::default();
        for (columns, rows) in [(1_000, 1_000), (-1_000, -3), (7, -1_000)] {
            map.change_zoom(true, room);
            map.step(columns, rows, room);
            let (across, down) = map.zoom(room).cell();
            let (left, top) = map.origin(room);
            assert!((left..left + 40).contains(&(map.column / across)));
            assert!((top..top + 10).contains(&(map.row / down)));
        }
    }

    #[test]
    fn missing_operations_are_found_in_both_directions() {
        let room = Size::new(122, 21);
        let missing = [100, 9_000];
        let all = || {
            Operation::all()
                .filter(|operation| !missing.contains(&operation.index()))
                .collect()
        };
        let sets = CoveredSets {
            argmax: [all(), all()],
            ..CoveredSets::default()
        };
        let mut map = MapView::default();
        assert!(map.next_missing(&sets, true, room));
        assert_eq!(map.operation().index(), 100);
        assert!(map.next_missing(&sets, true, room));
        assert_eq!(map.operation().index(), 9_000);
        assert!(map.next_missing(&sets, false, room));
        assert_eq!(map.operation().index(), 100);
    }
}
