//! The epochs on a time axis.

/// Epochs `first..=last`, both drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First epoch on the axis.
    pub first: u32,
    /// Last epoch on the axis.
    pub last: u32,
}

impl Window {
    /// Place of an epoch on the axis, 0 at its first epoch and 1 at its last.
    pub fn place(self, epoch: f64) -> f64 {
        (epoch - f64::from(self.first)) / f64::from((self.last - self.first).max(1))
    }

    /// The epoch at a place between 0 and 1.
    pub fn epoch(self, place: f64) -> u32 {
        let offset = place.clamp(0.0, 1.0) * f64::from(self.last - self.first);
        self.first + offset.round() as u32
    }

    /// Whether the epoch lies on the axis.
    pub fn contains(self, epoch: u32) -> bool {
        (self.first..=self.last).contains(&epoch)
    }
}
