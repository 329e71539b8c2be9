//! The screen's state and its routes: events, keys and clicks go to the pane or dialog that they are for, and
//! the effects that those return are carried out here.

mod events;
mod input;
mod leaving;
mod requests;
mod route;

use std::time::SystemTime;

use fluxttice_core::session::message::Progress;
use ratatui::layout::Rect;

use crate::dialogs::Dialog;
use crate::effects::AfterGlance;
use crate::log_buffer::LogLevel;
use crate::panes::log::{Entry, Origin};
use crate::panes::{Pane, Panes, Tab};
use crate::shared::Shared;
use crate::theme::Theme;
use crate::{Exit, Options};

use leaving::Leaving;
use requests::Outbox;
pub use requests::Pending;

/// How soon a frame is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Redraw {
    /// Nothing changed.
    #[default]
    No,
    /// Only the batch within the epoch changed.
    Progress,
    /// The run has news.
    News,
    /// The user did something.
    Now,
}

/// A line that stands for a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Its level of gravity.
    pub level: LogLevel,
    /// Its text.
    pub text: String,
    since: SystemTime,
}

/// Everything the screen shows.
#[derive(Debug)]
pub struct App {
    /// State that several panes and dialogs read.
    pub shared: Shared,
    /// The panes.
    pub panes: Panes,
    /// The pane in front.
    pub tab: Tab,
    /// The dialog over it.
    pub dialog: Option<Box<dyn Dialog>>,
    toast: Option<Toast>,
    now: SystemTime,
    outbox: Outbox,
    /// The continuation of a look at a run's folder that is not answered yet.
    after_glance: Option<AfterGlance>,
    leaving: Leaving,
    /// A finished epoch on its way to the disk, and since when: shown only once it takes long, for it would
    /// flicker before.
    saving: Option<(Progress, SystemTime)>,
    suspend: bool,
    clear: bool,
    redraw: Redraw,
}

impl App {
    /// A screen before anything has happened.
    pub fn new(options: Options, now: SystemTime) -> Self {
        Self {
            shared: Shared {
                theme: Theme::new(options.depth),
                area: Rect::new(0, 0, 80, 24),
                ..Shared::default()
            },
            panes: Panes::default(),
            tab: options.tab,
            dialog: None,
            toast: None,
            now,
            outbox: Outbox::default(),
            after_glance: None,
            leaving: Leaving::default(),
            saving: None,
            suspend: false,
            clear: false,
            redraw: Redraw::Now,
        }
    }

    /// The pane in front.
    pub fn front(&self) -> &dyn Pane {
        self.panes.of(self.tab)
    }

    /// The passing line, while it stands.
    pub fn toast(&self) -> Option<&Toast> {
        self.toast.as_ref()
    }

    /// The end of the session, and the signal that ended the screen, if one did.
    pub fn exit(&self) -> Exit {
        Exit {
            end: self.shared.live.end.clone(),
            signal: self.leaving.signal,
        }
    }

    /// True once if the program is to be suspended.
    pub fn take_suspend(&mut self) -> bool {
        std::mem::take(&mut self.suspend)
    }

    /// True once if the terminal is to be cleared.
    pub fn take_clear(&mut self) -> bool {
        std::mem::take(&mut self.clear)
    }

    /// How soon a frame is due.
    pub fn pending_redraw(&self) -> Redraw {
        self.redraw
    }

    /// Asks for a frame.
    pub fn redraw(&mut self, redraw: Redraw) {
        self.redraw = self.redraw.max(redraw);
    }

    /// Takes in that a frame was drawn.
    pub fn drawn(&mut self) {
        self.redraw = Redraw::No;
    }

    /// Takes the terminal's size, in columns and rows.
    pub fn set_size(&mut self, width: u16, height: u16) {
        self.shared.area = Rect::new(0, 0, width, height);
        self.panes.coverage.follow(&self.shared);
        self.redraw(Redraw::Now);
    }

    /// Shows a line for some seconds, in the log for good.
    pub fn say(&mut self, text: impl Into<String>) {
        self.tell(LogLevel::Info, Origin::Notice, text.into());
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.tell(LogLevel::Warn, Origin::Notice, text.into());
    }

    fn tell(&mut self, level: LogLevel, origin: Origin, text: String) {
        self.toast = Some(Toast {
            level,
            text: text.clone(),
            since: self.now,
        });
        self.note(level, origin, text);
        self.redraw(Redraw::News);
    }

    fn note(&mut self, level: LogLevel, origin: Origin, text: String) {
        self.panes.log.push(Entry {
            time: self.now,
            level,
            origin,
            text,
        });
    }
}
