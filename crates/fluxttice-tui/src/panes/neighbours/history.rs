//! The centres of before, as in a browser: one can go back, and forward again.

use fluxttice_core::measure::neighbours::Place;

/// Centres kept.
const MEMORY: usize = 1_000;

/// The centres of before, and where among them one is.
#[derive(Clone, Debug)]
pub struct History {
    path: Vec<Place>,
    position: usize,
}

impl History {
    /// A history that begins here.
    pub fn new(place: Place) -> Self {
        Self {
            path: vec![place],
            position: 0,
        }
    }

    /// The centre of now.
    pub fn current(&self) -> &Place {
        &self.path[self.position]
    }

    /// The centres up to now, the last one first.
    pub fn iter(&self) -> impl Iterator<Item = &Place> {
        self.path[..=self.position].iter().rev()
    }

    /// Steps that can be gone back and forward.
    pub fn steps(&self) -> (usize, usize) {
        (self.position, self.path.len() - 1 - self.position)
    }

    /// Adds a centre behind that of now, in place of all that followed; false where it is that of now.
    pub fn push(&mut self, place: Place) -> bool {
        if place.is_same(self.current()) {
            return false;
        }
        self.path.truncate(self.position + 1);
        self.path.push(place);
        if self.path.len() > MEMORY {
            self.path.remove(0);
        }
        self.position = self.path.len() - 1;
        true
    }

    /// Goes a step back or forward; false at the end.
    pub fn go(&mut self, forward: bool) -> bool {
        let to = if forward {
            self.position + 1
        } else {
            self.position.wrapping_sub(1)
        };
        let possible = to < self.path.len();
        if possible {
            self.position = to;
        }
        possible
    }

    /// Forgets the centre of now and what followed, unless it is the first.
    pub fn drop_current(&mut self) {
        if self.position > 0 {
            self.path.truncate(self.position);
            self.position -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use fluxttice_core::space::Operation;

    use super::*;

    #[test]
    fn the_way_back_is_the_way_come() {
        let place = |index| Place::from(Operation::new(index).unwrap());
        let mut history = History::new(place(0));
        for index in [1, 2, 3] {
            assert!(history.push(place(index)));
        }
        assert!(history.go(false) && history.go(false));
        assert!(history.current().is_same(&place(1)));
        assert!(history.go(true));
        assert!(history.current().is_same(&place(2)));
        assert!(history.push(place(1)) && !history.push(place(1)));
        assert!(!history.go(true));
        assert_eq!(history.steps(), (3, 0));
        while history.go(false) {}
        assert!(history.current().is_same(&place(0)));
    }
}
