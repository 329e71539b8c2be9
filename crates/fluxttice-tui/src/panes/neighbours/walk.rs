//! Walks through the latent space in steps: on a line between two operations, or along a dimension.

use std::fmt;

use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::space::Operation;

/// Steps from one end of a line to the other.
const STEPS: f64 = 10.0;
/// Length of a step along a dimension, in units of the code.
const STRIDE: f64 = 0.25;
/// Limit of the steps in either direction.
const FARTHEST: i32 = 100;

/// Direction of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// Line to another operation, and beyond it.
    Line(Operation),
    /// Latent dimension, counted from 0.
    Dimension(usize),
}

/// A walk from a place, with the number of steps taken.
#[derive(Clone, Debug)]
pub struct Walk {
    from: LatentPoint,
    along: Along,
    steps: i32,
}

impl Walk {
    /// Makes a walk that has not begun.
    pub fn new(from: LatentPoint, along: Along) -> Self {
        Self {
            from,
            along,
            steps: 0,
        }
    }

    /// Returns the direction of the walk.
    pub fn along(&self) -> Along {
        self.along
    }

    /// Returns a walk with the same start and another direction.
    pub fn turned(&self, along: Along) -> Self {
        Self::new(self.from.clone(), along)
    }

    /// Takes a step forward or back, at most 100 steps away from the start.
    pub fn step(&mut self, forward: bool) {
        let by = if forward { 1 } else { -1 };
        self.steps = (self.steps + by).clamp(-FARTHEST, FARTHEST);
    }

    /// Returns true if the walk is at its start.
    pub fn is_home(&self) -> bool {
        self.steps == 0
    }

    /// Returns the place that the walk has reached.
    pub fn place(&self) -> LatentPoint {
        let steps = f64::from(self.steps);
        match self.along {
            // The start itself, as it was typed.
            _ if self.is_home() => self.from.clone(),
            Along::Line(to) => {
                let share = steps / STEPS;
                LatentPoint::combined(&[(1.0 - share, &self.from), (share, &to.into())])
            }
            Along::Dimension(dimension) => {
                let axis = LatentPoint::dimension(dimension);
                LatentPoint::combined(&[(1.0, &self.from), (STRIDE * steps, &axis)])
            }
        }
    }
}

/// Writes the direction: `+ - walk along z3`.
impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.along {
            Along::Line(to) => write!(f, "+ - walk to {}", LatentPoint::from(to)),
            Along::Dimension(dimension) => write!(f, "+ - walk along z{dimension}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> LatentPoint {
        text.parse().unwrap()
    }

    #[test]
    fn a_line_leads_from_one_end_to_the_other_and_back() {
        let max = place("max").operation().unwrap();
        let mut walk = Walk::new(place("min"), Along::Line(max));
        for _ in 0..3 {
            walk.step(true);
        }
        assert_eq!(walk.place().to_string(), "0.7*min + 0.3*max");
        for _ in 0..7 {
            walk.step(true);
        }
        assert_eq!(walk.place().operation(), Some(max));
        for _ in 0..10 {
            walk.step(false);
        }
        assert!(walk.is_home() && walk.place().is_same(&place("min")));
        walk.step(false);
        assert_eq!(walk.place().to_string(), "1.1*min - 0.1*max");
    }

    #[test]
    fn a_dimension_is_walked_in_both_directions() {
        let mut walk = Walk::new(place("min"), Along::Dimension(3));
        walk.step(false);
        assert_eq!(walk.place().to_string(), "min - 0.25*z3");
        let turned = walk.turned(Along::Dimension(4));
        assert!(turned.is_home());
        assert_eq!(turned.to_string(), "+ - walk along z4");
    }
}
