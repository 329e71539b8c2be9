//! The archive that a file of PyTorch is, looked at before anything in it is unpacked: a small file may claim any
//! size.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use tar::Archive;
use zip::ZipArchive;

use crate::files;

/// Largest file that is read, in bytes, also once it is unpacked: a checkpoint of the widest model with its
/// optimizer is half of it.
const MAX_BYTES: u64 = 64 << 20;
/// Largest description of the tensors in a ZIP archive, in bytes. Read, it takes more than a hundred times as much.
const MAX_PICKLE_BYTES: u64 = 4 << 20;
/// Name of that description within an archive.
const PICKLE: &str = "data.pkl";
/// Place of the word by which a TAR archive is known, and the length of its headers.
const TAR: usize = 257;
const TAR_HEADER: usize = 512;
/// Beginning of a file of PyTorch before version 1.6 whose pickles are text.
const LEGACY: &[u8] = b"L119547037146038801333356L";
/// Bytes at the beginning of a file that tell whether PyTorch wrote it.
pub const PYTORCH_HEAD: u64 = TAR_HEADER as u64;

/// Returns true if a file begins as one that `torch.save` wrote, in any of its formats; `head` is its
/// beginning, of [`PYTORCH_HEAD`] bytes.
pub fn is_pytorch(head: &[u8]) -> bool {
    match head {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => true,
        // The length of a safetensors header can be any bytes; the header itself begins so.
        _ if head.get(8) == Some(&b'{') => false,
        [0x80, 0..=5, ..] => true,
        _ => is_tar(head) || head.starts_with(LEGACY),
    }
}

fn is_tar(head: &[u8]) -> bool {
    head.get(TAR..TAR + 5) == Some(b"ustar")
}

/// Checks the sizes that a file and the archive in it claim, and that each name in it is there once.
///
/// # Errors
/// Says what was found and what was expected.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let mut file = files::open(path).map_err(told)?;
    let length = file.metadata().map_err(told)?.len();
    at_most(length, MAX_BYTES, "the file")?;
    let mut head = Vec::new();
    let read = (&file).take(PYTORCH_HEAD).read_to_end(&mut head);
    read.and_then(|_| file.rewind()).map_err(told)?;
    if head.starts_with(b"PK") {
        return zipped(&file);
    }
    if is_tar(&head) {
        for entry in Archive::new(&file).entries().map_err(told)? {
            // A sparse entry is larger than the file.
            at_most(entry.map_err(told)?.size(), length, "an entry")?;
        }
    }
    Ok(())
}

fn zipped(file: &File) -> Result<(), String> {
    let archive = ZipArchive::new(BufReader::new(file));
    let mut archive = archive.map_err(|error| error.to_string())?;
    let mut all = 0;
    for number in 0..archive.len() {
        let entry = archive.by_index_raw(number);
        let entry = entry.map_err(|error| error.to_string())?;
        all += entry.size();
        let name = entry.name().map_err(|error| error.to_string())?;
        if name.ends_with(PICKLE) {
            at_most(entry.size(), MAX_PICKLE_BYTES, PICKLE)?;
        }
    }
    at_most(all, MAX_BYTES, "what it packs")?;
    let there = archive.len();
    match entries_at_the_end(file) {
        Some(count) if usize::from(count) != there && count != u16::MAX => Err(format!(
            "{count} entries have {there} names; expected each name once"
        )),
        _ => Ok(()),
    }
}

/// Returns the number of entries that the last record of a ZIP archive has.
fn entries_at_the_end(mut file: &File) -> Option<u16> {
    const RECORD: &[u8] = b"PK\x05\x06";
    /// The record and the longest comment behind it.
    const LONGEST: u64 = 66 << 10;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))
        .ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    let mut windows = tail.windows(RECORD.len());
    let at = windows.rposition(|window| window == RECORD)?;
    let count = tail.get(at + 10..)?.first_chunk()?;
    Some(u16::from_le_bytes(*count))
}

fn at_most(bytes: u64, limit: u64, what: &str) -> Result<(), String> {
    match bytes <= limit {
        true => Ok(()),
        false => Err(format!(
            "{what} has {bytes} bytes; expected {limit} at most"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(entries: &[(&str, usize)]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut archive = ZipWriter::new(file.as_file_mut());
        for (name, size) in entries {
            archive
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(&vec![0; *size]).unwrap();
        }
        archive.finish().unwrap();
        file
    }

    #[test]
    fn what_claims_more_than_a_model_needs_is_not_unpacked() {
        assert_eq!(
            check(archive(&[("a/data.pkl", 100), ("a/data/0", 100)]).path()),
            Ok(())
        );
        let large = archive(&[("a/data.pkl", 5 << 20)]);
        assert!(
            check(large.path())
                .unwrap_err()
                .contains("data.pkl has 5242880 bytes")
        );
        let large = archive(&[("a/data/0", 40 << 20), ("a/data/1", 40 << 20)]);
        assert!(check(large.path()).unwrap_err().contains("what it packs"));
        let mut vast = tempfile::NamedTempFile::new().unwrap();
        vast.as_file_mut().set_len(MAX_BYTES + 1).unwrap();
        assert!(check(vast.path()).unwrap_err().contains("the file has"));
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        let twice = archive(&[("a/data/0", 3), ("a/data/1", 3)]);
        let mut bytes = std::fs::read(twice.path()).unwrap();
        for at in 0..bytes.len() - 8 {
            if bytes[at..].starts_with(b"a/data/1") {
                bytes[at + 7] = b'0';
            }
        }
        std::fs::write(twice.path(), bytes).unwrap();
        assert!(check(twice.path()).unwrap_err().contains("each name once"));
    }

    #[test]
    fn an_entry_that_is_larger_than_its_file_is_refused() {
        let mut header = tar::Header::new_gnu();
        header.set_path("storages").unwrap();
        header.set_size(8 << 30);
        header.set_cksum();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(header.as_bytes()).unwrap();
        file.write_all(&[0; 1024]).unwrap();
        assert!(check(file.path()).unwrap_err().contains("8589934592 bytes"));
    }

    #[test]
    fn files_of_pytorch_are_told_from_safetensors_by_how_they_begin() {
        assert!(is_pytorch(b"PK\x03\x04"));
        assert!(is_pytorch(b"\x80\x02}q\x00"));
        assert!(is_pytorch(LEGACY));
        // A header of 640 bytes has the length that a pickle begins with.
        assert!(!is_pytorch(b"\x80\x02\0\0\0\0\0\0{\"a\""));
        let mut tarred = vec![0; TAR_HEADER];
        tarred[TAR..TAR + 5].copy_from_slice(b"ustar");
        assert!(is_pytorch(&tarred));
        tarred[8] = b'{';
        assert!(!is_pytorch(&tarred));
        assert!(!is_pytorch(b""));
    }
}
