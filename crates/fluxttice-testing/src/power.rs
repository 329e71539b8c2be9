//! A model of power cuts: every change of the file system is recorded, and whether it would survive.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use fluxttice_core::numbers::index;
use fluxttice_core::run::disk::{Access, FileSystem, Machine};

/// One change of the file system.
#[derive(Clone, Debug)]
enum Change {
    Folder(PathBuf),
    Write(PathBuf, Arc<[u8]>),
    Append(PathBuf, Arc<[u8]>),
    Truncate(PathBuf, u64),
    SyncFile(PathBuf),
    SyncFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, String),
    Remove(PathBuf),
    /// No change: a message was sent that everything before this point is safe.
    Told(String),
}

/// The machine's file system, with every change below a folder written down.
#[derive(Debug)]
pub struct Recorder {
    root: PathBuf,
    changes: Mutex<Vec<Change>>,
}

impl Recorder {
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            changes: Mutex::default(),
        }
    }

    /// Records a message that must stay true.
    pub fn told(&self, what: impl Into<String>) {
        self.note(Change::Told(what.into()));
    }

    /// Returns the changes recorded so far.
    pub fn story(&self) -> Story {
        Story(self.changes.lock().unwrap().clone())
    }

    fn note(&self, change: Change) {
        self.changes.lock().unwrap().push(change);
    }

    /// Returns a path as seen from the root; the process id in it is replaced by one
    /// that does not exist, as after a cut.
    fn inside(&self, path: &Path) -> PathBuf {
        let path = path.strip_prefix(&self.root).unwrap().to_str().unwrap();
        let this = format!("-{}-", std::process::id());
        PathBuf::from(path.replace(&this, &format!("-{}-", i32::MAX)))
    }
}

impl FileSystem for Recorder {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        Machine.create_folder(path)?;
        self.note(Change::Folder(self.inside(path)));
        Ok(())
    }

    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
        Machine.create(path, bytes, access)?;
        self.note(Change::Write(self.inside(path), bytes.into()));
        self.note(Change::SyncFile(self.inside(path)));
        Ok(())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        Machine.append(path, bytes)?;
        self.note(Change::Append(self.inside(path), bytes.into()));
        self.note(Change::SyncFile(self.inside(path)));
        Ok(())
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        Machine.truncate(path, length)?;
        self.note(Change::Truncate(self.inside(path), length));
        self.note(Change::SyncFile(self.inside(path)));
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        Machine.sync_folder(path)?;
        self.note(Change::SyncFolder(self.inside(path)));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Machine.rename(from, to)?;
        self.note(Change::Rename(self.inside(from), self.inside(to)));
        Ok(())
    }

    fn link(&self, path: &Path, target: &str) -> io::Result<()> {
        Machine.link(path, target)?;
        self.note(Change::Link(self.inside(path), target.to_owned()));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        Machine.remove_file(path)?;
        self.note(Change::Remove(self.inside(path)));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        // One name after another, as the system does it.
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            match path.is_dir() && !path.is_symlink() {
                true => self.remove_folder(&path)?,
                false => self.remove_file(&path)?,
            }
        }
        fs::remove_dir(path)?;
        self.note(Change::Remove(self.inside(path)));
        Ok(())
    }
}

/// State of changes that were not synced, after a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// All changes are there: the process was killed, the machine went on.
    Kept,
    /// No change is there.
    Lost,
    /// Names are there, but not bytes: files are empty or as they were synced last.
    NamesKept,
    /// Names are there, and half of the bytes that were added.
    HalfKept,
}

impl Unsynced {
    pub const ALL: [Self; 4] = [Self::Kept, Self::Lost, Self::NamesKept, Self::HalfKept];
}

/// Recorded changes, in order.
pub struct Story(Vec<Change>);

impl Story {
    /// Returns the number of changes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the messages among the first `changes` changes.
    pub fn told(&self, changes: usize) -> impl Iterator<Item = &str> {
        self.0[..changes].iter().filter_map(|change| match change {
            Change::Told(what) => Some(what.as_str()),
            _ => None,
        })
    }

    /// Returns the files that a cut after the first `changes` changes leaves.
    pub fn after(&self, changes: usize, unsynced: Unsynced) -> Tree {
        let mut disk = Model::default();
        for change in &self.0[..changes] {
            disk.make(change);
        }
        let mut tree = Tree::default();
        disk.read(0, Path::new(""), unsynced, &mut tree);
        tree
    }
}

/// Content of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    Folder,
    File(Vec<u8>),
    Link(String),
}

/// Content of a file system, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree(BTreeMap<PathBuf, Entry>);

impl Tree {
    /// Creates the files in a folder.
    pub fn build(&self, root: &Path) {
        for (path, entry) in &self.0 {
            let path = root.join(path);
            match entry {
                Entry::Folder => fs::create_dir(path).unwrap(),
                Entry::File(bytes) => fs::write(path, bytes).unwrap(),
                Entry::Link(target) => std::os::unix::fs::symlink(target, path).unwrap(),
            }
        }
    }
}

/// A file, folder or link: as it is, and as it would be after a cut.
#[derive(Debug)]
enum Node {
    File { now: Vec<u8>, synced: Vec<u8> },
    Folder { now: Names, synced: Names },
    Link(String),
}

/// Names in a folder and the nodes that they stand for.
type Names = BTreeMap<String, usize>;

/// A file system with a memory of what was synced.
#[derive(Debug)]
struct Model(Vec<Node>);

impl Default for Model {
    fn default() -> Self {
        Self(vec![Node::Folder {
            now: Names::new(),
            synced: Names::new(),
        }])
    }
}

impl Model {
    fn names(&mut self, folder: &Path) -> &mut Names {
        let at = self.find(folder);
        match &mut self.0[at] {
            Node::Folder { now, .. } => now,
            other => panic!("{} is no folder: {other:?}", folder.display()),
        }
    }

    /// The node at a path, as things are now.
    fn find(&self, path: &Path) -> usize {
        path.components()
            .filter(|part| !matches!(part, Component::CurDir))
            .fold(0, |at, part| match &self.0[at] {
                Node::Folder { now, .. } => now[part.as_os_str().to_str().unwrap()],
                other => panic!("{} leads through {other:?}", path.display()),
            })
    }

    fn add(&mut self, path: &Path, node: Node) {
        self.0.push(node);
        let new = self.0.len() - 1;
        self.names(path.parent().unwrap()).insert(name(path), new);
    }

    fn has(&mut self, path: &Path) -> bool {
        self.names(path.parent().unwrap()).contains_key(&name(path))
    }

    fn bytes(&mut self, path: &Path) -> &mut Vec<u8> {
        let at = self.find(path);
        match &mut self.0[at] {
            Node::File { now, .. } => now,
            other => panic!("{} is no file: {other:?}", path.display()),
        }
    }

    fn make(&mut self, change: &Change) {
        match change {
            Change::Folder(path) => {
                let folder = Node::Folder {
                    now: Names::new(),
                    synced: Names::new(),
                };
                if !self.has(path) {
                    self.add(path, folder);
                }
            }
            Change::Write(path, bytes) => self.add(
                path,
                Node::File {
                    now: bytes.to_vec(),
                    synced: Vec::new(),
                },
            ),
            Change::Append(path, bytes) => {
                if !self.has(path) {
                    let (now, synced) = (Vec::new(), Vec::new());
                    self.add(path, Node::File { now, synced });
                }
                self.bytes(path).extend_from_slice(bytes);
            }
            Change::Truncate(path, length) => self.bytes(path).truncate(index(*length)),
            Change::SyncFile(path) | Change::SyncFolder(path) => {
                let at = self.find(path);
                match &mut self.0[at] {
                    Node::File { now, synced } => synced.clone_from(now),
                    Node::Folder { now, synced } => synced.clone_from(now),
                    Node::Link(_) => panic!("{} is a link", path.display()),
                }
            }
            Change::Rename(from, to) => {
                let node = self.names(from.parent().unwrap()).remove(&name(from));
                self.names(to.parent().unwrap())
                    .insert(name(to), node.unwrap());
            }
            Change::Link(path, target) => self.add(path, Node::Link(target.clone())),
            Change::Remove(path) => {
                self.names(path.parent().unwrap()).remove(&name(path));
            }
            Change::Told(_) => {}
        }
    }

    /// Writes what a cut leaves of a node into a tree.
    fn read(&self, at: usize, path: &Path, unsynced: Unsynced, tree: &mut Tree) {
        let entry = match &self.0[at] {
            Node::Link(target) => Entry::Link(target.clone()),
            Node::File { now, synced } => Entry::File(match unsynced {
                Unsynced::Kept => now.clone(),
                Unsynced::HalfKept if now.starts_with(synced) => {
                    now[..synced.len() + (now.len() - synced.len()) / 2].to_vec()
                }
                Unsynced::Lost | Unsynced::NamesKept | Unsynced::HalfKept => synced.clone(),
            }),
            Node::Folder { now, synced } => {
                let names = match unsynced {
                    Unsynced::Lost => synced,
                    _ => now,
                };
                for (name, node) in names {
                    self.read(*node, &path.join(name), unsynced, tree);
                }
                Entry::Folder
            }
        };
        if at > 0 {
            tree.0.insert(path.to_owned(), entry);
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
