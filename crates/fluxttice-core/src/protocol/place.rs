//! A folder that others may write into, opened once: nothing in it is reached through a link, and nothing
//! waits for another program.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::run::owner::{SCRATCH, beside};

/// A file that was read from a [`Place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whole content of the file.
    pub bytes: Vec<u8>,
    /// Number of the user that owns the file; `None` where the system has no owners.
    pub owner: Option<u32>,
    /// Time of its last change, by the clock of the file system.
    pub changed: SystemTime,
}

/// Reason why a file was not read.
#[derive(Debug)]
pub enum NotRead {
    /// Nothing has that name.
    Gone,
    /// It is something else than a plain file of the allowed size; the clause says what was found.
    Unfit(String),
    /// The system refuses.
    Refused(io::Error),
}

/// Returns a name for a file at work that takes the place of `name` once it is whole.
fn scratch(name: &str) -> OsString {
    beside(Path::new(name), SCRATCH).into_os_string()
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{
        AtFlags, CWD, Dir, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, fchmod,
        fstat, futimens, mkdirat, openat, renameat, unlinkat,
    };
    use rustix::io::Errno;
    use rustix::process::geteuid;

    use super::{Found, NotRead, OsStr, OsString, Path, SystemTime, io, scratch};
    use crate::files::kind;

    const FOLDER: OFlags = OFlags::RDONLY
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);
    const PLAIN: OFlags = OFlags::NOFOLLOW
        .union(OFlags::NONBLOCK)
        .union(OFlags::NOCTTY)
        .union(OFlags::CLOEXEC);

    /// Permissions of files that a folder's may give.
    const READ_AND_WRITTEN: Mode = Mode::RUSR
        .union(Mode::WUSR)
        .union(Mode::RGRP)
        .union(Mode::ROTH);

    /// An open folder.
    #[derive(Debug)]
    pub struct Place(OwnedFd);

    impl Place {
        /// Opens a folder by its path; links on the way to it are followed, it itself is none.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn open(path: &Path) -> io::Result<Self> {
            // The user may have named the folder by a link.
            let flags = FOLDER.difference(OFlags::NOFOLLOW);
            Ok(Self(openat(CWD, path, flags, Mode::empty())?))
        }

        /// Returns true if the folder is the one that a path leads to now.
        pub fn is_at(&self, path: &Path) -> bool {
            let (Ok(here), Ok(there)) = (fstat(&self.0), rustix::fs::stat(path)) else {
                return false;
            };
            (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
        }

        /// Opens a folder in this one, which is made where nothing has its name.
        ///
        /// # Errors
        /// Returns the system's error; one that says so where it is a link, or another user's.
        pub fn subfolder(&self, name: &str) -> io::Result<Self> {
            let open = || openat(&self.0, name, FOLDER, Mode::empty());
            let there = match open() {
                // Made only now: over a network, making what is there costs more than opening it.
                Err(Errno::NOENT) => {
                    match mkdirat(&self.0, name, Mode::RWXU | Mode::RWXG | Mode::RWXO) {
                        Ok(()) | Err(Errno::EXIST) => open(),
                        Err(error) => Err(error),
                    }
                }
                there => there,
            };
            let there = Self(there?);
            let owner = fstat(&there.0)?.st_uid;
            match owner == geteuid().as_raw() {
                true => Ok(there),
                false => Err(io::Error::other(format!(
                    "{name} belongs to the user with the number {owner}, not to this program's user"
                ))),
            }
        }

        /// Opens a folder in this one that is there, whoever owns it.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn existing(&self, name: &str) -> io::Result<Self> {
            Ok(Self(openat(&self.0, name, FOLDER, Mode::empty())?))
        }

        /// Puts a whole file under a name, in one step; it is not synced. A folder that has the name is set
        /// aside. Returns the time of the file's last change, by the clock of the file system.
        ///
        /// # Errors
        /// Returns the system's error; what had the name before is untouched then.
        pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<SystemTime> {
            let scratch = scratch(name);
            let flags = PLAIN | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
            let mode = Mode::RUSR | Mode::WUSR;
            let mut file = File::from(openat(&self.0, &scratch, flags, mode)?);
            // As open as its folder, whoever writes it: those who may look into the folder are meant to read it. A
            // file system that keeps no permissions refuses.
            if let Ok(folder) = fstat(&self.0) {
                let open = Mode::from_raw_mode(folder.st_mode) & READ_AND_WRITTEN;
                let _ = fchmod(&file, open | mode);
            }
            let rename = || renameat(&self.0, &scratch, &self.0, name);
            let put = file
                .write_all(bytes)
                .and_then(|()| file.metadata()?.modified())
                .and_then(|changed| {
                    match rename() {
                        Err(Errno::ISDIR) => {
                            let id = crate::protocol::new_id().map_err(io::Error::other)?;
                            renameat(&self.0, name, &self.0, format!("{name}.{id}"))?;
                            rename()?;
                        }
                        renamed => renamed?,
                    }
                    Ok(changed)
                });
            if put.is_err() {
                // The first error is the one to tell.
                let _ = self.remove(&scratch);
            }
            put
        }

        /// Reads a plain file of at most `limit` bytes that has no other name.
        ///
        /// # Errors
        /// Says why it was not read.
        pub fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> Result<Found, NotRead> {
            let flags = PLAIN | OFlags::RDONLY;
            let opened = openat(&self.0, name.as_ref(), flags, Mode::empty());
            let file = match opened {
                Ok(file) => File::from(file),
                Err(Errno::NOENT) => return Err(NotRead::Gone),
                Err(Errno::LOOP) => return Err(NotRead::Unfit("a link".to_owned())),
                // A socket, or a device without a driver.
                Err(Errno::NXIO) => {
                    return Err(NotRead::Unfit("a pipe, socket or device".to_owned()));
                }
                Err(error) => return Err(NotRead::Refused(error.into())),
            };
            let metadata = file.metadata().map_err(NotRead::Refused)?;
            if !metadata.is_file() {
                return Err(NotRead::Unfit(kind(&metadata).to_owned()));
            }
            // One that was replaced since it was opened has no name any more, and is whole.
            if metadata.nlink() > 1 {
                let problem = format!("a file with {} names", metadata.nlink());
                return Err(NotRead::Unfit(problem));
            }
            let too_large = |bytes| {
                let problem = format!("a file of {bytes} bytes; expected {limit} at most");
                NotRead::Unfit(problem)
            };
            if metadata.len() > limit {
                return Err(too_large(metadata.len()));
            }
            let mut bytes = Vec::new();
            let mut limited = (&file).take(limit + 1);
            limited.read_to_end(&mut bytes).map_err(NotRead::Refused)?;
            if bytes.len() as u64 > limit {
                return Err(too_large(bytes.len() as u64));
            }
            Ok(Found {
                bytes,
                owner: Some(metadata.uid()),
                changed: metadata.modified().map_err(NotRead::Refused)?,
            })
        }

        /// Returns the time of the last change of whatever has the name.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn changed(&self, name: impl AsRef<OsStr>) -> io::Result<SystemTime> {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            let found = rustix::fs::statat(&self.0, name.as_ref(), flags)?;
            let seconds = u64::try_from(found.st_mtime).unwrap_or(0);
            let nanoseconds = u32::try_from(found.st_mtime_nsec).unwrap_or(0);
            Ok(SystemTime::UNIX_EPOCH + std::time::Duration::new(seconds, nanoseconds))
        }

        /// Sets the time of the last change of a file to now, by the file system's clock.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn touch(&self, name: &str) -> io::Result<()> {
            let file = openat(&self.0, name, PLAIN | OFlags::WRONLY, Mode::empty())?;
            let time = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
            let now = Timestamps {
                last_access: time(UTIME_OMIT),
                last_modification: time(UTIME_NOW),
            };
            Ok(futimens(file, &now)?)
        }

        /// Removes a file or link.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
            Ok(unlinkat(&self.0, name.as_ref(), AtFlags::empty())?)
        }

        /// Moves whatever has a name into another folder, under a name that nothing there has.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn move_to(&self, name: &OsStr, other: &Self, to: &str) -> io::Result<()> {
            Ok(renameat(&self.0, name, &other.0, to)?)
        }

        /// Begins to list the names in the folder.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn names(&self) -> io::Result<Names> {
            Ok(Names(Dir::read_from(&self.0)?))
        }
    }

    /// Names in a folder, in no order.
    #[derive(Debug)]
    pub struct Names(Dir);

    impl Iterator for Names {
        type Item = OsString;

        fn next(&mut self) -> Option<OsString> {
            loop {
                let entry = self.0.read()?.ok()?;
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    return Some(OsStr::from_bytes(name).to_owned());
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::fs;
    use std::path::PathBuf;

    use super::{Found, NotRead, OsStr, OsString, Path, SystemTime, io, scratch};
    use crate::files::kind;

    /// A folder by its path; the system has no way to open files relative to it.
    #[derive(Debug)]
    pub struct Place(PathBuf);

    impl Place {
        /// Opens a folder by its path.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn open(path: &Path) -> io::Result<Self> {
            match fs::metadata(path)?.is_dir() {
                true => Ok(Self(path.to_owned())),
                false => Err(io::ErrorKind::NotADirectory.into()),
            }
        }

        /// Returns true if a folder is there.
        pub fn is_at(&self, path: &Path) -> bool {
            path.is_dir()
        }

        /// Opens a folder in this one, which is made where nothing has its name.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn subfolder(&self, name: &str) -> io::Result<Self> {
            let path = self.0.join(name);
            if let Err(error) = fs::create_dir(&path)
                && error.kind() != io::ErrorKind::AlreadyExists
            {
                return Err(error);
            }
            self.existing(name)
        }

        /// Opens a folder in this one that is there.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn existing(&self, name: &str) -> io::Result<Self> {
            let path = self.0.join(name);
            match fs::symlink_metadata(&path)?.is_dir() {
                true => Ok(Self(path)),
                false => Err(io::ErrorKind::NotADirectory.into()),
            }
        }

        /// Puts a whole file under a name, in one step; it is not synced. Returns the time of the file's last
        /// change, by the clock of the file system.
        ///
        /// # Errors
        /// Returns the system's error; what had the name before is untouched then.
        pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<SystemTime> {
            let scratch = self.0.join(scratch(name));
            let put = fs::write(&scratch, bytes)
                .and_then(|()| fs::metadata(&scratch)?.modified())
                .and_then(|changed| {
                    fs::rename(&scratch, self.0.join(name))?;
                    Ok(changed)
                });
            if put.is_err() {
                // The first error is the one to tell.
                let _ = fs::remove_file(&scratch);
            }
            put
        }

        /// Reads a plain file of at most `limit` bytes.
        ///
        /// # Errors
        /// Says why it was not read.
        pub fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> Result<Found, NotRead> {
            let path = self.0.join(name.as_ref());
            let metadata = match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NotRead::Gone),
                found => found.map_err(NotRead::Refused)?,
            };
            if !metadata.is_file() {
                return Err(NotRead::Unfit(kind(&metadata).to_owned()));
            }
            if metadata.len() > limit {
                let bytes = metadata.len();
                let problem = format!("a file of {bytes} bytes; expected {limit} at most");
                return Err(NotRead::Unfit(problem));
            }
            Ok(Found {
                bytes: fs::read(&path).map_err(NotRead::Refused)?,
                owner: None,
                changed: metadata.modified().map_err(NotRead::Refused)?,
            })
        }

        /// Returns the time of the last change of whatever has the name.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn changed(&self, name: impl AsRef<OsStr>) -> io::Result<SystemTime> {
            fs::symlink_metadata(self.0.join(name.as_ref()))?.modified()
        }

        /// Sets the time of the last change of a file to now.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn touch(&self, name: &str) -> io::Result<()> {
            let file = fs::OpenOptions::new().write(true).open(self.0.join(name))?;
            file.set_modified(SystemTime::now())
        }

        /// Removes a file or link.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
            fs::remove_file(self.0.join(name.as_ref()))
        }

        /// Moves whatever has a name into another folder, under a name that nothing there has.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn move_to(&self, name: &OsStr, other: &Self, to: &str) -> io::Result<()> {
            fs::rename(self.0.join(name), other.0.join(to))
        }

        /// Begins to list the names in the folder.
        ///
        /// # Errors
        /// Returns the system's error.
        pub fn names(&self) -> io::Result<Names> {
            Ok(Names(fs::read_dir(&self.0)?))
        }
    }

    /// Names in a folder, in no order.
    #[derive(Debug)]
    pub struct Names(fs::ReadDir);

    impl Iterator for Names {
        type Item = OsString;

        fn next(&mut self) -> Option<OsString> {
            Some(self.0.next()?.ok()?.file_name())
        }
    }
}

#[cfg(not(unix))]
pub use other::{Names, Place};
#[cfg(unix)]
pub use unix::{Names, Place};

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_no_plain_file_with_one_name_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::open(home.path()).unwrap();
        place.put("plain", b"words").unwrap();
        assert_eq!(place.read("plain", 5).unwrap().bytes, b"words");
        let unfit = |name: &str| match place.read(name, 5) {
            Err(NotRead::Unfit(problem)) => problem,
            other => panic!("{name}: {other:?}"),
        };
        place.put("large", b"wordsy").unwrap();
        assert!(unfit("large").contains("6 bytes"));
        symlink(home.path().join("plain"), home.path().join("link")).unwrap();
        assert_eq!(unfit("link"), "a link");
        crate::files::tests::pipe_in(home.path());
        assert!(unfit("pipe").contains("pipe"));
        fs::create_dir(home.path().join("folder")).unwrap();
        assert_eq!(unfit("folder"), "a folder");
        fs::hard_link(home.path().join("plain"), home.path().join("second")).unwrap();
        assert_eq!(unfit("plain"), "a file with 2 names");
        assert!(matches!(place.read("none", 5), Err(NotRead::Gone)));
    }

    #[test]
    fn a_file_that_is_replaced_all_the_time_is_always_there() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::open(home.path()).unwrap();
        place.put("status", b"0").unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..5_000u32 {
                    place.put("status", number.to_string().as_bytes()).unwrap();
                }
                done.store(true, std::sync::atomic::Ordering::Relaxed);
            });
            let other = Place::open(home.path()).unwrap();
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                assert!(other.read("status", 9).is_ok());
            }
        });
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_set_aside() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::open(home.path()).unwrap();
        fs::create_dir_all(home.path().join("file/deep")).unwrap();
        place.put("file", b"words").unwrap();
        assert_eq!(place.read("file", 5).unwrap().bytes, b"words");
        let beside = |path: &Path| path.join("deep").is_dir();
        let paths = || {
            fs::read_dir(home.path())
                .unwrap()
                .map(|entry| entry.unwrap().path())
        };
        assert_eq!(paths().filter(|path| beside(path)).count(), 1);
        // Also for the second time.
        fs::remove_file(home.path().join("file")).unwrap();
        fs::create_dir_all(home.path().join("file/deep")).unwrap();
        place.put("file", b"words").unwrap();
        assert_eq!(paths().filter(|path| beside(path)).count(), 2);
    }

    #[test]
    fn a_folder_is_entered_only_where_it_is_no_link() {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let place = Place::open(home.path()).unwrap();
        symlink(elsewhere.path(), home.path().join("requests")).unwrap();
        assert!(place.subfolder("requests").is_err());
        place.subfolder("live").unwrap().put("a", b"1").unwrap();
        assert_eq!(fs::read(home.path().join("live/a")).unwrap(), b"1");
        symlink("nowhere", home.path().join("status.json")).unwrap();
        place.put("status.json", b"{}").unwrap();
        assert!(
            home.path().join("status.json").is_file(),
            "the link itself is replaced"
        );
        let names: Vec<_> = place.names().unwrap().collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }
}
