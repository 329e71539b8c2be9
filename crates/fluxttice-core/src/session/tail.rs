//! The new whole lines of a file that another process appends to.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::run::files;

/// Most bytes that are read at once.
const PIECE: u64 = 8 << 20;

/// What a look at the file brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Whole lines that were not there before; most often none.
    Lines(Vec<String>),
    /// The file was written anew, or made shorter: all of it has to be read again.
    WrittenAnew,
}

/// Reads a file as it grows. A file system may show changes late: only whole lines count.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    /// Bytes read so far, up to the end of a line.
    read: u64,
    /// Which file it was.
    file: Option<(u64, u64)>,
}

impl Tail {
    /// Prepares to read a file from its beginning.
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            read: 0,
            file: None,
        }
    }

    /// Reads the new whole lines. A file that is not there, or cannot be read, has none.
    pub(super) fn news(&mut self) -> News {
        // A file system over a network looks at the server when a file is opened, and later when it is not.
        let Ok(file) = files::open(&self.path) else {
            return News::Lines(Vec::new());
        };
        let Ok(metadata) = file.metadata() else {
            return News::Lines(Vec::new());
        };
        let identity = identity(&metadata);
        if self.file.is_some_and(|file| file != identity) || metadata.len() < self.read {
            return News::WrittenAnew;
        }
        self.file = Some(identity);
        let mut lines = Vec::new();
        // A long file comes in pieces.
        while self.read < metadata.len() && self.read_into(&file, &mut lines).is_some() {}
        News::Lines(lines)
    }

    /// Reads a piece of the file; `None` where no whole line was left.
    fn read_into(&mut self, mut file: &File, lines: &mut Vec<String>) -> Option<()> {
        file.seek(SeekFrom::Start(self.read)).ok()?;
        let mut piece = Vec::new();
        let mut limited = file.take(PIECE);
        limited.read_to_end(&mut piece).ok()?;
        let whole = piece.iter().rposition(|byte| *byte == b'\n')? + 1;
        piece.truncate(whole);
        self.read += whole as u64;
        let text = String::from_utf8_lossy(&piece);
        lines.extend(text.lines().map(str::to_owned));
        Some(())
    }
}

/// Returns what tells one file from another that has its name later.
fn identity(metadata: &Metadata) -> (u64, u64) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (metadata.dev(), metadata.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        (0, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn lines(tail: &mut Tail) -> Vec<String> {
        match tail.news() {
            News::Lines(lines) => lines,
            News::WrittenAnew => panic!("written anew"),
        }
    }

    #[test]
    fn whole_lines_come_once_and_half_ones_when_they_are_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lines");
        let mut tail = Tail::of(&path);
        assert!(lines(&mut tail).is_empty());
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(lines(&mut tail), ["one"]);
        assert!(lines(&mut tail).is_empty());
        file.write_all(b"o\nthree\n").unwrap();
        assert_eq!(lines(&mut tail), ["two", "three"]);
        file.set_len(4).unwrap();
        assert_eq!(tail.news(), News::WrittenAnew);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_in_its_place_is_told_from_it() {
        let home = tempfile::tempdir().unwrap();
        let (path, other) = (home.path().join("lines"), home.path().join("other"));
        fs::write(&path, "one\n").unwrap();
        fs::write(&other, "one\ntwo\n").unwrap();
        let mut tail = Tail::of(&path);
        assert_eq!(lines(&mut tail), ["one"]);
        fs::rename(other, &path).unwrap();
        assert_eq!(tail.news(), News::WrittenAnew);
    }
}
