//! Course of a disruption's strength while it lasts.

use std::f64::consts::PI;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Course of the strength of a disruption of n epochs, t epochs after its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Full strength throughout.
    #[default]
    Step,
    /// e^(-3t/n): a twentieth would be left at epoch n.
    Decay,
    /// ½ (1 + cos πt/n): half a cosine, which would reach 0 at epoch n.
    Cosine,
}

impl Shape {
    /// All shapes, the default first.
    pub const ALL: [Self; 3] = [Self::Step, Self::Decay, Self::Cosine];

    /// Returns the name used on the command line and in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Decay => "decay",
            Self::Cosine => "cosine",
        }
    }

    /// Returns the share of the amplitude in epoch number `t` of `n`, counted from 0; 0 from `n` on.
    pub fn envelope(self, t: u32, n: u32) -> f64 {
        if t >= n {
            return 0.0;
        }
        let share = f64::from(t) / f64::from(n);
        match self {
            Self::Step => 1.0,
            Self::Decay => (-3.0 * share).exp(),
            Self::Cosine => 0.5 * (1.0 + (PI * share).cos()),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_starts_at_full_strength_never_rises_and_ends() {
        for shape in Shape::ALL {
            let course: Vec<f64> = (0..=8).map(|t| shape.envelope(t, 8)).collect();
            assert!((course[0] - 1.0).abs() < 1e-12);
            assert!(
                course.windows(2).all(|pair| pair[1] <= pair[0]),
                "{shape}: {course:?}"
            );
            assert!(
                course[7] > 0.0 && course[8].abs() < 1e-12,
                "{shape}: {course:?}"
            );
        }
        assert!((Shape::Cosine.envelope(4, 8) - 0.5).abs() < 1e-12);
        assert!((Shape::Decay.envelope(4, 8) - (-1.5f64).exp()).abs() < 1e-12);
    }
}
