//! The process that makes something half made, and whether that process still runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::checkpoint::epoch_of;
use super::folder::{BESTS, LATEST};
use super::names::{CONFIG, JOURNAL, METRICS, OPTIMIZER, STATE, VALIDATION, WEIGHTS};
use crate::digest::sha256;

/// Ending of a name for something that is being made.
pub const SCRATCH: &str = ".tmp";
/// Ending of a name for a folder that is being replaced or removed.
pub const REPLACED: &str = ".old";
/// Age up to which leftovers are kept whose process cannot be seen from here.
const FOREIGN: Duration = Duration::from_hours(24);
/// Characters of a name that its scratch name repeats, because the length of names is limited.
const LONGEST: usize = 80;

/// Identity of a process, by which another one can tell whether it still runs. A process id alone says
/// nothing: it is given again, and it means another process in another container, on another machine and
/// after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Digest of the machine's start and of the namespace of process ids: 8 hexadecimal digits.
    place: String,
    /// Process id in that namespace.
    process: u32,
    /// Start of the process in the system's ticks; 0 where the system does not tell.
    began: u64,
}

impl Owner {
    /// Returns the identity of this process.
    pub fn this() -> &'static Self {
        static THIS: OnceLock<Owner> = OnceLock::new();
        THIS.get_or_init(|| {
            let process = std::process::id();
            Self {
                place: place(),
                process,
                began: began(process).unwrap_or(0),
            }
        })
    }

    /// Returns the number of the process.
    pub fn process(&self) -> u32 {
        self.process
    }

    /// Returns the start of the process in the system's ticks; 0 where the system does not tell.
    pub fn began(&self) -> u64 {
        self.began
    }

    /// Returns true if the process still runs; `None` where that cannot be seen from here.
    pub fn is_alive(&self) -> Option<bool> {
        if self.place != Self::this().place {
            return None;
        }
        let same = || began(self.process).is_none_or(|began| began == self.began);
        Some(exists(self.process) && same())
    }

    /// Returns true if the place is this one, or cannot be a date that another program put into a name.
    fn is_no_date(&self) -> bool {
        self.place == Self::this().place || !self.place.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Formats the identity as a word that [`Owner::parse`] reads.
    pub fn word(&self) -> String {
        format!("{}-{}-{}", self.place, self.process, self.began)
    }

    /// Parses what [`Owner::word`] wrote; `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        let mut parts = word.split('-');
        let (place, process, began) = (parts.next()?, parts.next()?, parts.next()?);
        let hexadecimal = place.len() == 8 && place.bytes().all(|b| b.is_ascii_hexdigit());
        (hexadecimal && parts.next().is_none()).then_some(())?;
        Some(Self {
            place: place.to_owned(),
            process: process.parse().ok()?,
            began: began.parse().ok()?,
        })
    }
}

/// Returns a path beside another one, for something that this process makes or moves away:
/// `.NAME.OWNER-NUMBER.tmp`.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(LONGEST).collect();
    let owner = Owner::this().word();
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{owner}-{number}{ending}"))
}

/// Returns true for a name by [`beside`], of this version or of version 0.1.0.
pub fn is_half_made(name: &str) -> bool {
    maker(name).is_some()
}

/// Returns true if a path has such a name and no process works on it any more.
pub fn is_abandoned(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match maker(&name) {
        None => false,
        Some(owner) => match owner.and_then(|owner| owner.is_alive()) {
            Some(alive) => !alive,
            None => is_old(path),
        },
    }
}

/// Returns the maker of such a name; `Some(None)` for version 0.1.0, whose names have a process id alone.
/// Other programs make names like those, so they count as that version's only for things with fixed names.
#[expect(
    clippy::option_option,
    reason = "one tells such a name, the other whose it is"
)]
fn maker(name: &str) -> Option<Option<Owner>> {
    let rest = name.strip_prefix('.')?;
    let rest = rest
        .strip_suffix(SCRATCH)
        .or_else(|| rest.strip_suffix(REPLACED))?;
    let (of, word) = rest.rsplit_once('.')?;
    let (owner, number) = word.rsplit_once('-')?;
    number.parse::<u64>().ok()?;
    match owner.parse::<u32>() {
        Ok(_) => has_a_fixed_name(of).then_some(None),
        // A date has eight digits too; of another machine's few names like one the leftovers stay.
        Err(_) => Owner::parse(owner).filter(Owner::is_no_date).map(Some),
    }
}

/// Returns true if this program gives a thing this name, whatever the user says.
fn has_a_fixed_name(name: &str) -> bool {
    let fixed = [
        CONFIG, METRICS, JOURNAL, WEIGHTS, OPTIMIZER, STATE, VALIDATION, LATEST,
    ];
    let is_run = || {
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut parts = name.split('-');
        let (day, second, seed) = (parts.next(), parts.next(), parts.next());
        day.is_some_and(|day| digits(day, 8))
            && second.is_some_and(|second| digits(second, 6))
            && seed.is_some_and(|seed| {
                let digits = seed.strip_prefix('s');
                digits.is_some_and(|digits| digits.parse::<u64>().is_ok())
            })
    };
    fixed.contains(&name) || BESTS.contains(&name) || epoch_of(name).is_some() || is_run()
}

fn is_old(path: &Path) -> bool {
    let changed = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| {
        SystemTime::now()
            .duration_since(changed)
            .is_ok_and(|age| age > FOREIGN)
    })
}

/// Identifies this machine since its start and this namespace of process ids; where the system does not tell
/// both, returns a place that no other process is at.
fn place() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let namespace = fs::read_link("/proc/self/ns/pid");
    let text = match (boot, namespace) {
        (Ok(boot), Ok(namespace)) => format!("{} {}", boot.trim(), namespace.display()),
        _ => format!("{} {:?}", std::process::id(), SystemTime::now()),
    };
    sha256(text.as_bytes())
        .trim_start_matches("sha256:")
        .chars()
        .take(8)
        .collect()
}

/// Reads the start of a process, in ticks since the system's start; `None` where that cannot be read.
fn began(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name stands in brackets and may hold blanks and brackets itself.
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

fn exists(process: u32) -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, test_kill_process};
        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        let found = process.map(test_kill_process);
        // One that is another user's cannot be signalled, but is there.
        !matches!(found, None | Some(Err(rustix::io::Errno::SRCH)))
    }
    #[cfg(not(unix))]
    {
        process == std::process::id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process of this machine that is no more.
    fn gone() -> Owner {
        Owner {
            process: i32::MAX.cast_unsigned(),
            ..Owner::this().clone()
        }
    }

    #[test]
    fn this_process_is_at_work_and_one_that_took_its_number_is_another() {
        let this = Owner::this();
        assert_eq!(this.is_alive(), Some(true));
        assert_eq!(gone().is_alive(), Some(false));
        if this.began > 0 {
            let before = Owner {
                began: this.began - 1,
                ..this.clone()
            };
            assert_eq!(before.is_alive(), Some(false));
        }
        let elsewhere = Owner {
            place: "00000000".to_owned(),
            ..gone()
        };
        assert_eq!(elsewhere.is_alive(), None);
        assert_eq!(Owner::parse(&this.word()).as_ref(), Some(this));
    }

    #[test]
    fn only_what_nobody_is_at_work_on_is_abandoned() {
        let home = tempfile::tempdir().unwrap();
        let (gone, number) = (gone().word(), i32::MAX);
        let mine = beside(Path::new("run"), SCRATCH).display().to_string();
        for (name, abandoned) in [
            (".tmp".to_owned(), false),
            (".run.tmp".to_owned(), false),
            (format!(".run.{gone}.tmp"), false),
            (format!("run.{gone}-2.tmp"), false),
            (format!(".run.{gone}-x.old"), false),
            (mine, false),
            // Of a process in another container, or before a restart: nobody here can tell.
            (format!(".run.0123abcd-{number}-1-2.tmp"), false),
            (format!(".epoch-0001.{number}-2.tmp"), false),
            (format!(".run.{gone}-2.tmp"), true),
            (format!(".a.b.{gone}-0.old"), true),
        ] {
            let path = home.path().join(&name);
            fs::write(&path, "").unwrap();
            assert_eq!(is_abandoned(&path), abandoned, "{name}");
        }
        for (name, abandoned) in [
            (".run.0123abcd-7-1-2.tmp", true),
            (".epoch-0001.7-2.tmp", true),
            (".metrics.jsonl.7-2.tmp", true),
            (".20261121-113000-s42.7-2.old", true),
            (".photos.2023-08.old", false),
            (".backup.2024-12.tmp", false),
            (".20240101-photos.7-2.old", false),
            (".20240101-120000-summer.2023-08.old", false),
            (".notes.20230801-12-30-05.old", false),
        ] {
            let path = home.path().join(name);
            let long_ago = SystemTime::now() - 2 * FOREIGN;
            let file = fs::File::create(&path).unwrap();
            file.set_modified(long_ago).unwrap();
            assert_eq!(is_abandoned(&path), abandoned, "{name}");
        }
    }

    #[test]
    fn a_long_name_has_room_for_its_scratch_name() {
        let long = "ü".repeat(120);
        let scratch = beside(Path::new(&long), SCRATCH);
        assert!(scratch.as_os_str().len() < 255);
        assert!(is_half_made(&scratch.to_string_lossy()));
    }
}
