//! The one way in which a result is written to a path that the user names.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::contents;
use super::disk::{Disk, parent};
use super::error::RunError;
use super::files;

/// Treatment of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The file stays, and the result is refused.
    Refused,
    /// The file is replaced; its owner and permissions stay.
    Replaced,
}

/// Writes a result. A plain file that is there is replaced only if asked to, never one of a run; anything
/// else that is there (a pipe, a terminal, a device) is written to, never replaced.
///
/// # Errors
/// Returns a [`RunError`] where that is not allowed or the disk refuses.
pub fn write_result(
    disk: &Disk,
    to: &Path,
    bytes: &[u8],
    existing: Existing,
) -> Result<(), RunError> {
    check_result(to, existing)?;
    disk.sweep(&parent(to));
    let told = RunError::disk("write", to);
    match descriptor(to) {
        Some(1) => return io::stdout().lock().write_all(bytes).map_err(told),
        Some(2) => return io::stderr().lock().write_all(bytes).map_err(told),
        _ => {}
    }
    match (fs::metadata(to), descriptor(to)) {
        (Ok(there), None) if there.is_file() && existing == Existing::Replaced => {
            // A link's target is replaced, so that the link goes on leading there.
            let place = fs::canonicalize(to).map_err(RunError::disk("find", to))?;
            return disk.write_as(&place, bytes, &there);
        }
        (Ok(there), open) if open.is_some() || !there.is_file() => {}
        _ => {
            // Also where a file has come to be there since the check: that one stays.
            disk.create_folder(&parent(to))?;
            return disk.write_new(to, bytes);
        }
    }
    // Appended, in case it is a plain file after all.
    let file = OpenOptions::new().append(true).open(to);
    let mut file = file.map_err(RunError::disk("open", to))?;
    let written = file.write_all(bytes).and_then(|()| file.flush());
    written.map_err(told)
}

/// Checks that a result may be written to a path. Asked before the result is computed, so that no work is
/// lost.
///
/// # Errors
/// Returns a [`RunError::Unusable`] that says why not.
pub fn check_result(to: &Path, existing: Existing) -> Result<(), RunError> {
    if descriptor(to).is_some() {
        return Ok(());
    }
    let place = fs::canonicalize(to).unwrap_or_else(|_| to.to_owned());
    if let Some(run) = run_around(&place) {
        let problem = format!(
            "lies in the run {}, and is one of its own files; nothing but training writes them",
            crate::shown::shown(run)
        );
        return Err(RunError::unusable(to, problem));
    }
    match fs::metadata(to) {
        Ok(there) if there.is_dir() => {
            let problem = "is a folder; expected the name of a file";
            Err(RunError::unusable(to, problem))
        }
        Ok(there) if there.is_file() && existing == Existing::Refused => {
            let problem = "exists already and is not overwritten; --force replaces it";
            Err(RunError::unusable(to, problem))
        }
        Err(_) if files::is_there(to) => {
            let problem = "is a link that leads nowhere";
            Err(RunError::unusable(to, problem))
        }
        _ => Ok(()),
    }
}

/// Returns the number of this process's open file that a path names, such as 1 for `/dev/stdout`; `None` for
/// any other path.
pub fn descriptor(path: &Path) -> Option<u32> {
    let text = path.to_str()?;
    match text {
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        _ => {
            let number = text.strip_prefix("/dev/fd/");
            number.or(text.strip_prefix("/proc/self/fd/"))?.parse().ok()
        }
    }
}

/// Returns the run of which a path is one of the own files; `None` where it is of none.
fn run_around(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().skip(1).find_map(|folder| {
        let is_run = contents::made_here(folder).is_ok();
        let within = path.strip_prefix(folder).ok().filter(|_| is_run)?;
        contents::is_ours(within).then(|| folder.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_replaced_only_if_asked_and_keeps_who_may_read_it() {
        let home = tempfile::tempdir().unwrap();
        let (disk, path) = (Disk::default(), home.path().join("new/result.csv"));
        write_result(&disk, &path, b"1", Existing::Refused).unwrap();
        let problem = write_result(&disk, &path, b"2", Existing::Refused).unwrap_err();
        assert!(problem.to_string().contains("--force"), "{problem}");
        assert_eq!(fs::read(&path).unwrap(), b"1");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let link = home.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            write_result(&disk, &link, b"2", Existing::Replaced).unwrap();
            assert!(link.is_symlink());
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640);
        }
        #[cfg(not(unix))]
        write_result(&disk, &path, b"2", Existing::Replaced).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_written_to_and_stays_what_it_is() {
        use std::io::Read;
        use std::os::unix::fs::FileTypeExt;
        let home = tempfile::tempdir().unwrap();
        let pipe = crate::files::tests::pipe_in(home.path());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || {
                let mut text = String::new();
                fs::File::open(pipe)
                    .unwrap()
                    .read_to_string(&mut text)
                    .unwrap();
                text
            }
        });
        write_result(&Disk::default(), &pipe, b"words", Existing::Replaced).unwrap();
        assert_eq!(reader.join().unwrap(), "words");
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    }
}
