//! Rendering of the files for people, in the form of the program version that made them.

use super::document::document;
use super::error::CertificateError;
use super::plot;
use super::statement::Predicate;
use super::{DOCUMENT, PICTURE, PLOT};

/// Version of this program, from its manifest.
pub const THIS: &str = env!("CARGO_PKG_VERSION");

/// Names and bytes of the files for people: document, SVG and PNG.
pub type Rendered = [(&'static str, Vec<u8>); 3];

/// Returns true if this program makes the files for people as that version made them: texts to the byte, the
/// picture to the pixel.
pub fn is_known(version: &str) -> bool {
    ["0.1.0", THIS].contains(&version)
}

/// Renders document and plots of a statement, in the form of the version that it names; in this version's
/// form where that one is not known.
///
/// A version that changes their form keeps the functions of the one before, and the choice by
/// `predicate.tool.version` is made here.
///
/// # Errors
/// Returns [`CertificateError::Plot`] where a plot cannot be drawn.
pub fn render(predicate: &Predicate) -> Result<Rendered, CertificateError> {
    Ok([
        (DOCUMENT, document(predicate).into_bytes()),
        (PLOT, plot::svg(predicate)?.into_bytes()),
        (PICTURE, plot::png(predicate)?),
    ])
}
