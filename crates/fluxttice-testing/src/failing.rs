//! A file system that can be made to refuse, or to wait.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use fluxttice_core::run::disk::{Access, FileSystem, Machine};

/// The machine's file system until it is told to refuse.
#[derive(Debug, Default)]
pub struct Failing {
    refusal: Mutex<Option<ErrorKind>>,
    held: Mutex<()>,
}

impl Failing {
    /// Refuses every change from now on with this error; `None` accepts changes again.
    pub fn refuse(&self, why: Option<ErrorKind>) {
        *self.refusal.lock().unwrap() = why;
    }

    /// Blocks every operation as long as the returned guard is kept.
    pub fn hold(&self) -> MutexGuard<'_, ()> {
        self.held.lock().unwrap()
    }

    fn why(&self) -> Option<ErrorKind> {
        drop(self.hold());
        *self.refusal.lock().unwrap()
    }

    /// Fails where nothing more can be written.
    fn room(&self) -> io::Result<()> {
        self.why().map_or(Ok(()), |why| Err(why.into()))
    }

    /// Fails where names may not be changed; on a full disk they may.
    fn permitted(&self) -> io::Result<()> {
        self.why()
            .filter(|why| !is_full(*why))
            .map_or(Ok(()), |why| Err(why.into()))
    }

    /// Writes all of the bytes, or half of them on a full disk. Asks for the refusal
    /// once, since it may change.
    fn write(&self, bytes: &[u8], write: impl Fn(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self.why() {
            None => write(bytes),
            Some(why) => {
                if is_full(why) {
                    write(half(bytes))?;
                }
                Err(why.into())
            }
        }
    }
}

fn is_full(why: ErrorKind) -> bool {
    matches!(why, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Returns the part of the bytes that still fits before the disk is full.
fn half(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() / 2]
}

impl FileSystem for Failing {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.room()?;
        Machine.create_folder(path)
    }

    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
        self.write(bytes, |bytes| Machine.create(path, bytes, access))
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes, |bytes| Machine.append(path, bytes))
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.permitted()?;
        Machine.truncate(path, length)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        Machine.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.permitted()?;
        Machine.rename(from, to)
    }

    fn link(&self, path: &Path, target: &str) -> io::Result<()> {
        self.room()?;
        Machine.link(path, target)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.permitted()?;
        Machine.remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.permitted()?;
        Machine.remove_folder(path)
    }
}
