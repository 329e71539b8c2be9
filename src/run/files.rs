//! Reading files that anyone may have written.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::error::RunError;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// [`RunError::Unusable`] where it is missing, no file or too large.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, RunError> {
    let file = File::open(path).map_err(|error| RunError::unusable(path, error.to_string()))?;
    let metadata = file
        .metadata()
        .map_err(|error| RunError::unusable(path, error.to_string()))?;
    if !metadata.is_file() {
        return Err(RunError::unusable(
            path,
            "expected a file, found something else",
        ));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| RunError::unusable(path, error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(RunError::unusable(
            path,
            format!("more than the {limit} bytes that are read at most"),
        ));
    }
    Ok(bytes)
}

/// The name a link made by [`Disk::point`](super::Disk::point) points at.
pub fn pointed(path: &Path) -> Option<String> {
    #[cfg(unix)]
    let target = fs::read_link(path)
        .ok()
        .map(|target| target.to_string_lossy().into_owned());
    #[cfg(not(unix))]
    let target = fs::read_to_string(path).ok();
    target
}

#[cfg(test)]
mod tests {
    use super::*;

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
