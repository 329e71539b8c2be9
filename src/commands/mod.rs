//! Commands of the program: one file each, all thin layers over the library.

pub mod bench;
pub mod certify;
pub mod compare;
pub mod config;
pub mod contrast;
pub mod coverage;
pub mod decode;
mod detach;
pub mod devices;
pub mod encode;
pub mod experiment;
pub mod explore;
pub mod export;
pub mod import;
pub mod keygen;
pub mod metrics;
pub mod neighbors;
mod notify;
mod operations;
pub mod ops;
mod progress;
mod report;
mod run_check;
pub mod runs;
mod runs_plot;
pub mod sample;
mod setup;
pub mod signals;
pub mod steer;
mod study;
pub mod train;
mod trash;
pub mod validate;
pub mod verify;
pub mod watch;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use fluxttice_core::certificate::CertificateError;
use fluxttice_core::config::ConfigError;
use fluxttice_core::device::DeviceFailure;
use fluxttice_core::experiment::ExperimentError;
use fluxttice_core::measure::neighbours::LatentPointError;
use fluxttice_core::measure::{Figure, definition};
use fluxttice_core::run::{Disk, Existing, RunError, check_result, write_result};
use fluxttice_core::session::SessionError;
use fluxttice_core::shown::{is_unsafe, printable, shown};
use fluxttice_core::space::ParseOperationError;
use fluxttice_core::study::StudyError;
use fluxttice_core::training::StepError;
use fluxttice_core::words::{separated, thousands};
use fluxttice_tui::UiError;

/// Reason why a command failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line asks for something that cannot work.
    #[error("{0}")]
    Usage(String),
    /// The configuration could not be loaded.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A text is not an operation.
    #[error(transparent)]
    Operation(#[from] ParseOperationError),
    /// A text is not a point of the latent space.
    #[error(transparent)]
    LatentPoint(#[from] LatentPointError),
    /// The files of a run could not be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The session failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The experiment failed.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The study failed.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// A certificate or key could not be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
    /// The screen failed.
    #[error(transparent)]
    Screen(#[from] UiError),
    /// Another input could not be used.
    #[error("{0}")]
    Input(String),
    /// Standard output is closed or full.
    #[error("cannot write the result: {0}")]
    Output(io::Error),
    /// The system refuses a thread or a signal handler.
    #[error("the system refuses what the program needs: {0}")]
    System(io::Error),
}

impl Failure {
    /// Returns the exit code that the documentation of the command line promises.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            _ if self.is_broken_pipe() => 0,
            Self::Usage(_) | Self::Screen(_) => 2,
            Self::Config(_) | Self::Operation(_) | Self::LatentPoint(_) | Self::Input(_) => 3,
            Self::Device(_) => 4,
            Self::Output(_) => 6,
            Self::System(_) => 1,
            Self::Experiment(error) => match error {
                ExperimentError::Run(error) => run_code(error),
                ExperimentError::NoDevice(_)
                | ExperimentError::Device(_)
                | ExperimentError::Step {
                    source: StepError::Device(_),
                    ..
                } => 4,
                ExperimentError::Step { .. } => 5,
                ExperimentError::System(_) => 1,
                ExperimentError::Unusable(_) | ExperimentError::Cancelled => 3,
            },
            Self::Certificate(error) => match error {
                CertificateError::Run(error) => run_code(error),
                CertificateError::Device(_) => 4,
                CertificateError::Key { .. } => 3,
                CertificateError::Refused { .. }
                | CertificateError::Random(_)
                | CertificateError::Plot(_) => 1,
            },
            Self::Study(error) => match error {
                StudyError::Session { source, .. } => session_code(source),
                StudyError::Run(error) => run_code(error),
                StudyError::Device(_) => 4,
                StudyError::System(_) | StudyError::Stopped => 1,
            },
            Self::Run(error) => run_code(error),
            Self::Session(error) => session_code(error),
        })
    }

    /// Returns true if the only failure is that nobody reads standard output any more: its reader has ended, or
    /// the terminal is gone.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if is_unread(error, &io::stdout()))
    }
}

/// Returns true if an error of writing to a stream means that nobody reads it any more.
#[cfg(unix)]
fn is_unread(error: &io::Error, stream: &impl std::os::fd::AsFd) -> bool {
    use rustix::fs::{FileType, fstat};
    let is_terminal = || {
        let found = fstat(stream);
        found.is_ok_and(|it| FileType::from_raw_mode(it.st_mode) == FileType::CharacterDevice)
    };
    // A terminal that is gone refuses so, and a disk that fails.
    let is_refused = error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
    error.kind() == io::ErrorKind::BrokenPipe || is_refused && is_terminal()
}

/// Returns true if an error of writing to a stream means that nobody reads it any more.
#[cfg(not(unix))]
fn is_unread<S>(error: &io::Error, _: &S) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

fn session_code(error: &SessionError) -> u8 {
    match error {
        SessionError::Run(error) => run_code(error),
        SessionError::NoDevice(_) | SessionError::Device(_) => 4,
        SessionError::Unsaved(_) => 6,
        SessionError::Diverged(_) => 5,
        SessionError::Panicked(_) => 1,
    }
}

fn run_code(error: &RunError) -> u8 {
    match error {
        RunError::Disk { .. } => 6,
        _ => 3,
    }
}

/// Result of a command: its exit code, or the reason why it failed.
pub type Done = Result<ExitCode, Failure>;

/// Writes one or several lines of the result, in which characters that a terminal acts on are escaped.
fn line(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{}", safe(text)).map_err(Failure::Output)
}

/// Writes a path as the result: byte for byte for another program, and in printable form to a terminal.
fn path_line(path: &Path) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = match output.is_terminal() {
        true => writeln!(output, "{}", shown(path)),
        false => output
            .write_all(path.as_os_str().as_encoded_bytes())
            .and_then(|()| output.write_all(b"\n")),
    };
    written.map_err(Failure::Output)
}

/// Writes a note to standard error; a failure to write it is ignored.
pub fn note(text: &str) {
    let _ = try_note(text);
}

/// Writes a note as [`note`] does; the error says whether somebody may have read it.
fn try_note(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{}", safe(text))
}

/// Returns the lines with every character escaped that a terminal acts on.
fn safe(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// Writes a line of the result as JSON; characters that a terminal acts on are escaped within its strings.
fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?;
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match is_unsafe(c) {
            true => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    safe += &format!("\\u{unit:04x}");
                }
            }
            false => safe.push(c),
        }
    }
    writeln!(io::stdout().lock(), "{safe}").map_err(Failure::Output)
}

/// Adds a path to a JSON object as text, with `\u{fffd}` for bytes that are not UTF-8;
/// where there are any, adds all bytes as `…_bytes`.
fn json_path(value: &mut Value, key: &str, path: &Path) {
    value[key] = json!(path.to_string_lossy());
    if path.to_str().is_none() {
        let bytes = path.as_os_str().as_encoded_bytes();
        value[format!("{key}_bytes")] = json!(bytes);
    }
}

/// Checks that a result may be written to a file, before it is computed.
fn may_write(to: &Path, force: bool) -> Result<(), Failure> {
    Ok(check_result(to, existing(force))?)
}

/// Writes a result to a file.
fn write(to: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    Ok(write_result(&Disk::default(), to, bytes, existing(force))?)
}

fn existing(force: bool) -> Existing {
    match force {
        true => Existing::Replaced,
        false => Existing::Refused,
    }
}

/// Returns a figure on one line, for people.
fn figure_line(figure: &Figure) -> String {
    let unit = definition(&figure.name).map_or("", |definition| definition.unit);
    let value = figure.value.map_or("too few".to_owned(), |value| {
        // Small numbers are probabilities; nobody reads 0.00.
        separated(&if value == value.trunc() && value.abs() < 1e15 {
            format!("{value:.0}")
        } else if value.abs() < 0.001 {
            format!("{value:.3e}")
        } else {
            format!("{value:.4}")
        })
    });
    let mut text = format!(
        "{:<4} {:<38} {value:>12} {unit}",
        figure.vae,
        figure.title()
    );
    if let Some(samples) = figure.samples {
        text += &format!("  N {}", thousands(samples.into()));
    }
    if let Some(error) = figure.standard_error {
        text += &format!("  ± {error:.1e}");
    }
    if let Some(ceiling) = figure.ceiling {
        text += &format!("  of {}", separated(&format!("{ceiling:.2}")));
    }
    if let Some([quarter, half]) = figure.trend {
        let [quarter, half] = [quarter, half].map(|value| separated(&format!("{value:.4}")));
        text += &format!("  (a quarter of the codes {quarter}, half {half})");
    }
    if definition(&figure.name).is_some_and(|definition| !definition.ranks_untrained_below) {
        text += "  ○ untrained weights may score as well";
    }
    text
}
