//! State that several panes and dialogs read. It changes only in `App`.

use std::collections::VecDeque;
use std::sync::Arc;

use fluxttice_core::measure::Progress;
use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::run::bookmarks::Bookmark;
use fluxttice_core::session::Estimates;
use fluxttice_core::space::Operation;
use ratatui::layout::Rect;

use crate::layout;
use crate::reading::Reading;
use crate::run_view::RunView;
use crate::selection::Selection;
use crate::theme::Theme;

/// A measurement beside training that has no result yet.
#[derive(Clone, Debug)]
pub struct Job {
    /// Description for the user, such as `certifying epoch-0010`; empty where no key asked for the
    /// measurement.
    pub words: String,
    /// Progress of the measurement; `None` until it has begun.
    pub progress: Option<Progress>,
}

impl Job {
    /// Formats description and progress, such as `certifying x: prior codes of A 43 %`.
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

/// State that all panes and dialogs may read.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Styles of the screen, by the number of colours that the terminal shows.
    pub theme: Theme,
    /// Area of the whole terminal, in columns and rows.
    pub area: Rect,
    /// The run as it is now.
    pub(super) live: RunView,
    /// Copy of the run that is drawn while the view is frozen; `None` while it is not.
    pub(super) frozen: Option<Box<RunView>>,
    /// Operations that the last search found; `None` selects all 19,683.
    pub selection: Option<Arc<Selection>>,
    /// Choice of draw and of VAE, by which coverage and probability are shown.
    pub reading: Reading,
    /// Newest estimates of the probabilities under both VAEs; `None` before the first.
    pub estimates: Option<Arc<Estimates>>,
    /// Set while the coverages that mislead are shown.
    pub misleading: bool,
    /// Bookmarks, the oldest first; empty until they have been read.
    pub bookmarks: Arc<Vec<Bookmark>>,
    /// Measurements that have no result yet; the first is the one at work.
    pub jobs: VecDeque<Job>,
}

impl Shared {
    /// Returns the run as it is drawn: the frozen copy where there is one.
    pub fn run(&self) -> &RunView {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    /// Returns the run as it is now, even while the view is frozen.
    pub fn live(&self) -> &RunView {
        &self.live
    }

    /// Returns true while the view is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Returns true if an operation is in the selection, or all are selected.
    pub fn is_selected(&self, operation: Operation) -> bool {
        let selection = self.selection.as_ref();
        selection.is_none_or(|selection| selection.found.contains(operation))
    }

    /// Returns the bookmark of a place; `None` if it has none.
    pub fn bookmark(&self, place: &LatentPoint) -> Option<&Bookmark> {
        let mut bookmarks = self.bookmarks.iter();
        bookmarks.find(|bookmark| bookmark.place.is_same(place))
    }

    /// Returns the first measurement that a key asked for; those that start by themselves are skipped.
    pub fn job(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| !job.words.is_empty())
    }

    /// Returns the area of the pane; `None` where the terminal is too small for one.
    pub fn body(&self) -> Option<Rect> {
        layout::screen(self.area).map(|screen| screen.body)
    }

    /// Returns the name of the run, for names of files; `run` before one is open.
    pub fn run_name(&self) -> &str {
        let info = self.run().info.as_ref();
        info.map_or("run", |info| info.name.as_str())
    }
}
