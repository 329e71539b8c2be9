//! `SHA256SUMS`: one canonical form, which `sha256sum -c` accepts.

use std::collections::BTreeMap;

use crate::space::sha256;

/// The files of a folder by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// SHA-256 as 64 hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    sha256(bytes).replace("sha256:", "")
}

/// One line for each file, sorted by name: digest, two spaces, name.
pub fn sums<'a>(files: impl Iterator<Item = (&'a String, &'a Vec<u8>)>) -> String {
    files
        .map(|(name, bytes)| format!("{}  {name}\n", hex(bytes)))
        .collect()
}
