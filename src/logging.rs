//! Destinations of log lines: the screen's buffer or standard error, and always the run's own file.
//!
//! While the explorer is up, only the explorer may write to the terminal. Libraries that log reach it through
//! `tracing`; drivers that write to standard error themselves reach it through a pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use fluxttice_core::run::names::LOG;
use fluxttice_core::shown::shown;
use fluxttice_tui::{LogBuffer, LogLevel, LogLine};
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Logs of the program: the buffer for the screen, and the run's file.
#[derive(Clone)]
pub struct Logs {
    buffer: Arc<LogBuffer>,
    file: RunLog,
}

impl Logs {
    /// Sends log lines to standard error, for commands without a screen.
    pub fn to_stderr(level: Level, quiet: bool) -> Self {
        let logs = Self::new();
        let shown = if quiet {
            Level::ERROR
        } else {
            Level::WARN.min(level)
        };
        let stderr = fmt::layer()
            .with_writer(io::stderr)
            .without_time()
            .with_filter(targets(shown));
        logs.install(level, stderr);
        logs
    }

    /// Sends log lines to the explorer's log view.
    pub fn to_screen(level: Level) -> Self {
        let logs = Self::new();
        logs.install(
            level,
            ToBuffer(Arc::clone(&logs.buffer)).with_filter(targets(level)),
        );
        logs
    }

    fn new() -> Self {
        Self {
            buffer: Arc::new(LogBuffer::new()),
            file: RunLog::default(),
        }
    }

    fn install<S>(&self, level: Level, shown: S)
    where
        S: Layer<tracing_subscriber::Registry> + Send + Sync + 'static,
    {
        let file = self.file.clone();
        let written = fmt::layer()
            .with_ansi(false)
            .with_writer(move || file.clone())
            .with_filter(targets(level));
        // A second subscriber (in tests) changes nothing: the first one stays.
        let _ = tracing_subscriber::registry()
            .with(shown)
            .with(written)
            .try_init();
    }

    /// Returns the buffer with the lines for the screen.
    pub fn buffer(&self) -> Arc<LogBuffer> {
        Arc::clone(&self.buffer)
    }

    /// Appends the log from now on also to a file in a run's folder.
    pub fn write_to(&self, folder: &Path) {
        if folder.as_os_str().is_empty() {
            return;
        }
        match OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join(LOG))
        {
            Ok(file) => *self.file.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(file),
            Err(error) => tracing::warn!("no log file in {}: {error}", shown(folder)),
        }
    }

    /// Redirects what libraries write to standard error into the log, until the guard
    /// is dropped; `None` where that fails.
    pub fn capture_stderr() -> Option<StderrGuard> {
        #[cfg(unix)]
        {
            StderrGuard::new()
                .inspect_err(|error| tracing::warn!("standard error is not captured: {error}"))
                .ok()
        }
        #[cfg(not(unix))]
        None
    }
}

/// Selects this program's lines down to `level`, and of the libraries only warnings and errors.
fn targets(level: Level) -> Targets {
    let libraries = level.min(Level::WARN);
    Targets::new()
        .with_default(if level == Level::TRACE {
            level
        } else {
            libraries
        })
        .with_target("fluxttice_core", level)
        .with_target("fluxttice_explorer", level)
        .with_target("fluxttice_tui", level)
        .with_target("stderr", level)
}

/// Log file of the run; `None` until its folder is known.
#[derive(Clone, Default)]
struct RunLog(Arc<Mutex<Option<File>>>);

impl Write for RunLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            Some(file) => file.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Layer that copies log lines to the screen's buffer.
struct ToBuffer(Arc<LogBuffer>);

impl<S: Subscriber> Layer<S> for ToBuffer {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut text = Message(String::new());
        event.record(&mut text);
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        };
        self.0.push(LogLine {
            time: SystemTime::now(),
            level,
            target: metadata.target().to_owned(),
            text: text.0,
        });
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.insert_str(0, &format!("{value:?}"));
        } else if !field.name().starts_with("log.") {
            self.0 += &format!(" {}={value:?}", field.name());
        }
    }
}

/// Redirection of standard error while the explorer is up, which ends when this is dropped.
#[derive(Debug)]
pub struct StderrGuard {
    #[cfg(unix)]
    original: std::os::fd::OwnedFd,
}

#[cfg(unix)]
impl StderrGuard {
    fn new() -> io::Result<Self> {
        use std::io::{BufRead, BufReader};
        // Closed in every process that this one starts: one that outlives it must not keep its terminal.
        let original = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3)?;
        let (read, write) = rustix::pipe::pipe()?;
        for end in [&read, &write] {
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
        }
        rustix::stdio::dup2_stderr(&write)?;
        std::thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || {
                for line in BufReader::new(File::from(read))
                    .split(b'\n')
                    .map_while(Result::ok)
                {
                    let line = String::from_utf8_lossy(&line);
                    if !line.trim().is_empty() {
                        tracing::warn!(target: "stderr", "{}", line.trim_end());
                    }
                }
            })?;
        Ok(Self { original })
    }
}

#[cfg(unix)]
impl Drop for StderrGuard {
    fn drop(&mut self) {
        // A failure cannot be reported: standard error is what is missing.
        let _ = rustix::stdio::dup2_stderr(&self.original);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn no_crate_of_ours_writes_lines_that_are_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates");
        let writers: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
                manifest.contains("\ntracing.workspace")
            })
            .map(|path| {
                path.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .replace('-', "_")
            })
            .collect();
        assert!(!writers.is_empty());
        for name in writers {
            assert!(
                targets(Level::INFO).would_enable(&name, &Level::INFO),
                "{name}"
            );
        }
    }
}
