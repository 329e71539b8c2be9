//! Bookmarks: places of the latent space that somebody wants to find again, in `bookmarks.yaml` beside the
//! runs.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::error::RunError;
use super::files;
use crate::measure::neighbours::LatentPoint;

/// Name of the file of bookmarks.
pub const BOOKMARKS: &str = "bookmarks.yaml";
/// Largest file of bookmarks that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// A place of the latent space, with a note.
#[derive(Clone, Debug, PartialEq)]
pub struct Bookmark {
    /// Operation or point that is marked.
    pub place: LatentPoint,
    /// Note of the user; may be empty.
    pub note: String,
}

/// A change of the list of bookmarks.
#[derive(Clone, Debug, PartialEq)]
pub enum BookmarkChange {
    /// Adds a bookmark, or replaces the one that the place has.
    Set(Bookmark),
    /// Removes the bookmark of a place; nothing happens where there is none.
    Remove(LatentPoint),
}

/// A bookmark as it stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    place: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

/// Reads the bookmarks in a file, the oldest first; none where there is no file.
///
/// # Errors
/// Returns a [`RunError`] that says what is wrong with the file.
pub fn read(path: &Path) -> Result<Vec<Bookmark>, RunError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let wrong = |problem: String| RunError::unusable(path, problem);
    let bytes = files::read(path, LIMIT)?;
    let stored: Vec<Stored> = serde_yaml::from_slice(&bytes).map_err(|error| {
        wrong(format!(
            "expected a list of bookmarks with `place` and `note`, found: {error}"
        ))
    })?;
    let bookmark = |(number, stored): (usize, Stored)| {
        let place = stored.place.parse();
        Ok(Bookmark {
            place: place.map_err(|error| wrong(format!("bookmark {}: {error}", number + 1)))?,
            note: stored.note,
        })
    };
    stored.into_iter().enumerate().map(bookmark).collect()
}

/// Changes the bookmarks in a file, and returns all that there are now.
///
/// # Errors
/// Returns a [`RunError`] where the file cannot be read or written; it is as it was then.
pub fn change(disk: &Disk, path: &Path, change: BookmarkChange) -> Result<Vec<Bookmark>, RunError> {
    let mut bookmarks = read(path)?;
    match change {
        BookmarkChange::Set(new) => {
            let there = bookmarks
                .iter_mut()
                .find(|bookmark| bookmark.place.is_same(&new.place));
            match there {
                Some(bookmark) => *bookmark = new,
                None => bookmarks.push(new),
            }
        }
        BookmarkChange::Remove(place) => {
            bookmarks.retain(|bookmark| !bookmark.place.is_same(&place));
        }
    }
    let stored: Vec<Stored> = bookmarks
        .iter()
        .map(|bookmark| Stored {
            place: bookmark.place.to_string(),
            note: bookmark.note.clone(),
        })
        .collect();
    let text = serde_yaml::to_string(&stored)
        .map_err(|error| RunError::unusable(path, error.to_string()))?;
    if let Some(folder) = path.parent() {
        disk.create_folder(folder)?;
    }
    disk.write(path, text.as_bytes())?;
    Ok(bookmarks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bookmark(place: &str, note: &str) -> Bookmark {
        Bookmark {
            place: place.parse().unwrap(),
            note: note.to_owned(),
        }
    }

    #[test]
    fn bookmarks_are_kept_changed_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new").join(BOOKMARKS);
        assert_eq!(read(&path).unwrap(), []);
        let first = bookmark("min + max - product", "a: \"quoted\" #note\n- 3");
        let second = bookmark("----00-0+", "");
        for new in [&first, &second] {
            change(&Disk::default(), &path, BookmarkChange::Set(new.clone())).unwrap();
        }
        assert_eq!(read(&path).unwrap(), [first.clone(), second.clone()]);
        // min is another way to write the second.
        let renamed = bookmark("min", "the lattice's");
        let now = change(
            &Disk::default(),
            &path,
            BookmarkChange::Set(renamed.clone()),
        )
        .unwrap();
        assert_eq!(now, [first.clone(), renamed]);
        let now = change(
            &Disk::default(),
            &path,
            BookmarkChange::Remove(second.place),
        )
        .unwrap();
        assert_eq!(now, std::slice::from_ref(&first));
        assert_eq!(read(&path).unwrap(), [first]);
    }

    #[test]
    fn a_file_that_is_none_is_told_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(BOOKMARKS);
        for (text, expected) in [
            ("- place: mix\n", "bookmark 1: no point `mix`"),
            ("- plaec: min\n", "plaec"),
            ("min", "expected a list of bookmarks"),
            ("- place: [min", "expected a list of bookmarks"),
        ] {
            std::fs::write(&path, text).unwrap();
            let problem = read(&path).unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
            assert!(problem.contains(BOOKMARKS), "{problem}");
            change(
                &Disk::default(),
                &path,
                BookmarkChange::Set(bookmark("min", "")),
            )
            .unwrap_err();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
