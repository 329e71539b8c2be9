//! The two VAEs, and pairs of values with one for each.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// Either of the two coupled VAEs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vae {
    /// VAE-A, the explorer.
    A,
    /// VAE-B, the consolidator.
    B,
}

impl Vae {
    /// Both VAEs, A first.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// Returns `a` or `b`, as files and commands have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// Returns `A` or `B`, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// One VAE, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// VAE-A.
    #[default]
    A,
    /// VAE-B.
    B,
    /// Both VAEs.
    Both,
}

impl Scope {
    /// Every scope, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::Both];

    /// Returns `A`, `B` or `A and B`, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::Both => "A and B",
        }
    }

    /// Returns its VAEs, A first.
    pub fn vaes(self) -> &'static [Vae] {
        match self {
            Self::A => &[Vae::A],
            Self::B => &[Vae::B],
            Self::Both => &Vae::BOTH,
        }
    }
}

/// `A`, `B` or `A, B`, as in tables.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
            Self::Both => "A, B",
        })
    }
}

impl From<Vae> for Scope {
    fn from(vae: Vae) -> Self {
        match vae {
            Vae::A => Self::A,
            Vae::B => Self::B,
        }
    }
}

/// A pair of values, one for each VAE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerVae<T> {
    /// Value of VAE-A.
    pub a: T,
    /// Value of VAE-B.
    pub b: T,
}

impl<T> PerVae<T> {
    /// The same value for both VAEs.
    pub fn both(value: T) -> Self
    where
        T: Clone,
    {
        Self {
            a: value.clone(),
            b: value,
        }
    }

    /// Makes the value of each VAE, A's first.
    pub fn from_fn(mut make: impl FnMut(Vae) -> T) -> Self {
        Self {
            a: make(Vae::A),
            b: make(Vae::B),
        }
    }

    /// Makes the value of each VAE, A's first, where that can fail.
    ///
    /// # Errors
    /// Returns the first failure.
    pub fn try_from_fn<E>(mut make: impl FnMut(Vae) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            a: make(Vae::A)?,
            b: make(Vae::B)?,
        })
    }

    /// Applies a function to both values, A's first.
    pub fn map<U>(self, mut apply: impl FnMut(T) -> U) -> PerVae<U> {
        PerVae {
            a: apply(self.a),
            b: apply(self.b),
        }
    }

    /// Returns references to both values.
    pub fn as_ref(&self) -> PerVae<&T> {
        PerVae {
            a: &self.a,
            b: &self.b,
        }
    }

    /// Pairs both values with those of another.
    pub fn zip<U>(self, other: PerVae<U>) -> PerVae<(T, U)> {
        PerVae {
            a: (self.a, other.a),
            b: (self.b, other.b),
        }
    }

    /// Returns both values, A's first.
    pub fn into_array(self) -> [T; 2] {
        [self.a, self.b]
    }

    /// Iterates over both values, A's first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.as_ref().into_array().into_iter()
    }
}

impl<T> From<[T; 2]> for PerVae<T> {
    fn from([a, b]: [T; 2]) -> Self {
        Self { a, b }
    }
}

impl PerVae<f64> {
    /// Returns the mean of A's and B's value.
    pub fn mean(self) -> f64 {
        0.5 * (self.a + self.b)
    }
}

impl<T> Index<Vae> for PerVae<T> {
    type Output = T;

    fn index(&self, vae: Vae) -> &T {
        match vae {
            Vae::A => &self.a,
            Vae::B => &self.b,
        }
    }
}

impl<T> IndexMut<Vae> for PerVae<T> {
    fn index_mut(&mut self, vae: Vae) -> &mut T {
        match vae {
            Vae::A => &mut self.a,
            Vae::B => &mut self.b,
        }
    }
}
