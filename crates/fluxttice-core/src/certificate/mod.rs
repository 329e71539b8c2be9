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

pub use certify::{Certified, certify};
pub use checks::{Check, Checks};
pub use error::CertificateError;
pub use evidence::Evidence;
pub use keys::{KeyPair, PublicKey, SecretKey};
pub use shelf::{Item, ItemKind, export, place, shelf};
pub use statement::{PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement, TOLERANCE, Tool};
pub use untrained::Untrained;
pub use verdict::{Claim, Found, Unchecked, Verdict, Word};
pub use verify::{Trust, verify};

/// The statement.
pub const CERTIFICATE: &str = "certificate.json";
/// The statement for people.
pub const DOCUMENT: &str = "certificate.md";
/// The statement in a signed envelope, where it was signed.
pub const ENVELOPE: &str = "certificate.dsse.json";
/// The plot as text.
pub const PLOT: &str = "coverage.svg";
/// The plot as a picture.
pub const PICTURE: &str = "coverage.png";
/// SHA-256 of every other file, as `sha256sum -c` reads it.
pub const SUMS: &str = "SHA256SUMS";
