//! Screen of the explorer: panes, dialogs, widgets, the key table and the theme.
//!
//! This crate knows the messages of a session, and nothing of tensors or of the worker behind them. It reads
//! no file: jobs beside the worker do that. Each pane and each dialog is one module with its state, its keys
//! and its drawing. An effect of a key beyond that module is returned as `Effects`, which `App` carries out.
//! State changes only in `App`'s `on_event`, `on_job`, `on_progress`, `on_input` and `on_tick`; a frame is a
//! pure function of it. The `driver` moves messages in and commands out, and draws when something changed.
//!
//! ```text
//!  fluxttice  config · seed · run                    state  epoch  phase  epochs/min  time left
//!  1 Train  2 Coverage  3 Neighbours  4 Runs  5 Evidence  6 Log                           device
//!  ┌ the pane in front ───────────────────────────────────────────────────────────────────────┐
//!  └──────────────────────────────────────────────────────────────────────────────────────────┘
//!  last message, or the job at work                                    progress within the epoch
//!  keys that do something here
//! ```

mod app;
mod control;
mod dialogs;
mod driver;
mod effects;
mod exports;
#[cfg(test)]
mod fixtures;
mod follow_up;
mod footer;
mod format;
mod frame;
#[cfg_attr(not(feature = "pictures"), path = "no_graphics.rs")]
mod graphics;
mod header;
mod keys;
mod layout;
mod log_buffer;
mod offscreen;
mod panes;
mod pictures;
mod reading;
mod run_view;
mod selection;
mod shared;
mod tab;
mod terminal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod theme;
mod widgets;

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, watch};

pub use driver::run;
pub use log_buffer::{LogBuffer, LogLevel, LogLine};
pub use offscreen::Offscreen;
pub use panes::train::findings::{Finding, Gravity, findings};
pub use tab::Tab;
pub use terminal::{TerminalGuard, install_panic_hook};
pub use theme::ColorDepth;

use fluxttice_core::request::Command;
use fluxttice_core::session::message::{End, Event, Progress};
use fluxttice_core::session::{JobEvent, JobRequest};

/// A session as the screen sees it: requests to the worker and to the threads beside it.
pub trait Session {
    /// Hands a command to the worker without waiting, and returns the number that its outcome will carry.
    /// `None` means that the worker did not take the command: it has ended, or too many requests wait.
    fn send(&mut self, command: Command) -> Option<u64>;

    /// Hands a request to the threads beside the worker, without waiting. Returns false where the thread has
    /// ended.
    fn ask(&mut self, request: JobRequest) -> bool;
}

/// Channels of everything that reaches the screen from outside, apart from keys.
#[derive(Debug)]
pub struct Inputs {
    /// Events of the worker, in order; none is dropped.
    pub events: mpsc::UnboundedReceiver<Event>,
    /// Progress of the worker within an epoch; only the newest value is read.
    pub progress: watch::Receiver<Progress>,
    /// Answers and progress of the threads beside the worker.
    pub jobs: mpsc::UnboundedReceiver<JobEvent>,
    /// Ring of log lines, which every library writes into.
    pub log: Arc<LogBuffer>,
    /// Signal that asks the program to end; `None` until one arrives.
    pub shutdown: watch::Receiver<Option<StopSignal>>,
}

/// A signal of the operating system that asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGINT, number 2. Ctrl-C is a key on this screen and sends no signal.
    Interrupt,
    /// SIGTERM, number 15.
    Terminate,
    /// SIGHUP, number 1: the terminal is gone, and nothing is drawn any more.
    Hangup,
    /// Any other signal, by its number, 1 to 127.
    Other(u8),
}

impl StopSignal {
    /// Returns the signal with this number. The numbers 1, 2 and 15 mean the same on every Unix; others are
    /// clamped to 1 to 127.
    pub fn numbered(number: i32) -> Self {
        match number {
            1 => Self::Hangup,
            2 => Self::Interrupt,
            15 => Self::Terminate,
            // A signal's number is at most 127: its exit code is a byte.
            other => Self::Other(u8::try_from(other.clamp(1, 127)).unwrap_or(127)),
        }
    }

    /// Returns the number of the signal, 1 to 127.
    pub fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
            Self::Other(number) => number,
        }
    }
}

/// Settings with which the screen starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Number of colours that the terminal shows.
    pub depth: ColorDepth,
    /// Tab of the pane that is shown first.
    pub tab: Tab,
    /// True if a run is left to a process of its own where the terminal is gone; false stops and saves it.
    pub detach_on_hangup: bool,
    /// True if the program captures the mouse; false leaves the terminal's own text selection in use.
    pub mouse: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            depth: ColorDepth::detect(),
            tab: Tab::Train,
            detach_on_hangup: false,
            mouse: true,
        }
    }
}

/// Result of a screen that was left.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Exit {
    /// End of the session, with its reason; `None` if the worker is still there, with nothing to train.
    pub end: Option<End>,
    /// Signal that ended the screen; `None` if the user left it.
    pub signal: Option<StopSignal>,
    /// Name of the run that another process goes on to train; `None` where none does.
    pub left_running: Option<String>,
}

/// Errors that keep the screen from being shown.
#[derive(Debug, Error)]
pub enum UiError {
    /// The terminal cannot be used: there is none, or it refuses raw mode.
    #[error("cannot use this terminal for the explorer: {0}")]
    Enter(#[source] io::Error),
}
