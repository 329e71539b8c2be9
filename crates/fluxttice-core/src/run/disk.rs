//! Writing of files: each is written whole or not at all, and is durable once that is reported.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::RunError;
use super::files;
use super::lines;
use super::lock::{is_unsupported, not_through_links, own};
use super::owner::{REPLACED, SCRATCH, beside, is_abandoned};

/// File system operations that a run needs. Tests put one in between that fails, or that remembers what a
/// power cut would take away.
pub trait FileSystem: fmt::Debug + Send + Sync {
    /// Makes a folder in one that is there.
    ///
    /// # Errors
    /// Returns the system's error, `AlreadyExists` where something has its name.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes a file that is not there yet and waits until its bytes, not its name, are durable.
    ///
    /// # Errors
    /// Returns the system's error; part of the bytes may be there then.
    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()>;

    /// Appends to a file, which is made where there is none, and waits until the bytes are durable.
    ///
    /// # Errors
    /// Returns the system's error; part of the bytes may be there then.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Truncates a file to `length` bytes.
    ///
    /// # Errors
    /// Returns the system's error.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Waits until the names in a folder are durable.
    ///
    /// # Errors
    /// Returns the system's error.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Renames a file or folder, and replaces a file that had the new name.
    ///
    /// # Errors
    /// Returns the system's error.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Renames a file or folder to a name that nothing has; of several that want it at once one gets it.
    ///
    /// # Errors
    /// Returns the system's error, `AlreadyExists` where something has the name.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match files::is_there(to) {
            true => Err(io::ErrorKind::AlreadyExists.into()),
            false => self.rename(from, to),
        }
    }

    /// Makes a link at `path` to its neighbour `target`.
    ///
    /// # Errors
    /// Returns the system's error.
    fn link(&self, path: &Path, target: &str) -> io::Result<()>;

    /// Removes a file or link; what the link leads to stays.
    ///
    /// # Errors
    /// Returns the system's error.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder with everything in it.
    ///
    /// # Errors
    /// Returns the system's error.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
}

/// Permissions of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Permissions by the user's settings.
    Usual,
    /// Permissions for the user alone (mode 600).
    Owner,
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine;

impl FileSystem for Machine {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if access == Access::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = access;
        // Synced through the handle that wrote: a late write error is reported to it alone.
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        not_through_links(options.create(true).append(true));
        let mut file = options.open(path)?;
        // One call: two writers' lines never mix.
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let mut options = OpenOptions::new();
        not_through_links(options.write(true));
        let file = options.open(path)?;
        file.set_len(length)?;
        file.sync_data()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        // Elsewhere folders cannot be opened; some file systems keep names in order without being asked.
        if cfg!(unix) {
            let synced = File::open(path)?.sync_all();
            return synced.or_else(|error| is_unsupported(&error).then_some(()).ok_or(error));
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        let renamed = renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE);
        match renamed.map_err(io::Error::from) {
            // The file system cannot do it in one step.
            Err(error) if is_unsupported(&error) && !files::is_there(to) => self.rename(from, to),
            renamed => renamed,
        }
    }

    fn link(&self, path: &Path, target: &str) -> io::Result<()> {
        #[cfg(unix)]
        return std::os::unix::fs::symlink(target, path);
        // Links need privileges elsewhere: a file that names the target stands in.
        #[cfg(not(unix))]
        self.create(path, target.as_bytes(), Access::Usual)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }
}

/// A file system, through which files get their names only once they are whole.
#[derive(Clone, Debug)]
pub struct Disk(Arc<dyn FileSystem>);

impl Default for Disk {
    fn default() -> Self {
        Self::on(Arc::new(Machine))
    }
}

impl Disk {
    /// Makes a disk that writes through this file system.
    pub fn on(system: Arc<dyn FileSystem>) -> Self {
        Self(system)
    }

    /// Makes a folder, and the folders that it lies in.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the disk refuses.
    pub fn create_folder(&self, path: &Path) -> Result<(), RunError> {
        // A path of one name has an empty parent, which is the folder where the program was started.
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        self.create_folder(&parent(path))?;
        self.create_new_folder(path).map(drop)
    }

    /// Makes a folder in one that is there and returns true; false where it is there already. Of several
    /// programs that try at once, one alone gets true.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the disk refuses.
    pub fn create_new_folder(&self, path: &Path) -> Result<bool, RunError> {
        match self.0.create_folder(path) {
            Ok(()) => self.sync_folder(&parent(path)).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
                Ok(false)
            }
            Err(error) => Err(RunError::disk("create", path)(error)),
        }
    }

    /// Replaces a file in one step, or makes it.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`]; the old file is untouched then.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        let scratch = beside(path, SCRATCH);
        let made = self.0.create(&scratch, bytes, Access::Usual);
        self.place(&scratch, path, made)
    }

    /// Replaces a file in one step by one with the owner and permissions of `like`.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`]; the old file is untouched then.
    pub fn write_as(&self, path: &Path, bytes: &[u8], like: &fs::Metadata) -> Result<(), RunError> {
        let scratch = beside(path, SCRATCH);
        // Readable by its owner alone until it has its final permissions.
        let made = self.0.create(&scratch, bytes, Access::Owner);
        let made = made.and_then(|()| give_to(&scratch, like));
        self.place(&scratch, path, made)
    }

    /// Writes a file that must not be there yet.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is there already, or the disk refuses.
    pub fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        self.make_new(path, bytes, Access::Usual)
    }

    /// Writes a file under a path that nothing has, and returns it. `names` is asked again where another
    /// program takes one first.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the disk refuses.
    pub fn write_free(
        &self,
        names: impl Fn() -> PathBuf,
        bytes: &[u8],
    ) -> Result<PathBuf, RunError> {
        loop {
            let path = names();
            match self.make_new(&path, bytes, Access::Usual) {
                Err(RunError::Unusable { .. }) => {}
                made => return made.map(|()| path),
            }
        }
    }

    fn make_new(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), RunError> {
        free(path)?;
        let scratch = beside(path, SCRATCH);
        let made = self.0.create(&scratch, bytes, access);
        let placed = made.and_then(|()| self.0.rename_new(&scratch, path));
        if let Err(error) = placed {
            // The first error is the one to tell; a scratch file that stays is swept up later.
            let _ = self.0.remove_file(&scratch);
            return Err(taken(path, "write", error));
        }
        self.sync_folder(&parent(path))
    }

    /// Writes a file that must not be there yet and is for its owner alone (mode 600).
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is there already, or the disk refuses.
    pub fn write_secret(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        self.make_new(path, bytes, Access::Owner)
    }

    /// Points the link `path` at its neighbour `target`, in one step; does nothing where the file system has
    /// no links.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`]; the link is as it was then.
    pub fn point(&self, path: &Path, target: &str) -> Result<(), RunError> {
        let scratch = beside(path, SCRATCH);
        match self.0.link(&scratch, target) {
            Err(error) if is_unsupported(&error) => Ok(()),
            made => self.place(&scratch, path, made),
        }
    }

    /// Renames a scratch file to its final path; where either step failed, the scratch file is removed.
    fn place(&self, scratch: &Path, path: &Path, made: io::Result<()>) -> Result<(), RunError> {
        if let Err(error) = made.and_then(|()| self.0.rename(scratch, path)) {
            // The first error is the one to tell; a scratch file that stays is swept up later.
            let _ = self.0.remove_file(scratch);
            return Err(RunError::disk("write", path)(error));
        }
        self.sync_folder(&parent(path))
    }

    /// Renames a file, folder or link to a path that nothing has yet.
    ///
    /// # Errors
    /// Returns a [`RunError`] where something has it, or the disk refuses.
    pub fn rename_new(&self, from: &Path, to: &Path) -> Result<(), RunError> {
        let moved = self.0.rename_new(from, to);
        moved.map_err(|error| taken(to, "move", error))?;
        self.sync_folder(&parent(to))?;
        match parent(from) == parent(to) {
            true => Ok(()),
            false => self.sync_folder(&parent(from)),
        }
    }

    /// Appends a line and waits until it is durable; `make` gets the line before it, whole.
    ///
    /// # Errors
    /// Returns a [`RunError`]; the line is not there then, nor part of it once the disk takes changes again.
    pub fn append_line(
        &self,
        path: &Path,
        make: impl FnOnce(&[u8]) -> String,
    ) -> Result<(), RunError> {
        own(path)?;
        let there = files::open(path).ok();
        let mut before = Vec::new();
        if let Some(file) = &there {
            // Another writer's line at work must not pass for half a one. Where a file system has no
            // locks, or keeps even this process from what it has locked, there had better be one writer.
            if cfg!(unix) {
                let _ = file.lock();
            }
            self.mend_last_line(path)?;
            before = lines::last(path).map_err(RunError::disk("read", path))?.0;
        }
        let appended = self
            .0
            .append(path, format!("{}\n", make(&before)).as_bytes());
        if let Err(error) = appended {
            // Where this fails too, the next line's writer does it.
            let _ = self.mend_last_line(path);
            return Err(RunError::disk("append to", path)(error));
        }
        match there {
            Some(_) => Ok(()),
            None => self.sync_folder(&parent(path)),
        }
    }

    /// Repairs the end of a file of lines, so that the next line stands alone behind the last whole one. A
    /// last line that lacks only its end gets it; one that lacks more is cut off, and so are blank lines.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the file cannot be read or changed.
    pub fn mend_last_line(&self, path: &Path) -> Result<(), RunError> {
        let (last, start) = match lines::last(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found.map_err(RunError::disk("read", path))?,
        };
        let said = last.trim_ascii_end();
        let blank = &last[said.len()..];
        let ends = blank.iter().position(|byte| *byte == b'\n');
        let mended = match (said.is_empty(), ends) {
            (true, _) if last.is_empty() => Ok(()),
            (true, _) => self.0.truncate(path, start),
            (false, Some(at)) if at + 1 == blank.len() => Ok(()),
            (false, Some(at)) => self.0.truncate(path, start + (said.len() + at + 1) as u64),
            (false, None) if !lines::is_whole(said) => self.0.truncate(path, start),
            (false, None) => {
                let trimmed = match blank.is_empty() {
                    true => Ok(()),
                    false => self.0.truncate(path, start + said.len() as u64),
                };
                trimmed.and_then(|()| self.0.append(path, b"\n"))
            }
        };
        mended.map_err(RunError::disk("repair", path))
    }

    /// Builds a folder beside its destination and renames it into place whole.
    ///
    /// An existing destination is an error unless `replace` is set; it is then moved away first, or taken
    /// over in one step where it is an empty folder.
    ///
    /// # Errors
    /// Returns the disk's [`RunError`], or whatever `fill` returns; nothing has changed at the destination
    /// then.
    pub fn publish_folder(
        &self,
        destination: &Path,
        replace: bool,
        fill: impl FnOnce(&Path) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        if !replace {
            free(destination)?;
        }
        let (scratch, old) = (beside(destination, SCRATCH), beside(destination, REPLACED));
        let built = self.create_folder(&scratch).and_then(|()| fill(&scratch));
        let empty = || fs::read_dir(destination).is_ok_and(|mut there| there.next().is_none());
        let taken_over = cfg!(unix) && replace && empty();
        let replaced = replace && !taken_over && files::is_there(destination);
        let moved = built.and_then(|()| {
            if replaced {
                let moved = self.0.rename(destination, &old);
                moved.map_err(RunError::disk("move", destination))?;
            }
            let placed = match taken_over {
                true => self.0.rename(&scratch, destination),
                false => self.0.rename_new(&scratch, destination),
            };
            placed.map_err(|error| {
                // The one that was there is better than none.
                let _ = self.0.rename(&old, destination);
                taken(destination, "create", error)
            })
        });
        if moved.is_err() {
            let _ = self.0.remove_folder(&scratch);
            return moved;
        }
        self.sync_folder(&parent(destination))?;
        match replaced {
            true => gone(self.0.remove_folder(&old), &old),
            false => Ok(()),
        }
    }

    /// Removes a file if it is there.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the disk refuses.
    pub fn remove_file(&self, path: &Path) -> Result<(), RunError> {
        gone(self.0.remove_file(path), path)
    }

    /// Removes a folder with everything in it if it is there. A rename takes it away first, so that nobody
    /// meets half of it.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the disk refuses.
    pub fn remove_folder(&self, path: &Path) -> Result<(), RunError> {
        let aside = beside(path, REPLACED);
        gone(self.0.rename(path, &aside), path)?;
        gone(self.0.remove_folder(&aside), path)
    }

    /// Removes the half-made files and folders that ended processes left in a folder.
    pub(crate) fn sweep(&self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if is_abandoned(&path) {
                // An entry that cannot be removed is in nobody's way.
                let _ = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    true => self.0.remove_folder(&path),
                    false => self.0.remove_file(&path),
                };
            }
        }
    }

    fn sync_folder(&self, path: &Path) -> Result<(), RunError> {
        self.0
            .sync_folder(path)
            .map_err(RunError::disk("sync", path))
    }
}

fn gone(removed: io::Result<()>, path: &Path) -> Result<(), RunError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RunError::disk("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Gives a file the owner and the permissions of another, as far as this user may.
fn give_to(path: &Path, like: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        // Only the superuser may give files away; for others it is theirs as before.
        let _ = chown(path, Some(like.uid()), Some(like.gid()));
        fs::set_permissions(path, fs::Permissions::from_mode(like.mode() & 0o777))
    }
    #[cfg(not(unix))]
    fs::set_permissions(path, like.permissions())
}

/// Checks that nothing lies at a path.
fn free(path: &Path) -> Result<(), RunError> {
    match files::is_there(path) {
        true => Err(exists(path)),
        false => Ok(()),
    }
}

fn exists(path: &Path) -> RunError {
    RunError::unusable(path, "exists already and is not overwritten")
}

/// Makes the error for a failed rename: the name is taken, or the disk refuses.
fn taken(path: &Path, action: &'static str, error: io::Error) -> RunError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => RunError::disk(action, path)(error),
    }
}

/// Returns the folder that a path lies in; `.` for a name alone.
pub(super) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn folders_are_made_with_those_that_they_lie_in() {
        let home = tempfile::tempdir().unwrap();
        let deep = home.path().join("a/b/c");
        let disk = Disk::default();
        for _ in 0..2 {
            disk.create_folder(&deep).unwrap();
        }
        assert!(deep.is_dir());
        disk.create_folder(Path::new("report.json").parent().unwrap())
            .unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        assert!(
            disk.create_folder(&home.path().join("file/inside"))
                .is_err()
        );
    }

    #[test]
    fn a_folder_that_fails_to_fill_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("snapshot");
        let disk = Disk::default();
        let failed = disk.publish_folder(&place, false, |folder| {
            disk.write(&folder.join("half"), b"x")?;
            Err(RunError::unusable(folder, "no"))
        });
        assert!(failed.is_err());
        assert_eq!(entries(home.path()), 0);
    }

    #[test]
    fn an_existing_folder_is_only_replaced_on_request() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("epoch");
        let disk = Disk::default();
        let publish = |replace, text: &'static [u8]| {
            disk.publish_folder(&place, replace, |folder| {
                disk.write(&folder.join("file"), text)
            })
        };
        publish(false, b"one").unwrap();
        assert!(publish(false, b"two").is_err());
        assert_eq!(fs::read(place.join("file")).unwrap(), b"one");
        publish(true, b"two").unwrap();
        assert_eq!(fs::read(place.join("file")).unwrap(), b"two");
        assert_eq!(entries(home.path()), 1, "nothing else is left");
    }

    #[test]
    fn files_and_links_are_replaced_and_nothing_is_left_beside_them() {
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("file"), home.path().join("latest"));
        let disk = Disk::default();
        for text in ["1", "2"] {
            disk.write(&file, text.as_bytes()).unwrap();
            disk.point(&link, text).unwrap();
        }
        assert_eq!(fs::read(&file).unwrap(), b"2");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("2"));
        assert!(disk.write_new(&file, b"3").is_err());
        assert_eq!(entries(home.path()), 2);
    }

    #[test]
    fn a_line_never_follows_half_a_line() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal");
        let disk = Disk::default();
        let long = "x".repeat(150_000);
        for (there, whole) in [
            (String::new(), ""),
            ("one\ntwo\n".to_owned(), "one\ntwo\n"),
            ("one\ntw".to_owned(), "one\n"),
            ("half".to_owned(), ""),
            // Nothing is missing of it but its end.
            ("{\"n\":1}\n{\"n\":2}".to_owned(), "{\"n\":1}\n{\"n\":2}\n"),
            (format!("one\n{long}"), "one\n"),
            (long.clone(), ""),
            ("one\n\n \t\n\n".to_owned(), "one\n"),
            ("\n".to_owned(), ""),
            ("one \n".to_owned(), "one \n"),
            ("{\"n\":1} \t".to_owned(), "{\"n\":1}\n"),
        ] {
            fs::write(&path, there).unwrap();
            disk.append_line(&path, |_| "next".to_owned()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{whole}next\n"));
        }
    }
}
