//! Types and bounds of values: one description for checking and for words.

use std::fmt;

/// The values that a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// A whole number; both ends belong to it.
    Whole {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// The one whole number that can be built so far.
    Only(u64),
    /// A number that single precision can hold, between two bounds.
    Real {
        /// The lower bound.
        min: Bound,
        /// The upper bound.
        max: Bound,
    },
    /// `true` or `false`.
    Flag,
    /// One line of text.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// One end of a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The number itself belongs to the range.
    Closed(f64),
    /// The number itself does not.
    Open(f64),
    /// Any finite number.
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

    /// What kind of value it is, in a word or two.
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

    /// Kind and bounds in words, as they complete "expected …".
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

    /// Whether a whole number lies in the range.
    #[must_use]
    pub fn holds_whole(&self, value: u64) -> bool {
        match self {
            Self::Whole { min, max } => (*min..=*max).contains(&value),
            Self::Only(only) => *only == value,
            _ => true,
        }
    }

    /// Whether a number lies in the range, also once it is rounded to single precision; what that cannot hold never
    /// does.
    #[must_use]
    pub fn holds_real(&self, value: f64) -> bool {
        let Self::Real { min, max } = self else {
            return true;
        };
        let above = match *min {
            Bound::Closed(bound) => value >= bound,
            Bound::Open(bound) => value > bound && value as f32 > bound as f32,
            Bound::Free => true,
        };
        let below = match *max {
            Bound::Closed(bound) => value <= bound,
            Bound::Open(bound) => value < bound && (value as f32) < bound as f32,
            Bound::Free => true,
        };
        above && below && value.abs() <= f64::from(f32::MAX)
    }

    /// Whether a text lies in the range.
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
