//! Opens files that anyone may have put there.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a plain file for reading. Anything else is refused, so that opening never waits for another program.
///
/// # Errors
/// Returns the system's error, or one that names what was found instead of a plain file.
pub fn open(path: &Path) -> io::Result<File> {
    // Checked before, since opening alone makes a device act, and after, since the file
    // may have been replaced.
    plain(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    plain(&file.metadata()?)?;
    Ok(file)
}

fn plain(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let problem = format!("expected a plain file, found {}", kind(metadata));
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

/// Returns the kind of a file in words.
pub fn kind(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_file() {
        "a plain file"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a link"
    } else {
        "a pipe, socket or device"
    }
}

/// Returns true if a file of any kind lies at this path; a link that leads nowhere counts.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
#[cfg(unix)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Makes a named pipe in a folder.
    pub fn pipe_in(folder: &Path) -> PathBuf {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let pipe = folder.join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        pipe
    }

    #[test]
    fn nothing_but_a_plain_file_is_opened() {
        let home = tempfile::tempdir().unwrap();
        let pipe = pipe_in(home.path());
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link, &home.path().to_owned()] {
            let problem = open(path).unwrap_err().to_string();
            assert!(problem.contains("expected a plain file"), "{problem}");
        }
    }
}
