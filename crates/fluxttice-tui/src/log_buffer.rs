//! A bounded ring of log lines: libraries write into it, the log view reads copies out of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Lines kept; older ones are in the run's log file.
const CAPACITY: usize = 4_000;
/// Longest text kept of one line; a shader dump must not fill the memory.
const MAX_CHARS: usize = 2_000;

/// How serious a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Finest detail.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// Good to know.
    Info,
    /// Not as it should be.
    Warn,
    /// Failed.
    Error,
}

impl LogLevel {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warning",
            Self::Error => "error",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub time: SystemTime,
    /// How serious.
    pub level: LogLevel,
    /// Module or library that wrote it.
    pub target: String,
    /// What it says.
    pub text: String,
}

/// The ring. Writing takes a short lock and never waits for a reader that draws.
#[derive(Debug, Default)]
pub struct LogBuffer {
    written: AtomicU64,
    lines: Mutex<VecDeque<LogLine>>,
}

impl LogBuffer {
    /// An empty ring.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line; the oldest one goes when the ring is full.
    pub fn push(&self, mut line: LogLine) {
        if let Some((end, _)) = line.text.char_indices().nth(MAX_CHARS) {
            line.text.truncate(end);
            line.text.push('…');
        }
        let mut lines = self.lock();
        if lines.len() == CAPACITY {
            lines.pop_front();
        }
        lines.push_back(line);
        // Under the lock, so that the count and the lines agree in `since`.
        self.written.fetch_add(1, Ordering::Release);
    }

    /// Number of lines ever written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// A copy of every line still held, oldest first.
    pub fn snapshot(&self) -> Vec<LogLine> {
        self.lock().iter().cloned().collect()
    }

    /// Copies of the lines written after the first `seen`, and the new count to ask with next time.
    pub fn since(&self, seen: u64) -> (Vec<LogLine>, u64) {
        let lines = self.lock();
        let written = self.written();
        let fresh = usize::try_from(written.saturating_sub(seen)).unwrap_or(usize::MAX);
        let skip = lines.len().saturating_sub(fresh);
        (lines.iter().skip(skip).cloned().collect(), written)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LogLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine {
            time: SystemTime::UNIX_EPOCH,
            level: LogLevel::Info,
            target: "t".into(),
            text: text.into(),
        }
    }

    #[test]
    fn hands_out_every_line_once() {
        let buffer = LogBuffer::new();
        buffer.push(line("one"));
        let (first, seen) = buffer.since(0);
        buffer.push(line("two"));
        let (second, _) = buffer.since(seen);
        assert_eq!(
            (first[0].text.as_str(), second[0].text.as_str()),
            ("one", "two")
        );
        assert_eq!((first.len(), second.len()), (1, 1));
    }

    #[test]
    fn forgets_the_oldest_and_shortens_the_longest() {
        let buffer = LogBuffer::new();
        for number in 0..CAPACITY + 10 {
            buffer.push(line(&number.to_string()));
        }
        assert_eq!(buffer.snapshot().len(), CAPACITY);
        assert_eq!(buffer.snapshot()[0].text, "10");
        buffer.push(line(&"x".repeat(10_000)));
        assert_eq!(
            buffer.since(buffer.written() - 1).0[0].text.chars().count(),
            MAX_CHARS + 1
        );
    }
}
