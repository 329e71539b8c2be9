//! The one way in which files are written: whole or not at all, and there to stay once that is said.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::RunError;

/// Ending of what is being made.
const SCRATCH: &str = ".tmp";
/// Ending of a folder that is being removed.
const REPLACED: &str = ".old";

/// What is asked of a file system. Tests put one in between that fails, or that remembers what a power
/// cut would take away.
pub trait FileSystem: fmt::Debug + Send + Sync {
    /// Makes a folder in one that is there; one that is there already is left as it is.
    ///
    /// # Errors
    /// The system's.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes a file that is not there yet and waits until its bytes, not its name, are there to stay.
    ///
    /// # Errors
    /// The system's; part of the bytes may be there then.
    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()>;

    /// Appends to a file, which is made where there is none, and waits until the bytes are there to stay.
    ///
    /// # Errors
    /// The system's; part of the bytes may be there then.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file off after so many bytes.
    ///
    /// # Errors
    /// The system's.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Waits until the names in a folder are there to stay.
    ///
    /// # Errors
    /// The system's.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Gives a file or folder another name, in the place of a file that had it.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes a link to what lies beside it.
    ///
    /// # Errors
    /// The system's.
    fn link(&self, path: &Path, target: &str) -> io::Result<()>;

    /// Removes a file or link.
    ///
    /// # Errors
    /// The system's.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder with everything in it.
    ///
    /// # Errors
    /// The system's.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the user's settings say.
    Usual,
    /// The user alone.
    Owner,
}

/// The machine's file system.
#[derive(Clone, Copy, Debug)]
pub struct Machine;

impl FileSystem for Machine {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            made => made,
        }
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
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        // One call: two writers' lines never mix.
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_data()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        // Elsewhere folders cannot be opened.
        if cfg!(unix) {
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
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

/// A file system and what is done with it: nothing is ever under its name in part.
#[derive(Clone, Debug)]
pub struct Disk(Arc<dyn FileSystem>);

impl Default for Disk {
    fn default() -> Self {
        Self::on(Arc::new(Machine))
    }
}

impl Disk {
    /// Writes with this file system.
    pub fn on(system: Arc<dyn FileSystem>) -> Self {
        Self(system)
    }

    /// Makes a folder and those that it lies in.
    ///
    /// # Errors
    /// [`RunError::Disk`].
    pub fn create_folder(&self, path: &Path) -> Result<(), RunError> {
        // A file's name alone lies in a folder without one: where the program was started.
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        let parent = parent(path);
        self.create_folder(&parent)?;
        self.0
            .create_folder(path)
            .map_err(RunError::disk("create", path))?;
        self.sync_folder(&parent)
    }

    /// Replaces a file in one step, or makes it.
    ///
    /// # Errors
    /// [`RunError::Disk`]; the old file is untouched then.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        let made = |scratch: &Path| self.0.create(scratch, bytes, Access::Usual);
        self.replace(path, made)
    }

    /// Writes a file that must not be there yet.
    ///
    /// # Errors
    /// [`RunError`] where it is there already, or the disk refuses.
    pub fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        free(path)?;
        self.write(path, bytes)
    }

    /// Writes a file that must not be there yet and is its owner's alone.
    ///
    /// # Errors
    /// [`RunError`] where it is there already, or the disk refuses.
    pub fn write_secret(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        free(path)?;
        let made = |scratch: &Path| self.0.create(scratch, bytes, Access::Owner);
        self.replace(path, made)
    }

    /// Points the link `path` at its neighbour `target`, in one step.
    ///
    /// # Errors
    /// [`RunError::Disk`]; the link is as it was then.
    pub fn point(&self, path: &Path, target: &str) -> Result<(), RunError> {
        self.replace(path, |scratch| self.0.link(scratch, target))
    }

    fn replace(
        &self,
        path: &Path,
        make: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), RunError> {
        let scratch = beside(path, SCRATCH);
        let made = make(&scratch).and_then(|()| self.0.rename(&scratch, path));
        if let Err(error) = made {
            // The first error is the one to tell; a scratch file that stays is swept up later.
            let _ = self.0.remove_file(&scratch);
            return Err(RunError::disk("write", path)(error));
        }
        self.sync_folder(&parent(path))
    }

    /// Appends a line and waits until it is there to stay.
    ///
    /// # Errors
    /// [`RunError::Disk`]; the line is not there then, nor part of it once the disk takes changes again.
    pub fn append_line(&self, path: &Path, line: &str) -> Result<(), RunError> {
        let there = File::open(path).ok();
        if let Some(file) = &there {
            // Another writer's line at work must not pass for half a one. Where a file system has no
            // locks, or keeps even this process from what it has locked, there had better be one writer.
            if cfg!(unix) {
                let _ = file.lock();
            }
            self.cut_torn_line(path)?;
        }
        let appended = self.0.append(path, format!("{line}\n").as_bytes());
        if let Err(error) = appended {
            // Where this fails too, the next line's writer does it.
            let _ = self.cut_torn_line(path);
            return Err(RunError::disk("append to", path)(error));
        }
        match there {
            Some(_) => Ok(()),
            None => self.sync_folder(&parent(path)),
        }
    }

    /// Cuts off a last line that is not whole, so that the next one stands alone.
    ///
    /// # Errors
    /// [`RunError::Disk`] where the file cannot be read or cut.
    pub fn cut_torn_line(&self, path: &Path) -> Result<(), RunError> {
        let torn = match torn_line(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found.map_err(RunError::disk("read", path))?,
        };
        let Some(whole) = torn else {
            return Ok(());
        };
        self.0
            .truncate(path, whole)
            .map_err(RunError::disk("repair", path))
    }

    /// Builds a folder beside its destination and renames it into place whole.
    ///
    /// An existing destination is an error unless `replace` is set; it is then moved away first.
    ///
    /// # Errors
    /// [`RunError`], the disk's or whatever `fill` reports; nothing has changed at the destination then.
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
        let replaced = replace && destination.exists();
        let moved = built.and_then(|()| {
            if replaced {
                let moved = self.0.rename(destination, &old);
                moved.map_err(RunError::disk("move", destination))?;
            }
            let placed = self.0.rename(&scratch, destination);
            placed.map_err(|error| {
                // The one that was there is better than none.
                let _ = self.0.rename(&old, destination);
                RunError::disk("create", destination)(error)
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
    /// [`RunError::Disk`].
    pub fn remove_file(&self, path: &Path) -> Result<(), RunError> {
        gone(self.0.remove_file(path), path)
    }

    /// Removes a folder with everything in it if it is there, in one step: nobody meets half of it.
    ///
    /// # Errors
    /// [`RunError::Disk`].
    pub fn remove_folder(&self, path: &Path) -> Result<(), RunError> {
        let aside = beside(path, REPLACED);
        gone(self.0.rename(path, &aside), path)?;
        gone(self.0.remove_folder(&aside), path)
    }

    /// Removes what processes that are no more left half made in a folder.
    pub(crate) fn sweep(&self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if maker(&name).is_some_and(|process| !is_alive(process)) {
                let path = entry.path();
                // What cannot be removed is in nobody's way.
                let _ = match path.is_dir() {
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

/// The process that gave this name by [`beside`].
pub(super) fn maker(name: &str) -> Option<u32> {
    let rest = name.strip_prefix('.')?;
    let rest = rest
        .strip_suffix(SCRATCH)
        .or_else(|| rest.strip_suffix(REPLACED))?;
    let (_, numbers) = rest.rsplit_once('.')?;
    let (process, number) = numbers.split_once('-')?;
    number.parse::<u64>().ok()?;
    process.parse().ok()
}

/// Whether a process may still be at work.
fn is_alive(process: u32) -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, test_kill_process};
        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        let found = process.map(test_kill_process);
        // One that is another user's cannot be signalled, but is there.
        !matches!(found, None | Some(Err(rustix::io::Errno::SRCH)))
    }
    #[cfg(not(unix))]
    {
        process == std::process::id()
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

/// That nothing is there.
fn free(path: &Path) -> Result<(), RunError> {
    if path.exists() {
        let problem = "exists already and is not overwritten";
        return Err(RunError::unusable(path, problem));
    }
    Ok(())
}

/// The folder that something lies in.
fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => path.to_owned(),
    }
}

/// A name that nothing else has, not even in another process, for what is to end up as `path`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let process = std::process::id();
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{process}-{number}{ending}"))
}

/// Where the last line ends that is whole, if what follows is not.
fn torn_line(path: &Path) -> io::Result<Option<u64>> {
    const PIECE: u64 = 1 << 16;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut end = length;
    let mut piece = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(start))?;
        piece.clear();
        (&mut file).take(end - start).read_to_end(&mut piece)?;
        if piece.last() == Some(&b'\n') && end == length {
            return Ok(None);
        }
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(start + at as u64 + 1));
        }
        end = start;
    }
    Ok((length > 0).then_some(0))
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
        assert_eq!(super::super::files::pointed(&link).as_deref(), Some("2"));
        assert!(disk.write_new(&file, b"3").is_err());
        assert_eq!(entries(home.path()), 2);
    }

    #[test]
    fn only_what_a_process_left_that_is_no_more_is_swept_up() {
        let home = tempfile::tempdir().unwrap();
        let mine = beside(Path::new("run"), SCRATCH).display().to_string();
        let gone = i32::MAX;
        let kept = [
            ".tmp",
            ".run.tmp",
            &format!(".run.{gone}.tmp"),
            &format!("run.{gone}-2.tmp"),
            &format!(".run.{gone}-x.old"),
            &mine,
        ];
        let swept = [&format!(".run.{gone}-2.tmp"), &format!(".a.b.{gone}-0.old")];
        for name in kept.iter().chain(&swept.map(String::as_str)) {
            fs::write(home.path().join(name), "").unwrap();
        }
        fs::create_dir(home.path().join(format!(".epoch.{gone}-4.old"))).unwrap();
        Disk::default().sweep(home.path());
        for name in kept {
            assert!(home.path().join(name).exists(), "{name}");
        }
        assert_eq!(entries(home.path()), kept.len());
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
            (format!("one\n{long}"), "one\n"),
            (long.clone(), ""),
        ] {
            fs::write(&path, there).unwrap();
            disk.append_line(&path, "next").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{whole}next\n"));
        }
    }
}
