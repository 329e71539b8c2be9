//! The files for people, by the version of the program that made them.

use super::document::document;
use super::error::CertificateError;
use super::plot;
use super::statement::Predicate;
use super::{DOCUMENT, PICTURE, PLOT};

/// This program's version.
pub const THIS: &str = env!("CARGO_PKG_VERSION");

/// Names and bytes of the files for people.
pub type Rendered = [(&'static str, Vec<u8>); 3];

/// Whether the files for people are made here to the byte as that version made them.
pub fn is_known(version: &str) -> bool {
    ["0.1.0", THIS].contains(&version)
}

/// Document and plots of a statement: in the form of the version that it names, of this one where that is not known.
///
/// A version that changes their form keeps the functions of the one before, and the choice by
/// `predicate.tool.version` is made here.
///
/// # Errors
/// [`CertificateError::Plot`].
pub fn render(predicate: &Predicate) -> Result<Rendered, CertificateError> {
    Ok([
        (DOCUMENT, document(predicate).into_bytes()),
        (PLOT, plot::svg(predicate)?.into_bytes()),
        (PICTURE, plot::png(predicate)?),
    ])
}
