//! The lock of a run: whoever writes to a run holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::RunError;
use super::files;
use super::names::{LOCK, LOCK_OWNER};
use super::owner::Owner;

/// Most attempts to take a lock whose file is no longer in its place then.
const TRIES: usize = 100;
/// Time for which a lock is tried that another process has.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two attempts.
const AGAIN: Duration = Duration::from_millis(20);
/// Largest file that names an owner, in bytes.
const OWNER_LIMIT: u64 = 256;

/// The lock of a run, held until it is dropped; the system releases it when the process ends, however it
/// ends.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    file: File,
    /// Set if taking the lock made the file.
    made: bool,
    /// File that names this process, instead of the lock, where the file system has no locks.
    named: Option<PathBuf>,
}

impl RunLock {
    /// Takes the lock of a run.
    ///
    /// # Errors
    /// Returns [`RunError::InUse`] where another process has it, and another error where the file cannot be
    /// made or is no plain file.
    pub fn take(run: &Path) -> Result<Self, RunError> {
        let path = run.join(LOCK);
        for _ in 0..TRIES {
            own(&path)?;
            let made = !files::is_there(&path);
            let mut options = OpenOptions::new();
            // Never emptied: it may be a link to something else by now.
            options.read(true).write(true).create(true).truncate(false);
            not_through_links(&mut options);
            let file = options
                .open(&path)
                .map_err(|error| not_writable(&path, error))?;
            let mut lock = Self {
                path: path.clone(),
                file,
                made,
                named: None,
            };
            match patiently(|| lock.file.try_lock()) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(RunError::InUse(run.to_owned())),
                Err(TryLockError::Error(error)) if is_unsupported(&error) => {
                    lock.named = Some(take_by_name(run)?);
                }
                Err(TryLockError::Error(error)) => {
                    lock.undo();
                    return Err(RunError::disk("lock", &path)(error));
                }
            }
            // Between opening and locking somebody may have removed the folder and made another one.
            if lock.is_in_place() {
                return Ok(lock);
            }
        }
        let problem = "is another file at every look: somebody replaces it, or the file system gives no lasting numbers";
        Err(RunError::unusable(&path, problem))
    }

    /// Takes over the lock of a run from the process that started this one: `file` is the open lock file, which
    /// both hold until the other one closes it.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is not the lock file of the run, or another process has the lock.
    pub fn inherit(run: &Path, file: File) -> Result<Self, RunError> {
        let path = run.join(LOCK);
        let mut lock = Self {
            path: path.clone(),
            file,
            made: false,
            named: None,
        };
        if !lock.is_in_place() {
            let problem =
                "expected the lock of the run from the process before, found another file";
            return Err(RunError::unusable(&path, problem));
        }
        // The lock belongs to the open file, so that taking it once more changes nothing.
        match lock.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RunError::InUse(run.to_owned())),
            Err(TryLockError::Error(error)) if is_unsupported(&error) => {
                let named = run.join(LOCK_OWNER);
                let name = Owner::this().word();
                fs::write(&named, name).map_err(RunError::disk("write", &named))?;
                lock.named = Some(named);
            }
            Err(TryLockError::Error(error)) => return Err(RunError::disk("lock", &path)(error)),
        }
        Ok(lock)
    }

    /// Returns the open lock file once more, for a process that takes the run over.
    ///
    /// # Errors
    /// Returns [`RunError::Disk`] where the system refuses.
    pub fn file(&self) -> Result<File, RunError> {
        let file = self.file.try_clone();
        file.map_err(RunError::disk("open", &self.path))
    }

    /// Returns true if the locked file is still the one that lies in the run: a folder that was made again
    /// has another.
    pub fn is_in_place(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let there = fs::symlink_metadata(&self.path);
            let (Ok(there), Ok(held)) = (there, self.file.metadata()) else {
                return false;
            };
            (there.dev(), there.ino()) == (held.dev(), held.ino())
        }
        // Elsewhere a file that is open cannot be removed.
        #[cfg(not(unix))]
        self.path.exists()
    }

    /// Returns true if the file system keeps the lock, false where a file that names this process stands in.
    pub fn is_real(&self) -> bool {
        self.named.is_none()
    }

    /// Releases the lock, and removes the file if taking the lock made it.
    pub fn undo(self) {
        if self.made && self.is_in_place() {
            // A file that cannot be removed is in nobody's way.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // A process that took the run over has written its own name.
        if let Some(named) = &self.named
            && owner(named).as_ref() == Some(Owner::this())
        {
            // A file that stays is recognised as that of a process that has ended.
            let _ = fs::remove_file(named);
        }
    }
}

/// Tries to lock for a second: whoever only looks whether a run is open holds its lock for a moment.
fn patiently(mut lock: impl FnMut() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    let began = Instant::now();
    loop {
        match lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => thread::sleep(AGAIN),
            tried => return tried,
        }
    }
}

/// Returns true if a process has the run open.
pub fn is_open(run: &Path) -> bool {
    let Ok(file) = files::open(&run.join(LOCK)) else {
        return false;
    };
    match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => {
            let named = run.join(LOCK_OWNER);
            files::is_there(&named)
                && owner(&named).is_none_or(|owner| owner.is_alive() != Some(false))
        }
    }
}

/// Checks that nothing lies at a path of a run but a plain file.
///
/// # Errors
/// Returns [`RunError::Unusable`] where something else does.
pub fn own(path: &Path) -> Result<(), RunError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(RunError::unusable(path, error.to_string())),
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(metadata) => {
            let found = files::kind(&metadata);
            let problem = format!(
                "expected a plain file, found {found}; nothing of a run is written through one: move it away"
            );
            Err(RunError::unusable(path, problem))
        }
    }
}

/// Makes opening fail where the last part of the path is a link, or where it would wait.
pub fn not_through_links(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// Returns true if the error means that the file system does not support the operation.
pub fn is_unsupported(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let unknown = [
            Errno::NOLCK,
            Errno::NOSYS,
            Errno::OPNOTSUPP,
            Errno::NOTSUP,
            Errno::INVAL,
            Errno::PERM,
        ];
        let code = error.raw_os_error();
        code.is_some_and(|code| unknown.iter().any(|errno| errno.raw_os_error() == code))
    }
    #[cfg(not(unix))]
    {
        error.kind() == ErrorKind::Unsupported
    }
}

/// Makes a file that names this process and stands in for a lock; only one process can make it.
fn take_by_name(run: &Path) -> Result<PathBuf, RunError> {
    let path = run.join(LOCK_OWNER);
    for _ in 0..2 {
        let made = OpenOptions::new().write(true).create_new(true).open(&path);
        match made {
            Ok(mut file) => {
                let written = file.write_all(Owner::this().word().as_bytes());
                written.map_err(RunError::disk("write", &path))?;
                return Ok(path);
            }
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(RunError::disk("create", &path)(error));
            }
            Err(_) => {}
        }
        match owner(&path).and_then(|owner| owner.is_alive()) {
            Some(true) => break,
            Some(false) => {
                fs::remove_file(&path).map_err(RunError::disk("remove", &path))?;
            }
            None => {
                return Err(RunError::unusable(
                    &path,
                    "this file system has no locks, and a process of another machine or container may be at work \
                     here; if none is, remove this file",
                ));
            }
        }
    }
    Err(RunError::InUse(run.to_owned()))
}

/// Makes the error of a lock file that cannot be written; where that is not permitted, it says that the run
/// can go on in a copy or a branch.
fn not_writable(path: &Path, error: io::Error) -> RunError {
    let kind = error.kind();
    let error = match kind {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => io::Error::new(
            kind,
            format!(
                "{error}; a run that may only be read goes on in a copy or a branch (`train --branch`)"
            ),
        ),
        _ => error,
    };
    RunError::disk("create", path)(error)
}

/// Reads the owner named in a file; `None` where it cannot be read.
fn owner(path: &Path) -> Option<Owner> {
    let bytes = files::read(path, OWNER_LIMIT).ok()?;
    Owner::parse(std::str::from_utf8(&bytes).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_taken_once_and_is_gone_with_its_folder() {
        let home = tempfile::tempdir().unwrap();
        let run = home.path().join("run");
        fs::create_dir(&run).unwrap();
        let lock = RunLock::take(&run).unwrap();
        assert!(lock.is_in_place() && is_open(&run));
        assert!(matches!(RunLock::take(&run), Err(RunError::InUse(_))));
        fs::remove_dir_all(&run).unwrap();
        fs::create_dir(&run).unwrap();
        assert!(!lock.is_in_place() && !is_open(&run));
        RunLock::take(&run).unwrap().undo();
        assert!(!run.join(LOCK).exists());
    }

    #[test]
    fn a_lock_that_is_handed_over_is_never_free() {
        let home = tempfile::tempdir().unwrap();
        let run = home.path();
        let first = RunLock::take(run).unwrap();
        let second = RunLock::inherit(run, first.file().unwrap()).unwrap();
        drop(first);
        assert!(is_open(run));
        assert!(matches!(RunLock::take(run), Err(RunError::InUse(_))));
        drop(second);
        assert!(!is_open(run));
        let other = tempfile::tempdir().unwrap();
        let foreign = RunLock::take(other.path()).unwrap().file().unwrap();
        let problem = RunLock::inherit(run, foreign).unwrap_err().to_string();
        assert!(problem.contains("another file"), "{problem}");
    }

    #[test]
    fn where_there_are_no_locks_a_name_stands_in_and_ends_with_its_process() {
        let home = tempfile::tempdir().unwrap();
        let named = take_by_name(home.path()).unwrap();
        assert!(matches!(take_by_name(home.path()), Err(RunError::InUse(_))));
        let (mine, this) = (Owner::this().word(), std::process::id());
        fs::write(
            &named,
            mine.replace(&format!("-{this}-"), &format!("-{}-", i32::MAX)),
        )
        .unwrap();
        take_by_name(home.path()).unwrap();
        fs::write(&named, format!("00000000-{this}-1")).unwrap();
        let problem = take_by_name(home.path()).unwrap_err().to_string();
        assert!(problem.contains("remove this file"), "{problem}");
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let precious = home.path().join("precious");
        fs::write(&precious, "words").unwrap();
        std::os::unix::fs::symlink(&precious, home.path().join(LOCK)).unwrap();
        let problem = RunLock::take(home.path()).unwrap_err().to_string();
        assert!(problem.contains("found a link"), "{problem}");
        assert_eq!(fs::read(&precious).unwrap(), b"words");
    }
}
