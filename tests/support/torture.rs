//! Files of a run, a certificate and a key, damaged at random, and the program's reaction to each.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use fluxttice_core::digest::sha256;
use fluxttice_core::numbers::count32;
use fluxttice_core::random::{Purpose, Stream, pick};
use fluxttice_testing::SMALL;

/// Longest time that one command may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most memory that one command may take, in KiB.
const MEMORY: u64 = 2 << 20;
/// Time between two measurements of a command's memory.
const LOOK: Duration = Duration::from_millis(20);

/// Outcome of a command that reads a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Refused, with a reason.
    Refused,
    /// Refused without a reason.
    RefusedSilently,
    /// Accepted with the same bits as an undamaged file, or with a verdict that the certificate deserves.
    Same,
    /// Accepted with other bits, and the difference was reported.
    OtherAndSaid,
    /// Accepted with other bits and without a report, or a changed certificate that passed.
    OtherInSilence,
    /// Ended by a panic or a signal.
    Panic,
    /// Took more than ten seconds.
    Slow,
    /// Took more than two GiB of memory.
    Large,
}

impl Fate {
    /// Returns true for an outcome that must not happen.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Refused | Self::Same | Self::OtherAndSaid)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Refused => "refused with a reason",
            Self::RefusedSilently => "refused without a word",
            Self::Same => "same bits",
            Self::OtherAndSaid => "other bits, and said",
            Self::OtherInSilence => "OTHER BITS WITHOUT A WORD",
            Self::Panic => "PANIC",
            Self::Slow => "OVER 10 s",
            Self::Large => "OVER 2 GB",
        })
    }
}

/// Number of outcomes of each kind, by kind of file.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<(String, Fate), u64>);

impl Counts {
    fn add(&mut self, file: &str, fate: Fate) {
        *self.0.entry((file.to_owned(), fate)).or_default() += 1;
    }

    /// Returns the number of mutations that were tried.
    pub fn tried(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns the number of outcomes that must not happen.
    pub fn bad(&self) -> u64 {
        let bad = self.0.iter().filter(|((_, fate), _)| fate.is_bad());
        bad.map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((file, fate), count) in &self.0 {
            writeln!(f, "{file:<46} {fate:<28} {count:>7}")?;
        }
        let bad = self.bad();
        writeln!(f, "{} mutations, {bad} that must not be", self.tried())
    }
}

/// Source of random numbers.
struct Dice {
    stream: Stream,
    rolled: u32,
}

impl Dice {
    fn new(seed: u64, number: u64) -> Self {
        Self {
            stream: Stream::new(
                seed,
                Purpose::Shuffle,
                count32(number % (1 << 32)),
                count32(number >> 32),
            ),
            rolled: 0,
        }
    }

    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.rolled += 1;
        pick(self.stream.uniform(self.rolled, 0), sides)
    }
}

/// Damages some bytes, and returns a few words on the damage. The bytes always change.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) -> String {
    let before = bytes.clone();
    loop {
        let what = damaged(bytes, dice);
        if *bytes != before {
            return what;
        }
    }
}

fn damaged(bytes: &mut Vec<u8>, dice: &mut Dice) -> String {
    const WORDS: [&str; 12] = [
        "\0",
        "\n",
        "\r\n",
        "\"",
        "{",
        "}",
        "[[[[[[[[",
        "null",
        "-1",
        "1e999",
        "\u{202e}",
        "\u{1b}[2J",
    ];
    let length = bytes.len();
    let at = dice.roll(length.max(1));
    let some = 1 + dice.roll(40);
    let end = (at + some).min(length);
    let lines: Vec<Vec<u8>> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    match dice.roll(12) {
        _ if length == 0 => {
            bytes.extend_from_slice(b"x");
            "filled".to_owned()
        }
        0..=3 => {
            let bit = dice.roll(8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
        4 => {
            bytes.truncate(at);
            format!("cut after {at}")
        }
        5 => {
            bytes.drain(at..end);
            format!("{} bytes gone at {at}", end - at)
        }
        6 => {
            let word = WORDS[dice.roll(WORDS.len())];
            bytes.splice(at..at, word.bytes());
            format!("{word:?} at {at}")
        }
        7 => {
            bytes[at..end].fill(0);
            format!("zeros at {at}")
        }
        8 => {
            // Another digit where one stands: what parses as before.
            let digits: Vec<usize> = (0..length)
                .filter(|at| bytes[*at].is_ascii_digit())
                .collect();
            let Some(at) = digits.get(dice.roll(digits.len().max(1))) else {
                return String::new();
            };
            bytes[*at] = b"0123456789"[dice.roll(10)];
            format!("another digit at {at}")
        }
        9 if lines.len() > 1 => {
            let line = dice.roll(lines.len());
            let mut lines = lines;
            lines.remove(line);
            *bytes = lines.concat();
            format!("line {} gone", line + 1)
        }
        10 => {
            let line = dice.roll(lines.len());
            let mut lines = lines;
            lines.insert(line, lines[line].clone());
            *bytes = lines.concat();
            format!("line {} twice", line + 1)
        }
        _ if lines.len() > 1 => {
            let line = dice.roll(lines.len() - 1);
            let mut lines = lines;
            lines.swap(line, line + 1);
            *bytes = lines.concat();
            format!("lines {} and {} swapped", line + 1, line + 2)
        }
        _ => String::new(),
    }
}

/// A program and what it is tried with.
pub struct Torture {
    program: PathBuf,
    home: tempfile::TempDir,
    seed: u64,
    number: AtomicU64,
    /// Weights that an undamaged run reaches after one more epoch.
    wanted: String,
    counts: Mutex<Counts>,
    told: Mutex<Vec<String>>,
}

/// Result of a command.
struct Ended {
    status: Option<ExitStatus>,
    stdout: String,
    stderr: String,
    fate: Option<Fate>,
}

impl Torture {
    /// Makes a run, and a signed certificate with its key.
    pub fn new(program: &Path, seed: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut torture = Self {
            program: program.to_owned(),
            home,
            seed,
            number: AtomicU64::new(0),
            wanted: String::new(),
            counts: Mutex::default(),
            told: Mutex::default(),
        };
        let mut train = torture.command(&["train", "-q", "--epochs=3", "--set=checkpoint_freq=1"]);
        // A change in effect, so that there is something in the journal to get wrong.
        train
            .args(SMALL.map(|set| format!("--set={set}")))
            .arg("--device=cpu")
            .args(["--change=1:hold.rho=0.3", "--disrupt=2:beta-b:epochs=3"]);
        train.arg("--out").arg(torture.path("run"));
        Self::must(train);
        let whole = torture.copied("whole");
        Self::must(torture.resume(&whole));
        torture.wanted = newest_weights(&whole).unwrap();
        let key = torture.path("key");
        let mut keygen = torture.command(&["keygen", "-q"]);
        keygen.arg("--out").arg(&key);
        Self::must(keygen);
        let mut certify = torture.command(&["certify", "-q"]);
        certify.arg("--out").arg(torture.path("evidence"));
        certify.arg("--sign").arg(torture.path("key.key.pem"));
        Self::must(certify);
        torture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null());
        command.env("FLUXTTICE_DATA_DIR", self.path("data"));
        // As many at once as there are cores, each on one of them.
        command.env("RAYON_NUM_THREADS", "1");
        command
    }

    fn resume(&self, run: &Path) -> Command {
        let mut command = self.command(&["train", "--json", "--device=cpu", "--epochs=1"]);
        command.arg("--resume").arg(run);
        command
    }

    fn must(mut command: Command) {
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {text}");
    }

    /// A copy of the run, by hard links: the program never writes into a file that it did not make.
    fn copied(&self, name: &str) -> PathBuf {
        let copy = self.path(name);
        link_all(&self.path("run"), &copy);
        copy
    }

    /// Damages a file of a run and goes on with it.
    pub fn damage_a_run(&self) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::new(self.seed, number);
        let run = self.copied(&format!("run-{number}"));
        let newest = newest(&run).unwrap();
        let files = [
            "config.yaml",
            "metrics.jsonl",
            "journal.jsonl",
            "run.json",
            "checkpoints/NEWEST/state.json",
            "checkpoints/NEWEST/weights.safetensors",
            "checkpoints/NEWEST/optimizer.bpk",
            "checkpoints/NEWEST/digests.json",
        ];
        let name = files[dice.roll(files.len())];
        let path = run.join(name.replace("NEWEST", newest.file_name().unwrap().to_str().unwrap()));
        let what = Self::damage_file(&path, &mut dice);
        let ended = run_to_end(self.resume(&run));
        let weights = newest_weights(&run);
        let fate = fate(&ended, weights.as_ref() == Some(&self.wanted));
        self.note(
            &format!("run: {}", name.replace("NEWEST/", "…/")),
            fate,
            &format!("{number}: {what}"),
            &ended,
        );
        fs::remove_dir_all(&run).unwrap();
    }

    /// Damages a file of a certificate, or the key that it is checked with, and checks it.
    pub fn damage_a_certificate(&self) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::new(self.seed, number);
        let folder = self.path(&format!("evidence-{number}"));
        link_all(&self.path("evidence"), &folder);
        let key = folder.with_extension("pem");
        fs::copy(self.path("key.pub.pem"), &key).unwrap();
        let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.push(key.clone());
        paths.sort();
        let path = paths[dice.roll(paths.len())].clone();
        let before = fs::read(&path).unwrap();
        let what = Self::damage_file(&path, &mut dice);
        let mut verify = self.command(&["verify", "--sums-only"]);
        verify.arg(&folder).arg("--key").arg(&key);
        let ended = run_to_end(verify);
        let passed = ended.status.is_some_and(|status| status.success());
        // A key file whose line ends or frame changed may still be the same key.
        let same_key = path == key && is_same_key(&before, &fs::read(&key).unwrap());
        let fate = match fate(&ended, true) {
            Fate::Same if passed && same_key => Fate::Same,
            Fate::Same => Fate::OtherInSilence,
            fate => fate,
        };
        let name = if path == key {
            "key".to_owned()
        } else {
            path.file_name().unwrap().to_string_lossy().into_owned()
        };
        self.note(
            &format!("certificate: {name}"),
            fate,
            &format!("{number}: {what}"),
            &ended,
        );
        fs::remove_dir_all(&folder).unwrap();
        fs::remove_file(&key).unwrap();
    }

    fn damage_file(path: &Path, dice: &mut Dice) -> String {
        let mut bytes = fs::read(path).unwrap();
        let what = damage(&mut bytes, dice);
        // A new file: the old one is the run's own.
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
        what
    }

    fn note(&self, file: &str, fate: Fate, what: &str, ended: &Ended) {
        self.counts.lock().unwrap().add(file, fate);
        if fate.is_bad() {
            let text = format!("{file}, {what}: {fate}\n{}{}", ended.stdout, ended.stderr);
            self.told.lock().unwrap().push(text);
        }
    }

    /// Returns the counts, and the outcomes that must not happen.
    pub fn told(self) -> (Counts, Vec<String>) {
        // The files copied by hard links are unchanged: nothing wrote into them.
        let whole = self.copied("at-the-end");
        let ended = run_to_end(self.resume(&whole));
        assert_eq!(
            newest_weights(&whole).as_ref(),
            Some(&self.wanted),
            "the run was written into: {}",
            ended.stderr
        );
        (
            self.counts.into_inner().unwrap(),
            self.told.into_inner().unwrap(),
        )
    }
}

fn fate(ended: &Ended, same: bool) -> Fate {
    let Some(status) = ended.status else {
        return ended.fate.unwrap_or(Fate::Slow);
    };
    if ended.stderr.contains("panicked") || status.code().is_none() || status.code() == Some(101) {
        return Fate::Panic;
    }
    if let Some(fate) = ended.fate {
        return fate;
    }
    let said = !ended.stderr.trim().is_empty() || ended.stdout.contains(r#""event":"notice""#);
    match (status.success(), same) {
        (false, _) if said || !ended.stdout.trim().is_empty() => Fate::Refused,
        (false, _) => Fate::RefusedSilently,
        (true, true) => Fate::Same,
        (true, false) if said => Fate::OtherAndSaid,
        (true, false) => Fate::OtherInSilence,
    }
}

/// Returns true if both keys have the same letters between the first and the last line.
fn is_same_key(one: &[u8], other: &[u8]) -> bool {
    let letters = |bytes: &[u8]| -> Option<String> {
        let text = std::str::from_utf8(bytes).ok()?;
        let inner = text.split("-----").nth(2)?;
        Some(inner.chars().filter(|c| !c.is_whitespace()).collect())
    };
    letters(one).is_some() && letters(one) == letters(other)
}

fn link_all(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), copy).unwrap();
        } else if path.is_dir() {
            link_all(&path, &copy);
        } else if path.file_name().is_some_and(|name| name != ".lock") {
            fs::hard_link(&path, copy).unwrap();
        }
    }
}

/// The checkpoint of the highest number.
fn newest(run: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(run.join("checkpoints")).ok()?;
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("epoch-"))
        })
        .max()
}

fn newest_weights(run: &Path) -> Option<String> {
    let bytes = fs::read(newest(run)?.join("weights.safetensors")).ok()?;
    Some(sha256(&bytes))
}

/// Runs a command to its end, or ends it where it takes too long or too much.
fn run_to_end(mut command: Command) -> Ended {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, ended) = channel();
    let read = |mut pipe: Box<dyn Read + Send>, sender: std::sync::mpsc::Sender<()>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(pipe.read_to_end(&mut bytes));
            drop(sender);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(Box::new(child.stdout.take().unwrap()), sender.clone());
    let stderr = read(Box::new(child.stderr.take().unwrap()), sender);
    let began = Instant::now();
    let mut fate = None;
    // Both pipes are closed once it has ended.
    while ended.recv_timeout(LOOK) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
        let exceeded = match (began.elapsed() > PATIENCE, memory(&child) > MEMORY) {
            (true, _) => Some(Fate::Slow),
            (_, true) => Some(Fate::Large),
            _ => None,
        };
        if exceeded.is_some() {
            fate = exceeded;
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    Ended {
        status: fate.is_none().then_some(status),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        fate,
    }
}

/// Returns the most memory that a process has had so far, in KiB.
fn memory(child: &Child) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
