//! Types and bounds of values. One description serves for checking and for words.

use std::fmt;

use crate::numbers::single;

/// The values that a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// A whole number; both bounds belong to the range.
    Whole {
        /// Smallest value of the range.
        min: u64,
        /// Largest value of the range.
        max: u64,
    },
    /// The one whole number that can be built so far.
    Only(u64),
    /// A number between two bounds that single precision can hold.
    Real {
        /// Lower bound, which may be outside the range itself.
        min: Bound,
        /// Upper bound, which may be outside the range itself.
        max: Bound,
    },
    /// `true` or `false`.
    Flag,
    /// One line of text.
    Text,
    /// One word out of a list.
    OneOf(&'static [&'static str]),
}

/// One end of a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The bound belongs to the range.
    Closed(f64),
    /// The bound does not belong to the range.
    Open(f64),
    /// No bound: any finite number.
    Free,
}

impl Range {
    pub(super) const ANY: Self = Self::Real {
        min: Bound::Free,
        max: Bound::Free,
    };
    pub(super) const UNIT: Self = Self::Real {
        min: Bound::Closed(0.0),
        max: Bound::Closed(1.0),
    };
    pub(super) const SHARE: Self = Self::Real {
        min: Bound::Open(0.0),
        max: Bound::Open(1.0),
    };
    pub(super) const RATE: Self = Self::Real {
        min: Bound::Open(0.0),
        max: Bound::Closed(1.0),
    };
    pub(super) const POSITIVE: Self = Self::Real {
        min: Bound::Open(0.0),
        max: Bound::Free,
    };
    pub(super) const FACTOR: Self = Self::Real {
        min: Bound::Closed(1.0),
        max: Bound::Free,
    };
    pub(super) const NOT_NEGATIVE: Self = Self::Real {
        min: Bound::Closed(0.0),
        max: Bound::Free,
    };

    /// Returns the type of the value, in a word or two.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Whole { .. } | Self::Only(_) => "whole number",
            Self::Real { .. } => "number",
            Self::Flag => "flag",
            Self::Text => "text",
            Self::OneOf(_) => "choice",
        }
    }

    /// Returns type and bounds in words, as they complete "expected …".
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Only(only) => format!("{only}, the only size that can be built so far"),
            Self::Flag | Self::Text | Self::OneOf(_) => self.to_string(),
            Self::Real {
                min: Bound::Free,
                max: Bound::Free,
            } => "a number".to_owned(),
            Self::Whole { .. } | Self::Real { .. } => format!("a {}, {self}", self.kind()),
        }
    }

    /// Returns true if a whole number lies in the range. Ranges of other types answer true.
    #[must_use]
    pub fn holds_whole(&self, value: u64) -> bool {
        match self {
            Self::Whole { min, max } => (*min..=*max).contains(&value),
            Self::Only(only) => *only == value,
            _ => true,
        }
    }

    /// Returns true if a number lies in the range, before and after it is rounded to single precision.
    /// A number beyond single precision never does. Ranges of other types answer true.
    #[must_use]
    pub fn holds_real(&self, value: f64) -> bool {
        let Self::Real { min, max } = self else {
            return true;
        };
        let above = match *min {
            Bound::Closed(bound) => value >= bound,
            Bound::Open(bound) => value > bound && single(value) > single(bound),
            Bound::Free => true,
        };
        let below = match *max {
            Bound::Closed(bound) => value <= bound,
            Bound::Open(bound) => value < bound && single(value) < single(bound),
            Bound::Free => true,
        };
        above && below && value.abs() <= f64::from(f32::MAX)
    }

    /// Returns true if a text lies in the range. Ranges of other types answer true.
    #[must_use]
    pub fn holds_text(&self, value: &str) -> bool {
        match self {
            // Control characters have no place in a path and would make the file ambiguous.
            Self::Text => !value.chars().any(char::is_control),
            Self::OneOf(words) => words.contains(&value),
            _ => true,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Bound::{Closed, Free, Open};
        match self {
            Self::Whole { min, max: u64::MAX } => write!(f, "{min} to 2^64 - 1"),
            Self::Whole { min, max } => write!(f, "{min} to {max}"),
            Self::Only(only) => write!(f, "{only}"),
            Self::Flag => f.write_str("true or false"),
            Self::Text => f.write_str("one line of text"),
            Self::OneOf(words) => f.write_str(&words.join(" or ")),
            Self::Real { min, max } => match (min, max) {
                (Closed(min), Closed(max)) => write!(f, "{min} to {max}"),
                (Free, Free) => f.write_str("any"),
                (Free, Closed(max)) => write!(f, "at most {max}"),
                (Free, Open(max)) => write!(f, "below {max}"),
                (Closed(min), Free) => write!(f, "at least {min}"),
                (Open(min), Free) => write!(f, "above {min}"),
                (Closed(min), Open(max)) => write!(f, "at least {min}, below {max}"),
                (Open(min), Closed(max)) => write!(f, "above {min}, at most {max}"),
                (Open(min), Open(max)) => write!(f, "above {min}, below {max}"),
            },
        }
    }
}
