//! Reading files that anyone may have written.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::RunError;
pub use crate::files::{is_there, kind};

/// Opens a plain file to read it; nothing else is opened, so that nothing waits for another program.
///
/// # Errors
/// Returns [`RunError::Unusable`] where there is nothing or something else, [`RunError::Unreadable`] where
/// the system refuses.
pub fn open(path: &Path) -> Result<File, RunError> {
    crate::files::open(path).map_err(RunError::unread(path))
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// Returns [`RunError::Unusable`] where it is missing, no plain file or too large, [`RunError::Unreadable`]
/// where the system refuses.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, RunError> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(RunError::unread(path))?;
    if bytes.len() as u64 > limit {
        return Err(RunError::unusable(
            path,
            format!("more than the {limit} bytes that are read at most"),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn too_large_a_file_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("big");
        fs::write(&path, [0; 11]).unwrap();
        assert!(
            read(&path, 10)
                .unwrap_err()
                .to_string()
                .contains("more than")
        );
        assert!(read(home.path(), 10).is_err());
    }
}
