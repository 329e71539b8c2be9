//! Box on the plane of codes, moved and resized by keys, that selects the operations in it.

use fluxttice_core::measure::projection::Projection;
use fluxttice_core::space::Operation;

use crate::shared::Shared;

/// Step of the box's middle, and of half its width and height; the plane is 2 wide.
const STEP: f64 = 0.05;
/// Largest half of width or height.
const WIDEST: f64 = 1.0;

/// Box on a plane that extends from -1 to 1 in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxSelection {
    /// Middle of the box, across and up.
    pub middle: [f64; 2],
    /// Half of width and of height, at most 1.
    pub half: [f64; 2],
}

impl Default for BoxSelection {
    fn default() -> Self {
        Self {
            middle: [0.0; 2],
            half: [0.25; 2],
        }
    }
}

impl BoxSelection {
    /// Makes a box around a point of a plane; `None` puts it around the origin.
    pub fn around(plane: &Projection, point: Option<[f64; 2]>) -> Self {
        let extent = plane.extent().max(f64::MIN_POSITIVE);
        Self {
            middle: point.map_or([0.0; 2], |point| point.map(|x| x / extent)),
            ..Self::default()
        }
    }

    /// Moves the box by steps across and up; its middle stays on the plane.
    pub fn shift(&mut self, by: [f64; 2]) {
        for (middle, by) in self.middle.iter_mut().zip(by) {
            *middle = (*middle + STEP * by).clamp(-1.0, 1.0);
        }
    }

    /// Changes width and height by steps; negative ones make the box smaller.
    pub fn grow(&mut self, by: [f64; 2]) {
        for (half, by) in self.half.iter_mut().zip(by) {
            *half = (*half + STEP * by).clamp(STEP, WIDEST);
        }
    }

    /// Returns the lower left and the upper right corner on a plane, in the plane's units.
    pub fn corners(&self, plane: &Projection) -> [[f64; 2]; 2] {
        let extent = plane.extent();
        [-1.0, 1.0].map(|sign| {
            std::array::from_fn(|axis| extent * (self.middle[axis] + sign * self.half[axis]))
        })
    }

    /// Returns the operations whose codes lie in the box.
    pub fn holds(&self, plane: &Projection) -> impl Iterator<Item = Operation> {
        let [low, high] = self.corners(plane);
        Operation::all()
            .zip(&plane.points)
            .filter(move |(_, point)| {
                (0..2).all(|axis| (low[axis]..=high[axis]).contains(&point[axis]))
            })
            .map(|(operation, _)| operation)
    }

    /// Returns the operations in the box that are also in the selection.
    pub fn selected(&self, plane: &Projection, cx: &Shared) -> impl Iterator<Item = Operation> {
        self.holds(plane).filter(|held| cx.is_selected(*held))
    }
}

#[cfg(test)]
mod tests {
    use fluxttice_core::vae::Scope;

    use super::*;
    use crate::fixtures;

    #[test]
    fn it_holds_what_lies_within() {
        let codes = fixtures::codes(3);
        let plane = Projection::new(codes.spaces.of(Scope::A)).unwrap();
        let mut frame = BoxSelection::around(&plane, Some(plane.points[77]));
        assert!(frame.holds(&plane).any(|operation| operation.index() == 77));
        let few = frame.holds(&plane).count();
        frame.grow([2.0, 2.0]);
        let more = frame.holds(&plane).count();
        assert!(few < more, "{few} {more}");
        frame.grow([40.0, 40.0]);
        frame.middle = [0.0; 2];
        assert_eq!(frame.holds(&plane).count(), plane.points.len());
        frame.shift([0.0, 40.0]);
        let above = plane.points.iter().filter(|[_, y]| *y >= 0.0).count();
        assert_eq!(frame.holds(&plane).count(), above);
    }
}
