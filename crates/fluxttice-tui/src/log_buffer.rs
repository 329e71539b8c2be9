//! Ring of log lines with a bound: libraries write into it, and the log pane reads copies from it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Number of lines kept; older ones are in the run's log file.
const CAPACITY: usize = 4_000;
/// Characters kept of one line, so that a shader dump does not fill the memory.
const MAX_CHARS: usize = 2_000;

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Single steps, in the finest detail.
    Trace,
    /// Details for finding a fault.
    Debug,
    /// Normal events.
    Info,
    /// Something is not as it should be; the program goes on.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    /// Returns the name of the level in lower case; `Warn` is `warning`.
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

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Time at which the line was written.
    pub time: SystemTime,
    /// Severity of the line.
    pub level: LogLevel,
    /// Module or library that wrote the line.
    pub target: String,
    /// Message; the ring cuts it to 2,000 characters and an ellipsis.
    pub text: String,
}

/// Ring of the newest 4,000 log lines. Writing takes a short lock and never waits for a reader that draws.
#[derive(Debug, Default)]
pub struct LogBuffer {
    written: AtomicU64,
    lines: Mutex<VecDeque<LogLine>>,
}

impl LogBuffer {
    /// Makes an empty ring.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line, and drops the oldest one when the ring is full.
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

    /// Returns the number of lines ever written, dropped ones included.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Returns copies of all lines in the ring, oldest first.
    pub fn snapshot(&self) -> Vec<LogLine> {
        self.lock().iter().cloned().collect()
    }

    /// Returns copies of the lines written after the first `seen`, and the count to call with next time.
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
