//! The real program in a home of its own.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A fiftieth of the operations and two thousand samples: an epoch costs a tenth of a second.
pub const SMALL: [&str; 5] = [
    "--set=train_split=0.02",
    "--set=val_split=0.01",
    "--set=test_split=0.97",
    "--set=eval_num_samples=2000",
    "--device=cpu",
];

/// An empty folder for data, removed at the end.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file with this content.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The program with its data in here.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        // Another build can be put through the same tests.
        let program = std::env::var_os("FLUXTTICE_PROGRAM");
        let this = || env!("CARGO_BIN_EXE_fluxttice-explorer").into();
        let mut command = Command::new(program.unwrap_or_else(this));
        command
            .args(arguments)
            .env("FLUXTTICE_DATA_DIR", self.path("data"))
            .stdin(Stdio::null());
        command
    }

    /// Copies the program to where every user may start it; a superuser's home cannot be reached by others.
    #[cfg(unix)]
    pub fn for_all_users(&self) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let copy = self.path("program");
        fs::copy(self.command([]).get_program(), &copy).unwrap();
        for path in [self.0.path(), &copy] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        copy
    }

    /// Runs it to its end as the user `nobody`, where that can be done.
    #[cfg(unix)]
    pub fn as_nobody(&self, arguments: &str) -> Option<Ran> {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(self.path("data")).unwrap();
        fs::set_permissions(self.path("data"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new("setpriv");
        command
            .env("FLUXTTICE_DATA_DIR", self.path("data"))
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(self.for_all_users())
            .args(arguments.split_whitespace());
        Some(Ran::from(command.output().ok()?))
    }

    /// Runs it to its end; the arguments are separated by blanks.
    pub fn run(&self, arguments: &str) -> Ran {
        Ran::of(self.command(arguments.split_whitespace()))
    }

    /// A new run of small epochs.
    pub fn train(&self, out: &str, arguments: &str) -> Ran {
        Ran::of(self.training(out, arguments))
    }

    /// The command of [`train`](Self::train).
    pub fn training(&self, out: &str, arguments: &str) -> Command {
        let mut command = self.command(["train", "--json"].into_iter().chain(SMALL));
        command.args(arguments.split_whitespace());
        command.arg("--out").arg(self.path(out));
        command
    }

    /// Continues a run.
    pub fn resume(&self, run: &str, arguments: &str) -> Ran {
        let mut command = self.command(["train", "--json", "--device=cpu"]);
        command.args(arguments.split_whitespace());
        command.arg("--resume").arg(self.path(run));
        Ran::of(command)
    }

    /// The newest weights of a run, as bytes.
    pub fn weights(&self, run: &str) -> Vec<u8> {
        fs::read(
            self.path(run)
                .join("checkpoints/latest/weights.safetensors"),
        )
        .unwrap()
    }

    /// The metrics of a run.
    pub fn metrics(&self, run: &str) -> Vec<Value> {
        parse_lines(&fs::read_to_string(self.path(run).join("metrics.jsonl")).unwrap())
    }
}

/// Output and exit code of a program that has ended.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(mut command: Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Runs a command to its end on some input.
    pub fn with_input(mut command: Command, input: &str) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn({
            let input = input.to_owned();
            // A program that stops reading says why by its exit code.
            move || drop(stdin.write_all(input.as_bytes()))
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Self::from(output)
    }

    /// Asserts the exit code, and returns the output for further assertions.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "\nstdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// One error on standard error, in one line, that holds all of these words.
    #[track_caller]
    pub fn says_only(self, words: &[&str]) -> Self {
        let errors: Vec<&str> = self.stderr.trim_end().lines().collect();
        assert_eq!(errors.len(), 1, "one error, in one line: {}", self.stderr);
        assert!(errors[0].starts_with("error: "), "{}", self.stderr);
        for word in words {
            assert!(errors[0].contains(word), "no `{word}` in: {}", errors[0]);
        }
        self
    }

    /// Standard output as JSON lines.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        parse_lines(&self.stdout)
    }

    /// The JSON lines of one event.
    #[track_caller]
    pub fn events(&self, name: &str) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| line["event"] == name);
        lines
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

#[track_caller]
pub fn parse_lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in: {line}"));
    text.lines().map(parse).collect()
}

/// A training program under way, its JSON lines read as they come.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    /// Reads up to and including the next line of this event.
    pub fn wait_for(&mut self, event: &str) -> Value {
        for line in self.lines.by_ref() {
            let value: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if value["event"] == event {
                return value;
            }
        }
        panic!("ended without the event `{event}`")
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Reads everything that is left and waits: status, remaining events, standard error.
    pub fn end(mut self) -> (ExitStatus, Vec<Value>, String) {
        let rest = self.lines.by_ref().map(|line| line.unwrap());
        let rest: Vec<Value> = rest
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect();
        self.close()
            .map(|(status, stderr)| (status, rest, stderr))
            .unwrap()
    }

    /// Closes the pipe of standard output unread and waits: status, standard error.
    pub fn close(self) -> std::io::Result<(ExitStatus, String)> {
        let Self { mut child, lines } = self;
        drop(lines);
        let mut stderr = String::new();
        if let Some(mut pipe) = child.stderr.take() {
            pipe.read_to_string(&mut stderr)?;
        }
        Ok((child.wait()?, stderr))
    }
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
