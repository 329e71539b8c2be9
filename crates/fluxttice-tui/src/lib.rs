//! The explorer's screen: panes, dialogs, widgets, keys, theme.
//!
//! It knows the session's messages and nothing of tensors or of the worker behind them, and reads no file:
//! those are jobs beside the worker. Each pane and each dialog is one module with its state, its keys and
//! its drawing; what a key sets off beyond that it returns as `Effects`, which `App` carries out. State
//! changes only in `App`'s `on_event`, `on_job`, `on_progress`, `on_input` and `on_tick`; a frame is a pure
//! function of it; `driver` moves messages in, commands out, and draws when something changed.
//!
//! ```text
//!  fluxttice  config · seed · run                    state  epoch  phase  epochs/min  time left
//!  1 Train  2 Coverage  3 Neighbours  4 Runs  5 Evidence  6 Log                           device
//!  ┌ the pane in front ───────────────────────────────────────────────────────────────────────┐
//!  └──────────────────────────────────────────────────────────────────────────────────────────┘
//!  what just happened                                               what is being done within it
//!  what can be done here
//! ```

mod app;
mod dialogs;
mod driver;
mod effects;
#[cfg(test)]
mod fixtures;
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
pub use panes::Tab;
pub use terminal::{TerminalGuard, install_panic_hook};
pub use theme::ColorDepth;

use fluxttice_core::request::Command;
use fluxttice_core::session::message::{End, Event, Progress};
use fluxttice_core::session::{JobEvent, JobRequest};

/// What the screen needs of a session: ways to ask the worker and the desk.
pub trait Session {
    /// Hands a command over without waiting and returns the number its outcome will carry; `None`
    /// where the worker did not take it, because it is gone or has too many requests before it.
    fn send(&mut self, command: Command) -> Option<u64>;

    /// Hands a request to the threads beside the worker, without waiting; false where that thread is gone.
    fn ask(&mut self, request: JobRequest) -> bool;
}

/// Everything that reaches the screen from outside, apart from keys.
#[derive(Debug)]
pub struct Inputs {
    /// The worker's events, in order.
    pub events: mpsc::UnboundedReceiver<Event>,
    /// Where the worker stands; only the newest is looked at.
    pub progress: watch::Receiver<Progress>,
    /// Answers of the threads beside the worker.
    pub jobs: mpsc::UnboundedReceiver<JobEvent>,
    /// Log lines of every library.
    pub log: Arc<LogBuffer>,
    /// A signal that asks the program to end.
    pub shutdown: watch::Receiver<Option<StopSignal>>,
}

/// A signal that asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone, nothing is drawn any more.
    Hangup,
    /// Another one, by its number.
    Other(u8),
}

impl StopSignal {
    /// The signal of a number; those of 1, 2 and 15 are the same on every Unix.
    pub fn numbered(number: i32) -> Self {
        match number {
            1 => Self::Hangup,
            2 => Self::Interrupt,
            15 => Self::Terminate,
            // A signal's number is at most 127: its exit code is a byte.
            other => Self::Other(other.clamp(1, 127) as u8),
        }
    }

    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
            Self::Other(number) => number,
        }
    }
}

/// How the screen starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Colours of the terminal.
    pub depth: ColorDepth,
    /// Tab shown first.
    pub tab: Tab,
    /// Whether the mouse is taken; without it the terminal's own selection works.
    pub mouse: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            depth: ColorDepth::detect(),
            tab: Tab::Train,
            mouse: true,
        }
    }
}

/// How the screen was left.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Exit {
    /// How the session had ended by then; `None` if the worker is still there, with nothing to train.
    pub end: Option<End>,
    /// The signal that made it leave, if one did.
    pub signal: Option<StopSignal>,
}

/// Why the screen could not go on.
#[derive(Debug, Error)]
pub enum UiError {
    /// The terminal could not be taken: not a terminal, or it refused.
    #[error("cannot use this terminal for the explorer: {0}")]
    Enter(#[source] io::Error),
}
