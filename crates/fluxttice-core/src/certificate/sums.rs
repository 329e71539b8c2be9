//! The files of a certificate: size limits for reading, and `SHA256SUMS`, which `sha256sum -c` accepts.

use std::collections::BTreeMap;

use super::{CERTIFICATE, DOCUMENT, ENVELOPE, PICTURE, PLOT, SUMS};
use crate::digest::hex;
use crate::run::names::{CONFIG, JOURNAL, METRICS, OPTIMIZER, STATE, WEIGHTS};

/// Contents of a folder's files, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Most bytes of all files of a certificate together.
pub const LIMIT: u64 = 256 << 20;

/// Every file that has a meaning in a certificate, with the most bytes of it that are read.
pub const KNOWN: [(&str, u64); 12] = [
    (SUMS, 64 << 10),
    (CERTIFICATE, 1 << 20),
    (ENVELOPE, 2 << 20),
    (DOCUMENT, 1 << 20),
    (PLOT, 4 << 20),
    (PICTURE, 4 << 20),
    (CONFIG, 1 << 20),
    (STATE, 8 << 20),
    (WEIGHTS, 8 << 20),
    (OPTIMIZER, 16 << 20),
    (JOURNAL, 64 << 20),
    (METRICS, LIMIT),
];

/// Returns the most bytes of a file that are read; for one without a meaning, the limit of a whole
/// certificate.
pub fn limit(name: &str) -> u64 {
    let known = KNOWN.iter().find(|(known, _)| *known == name);
    known.map_or(LIMIT, |(_, limit)| *limit)
}

/// Writes one line for each file, sorted by name: digest, two spaces, name.
pub fn sums<'a>(files: impl Iterator<Item = (&'a String, &'a Vec<u8>)>) -> String {
    files
        .map(|(name, bytes)| format!("{}  {name}\n", hex(bytes)))
        .collect::<Vec<_>>()
        .concat()
}

/// Reads `SHA256SUMS` into digests by name; lines without two spaces are left out.
pub fn listed(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(digest, name)| (name, digest)).collect()
}
