//! The two VAEs, and what there is of each.

use std::ops::Index;

use serde::{Deserialize, Serialize};

/// One of the two VAEs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vae {
    /// VAE-A, the explorer.
    A,
    /// VAE-B, the consolidator.
    B,
}

impl Vae {
    /// Both, A first.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// `a` or `b`, as files and commands have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// `A` or `B`, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// One of something for each VAE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerVae<T> {
    /// VAE-A's.
    pub a: T,
    /// VAE-B's.
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
