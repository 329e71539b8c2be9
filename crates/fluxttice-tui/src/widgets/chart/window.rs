//! Range of epochs on a time axis.

use fluxttice_core::numbers::{count32, rounded};

/// Range of epochs `first..=last`, both of which are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First epoch on the axis.
    pub first: u32,
    /// Last epoch on the axis.
    pub last: u32,
}

impl Window {
    /// Returns the place of an epoch on the axis, 0 at the first epoch and 1 at the last.
    pub fn place(self, epoch: f64) -> f64 {
        (epoch - f64::from(self.first)) / f64::from((self.last - self.first).max(1))
    }

    /// Returns the epoch at a place between 0 and 1.
    pub fn epoch(self, place: f64) -> u32 {
        let offset = place.clamp(0.0, 1.0) * f64::from(self.last - self.first);
        self.first + count32(rounded(offset))
    }

    /// Returns true if the epoch lies on the axis.
    pub fn contains(self, epoch: u32) -> bool {
        (self.first..=self.last).contains(&epoch)
    }
}
