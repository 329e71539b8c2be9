//! Pane *Log*: requests, their outcomes, notices, and the log lines of libraries.

mod draw;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::SystemTime;

use fluxttice_core::listing::Listing;
use fluxttice_core::session::Content;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;

use super::{NOTCH, Pane};
use crate::effects::Effects;
use crate::exports::{Exports, Format, Named};
use crate::keys::{Action, Context, FAR};
use crate::log_buffer::{LogLevel, LogLine};
use crate::shared::Shared;

/// Number of entries kept; older ones are in the run's log file.
const CAPACITY: usize = 6_000;

/// Origin of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A request that the screen sent to the worker.
    Request,
    /// An outcome of a request.
    Outcome,
    /// A message of the worker or of the screen that answers no request.
    Notice,
    /// A log line of a library, or of the program itself.
    Library,
}

impl Origin {
    /// Returns the origin in one short word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Request => "asked",
            Self::Outcome => "answer",
            Self::Notice => "notice",
            Self::Library => "log",
        }
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Time of the entry.
    pub time: SystemTime,
    /// Severity of the entry.
    pub level: LogLevel,
    /// Origin of the entry.
    pub origin: Origin,
    /// Message, which may have several lines.
    pub text: String,
}

/// State of the pane: the entries, the filter and the scroll position.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// Least severity shown.
    pub level: LogLevel,
    /// True if log lines of libraries are shown.
    pub libraries: bool,
    /// Shown entries between the newest and the lowest visible one; 0 keeps up with the newest.
    pub back: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            level: LogLevel::Info,
            libraries: true,
            back: 0,
        }
    }
}

impl Log {
    /// Adds an entry, and drops the oldest one when the log is full.
    pub fn push(&mut self, entry: Entry) {
        if self.back > 0 && self.shows(&entry) {
            // The visible entries stay in place.
            self.back += 1;
        }
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Adds a library's log line.
    pub fn push_line(&mut self, line: LogLine) {
        let LogLine {
            time,
            level,
            target,
            text,
        } = line;
        self.push(Entry {
            time,
            level,
            origin: Origin::Library,
            text: format!("{target}: {text}"),
        });
    }

    /// Returns the entries that pass the filter, oldest first.
    pub fn visible(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(|entry| self.shows(entry))
    }

    /// Returns the number of entries kept, shown or not.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    fn shows(&self, entry: &Entry) -> bool {
        entry.level >= self.level && (self.libraries || entry.origin != Origin::Library)
    }

    /// Scrolls by some entries; up is negative.
    pub fn scroll(&mut self, by: isize) {
        let most = self.visible().count().saturating_sub(1);
        self.back = self.back.saturating_add_signed(-by).min(most);
    }

    /// Takes the next level of debug, info, warning and error.
    pub fn next_level(&mut self) {
        self.level = match self.level {
            LogLevel::Trace | LogLevel::Debug => LogLevel::Info,
            LogLevel::Info => LogLevel::Warn,
            LogLevel::Warn => LogLevel::Error,
            LogLevel::Error => LogLevel::Debug,
        };
        self.scroll(0);
    }

    /// Shows or hides the log lines of libraries.
    pub fn toggle_libraries(&mut self) {
        self.libraries = !self.libraries;
        self.scroll(0);
    }
}

impl Pane for Log {
    fn context(&self) -> Context {
        Context::Log
    }

    fn act(&mut self, action: Action, _cx: &Shared) -> Option<Effects> {
        match action {
            Action::ListUp => self.scroll(-1),
            Action::ListDown => self.scroll(1),
            Action::ListFarUp => self.scroll(-FAR),
            Action::ListFarDown => self.scroll(FAR),
            Action::ListFirst => self.scroll(-isize::MAX),
            Action::FollowLog => self.back = 0,
            Action::LogLevel => self.next_level(),
            Action::ToggleLibraries => self.toggle_libraries(),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn wheel(&mut self, by: isize, _cx: &Shared) -> Effects {
        self.scroll(by * NOTCH);
        Vec::new()
    }

    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared) {
        draw::render(body, buf, cx.theme, self);
    }

    fn exports(&self, cx: &Shared) -> Exports {
        Exports {
            list: Some(Named {
                words: "the lines that are shown".to_owned(),
                stem: format!("{} log", cx.run_name()),
            }),
            ..Exports::default()
        }
    }

    fn content(&mut self, format: Format, _cx: &Shared) -> Option<Content> {
        format.of_list(&self.listing())
    }
}

impl Log {
    fn listing(&self) -> Listing {
        let row = |entry: &Entry| {
            let time = time::OffsetDateTime::from(entry.time);
            let time = time.format(&time::format_description::well_known::Rfc3339);
            vec![
                json!(time.ok()),
                json!(entry.level.name()),
                json!(entry.origin.word()),
                json!(entry.text),
            ]
        };
        Listing {
            columns: ["time", "level", "origin", "text"].map(Into::into).to_vec(),
            rows: self.visible().map(row).collect(),
        }
    }
}
