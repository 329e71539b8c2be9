//! The six panes. Each holds its state, performs its actions, draws itself, and gives the content of its
//! files.

pub mod coverage;
pub mod evidence;
pub mod log;
pub mod neighbours;
pub mod runs;
pub mod train;

use std::time::SystemTime;

use fluxttice_core::session::Content;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::effects::Effects;
use crate::exports::{Exports, Format};
use crate::keys::{Action, Context};
use crate::shared::Shared;
use crate::tab::Tab;

/// Lines that one notch of the wheel scrolls.
const NOTCH: isize = 3;

/// A pane, one of six tabs; one of them is in front.
pub trait Pane {
    /// Returns the context whose keys hold, beside those of [`Context::Everywhere`]. In a context of a dialog
    /// the latter do not hold.
    fn context(&self) -> Context;

    /// Handles that the pane comes to the front, such as by asking for what it shows.
    fn open(&mut self, _cx: &Shared) -> Effects {
        Vec::new()
    }

    /// Performs an action; `None` leaves it to the actions that all panes share.
    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects>;

    /// Handles a click, or the pointer dragged to a position, within the area of the pane.
    fn click(&mut self, _at: Position, _drag: bool, _body: Rect, _cx: &Shared) -> Effects {
        Vec::new()
    }

    /// Handles a notch of the wheel: -1 is up, 1 is down.
    fn wheel(&mut self, by: isize, cx: &Shared) -> Effects;

    /// Handles the time, a few times a second while the pane is in front.
    fn tick(&mut self, _now: SystemTime) -> Effects {
        Vec::new()
    }

    /// Computes what follows from changed codes, selection or keys; called while the pane is in front.
    fn refresh(&mut self, _cx: &Shared) -> Effects {
        Vec::new()
    }

    /// Returns the copies of the model that the pane draws from.
    fn wants(&self, _cx: &Shared) -> Wants {
        Wants::default()
    }

    /// Draws the pane into its area.
    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared);

    /// Returns the files that the pane can write.
    fn exports(&self, _cx: &Shared) -> Exports {
        Exports::default()
    }

    /// Returns the content of such a file; `None` where there is nothing to write any more.
    fn content(&mut self, _format: Format, _cx: &Shared) -> Option<Content> {
        None
    }

    /// Returns true if an action of the bottom line can be done now; `None` leaves that to the bottom line.
    fn offers(&self, _action: Action, _cx: &Shared) -> Option<bool> {
        None
    }

    /// Returns the hint of a toggle, where it differs from the one in the key table.
    fn hint(&self, _action: Action) -> Option<&'static str> {
        None
    }
}

/// Copies of the newest model that a pane draws from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// True if the pane needs the codes of all operations.
    pub codes: bool,
    /// True if the pane needs the estimated probabilities of all operations.
    pub estimates: bool,
}

/// States of all six panes.
#[derive(Clone, Debug, Default)]
pub struct Panes {
    /// Pane with the charts and values of the run.
    pub train: train::Train,
    /// Pane with the map of all operations.
    pub coverage: coverage::Coverage,
    /// Pane with an operation and the codes near it.
    pub neighbours: neighbours::Neighbours,
    /// Pane with runs, branches and experiments.
    pub runs: runs::Runs,
    /// Pane with snapshots and certificates.
    pub evidence: evidence::Evidence,
    /// Pane with requests, outcomes, notices and log lines.
    pub log: log::Log,
}

impl Panes {
    /// Returns the pane of a tab.
    pub fn of(&self, tab: Tab) -> &dyn Pane {
        match tab {
            Tab::Train => &self.train,
            Tab::Coverage => &self.coverage,
            Tab::Neighbours => &self.neighbours,
            Tab::Runs => &self.runs,
            Tab::Evidence => &self.evidence,
            Tab::Log => &self.log,
        }
    }

    /// Returns the pane of a tab, to be changed.
    pub fn of_mut(&mut self, tab: Tab) -> &mut dyn Pane {
        match tab {
            Tab::Train => &mut self.train,
            Tab::Coverage => &mut self.coverage,
            Tab::Neighbours => &mut self.neighbours,
            Tab::Runs => &mut self.runs,
            Tab::Evidence => &mut self.evidence,
            Tab::Log => &mut self.log,
        }
    }
}
