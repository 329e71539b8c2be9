//! The six panes. Each holds its state, performs its actions, draws itself, and gives the content of its
//! files.

pub mod coverage;
pub mod evidence;
pub mod log;
pub mod neighbours;
pub mod runs;
pub mod train;

use fluxttice_core::session::Content;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::dialogs::export::Format;
use crate::effects::Effects;
use crate::keys::{Action, Context};
use crate::shared::Shared;

/// Epochs, lines or neighbours of a far step.
pub const FAR: isize = 10;
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

/// Files that a pane can write.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    /// List, as CSV or JSON; `None` if there is none.
    pub list: Option<Named>,
    /// Picture, as SVG or PNG; `None` if there is none.
    pub picture: Option<Named>,
    /// JSON file that exists already and is copied in place of the list; `None` for most panes.
    pub file: Option<Named>,
}

/// Description of a file, and the stem of its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// Content of the file, in words.
    pub words: String,
    /// Stem of the file's name, before characters are removed that some systems do not allow.
    pub stem: String,
}

/// Tab of a pane, in the order of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Charts and values of the run.
    #[default]
    Train,
    /// Map of all operations.
    Coverage,
    /// One operation, and the codes near it.
    Neighbours,
    /// Runs, branches and experiments.
    Runs,
    /// Snapshots and certificates.
    Evidence,
    /// Requests, outcomes, notices and log lines.
    Log,
}

impl Tab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Train,
        Self::Coverage,
        Self::Neighbours,
        Self::Runs,
        Self::Evidence,
        Self::Log,
    ];

    /// Returns the number key and the name.
    pub fn label(self) -> (char, &'static str) {
        match self {
            Self::Train => ('1', "Train"),
            Self::Coverage => ('2', "Coverage"),
            Self::Neighbours => ('3', "Neighbours"),
            Self::Runs => ('4', "Runs"),
            Self::Evidence => ('5', "Evidence"),
            Self::Log => ('6', "Log"),
        }
    }

    /// Returns the next or previous tab, wrapping round at the ends.
    pub fn next(self, forward: bool) -> Self {
        let place = Self::ALL
            .iter()
            .position(|tab| *tab == self)
            .unwrap_or_default();
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(place + by) % Self::ALL.len()]
    }
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
