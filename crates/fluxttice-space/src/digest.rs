//! SHA-256 digests as text.

use sha2::{Digest, Sha256};

/// Returns the SHA-256 of some bytes as `sha256:` and 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

/// Returns the SHA-256 of some bytes as 64 hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Returns two lower-case hexadecimal digits for each byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
