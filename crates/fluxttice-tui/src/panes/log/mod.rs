//! *Log*: requests, their outcomes, notices, and the log lines of libraries.

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

use super::{Exports, FAR, NOTCH, Named, Pane};
use crate::dialogs::export::Format;
use crate::effects::Effects;
use crate::keys::{Action, Context};
use crate::log_buffer::{LogLevel, LogLine};
use crate::shared::Shared;

/// Lines kept; older ones are in the run's log file.
const CAPACITY: usize = 6_000;

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user asked.
    Request,
    /// The worker answered.
    Outcome,
    /// The worker or the screen has something to say.
    Notice,
    /// A library, or the program's own log.
    Library,
}

impl Origin {
    /// In one short word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Request => "asked",
            Self::Outcome => "answer",
            Self::Notice => "notice",
            Self::Library => "log",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub time: SystemTime,
    /// How serious.
    pub level: LogLevel,
    /// Where it comes from.
    pub origin: Origin,
    /// What it says.
    pub text: String,
}

/// The pane.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// Least serious level shown.
    pub level: LogLevel,
    /// Whether library lines are shown.
    pub libraries: bool,
    /// Lines between the newest and the lowest in sight; 0 keeps up with the newest.
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
    /// Adds a line.
    pub fn push(&mut self, entry: Entry) {
        if self.back > 0 && self.shows(&entry) {
            // What is read stays where it is.
            self.back += 1;
        }
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Adds a library's line.
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

    /// The lines that pass the filter, oldest first.
    pub fn visible(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(|entry| self.shows(entry))
    }

    /// Lines kept, shown or not.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    fn shows(&self, entry: &Entry) -> bool {
        entry.level >= self.level && (self.libraries || entry.origin != Origin::Library)
    }

    /// Scrolls by some lines, up being negative.
    pub fn scroll(&mut self, by: isize) {
        let most = self.visible().count().saturating_sub(1);
        self.back = self.back.saturating_add_signed(-by).min(most);
    }

    /// Takes the next level: debug, info, warning, error.
    pub fn next_level(&mut self) {
        self.level = match self.level {
            LogLevel::Trace | LogLevel::Debug => LogLevel::Info,
            LogLevel::Info => LogLevel::Warn,
            LogLevel::Warn => LogLevel::Error,
            LogLevel::Error => LogLevel::Debug,
        };
        self.scroll(0);
    }

    /// Shows or hides library lines.
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
            columns: vec!["time", "level", "origin", "text"],
            rows: self.visible().map(row).collect(),
        }
    }
}
