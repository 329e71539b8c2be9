//! Epochs that the charts show, and the crosshair among them.

use crate::widgets::chart::Window;
use fluxttice_core::numbers::{count32, rounded};

/// Fewest epochs that a zoom shows.
const NARROWEST: u32 = 8;
/// Divisor of the axis' length: one part in this many is kept free after the newest epoch.
const MARGIN: u32 = 16;
/// Lengths of a whole run's axis, one after the other, so that the scale seldom changes.
const LENGTHS: [u32; 14] = [
    10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 600, 1_000, 2_000, 5_000,
];

/// Zoom, position and crosshair on the time axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeView {
    /// Number of times that the axis is halved.
    zoom: u32,
    /// First epoch shown; `None` keeps up with the newest.
    first: Option<u32>,
    /// Epoch of the crosshair; `None` without one.
    pub cursor: Option<u32>,
}

/// Returns the length of the axis, in epochs, for a run with this many finished epochs.
fn whole(done: u32, total: u32) -> u32 {
    // More than the finished epochs, so that the epoch at work and the letters after the lines have room.
    let needed = done.saturating_add(1 + done / MARGIN);
    let length = LENGTHS
        .into_iter()
        .find(|length| *length >= needed)
        .unwrap_or(needed);
    // A run whose length is not known yet (0) does not count as a short one.
    let most = if total == 0 {
        length
    } else {
        total.saturating_add(1 + total / MARGIN)
    };
    length.min(most.max(needed)).max(2)
}

impl TimeView {
    /// Returns the epochs that are shown when `done` of `total` are finished.
    pub fn window(self, done: u32, total: u32) -> Window {
        let whole = whole(done, total);
        let length = (whole >> self.zoom.min(31)).max(NARROWEST).min(whole);
        if length == whole {
            return Window {
                first: 0,
                last: whole - 1,
            };
        }
        let newest = done.saturating_sub(1);
        let following = (newest + 1 + length / MARGIN).saturating_sub(length - 1);
        let first = self.first.unwrap_or(following).min(following);
        Window {
            first,
            last: first + length - 1,
        }
    }

    /// Moves the crosshair by some epochs; without one it starts at the newest.
    pub fn step(&mut self, by: i64, done: u32, total: u32) {
        let newest = done.saturating_sub(1);
        let from = self.cursor.unwrap_or(newest).min(newest);
        self.place(
            u32::try_from((i64::from(from) + by).max(0)).unwrap_or(newest),
            done,
            total,
        );
    }

    /// Puts the crosshair on an epoch and keeps it visible.
    pub fn place(&mut self, epoch: u32, done: u32, total: u32) {
        if done == 0 {
            return;
        }
        let epoch = epoch.min(done - 1);
        self.cursor = Some(epoch);
        let window = self.window(done, total);
        if epoch < window.first {
            self.first = Some(epoch);
        } else if epoch > window.last {
            self.first = Some(epoch - (window.last - window.first));
        }
        if epoch + 1 == done {
            self.first = None;
        }
    }

    /// Removes the crosshair and follows the newest epoch again.
    pub fn release(&mut self) {
        self.cursor = None;
        self.first = None;
    }

    /// Shows fewer (`true`) or more epochs; the crosshair keeps its place on the axis.
    pub fn zoom(&mut self, closer: bool, done: u32, total: u32) {
        let before = self.window(done, total);
        let zoom = if closer {
            self.zoom + 1
        } else {
            self.zoom.saturating_sub(1)
        };
        let candidate = Self { zoom, ..*self };
        if closer && candidate.window(done, total) == before {
            return;
        }
        self.zoom = zoom;
        self.first = self.cursor.map(|cursor| {
            let after = self.window(done, total);
            let share = before.place(f64::from(cursor)).clamp(0.0, 1.0);
            cursor.saturating_sub(count32(rounded(
                share * f64::from(after.last - after.first),
            )))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_grows_in_steps_and_never_beyond_the_run() {
        let view = TimeView::default();
        assert_eq!(view.window(0, 400), Window { first: 0, last: 9 });
        assert_eq!(view.window(51, 400), Window { first: 0, last: 74 });
        assert_eq!(view.window(400, 400).last, 425);
        assert_eq!(view.window(3, 3).last, 3);
    }

    #[test]
    fn the_crosshair_stays_in_sight() {
        let mut view = TimeView::default();
        view.zoom(true, 100, 400);
        view.zoom(true, 100, 400);
        assert!(view.window(100, 400).contains(99));
        view.step(-60, 100, 400);
        assert_eq!(view.cursor, Some(39));
        assert!(view.window(100, 400).contains(39));
        view.step(1_000, 100, 400);
        assert_eq!(view.cursor, Some(99));
        assert_eq!(
            view.window(100, 400),
            TimeView {
                cursor: None,
                ..view
            }
            .window(100, 400)
        );
    }

    #[test]
    fn zoom_ends_somewhere() {
        let mut view = TimeView::default();
        for _ in 0..100 {
            view.zoom(true, 51, 400);
        }
        let closest = view.window(51, 400);
        assert_eq!(closest.last - closest.first + 1, 8);
        view.zoom(false, 51, 400);
        assert_ne!(view.window(51, 400), closest);
    }
}
