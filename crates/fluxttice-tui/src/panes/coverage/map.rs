//! Map of all operations: its cursor, its zoom, and its visible part.

use fluxttice_core::space::{OPERATIONS, Operation};
use ratatui::layout::Size;

/// Columns of the map: 3⁵, by entries 0 to 4.
pub const COLUMNS: usize = 243;
/// Rows of the map: 3⁴, by entries 5 to 8.
pub const ROWS: usize = 81;

/// Returns the operation in a column and a row of the map; `None` beyond its borders.
pub fn operation_at(column: usize, row: usize) -> Option<Operation> {
    let inside = column < COLUMNS && row < ROWS;
    Operation::new(row * COLUMNS + column).filter(|_| inside)
}

/// Number of operations in one character of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// Eight operations, 2 across and 4 down, as braille dots.
    Dots,
    /// Four operations, 2 across and 2 down, as quarters of a block.
    Quarters,
    /// Two operations, one above the other, as halves of a block.
    Halves,
    /// One operation, in a character of its own.
    Single,
}

impl Zoom {
    const ALL: [Self; 4] = [Self::Dots, Self::Quarters, Self::Halves, Self::Single];

    /// Returns the number of operations across and down in one character.
    pub fn cell(self) -> (usize, usize) {
        match self {
            Self::Dots => (2, 4),
            Self::Quarters => (2, 2),
            Self::Halves => (1, 2),
            Self::Single => (1, 1),
        }
    }

    /// Returns the number of characters, across and down, of the whole map.
    pub fn size(self) -> (usize, usize) {
        let (across, down) = self.cell();
        (COLUMNS.div_ceil(across), ROWS.div_ceil(down))
    }

    /// Returns the closest zoom at which the whole map fits into an area of this size, else the widest.
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

/// Cursor, zoom and visible part of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Column of the cursor, 0 to 242.
    pub column: usize,
    /// Row of the cursor, 0 to 80.
    pub row: usize,
    /// Chosen zoom; `None` takes the closest at which the whole map fits.
    zoom: Option<Zoom>,
    /// First visible column and row, in characters.
    origin: (usize, usize),
}

impl Default for Map {
    fn default() -> Self {
        // The middle of the map: the operation that is 0 everywhere.
        Self {
            column: COLUMNS / 2,
            row: ROWS / 2,
            zoom: None,
            origin: (0, 0),
        }
    }
}

impl Map {
    /// Returns the operation under the cursor.
    pub fn operation(&self) -> Operation {
        let found = operation_at(self.column, self.row);
        found.unwrap_or_else(|| Operation::from_function(|_, _| 0))
    }

    /// Puts the cursor on an operation, and makes it visible.
    pub fn select(&mut self, operation: Operation, room: Size) {
        self.column = operation.index() % COLUMNS;
        self.row = operation.index() / COLUMNS;
        self.follow(room);
    }

    /// Returns the zoom in an area of this size.
    pub fn zoom(&self, room: Size) -> Zoom {
        self.zoom.unwrap_or_else(|| Zoom::fitting(room))
    }

    /// Returns the first visible column and row, in characters, in an area of this size.
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

    /// Zooms one step closer or wider, with the cursor as near to the middle as the borders allow.
    pub fn change_zoom(&mut self, closer: bool, room: Size) {
        self.zoom = Some(self.zoom(room).step(closer));
        self.centre(room);
    }

    /// Returns to the closest zoom at which the whole map fits.
    pub fn fit(&mut self, room: Size) {
        self.zoom = None;
        self.follow(room);
    }

    /// Moves the cursor by columns and rows, and keeps it visible.
    pub fn step(&mut self, columns: isize, rows: isize, room: Size) {
        self.column = self.column.saturating_add_signed(columns).min(COLUMNS - 1);
        self.row = self.row.saturating_add_signed(rows).min(ROWS - 1);
        self.follow(room);
    }

    /// Puts the cursor on the first operation of this character, counted from the map's visible corner.
    pub fn point(&mut self, x: usize, y: usize, room: Size) {
        let (across, down) = self.zoom(room).cell();
        let (left, top) = self.origin(room);
        self.column = ((left + x) * across).min(COLUMNS - 1);
        self.row = ((top + y) * down).min(ROWS - 1);
    }

    /// Moves the visible part so that the cursor lies in it.
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

    /// Puts the cursor on the next (or previous) of these operations; returns false where there are none.
    pub fn next_of(&mut self, operations: &[Operation], forward: bool, room: Size) -> bool {
        let here = operations
            .iter()
            .position(|operation| *operation == self.operation());
        let next = match (here, forward) {
            (None, _) => 0,
            (Some(place), true) => (place + 1) % operations.len(),
            (Some(place), false) => (place + operations.len() - 1) % operations.len(),
        };
        if let Some(operation) = operations.get(next) {
            self.select(*operation, room);
        }
        !operations.is_empty()
    }

    /// Puts the cursor on the next (or previous) missing operation, by index; returns false where none is
    /// missing.
    pub fn next_missing(
        &mut self,
        missing: impl Fn(Operation) -> bool,
        forward: bool,
        room: Size,
    ) -> bool {
        let here = self.operation().index();
        let places = (1..=OPERATIONS).map(|step| {
            let step = if forward { step } else { OPERATIONS - step };
            (here + step) % OPERATIONS
        });
        let found = places
            .filter_map(Operation::new)
            .find(|operation| missing(*operation));
        if let Some(operation) = found {
            self.select(operation, room);
        }
        found.is_some()
    }
}

/// Returns the first visible column or row, moved as little as possible so that `at` is visible.
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
        let mut map = Map::default();
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
        let is_missing = |operation: Operation| missing.contains(&operation.index());
        let mut map = Map::default();
        assert!(map.next_missing(is_missing, true, room));
        assert_eq!(map.operation().index(), 100);
        assert!(map.next_missing(is_missing, true, room));
        assert_eq!(map.operation().index(), 9_000);
        assert!(map.next_missing(is_missing, false, room));
        assert_eq!(map.operation().index(), 100);
    }
}
