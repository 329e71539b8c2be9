//! Files of one JSON object per line that are only appended to: last line, seals, digests of the first lines.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::RunError;
use super::files;
use crate::digest::{hex, hexadecimal};

/// Longest line that is looked for from the end of a file, in bytes.
const LONGEST: u64 = 64 << 20;
/// Text between a line and its seal.
const SEAL: &str = ",\"seal\":\"";
/// Hexadecimal digits of a seal: 64 bits against accidents; against forgery there are signatures.
const SEAL_DIGITS: usize = 16;

/// Reads the last line of a file that is not blank, with whatever blank is behind it; returns it with the
/// offset of its first byte. Empty in an empty file.
///
/// # Errors
/// Returns the system's error, or one where the line is longer than any line is.
pub fn last(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    const PIECE: u64 = 1 << 16;
    let mut file = files::open(path).map_err(|_| match files::is_there(path) {
        true => io::Error::other("it cannot be opened as a plain file"),
        false => ErrorKind::NotFound.into(),
    })?;
    let length = file.metadata()?.len();
    let mut tail = Vec::new();
    let mut start = length;
    while start > 0 {
        let from = start.saturating_sub(PIECE);
        let mut piece = vec![0; usize::try_from(start - from).map_err(io::Error::other)?];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        piece.append(&mut tail);
        let said = piece.trim_ascii_end().len();
        let end = piece[..said].iter().rposition(|byte| *byte == b'\n');
        let begins = end.map_or(0, |at| at + 1);
        start = from + begins as u64;
        piece.drain(..begins);
        tail = piece;
        if end.is_some() {
            break;
        }
        if length - start > LONGEST {
            return Err(io::Error::other("its last line is longer than any line is"));
        }
    }
    Ok((tail, start))
}

/// Returns true if a line lacks nothing but perhaps its end.
pub fn is_whole(line: &[u8]) -> bool {
    line.ends_with(b"}") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

/// Adds to a line its seal: a digest of the line before it and of itself. So a line that was changed,
/// removed, added or moved shows.
pub fn sealed(before: &[u8], line: &str) -> String {
    match line.strip_suffix('}') {
        Some(open) => format!("{open}{SEAL}{}\"}}", seal(before, line)),
        None => line.to_owned(),
    }
}

fn seal(before: &[u8], line: &str) -> String {
    let digest = Sha256::new()
        .chain_update(before.trim_ascii_end())
        .chain_update(b"\n")
        .chain_update(line)
        .finalize();
    hexadecimal(&digest[..SEAL_DIGITS / 2])
}

/// State of a line's seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// The line stands as it was written, after the line that it was written after.
    Good,
    /// The line has no seal, because version 0.1.0 wrote it.
    Absent,
    /// The line does not fit its seal: something was changed.
    Broken,
}

/// Checks the seal of a line, with the line before it.
pub fn look_at_seal(before: &[u8], line: &str) -> Sealed {
    let Some((open, given)) = unsealed(line) else {
        return Sealed::Absent;
    };
    match seal(before, &format!("{open}}}")) == given {
        true => Sealed::Good,
        false => Sealed::Broken,
    }
}

/// Splits a sealed line into the line without its last bracket, and the seal; `None` where it has no seal.
fn unsealed(line: &str) -> Option<(&str, &str)> {
    let (open, rest) = line.rsplit_once(SEAL)?;
    let given = rest.strip_suffix("\"}")?;
    (given.len() == SEAL_DIGITS).then_some((open, given))
}

/// Returns a line as it was before it was sealed.
pub fn without_seal(line: &str) -> String {
    unsealed(line).map_or_else(|| line.to_owned(), |(open, _)| format!("{open}}}"))
}

/// The first lines of a file, by their number and digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    /// Number of these lines.
    pub lines: usize,
    /// SHA-256 of these lines, with their ends.
    pub sha256: String,
}

impl Prefix {
    /// Computes the digest of the first lines of a text; `None` where there are fewer.
    pub fn of(text: &[u8], lines: usize) -> Option<Self> {
        let mut whole = text.split_inclusive(|byte| *byte == b'\n');
        let end = (0..lines).try_fold(0, |end, _| {
            let line = whole.next().filter(|line| line.ends_with(b"\n"))?;
            Some(end + line.len())
        })?;
        Some(Self {
            lines,
            sha256: hex(&text[..end]),
        })
    }

    /// Returns true if a text begins with these lines.
    pub fn begins(&self, text: &[u8]) -> bool {
        Self::of(text, self.lines).as_ref() == Some(self)
    }
}

/// A file that grows; what is new in it is read and digested piece by piece.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    length: u64,
    lines: usize,
    digest: Sha256,
}

impl Growing {
    /// Makes one of which nothing was read yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            length: 0,
            lines: 0,
            digest: Sha256::new(),
        }
    }

    /// Forgets what was read, because the file was replaced.
    pub fn reset(&mut self) {
        *self = Self::new(std::mem::take(&mut self.path));
    }

    /// Reads on, and returns number and digest of all whole lines that are there by now.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the file cannot be read.
    pub fn read(&mut self) -> Result<Prefix, RunError> {
        if files::is_there(&self.path) {
            let mut file = files::open(&self.path)?;
            let read = self.read_on(&mut file);
            read.map_err(RunError::disk("read back", &self.path))?;
        } else {
            self.reset();
        }
        Ok(Prefix {
            lines: self.lines,
            sha256: hexadecimal(&self.digest.clone().finalize()),
        })
    }

    fn read_on(&mut self, file: &mut File) -> io::Result<()> {
        if file.metadata()?.len() < self.length {
            self.reset();
        }
        file.seek(SeekFrom::Start(self.length))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = &bytes[..end.map_or(0, |end| end + 1)];
        // Blank lines at the end are cut off by the next writer.
        let said = whole.trim_ascii_end().len();
        let end = whole[said..].iter().position(|byte| *byte == b'\n');
        let whole = &whole[..end.filter(|_| said > 0).map_or(0, |end| said + end + 1)];
        self.length += whole.len() as u64;
        self.lines += whole.split_inclusive(|byte| *byte == b'\n').count();
        self.digest.update(whole);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::index;
    use std::fs;

    #[test]
    fn the_last_line_is_found_however_long_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lines");
        let long = "x".repeat(150_000);
        for (text, line) in [
            (String::new(), String::new()),
            ("\n".to_owned(), "\n".to_owned()),
            ("one\n".to_owned(), "one\n".to_owned()),
            ("one\ntwo\n".to_owned(), "two\n".to_owned()),
            ("one\ntw".to_owned(), "tw".to_owned()),
            (format!("one\n{long}\n"), format!("{long}\n")),
            (format!("{long}\n{long}"), long.clone()),
            ("one\ntwo\n \n\n".to_owned(), "two\n \n\n".to_owned()),
            (
                format!("one\n{}", "\n".repeat(150_000)),
                format!("one\n{}", "\n".repeat(150_000)),
            ),
        ] {
            fs::write(&path, &text).unwrap();
            let (found, start) = last(&path).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), line);
            assert_eq!(index(start), text.len() - line.len());
        }
    }

    #[test]
    fn every_change_of_sealed_lines_shows() {
        let mut lines: Vec<String> = Vec::new();
        for line in [r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":2}"#, r#"{"a":3}"#] {
            let before = lines.last().cloned().unwrap_or_default();
            lines.push(sealed(before.as_bytes(), line));
            assert_eq!(without_seal(&lines[lines.len() - 1]), line);
        }
        let broken = |lines: &[String]| -> usize {
            let mut before = String::new();
            let mut count = 0;
            for line in lines {
                let found = look_at_seal(before.as_bytes(), line);
                count += usize::from(found != Sealed::Good);
                before.clone_from(line);
            }
            count
        };
        assert_eq!(broken(&lines), 0);
        for change in 0..4 {
            let mut changed = lines.clone();
            match change {
                0 => changed[1] = changed[1].replace("2,", "7,"),
                1 => drop(changed.remove(1)),
                2 => changed.swap(1, 2),
                _ => changed.insert(1, changed[0].clone()),
            }
            assert!(broken(&changed) > 0, "change {change}");
        }
        assert_eq!(look_at_seal(b"", r#"{"a":1}"#), Sealed::Absent);
    }

    #[test]
    fn what_grows_is_digested_like_what_is_read_at_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lines");
        let mut growing = Growing::new(path.clone());
        assert_eq!(growing.read().unwrap(), Prefix::of(b"", 0).unwrap());
        for (text, lines) in [
            ("a\nb", 1),
            ("a\nb\n\n \n", 2),
            ("a\nb\nc\n", 3),
            ("a\nb\n", 2),
        ] {
            fs::write(&path, text).unwrap();
            let whole = Prefix::of(text.as_bytes(), lines).unwrap();
            assert_eq!(growing.read().unwrap(), whole, "{text:?}");
            assert!(whole.begins(b"a\nb\nc\nd") || lines == 1);
        }
        assert_eq!(Prefix::of(b"a\nb", 2), None, "the second has no end");
    }
}
