//! The two VAEs, and pairs of values with one for each.

use std::ops::Index;

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

/// A pair of values, one for each VAE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerVae<T> {
    /// Value of VAE-A.
    pub a: T,
    /// Value of VAE-B.
    pub b: T,
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
