//! State of the screen and its routes: events, keys and clicks go to the pane or dialog that they are for,
//! and `App` carries out the effects that those return.

mod events;
mod input;
mod leaving;
mod requests;
mod route;

use std::time::SystemTime;

use fluxttice_core::session::message::Progress;
use ratatui::layout::Rect;

use crate::effects::Dialog;
use crate::follow_up::AfterGlance;
use crate::log_buffer::LogLevel;
use crate::panes::log::{Entry, Origin};
use crate::panes::{Pane, Panes};
use crate::shared::Shared;
use crate::tab::Tab;
use crate::theme::Theme;
use crate::{Exit, Options};

use leaving::Leaving;
use requests::Outbox;

/// Urgency of the next frame; the greatest request wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Redraw {
    /// Nothing changed, no frame is due.
    #[default]
    No,
    /// Only the progress within the epoch changed.
    Progress,
    /// The run has news, or a message is shown or removed.
    News,
    /// The user did something: the frame is due at once.
    Now,
}

/// A message that is shown for a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Severity, which decides sign and style.
    pub level: LogLevel,
    /// Message, cut to the room when it is drawn.
    pub text: String,
    since: SystemTime,
}

/// State of the whole screen; a frame is a pure function of it.
#[derive(Debug)]
pub struct App {
    /// State that all panes and dialogs may read.
    pub shared: Shared,
    /// The six panes, each with its own state.
    pub panes: Panes,
    /// Tab of the pane in front.
    pub tab: Tab,
    /// Dialog over the pane; `None` while none is open.
    pub dialog: Option<Box<dyn Dialog>>,
    toast: Option<Toast>,
    now: SystemTime,
    outbox: Outbox,
    /// Continuation that waits for a run's folder to be read.
    after_glance: Option<AfterGlance>,
    leaving: Leaving,
    /// Progress of an epoch that is being saved, with the time since. The screen shows it only once saving
    /// takes long, because it would flicker otherwise.
    saving: Option<(Progress, SystemTime)>,
    suspend: bool,
    clear: bool,
    redraw: Redraw,
}

impl App {
    /// Makes a screen of 80 × 24 cells, before any event.
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
            leaving: Leaving::new(options.detach_on_hangup),
            saving: None,
            suspend: false,
            clear: false,
            redraw: Redraw::Now,
        }
    }

    /// Returns the pane in front.
    pub fn front(&self) -> &dyn Pane {
        self.panes.of(self.tab)
    }

    /// Returns the message that is shown; `None` while there is none.
    pub fn toast(&self) -> Option<&Toast> {
        self.toast.as_ref()
    }

    /// Returns the end of the session, and the signal that ended the screen.
    pub fn exit(&self) -> Exit {
        Exit {
            end: self.shared.live.end.clone(),
            signal: self.leaving.signal,
            left_running: self.left_running(),
        }
    }

    /// Returns true if the program is to be suspended, and resets that.
    pub fn take_suspend(&mut self) -> bool {
        std::mem::take(&mut self.suspend)
    }

    /// Returns true if the terminal is to be cleared, and resets that.
    pub fn take_clear(&mut self) -> bool {
        std::mem::take(&mut self.clear)
    }

    /// Returns the urgency of the next frame.
    pub fn pending_redraw(&self) -> Redraw {
        self.redraw
    }

    /// Asks for a frame of at least this urgency.
    pub fn redraw(&mut self, redraw: Redraw) {
        self.redraw = self.redraw.max(redraw);
    }

    /// Marks the frame as drawn, so that none is due.
    pub fn drawn(&mut self) {
        self.redraw = Redraw::No;
    }

    /// Sets the size of the terminal, in columns and rows.
    pub fn set_size(&mut self, width: u16, height: u16) {
        self.shared.area = Rect::new(0, 0, width, height);
        self.panes.coverage.follow(&self.shared);
        self.redraw(Redraw::Now);
    }

    /// Shows a message for some seconds, and keeps it in the log.
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
