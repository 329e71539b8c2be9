//! A vertical scale with round numbers at its ends, so that it does not move while the data move within it.

use fluxttice_core::numbers::{count32, index, rounded};

use crate::format::fixed;
use crate::layout::cells;

/// Fewest rows between two labels.
const ROWS_PER_LABEL: usize = 2;
/// Smallest value on a logarithmic scale.
const TINY: f64 = 1e-6;

/// A vertical scale of a chart, linear or in decades.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    step: f64,
    logarithmic: bool,
}

impl Scale {
    /// Returns the narrowest round scale for these values that also includes `reach`; `None` without values.
    pub fn fit(
        values: impl Iterator<Item = f64>,
        reach: &[f64],
        rows: usize,
        logarithmic: bool,
    ) -> Option<Self> {
        let usable = |value: &f64| value.is_finite() && (!logarithmic || *value > 0.0);
        let (low, high) = values
            .filter(usable)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return None;
        }
        let reach = reach.iter().copied().filter(usable);
        let (low, high) = reach.fold((low, high), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if logarithmic {
            let low = low.max(TINY).log10().floor();
            let high = high.max(TINY).log10().ceil().max(low + 1.0);
            return Some(Self {
                low,
                high,
                step: 1.0,
                logarithmic,
            });
        }
        // A flat line gets a scale around it.
        let margin = if high > low {
            0.0
        } else {
            (high.abs() * 0.1).max(0.05)
        };
        let (low, high) = (low - margin, high + margin);
        let labels = (rows / ROWS_PER_LABEL).clamp(1, 6);
        let step = round_step((high - low) / labels as f64);
        // The small allowance keeps 0.6000000000000001 from needing one more step.
        let down = (low / step + 1e-9).floor() * step;
        let up = (high / step - 1e-9).ceil() * step;
        Some(Self {
            low: down,
            high: up.max(down + step),
            step,
            logarithmic,
        })
    }

    /// Returns the place of a value, 0 at the bottom and 1 at the top, clamped to the ends; `None` for a
    /// value that is not finite.
    pub fn place(&self, value: f64) -> Option<f64> {
        // `max` of a NaN and a number is the number, so that NaN must be excluded first.
        if value.is_nan() {
            return None;
        }
        let value = if self.logarithmic {
            value.max(TINY).log10()
        } else {
            value
        };
        let place = (value - self.low) / (self.high - self.low);
        place.is_finite().then(|| place.clamp(0.0, 1.0))
    }

    /// Returns the row of a value in a plot of this height; `None` for a value that is not finite.
    pub fn row(&self, value: f64, height: u16) -> Option<u16> {
        let place = self.place(value)?;
        let dots = f64::from(4 * u32::from(height)) - 1.0;
        (height > 0).then(|| (cells(rounded((1.0 - place) * dots)) / 4).min(height - 1))
    }

    /// Returns true if a value lies on the scale rather than beyond its ends.
    pub fn contains(&self, value: f64) -> bool {
        let value = if self.logarithmic {
            value.log10()
        } else {
            value
        };
        (self.low..=self.high).contains(&value)
    }

    /// Returns the labelled values with their labels, from the bottom up.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let count = count32(rounded((self.high - self.low) / self.step));
        (0..=count)
            .map(|tick| {
                let at = self.low + f64::from(tick) * self.step;
                let value = if self.logarithmic { 10f64.powf(at) } else { at };
                (value, self.label(value))
            })
            .collect()
    }

    fn label(&self, value: f64) -> String {
        if self.logarithmic {
            return if value >= 1.0 {
                fixed(value, 0)
            } else {
                fixed(value, index(rounded((-value.log10()).ceil())))
            };
        }
        let decimals = index(rounded((-self.step.log10() - 1e-9).ceil().clamp(0.0, 4.0)));
        // Shows zero as 0, not as -0.
        let value = if value.abs() < self.step / 2.0 {
            0.0
        } else {
            value
        };
        if value.abs() >= 10_000.0 {
            format!("{}k", fixed(value / 1_000.0, 0))
        } else {
            fixed(value, decimals)
        }
    }
}

/// Returns the smallest of 1, 2 and 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.max(f64::MIN_POSITIVE).log10().floor());
    let digit = step / power;
    let rounded = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|round| *round >= digit - 1e-9)
        .unwrap_or(10.0);
    rounded * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], reach: &[f64], rows: usize) -> Vec<String> {
        let scale = Scale::fit(values.iter().copied(), reach, rows, false).unwrap();
        scale.ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ends_are_round_and_stay() {
        assert_eq!(
            labels(&[25.1, 89.0], &[92.12], 12),
            ["20", "40", "60", "80", "100"]
        );
        assert_eq!(
            labels(&[25.1, 76.0], &[92.12], 12),
            ["20", "40", "60", "80", "100"]
        );
        assert_eq!(
            labels(&[0.1, 0.31], &[0.0], 9),
            ["0.0", "0.1", "0.2", "0.3", "0.4"]
        );
        assert_eq!(
            labels(&[0.0, 0.600_000_000_000_000_1], &[], 9),
            ["0.0", "0.2", "0.4", "0.6"]
        );
    }

    #[test]
    fn flat_lines_and_nothing_at_all() {
        assert_eq!(labels(&[0.7, 0.7], &[], 4), ["0.6", "0.7", "0.8"]);
        assert_eq!(Scale::fit([f64::NAN].into_iter(), &[1.0], 9, false), None);
        assert_eq!(Scale::fit([0.0, -1.0].into_iter(), &[], 9, true), None);
        assert!(Scale::fit([0.0].into_iter(), &[], 1, false).is_some());
        assert!(Scale::fit([f64::MAX, f64::MIN].into_iter(), &[], 9, false).is_some());
    }

    #[test]
    fn a_logarithmic_scale_has_whole_decades() {
        let scale = Scale::fit([0.33, 11.1].into_iter(), &[], 9, true).unwrap();
        let labels: Vec<String> = scale.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.1", "1", "10", "100"]);
        assert_eq!(scale.place(f64::NAN), None);
        assert_eq!(scale.row(100.0, 8), Some(0));
        assert_eq!(scale.row(0.1, 8), Some(7));
    }
}
