//! Processes that train without a terminal, and outlive the one that started them.

use std::env;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

use fluxttice_core::run::names::LOG;
use fluxttice_core::session::message::RunInfo;
use fluxttice_core::session::{Estate, Plan, RunLocation, Successor};
use fluxttice_core::shown::{printable, shown};
use fluxttice_core::training::{Planned, Steer};
use serde_json::{Value, json};

use super::{Done, Failure, json_line, json_path, line, note};
use crate::cli::{DetachedAs, Global};

/// Name of the program among the processes.
const NAME: &str = env!("CARGO_PKG_NAME");
/// Longest message of a process that failed, in bytes.
const MESSAGE: u64 = 64 << 10;

/// Starts `train` with the same arguments in a process of its own, and tells where it trains.
pub fn train(global: &Global) -> Done {
    let given = env::args_os().skip(1);
    let mut arguments: Vec<OsString> = given.filter(|argument| argument != "--detach").collect();
    arguments.push("--detached=new".into());
    let mut child = program()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failure::System)?;
    let mut told = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout)
            .read_line(&mut told)
            .map_err(Failure::System)?;
    }
    let Ok(begun) = serde_json::from_str::<Value>(&told) else {
        return failed(&mut child);
    };
    if global.json {
        json_line(&begun)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |key: &str| begun[key].as_str().unwrap_or_default().to_owned();
    line(&text("folder"))?;
    if !global.quiet {
        let name = text("run");
        note(&format!(
            "process {} trains {name}; `fluxttice-explorer attach {name}` looks in, `fluxttice-explorer steer {name} stop` ends it",
            begun["pid"]
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Passes on what a process said that ended before it began to train.
fn failed(child: &mut Child) -> Done {
    let mut words = Vec::new();
    if let Some(stderr) = &mut child.stderr {
        // What can be read of them is enough.
        let _ = stderr.take(MESSAGE).read_to_end(&mut words);
    }
    let exit = child.wait().map_err(Failure::System)?;
    let words = String::from_utf8_lossy(&words);
    // Drivers may have said something before.
    let own = words.find("error: ").unwrap_or(0);
    note(words[own..].trim_end());
    let code = exit.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.filter(|code| *code != 0).unwrap_or(1)))
}

/// This program, also where its file was replaced since it was started.
fn program() -> Command {
    let itself = Path::new("/proc/self/exe");
    let mut program = match itself.exists() {
        true => Command::new(itself),
        false => Command::new(env::current_exe().unwrap_or_else(|_| NAME.into())),
    };
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut program, NAME);
    program
}

/// Starts processes that take runs over from this one.
#[derive(Clone, Debug)]
pub struct Heirs {
    /// Arguments for the new process, beside the run's own.
    pub arguments: Vec<OsString>,
}

impl Successor for Heirs {
    fn start(&self, estate: Estate) -> io::Result<Child> {
        let Estate {
            run,
            lock,
            epochs,
            planned,
            device,
            paused,
            time,
            session,
        } = estate;
        let run = std::path::absolute(run)?;
        let mut command = program();
        command
            .args(["train", "--detached=heir", "--resume"])
            .arg(run);
        command.args(&self.arguments);
        command.arg(format!("--device={device}"));
        if let Some(epochs) = epochs {
            command.arg(format!("--epochs={epochs}"));
        }
        if let Some(time) = time {
            // In milliseconds a long time would be too large a number.
            let (seconds, rest) = (time.as_secs(), time.subsec_millis());
            command.arg(format!("--max-time={seconds}s{rest}ms"));
        }
        if paused {
            command.arg("--paused");
        }
        if let Some(session) = session {
            command.arg(format!("--after-session={session}"));
        }
        for planned in &planned {
            command.arg(argument(planned)?);
        }
        // The lock is handed on as standard input: nothing else of this process reaches the other one.
        command.stdin(Stdio::from(lock));
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// Writes a planned change as an argument of `train`.
fn argument(planned: &Planned) -> io::Result<String> {
    let epoch = planned.epoch;
    match &planned.steer {
        _ if planned.batch > 0 => Err(io::Error::other(
            "a change planned in the middle of an epoch cannot be handed on",
        )),
        Steer::Disrupt { disruption } => Ok(format!("--disrupt={epoch}:{}", disruption.to_text())),
        Steer::Set { key, value, .. } => Ok(format!("--change={epoch}:{key}={value}")),
    }
}

/// A process that was started to train without a terminal.
#[derive(Debug)]
pub struct Detached {
    /// Lock of the run that it takes over; `None` where it takes none over.
    lock: Option<Arc<File>>,
}

/// Leaves the terminal of the process that started this one.
pub fn begin(kind: DetachedAs) -> Result<Detached, Failure> {
    let lock = match kind {
        DetachedAs::New => None,
        DetachedAs::Heir => Some(Arc::new(standard_input()?)),
    };
    #[cfg(unix)]
    {
        // A process that leads its group already has no terminal of another one's.
        let _ = rustix::process::setsid();
    }
    Ok(Detached { lock })
}

/// Takes the file out of standard input, which reads nothing from then on.
fn standard_input() -> Result<File, Failure> {
    #[cfg(unix)]
    {
        let file = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3);
        let file = file.map_err(|error| Failure::System(error.into()))?;
        let nothing = File::open("/dev/null").map_err(Failure::System)?;
        rustix::stdio::dup2_stdin(nothing).map_err(|error| Failure::System(error.into()))?;
        Ok(File::from(file))
    }
    #[cfg(not(unix))]
    Err(Failure::System(io::ErrorKind::Unsupported.into()))
}

impl Detached {
    /// Makes the plan take the run over, where the process before hands it on.
    pub fn take_over(&self, plan: &mut Plan) {
        if let (Some(lock), RunLocation::Existing(run)) = (&self.lock, &plan.place) {
            plan.place = RunLocation::TakenOver(run.clone(), Arc::clone(lock));
        }
    }
}

/// Tells the process that started this one where the run lies; what is printed goes to the run's log from
/// then on.
pub fn settle(info: &RunInfo) -> Result<(), Failure> {
    let folder = std::path::absolute(&info.folder).unwrap_or_else(|_| info.folder.clone());
    let mut begun = json!({
        "event": "detached",
        "run": info.name,
        "folder": null,
        "pid": std::process::id(),
    });
    json_path(&mut begun, "folder", &folder);
    // Whoever started this may be gone: that is what it is for.
    let _ = json_line(&begun);
    print_to(&info.folder.join(LOG))
}

fn print_to(log: &Path) -> Result<(), Failure> {
    let problem = |error: io::Error| {
        let text = format!("{}: {}", shown(log), printable(&error.to_string()));
        Failure::System(io::Error::new(error.kind(), text))
    };
    let file = OpenOptions::new().create(true).append(true).open(log);
    let file = file.map_err(problem)?;
    #[cfg(unix)]
    {
        let told = |error: rustix::io::Errno| problem(error.into());
        rustix::stdio::dup2_stdout(&file).map_err(told)?;
        rustix::stdio::dup2_stderr(&file).map_err(told)?;
    }
    #[cfg(not(unix))]
    drop(file);
    Ok(())
}
