//! Certificates: measured figures with everything a stranger needs to measure them again.

mod certify;
mod checks;
mod compare;
mod document;
mod error;
mod evidence;
mod keys;
mod measured;
mod plot;
mod render;
mod shelf;
mod signature;
mod statement;
mod sums;
#[cfg(test)]
mod tests;
mod untrained;
mod verdict;
mod verify;

pub use crate::run::names::{CERTIFICATE, DOCUMENT, ENVELOPE, PICTURE, PLOT, SUMS};
pub use certify::{Certified, certify};
pub use checks::{Check, Checks};
pub use error::CertificateError;
pub use evidence::Evidence;
pub use keys::{KeyPair, PublicKey, SecretKey};
pub use shelf::{Item, ItemKind, export, place, shelf};
pub use statement::{PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement, Tool};
pub use untrained::Untrained;
pub use verdict::{Claim, Found, Unchecked, Verdict, Word};
pub use verify::{Trust, verify};

/// Tolerance of a recomputed real-valued figure, relative to its size.
pub const TOLERANCE: f64 = 1e-9;
