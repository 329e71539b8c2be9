//! Writing so that a reader never meets half a file.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use burn_pack::AtomicFile;

use super::error::RunError;

/// Replaces a file in one step: scratch file, sync, rename, sync of the folder.
///
/// # Errors
/// [`RunError::Disk`]; the old file is untouched then.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let pack = |error: burn_pack::Error| {
        RunError::disk("write", path)(std::io::Error::other(error.to_string()))
    };
    let (scratch, mut file) = AtomicFile::create(path).map_err(pack)?;
    // Synced through the handle that wrote: a deferred write error is reported to it alone.
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(RunError::disk("write", path))?;
    drop(file);
    scratch.commit().map_err(pack)
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// [`RunError`] where it is there already, or the disk refuses.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    if path.exists() {
        let problem = "exists already and is not overwritten";
        return Err(RunError::unusable(path, problem));
    }
    write(path, bytes)
}

/// Appends a line and waits until it is on the disk.
///
/// # Errors
/// [`RunError::Disk`].
pub fn append_line(path: &Path, line: &str) -> Result<(), RunError> {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(RunError::disk("open", path))?;
    // One write call: two processes' lines never mix.
    file.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| file.sync_data())
        .map_err(RunError::disk("append to", path))
}

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

/// Builds a folder beside its destination and renames it into place whole.
///
/// An existing destination is an error unless `replace` is set; it is then moved away first.
///
/// # Errors
/// [`RunError::Disk`] or whatever `fill` reports; nothing is left behind then.
pub fn publish_folder(
    destination: &Path,
    replace: bool,
    fill: impl FnOnce(&Path) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let name = destination
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let beside = |suffix: &str| {
        destination.with_file_name(format!(".{name}.{}.{suffix}", std::process::id()))
    };
    let (scratch, old) = (beside("tmp"), beside("old"));
    remove(&scratch)?;
    fs::create_dir_all(&scratch).map_err(RunError::disk("create", &scratch))?;
    let filled = fill(&scratch).and_then(|()| sync_folder(&scratch));
    if let Err(error) = filled {
        // The first error is the one to tell; a scratch folder that stays is swept up later.
        let _ = fs::remove_dir_all(&scratch);
        return Err(error);
    }
    if destination.exists() {
        if !replace {
            let _ = fs::remove_dir_all(&scratch);
            return Err(RunError::unusable(
                destination,
                "exists already and is not overwritten",
            ));
        }
        remove(&old)?;
        fs::rename(destination, &old).map_err(RunError::disk("move", destination))?;
    }
    fs::rename(&scratch, destination).map_err(RunError::disk("create", destination))?;
    sync_parent(destination)?;
    remove(&old)
}

/// Removes a folder if it is there.
///
/// # Errors
/// [`RunError::Disk`].
pub fn remove(path: &Path) -> Result<(), RunError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(RunError::disk("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Points the link `path` at the sibling `target`, in one step.
///
/// # Errors
/// [`RunError::Disk`].
pub fn point(path: &Path, target: &str) -> Result<(), RunError> {
    #[cfg(unix)]
    {
        let scratch = path.with_extension(format!("{}.tmp", std::process::id()));
        let _ = fs::remove_file(&scratch);
        std::os::unix::fs::symlink(target, &scratch).map_err(RunError::disk("create", &scratch))?;
        fs::rename(&scratch, path).map_err(RunError::disk("create", path))?;
        sync_parent(path)
    }
    // Links need privileges elsewhere: a file that names the target stands in.
    #[cfg(not(unix))]
    write(path, target.as_bytes())
}

/// The name a link made by [`point`] points at.
pub fn pointed(path: &Path) -> Option<String> {
    #[cfg(unix)]
    let target = fs::read_link(path)
        .ok()
        .map(|target| target.to_string_lossy().into_owned());
    #[cfg(not(unix))]
    let target = fs::read_to_string(path).ok();
    target
}

fn sync_parent(path: &Path) -> Result<(), RunError> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes renames and new names within a folder last; a no-op where folders cannot be synced.
fn sync_folder(path: &Path) -> Result<(), RunError> {
    if cfg!(unix) {
        let folder = if path.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            path.to_owned()
        };
        File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .map_err(RunError::disk("sync", path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_fails_to_fill_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("snapshot");
        let failed = publish_folder(&place, false, |folder| {
            write(&folder.join("half"), b"x")?;
            Err(RunError::unusable(folder, "no"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_existing_folder_is_only_replaced_on_request() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("epoch");
        let fill = |text: &'static [u8]| move |folder: &Path| write(&folder.join("file"), text);
        publish_folder(&place, false, fill(b"one")).unwrap();
        assert!(publish_folder(&place, false, fill(b"two")).is_err());
        assert_eq!(fs::read(place.join("file")).unwrap(), b"one");
        publish_folder(&place, true, fill(b"two")).unwrap();
        assert_eq!(fs::read(place.join("file")).unwrap(), b"two");
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn a_link_is_swapped() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("latest");
        point(&link, "epoch-0001").unwrap();
        point(&link, "epoch-0002").unwrap();
        assert_eq!(pointed(&link).as_deref(), Some("epoch-0002"));
    }

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
