//! State that several panes and dialogs read. It changes only in `App`.

use std::collections::VecDeque;
use std::sync::Arc;

use fluxttice_core::measure::Progress;
use fluxttice_core::measure::neighbours::Place;
use fluxttice_core::run::bookmarks::Bookmark;
use fluxttice_core::session::Estimates;
use fluxttice_core::space::Operation;
use ratatui::layout::Rect;

use crate::layout;
use crate::reading::Reading;
use crate::run_view::RunView;
use crate::selection::Selection;
use crate::theme::Theme;

/// A measurement beside training that is not answered yet.
#[derive(Clone, Debug)]
pub struct Job {
    /// Words for the user, as in `certifying epoch-0010`; empty where nobody asked for it by a key.
    pub words: String,
    /// Its progress, once it has begun.
    pub progress: Option<Progress>,
}

impl Job {
    /// Words and progress: `certifying x: prior codes of A 43 %`.
    pub fn status(&self) -> String {
        match self.progress {
            None => format!("{}: waiting", self.words),
            Some(progress) => {
                let percent = 100 * u64::from(progress.done) / u64::from(progress.of.max(1));
                format!("{}: {} {percent} %", self.words, progress.what)
            }
        }
    }
}

/// State that several panes and dialogs read.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Colours and styles.
    pub theme: Theme,
    /// The terminal's area.
    pub area: Rect,
    /// The run as it is.
    pub(super) live: RunView,
    /// The run as it was when the view was frozen.
    pub(super) frozen: Option<Box<RunView>>,
    /// The operations that are looked at; `None` means all.
    pub selection: Option<Arc<Selection>>,
    /// The meaning of coverage and probability at present.
    pub reading: Reading,
    /// The newest estimates of the run's probabilities.
    pub estimates: Option<Arc<Estimates>>,
    /// True while the figures that mislead are shown.
    pub misleading: bool,
    /// Bookmarks, the oldest first; none until they were asked for.
    pub bookmarks: Arc<Vec<Bookmark>>,
    /// Measurements beside training, the one at work first.
    pub jobs: VecDeque<Job>,
}

impl Shared {
    /// The run as it is drawn: as it is, or as it was when the view was frozen.
    pub fn run(&self) -> &RunView {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    /// The run as it is.
    pub fn live(&self) -> &RunView {
        &self.live
    }

    /// True while the view is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// True if an operation is looked at: it is selected, or all are.
    pub fn is_selected(&self, operation: Operation) -> bool {
        let selection = self.selection.as_ref();
        selection.is_none_or(|selection| selection.found.contains(operation))
    }

    /// The bookmark of a place.
    pub fn bookmark(&self, place: &Place) -> Option<&Bookmark> {
        let mut bookmarks = self.bookmarks.iter();
        bookmarks.find(|bookmark| bookmark.place.is_same(place))
    }

    /// The measurement at work, if the user asked for it.
    pub fn job(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| !job.words.is_empty())
    }

    /// The pane's area; `None` where the terminal is too small for one.
    pub fn body(&self) -> Option<Rect> {
        layout::screen(self.area).map(|screen| screen.body)
    }

    /// The run's name, for names of files.
    pub fn run_name(&self) -> &str {
        let info = self.run().info.as_ref();
        info.map_or("run", |info| info.name.as_str())
    }
}
