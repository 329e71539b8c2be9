//! History of centres, as in a browser: the user can go back, and forward again.

use fluxttice_core::measure::neighbours::LatentPoint;

/// Number of centres kept.
const MEMORY: usize = 1_000;

/// History of centres, and the present position in it.
#[derive(Clone, Debug)]
pub struct History {
    path: Vec<LatentPoint>,
    position: usize,
}

impl History {
    /// Makes a history that begins with this place.
    pub fn new(place: LatentPoint) -> Self {
        Self {
            path: vec![place],
            position: 0,
        }
    }

    /// Returns the present centre.
    pub fn current(&self) -> &LatentPoint {
        &self.path[self.position]
    }

    /// Returns the centres up to the present one, which comes first.
    pub fn iter(&self) -> impl Iterator<Item = &LatentPoint> {
        self.path[..=self.position].iter().rev()
    }

    /// Returns how many steps can be gone back and forward.
    pub fn steps(&self) -> (usize, usize) {
        (self.position, self.path.len() - 1 - self.position)
    }

    /// Adds a centre after the present one, in place of all later ones; returns false where it is the present
    /// one.
    pub fn push(&mut self, place: LatentPoint) -> bool {
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

    /// Goes a step back or forward; returns false at the end.
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

    /// Removes the present centre and all later ones, unless it is the first.
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
        let place = |index| LatentPoint::from(Operation::new(index).unwrap());
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
