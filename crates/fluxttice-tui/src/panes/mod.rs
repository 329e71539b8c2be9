//! The six panes. Each holds its state, does what its keys say, draws itself, and writes itself to files.

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

/// Epochs, lines or neighbours that a far step takes.
pub const FAR: isize = 10;
/// Lines that one notch of the wheel scrolls.
const NOTCH: isize = 3;

/// A view of the run, one of which is in front.
pub trait Pane {
    /// The context whose keys it takes. Beside it hold those of [`Context::Everywhere`], unless it is one of a
    /// dialog's.
    fn context(&self) -> Context;

    /// Comes to the front.
    fn open(&mut self, _cx: &Shared) -> Effects {
        Vec::new()
    }

    /// Does what a key says; `None` if the key means nothing to this pane.
    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects>;

    /// Takes a click, or the pointer dragged to a position, within its area.
    fn click(&mut self, _at: Position, _drag: bool, _body: Rect, _cx: &Shared) -> Effects {
        Vec::new()
    }

    /// Takes a notch of the wheel, up being -1.
    fn wheel(&mut self, by: isize, cx: &Shared) -> Effects;

    /// Computes what follows from changed codes, selection or keys, while it is in front.
    fn refresh(&mut self, _cx: &Shared) -> Effects {
        Vec::new()
    }

    /// The copies of the model that it draws from.
    fn wants(&self, _cx: &Shared) -> Wants {
        Wants::default()
    }

    /// Draws itself.
    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared);

    /// The files that it can write.
    fn exports(&self, _cx: &Shared) -> Exports {
        Exports::default()
    }

    /// The content of such a file; `None` where there is nothing to write any more.
    fn content(&mut self, _format: Format, _cx: &Shared) -> Option<Content> {
        None
    }

    /// True if a key of the bottom line can do something now; `None` if that is not this pane's to say.
    fn offers(&self, _action: Action, _cx: &Shared) -> Option<bool> {
        None
    }

    /// The hint of a key that goes both ways, where it differs from the key table's.
    fn hint(&self, _action: Action) -> Option<&'static str> {
        None
    }
}

/// The copies of the newest model that a pane draws from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Codes of all operations.
    pub codes: bool,
    /// Estimated probabilities of all operations.
    pub estimates: bool,
}

/// The files that a pane can write.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    /// A list, as CSV or JSON.
    pub list: Option<Named>,
    /// A picture, as SVG or PNG.
    pub picture: Option<Named>,
    /// A JSON file that there is already, in place of the list.
    pub file: Option<Named>,
}

/// A file's content in words, and the stem of its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// The content in words.
    pub words: String,
    /// The stem of the file's name, before characters are taken out that a system minds.
    pub stem: String,
}

/// The panes by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Charts and values of the run.
    #[default]
    Train,
    /// The map of all operations.
    Coverage,
    /// An operation and the codes near it.
    Neighbours,
    /// Runs, branches, experiments.
    Runs,
    /// Snapshots and certificates.
    Evidence,
    /// Requests, outcomes, logs.
    Log,
}

impl Tab {
    /// Every pane, left to right.
    pub const ALL: [Self; 6] = [
        Self::Train,
        Self::Coverage,
        Self::Neighbours,
        Self::Runs,
        Self::Evidence,
        Self::Log,
    ];

    /// The number key and the name.
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

    /// The next or previous pane, in a circle.
    pub fn next(self, forward: bool) -> Self {
        let place = Self::ALL
            .iter()
            .position(|tab| *tab == self)
            .unwrap_or_default();
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(place + by) % Self::ALL.len()]
    }
}

/// The state of all panes.
#[derive(Clone, Debug, Default)]
pub struct Panes {
    /// *Train*.
    pub train: train::Train,
    /// *Coverage*.
    pub coverage: coverage::Coverage,
    /// *Neighbours*.
    pub neighbours: neighbours::Neighbours,
    /// *Runs*.
    pub runs: runs::Runs,
    /// *Evidence*.
    pub evidence: evidence::Evidence,
    /// *Log*.
    pub log: log::Log,
}

impl Panes {
    /// A pane by its name.
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

    /// The same, to be changed.
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
