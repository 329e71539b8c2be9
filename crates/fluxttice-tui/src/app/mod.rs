//! The state behind the screen. It changes only in the `on_…` functions and in `perform`.

mod actions;
mod asking;
mod control_form;
mod desk_view;
mod disrupt_form;
mod export;
mod find_form;
mod frame;
mod input;
mod log_view;
mod look;
mod map_view;
mod modal;
mod mouse;
mod neighbour_view;
mod paint;
mod past_view;
mod places;
mod projection_view;
mod run_view;
mod runs_view;
mod selection;
mod tab;
mod time_view;
mod walk;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ratatui::layout::{Rect, Size};

use asking::Asked;
pub use asking::{Follow, Pending};
pub use control_form::{Control, ControlForm, number};
pub use desk_view::{DeskView, Job};
pub use disrupt_form::{DisruptForm, Doing, Field, Measuring};
pub use export::ExportForm;
pub use find_form::{FindForm, Meaning};
pub use frame::Frame;
pub use log_view::{Entry, LogView, Origin};
pub use look::{Look, Marks};
pub use map_view::{COLUMNS, Cover, Draw, LIKELIHOODS, MapView, ROWS, Zoom};
pub use modal::{Modal, Offer, Palette, Prompt, Question, Then};
pub use neighbour_view::{LISTED, NeighbourView, Ranked, SIZES};
pub use paint::Paint;
pub use past_view::PastView;
pub use places::{Known, NoteForm, PlacesForm};
pub use projection_view::ProjectionView;
pub use run_view::{Condition, PHASES, RunView};
pub use runs_view::{LiveTrial, Row, RunsView};
pub use selection::Selection;
pub use tab::{Redraw, Tab, Toast};
pub use time_view::{TimeView, Window};
pub use walk::{Along, Walk};

use fluxttice_core::record::Stage;
use fluxttice_core::request::{Command, EndReason, Outcome};
use fluxttice_core::run::bookmarks::Bookmark;
use fluxttice_core::session::message::{Codes, Event, NoticeLevel, Progress};
use fluxttice_core::space::Operation;

use super::log_buffer::{LogLevel, LogLine};
use super::theme::Theme;
use super::view::layout;
use super::{Exit, Options, StopSignal};

/// How long an end without a word on its reason is waited for when leaving.
const LAST_WORD: Duration = Duration::from_secs(3);
/// How long a passing line stands.
const PASSING: Duration = Duration::from_secs(6);
/// How long an epoch goes to the disk before that is shown.
const SLOW_DISK: Duration = Duration::from_secs(1);

/// Everything the screen shows.
#[derive(Clone, Debug)]
pub struct App {
    /// Looks.
    pub theme: Theme,
    /// View in front.
    pub tab: Tab,
    /// Dialog over it.
    pub modal: Option<Modal>,
    /// Time axis of the charts.
    pub time: TimeView,
    /// First row of charts in sight.
    pub charts_from: usize,
    /// Losses on a logarithmic scale.
    pub log_scale: bool,
    /// Charts as moving averages.
    pub smooth: bool,
    /// *Coverage*.
    pub map: MapView,
    /// *Neighbours*.
    pub neighbours: NeighbourView,
    /// Places with notes, the oldest first; `None` until they were asked for.
    pub bookmarks: Option<Arc<Vec<Bookmark>>>,
    /// Going back in time there.
    pub past: PastView,
    /// The plane that codes are drawn on there.
    pub projection: ProjectionView,
    /// The operations that are looked at, where an expression was asked for.
    pub selection: Option<Arc<Selection>>,
    /// *Evidence*, and what else the desk does.
    pub desk: DeskView,
    /// *Runs*, and the experiments at work.
    pub runs: RunsView,
    /// *Log*.
    pub log: LogView,
    live: RunView,
    frozen: Option<Box<RunView>>,
    toast: Option<Toast>,
    size: Size,
    now: SystemTime,
    /// Requests that have not been handed over yet.
    asked: Vec<Asked>,
    /// Finished epochs of the model whose codes the worker was last asked for.
    encoded: Option<u32>,
    signal: Option<StopSignal>,
    /// What the worker was asked for so that the explorer may end.
    leaving: Option<Command>,
    waited: Duration,
    /// A finished epoch that goes to the disk, and since when: shown once it takes long, for it would
    /// only flicker before.
    saving: Option<(Progress, SystemTime)>,
    /// That something is not saved was said as the explorer was to end.
    warned: bool,
    done: bool,
    suspend: bool,
    clear: bool,
    redraw: Redraw,
}

impl App {
    /// A screen before anything has happened.
    pub fn new(options: Options, now: SystemTime) -> Self {
        Self {
            theme: Theme::new(options.depth),
            tab: options.tab,
            modal: None,
            time: TimeView::default(),
            charts_from: 0,
            log_scale: false,
            smooth: false,
            map: MapView::default(),
            neighbours: NeighbourView::default(),
            bookmarks: None,
            past: PastView::default(),
            projection: ProjectionView::default(),
            selection: None,
            desk: DeskView::default(),
            runs: RunsView::default(),
            log: LogView::default(),
            live: RunView::default(),
            frozen: None,
            toast: None,
            size: Size::new(80, 24),
            now,
            asked: Vec::new(),
            encoded: None,
            signal: None,
            leaving: None,
            waited: Duration::ZERO,
            saving: None,
            warned: false,
            done: false,
            suspend: false,
            clear: false,
            redraw: Redraw::Now,
        }
    }

    /// The run as it is drawn: as it is, or as it was when the view was frozen.
    pub fn run(&self) -> &RunView {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    /// The run as it is.
    pub fn live(&self) -> &RunView {
        &self.live
    }

    /// Whether the view is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Whether an operation is looked at: it is selected, or all are.
    pub fn looks_at(&self, operation: Operation) -> bool {
        let selection = self.selection.as_ref();
        selection.is_none_or(|selection| selection.found.contains(operation))
    }

    /// The passing line, while it stands.
    pub fn toast(&self) -> Option<&Toast> {
        self.toast.as_ref()
    }

    /// The signal that asks the program to end, if one came.
    pub fn signal(&self) -> Option<StopSignal> {
        self.signal
    }

    /// Whether the screen is about to be left once the worker has ended.
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// Whether the screen is to be left now.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// How the screen was left.
    pub fn exit(&self) -> Exit {
        Exit {
            end: self.live.end.clone(),
            signal: self.signal,
        }
    }

    /// Whether the program is to be suspended, once.
    pub fn take_suspend(&mut self) -> bool {
        std::mem::take(&mut self.suspend)
    }

    /// Whether the terminal is to be cleared, once.
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

    /// A frame was drawn.
    pub fn drawn(&mut self) {
        self.redraw = Redraw::No;
    }

    /// Takes the terminal's size.
    pub fn set_size(&mut self, width: u16, height: u16) {
        self.size = Size::new(width, height);
        let room = self.map_room();
        self.map.follow(room);
        self.redraw(Redraw::Now);
    }

    /// Finished epochs, as drawn.
    pub fn epochs_done(&self) -> u32 {
        self.run().epochs_done()
    }

    /// Epochs of the whole schedule.
    pub fn epochs_total(&self) -> u32 {
        self.run()
            .info
            .as_ref()
            .map_or(0, |info| info.tuning.total_epochs())
    }

    /// The epochs on the charts' time axis.
    pub fn window(&self) -> Window {
        self.time.window(self.epochs_done(), self.epochs_total())
    }

    /// The room of the coverage map.
    pub fn map_room(&self) -> Size {
        layout::screen(Rect::from(self.size)).map_or(Size::new(0, 0), |screen| {
            layout::coverage(screen.body).map.as_size()
        })
    }

    /// The parts of *Neighbours*, with those that are shown now.
    pub fn neighbour_parts(&self, body: Rect) -> layout::Neighbours {
        layout::neighbours(body, self.projection.shown, !self.past.kept.is_empty())
    }

    /// Takes in what the worker says.
    pub fn on_event(&mut self, event: Event) {
        match &event {
            Event::Outcome(outcome) => {
                self.report(outcome);
                self.on_answer(outcome);
                if let Command::Snapshot { .. } = outcome.command {
                    self.list();
                }
            }
            Event::Weights(model) => self.estimate(model),
            Event::Saving(Some(unsaved)) => {
                let text = format!("{unsaved}; training goes on, and it is tried again");
                self.tell(LogLevel::Error, Origin::Notice, text);
            }
            Event::Saving(None) => {
                let text = "everything is saved again".to_owned();
                self.tell(LogLevel::Info, Origin::Notice, text);
            }
            Event::Notice(notice) => {
                let level = match notice.level {
                    NoticeLevel::Info => LogLevel::Info,
                    NoticeLevel::Warning => LogLevel::Warn,
                    NoticeLevel::Error => LogLevel::Error,
                };
                self.tell(level, Origin::Notice, notice.text.clone());
            }
            Event::Ended(end) if self.live.end.is_none() => {
                let level = match end.reason {
                    EndReason::Diverged | EndReason::Failed => LogLevel::Error,
                    _ => LogLevel::Info,
                };
                self.tell(level, Origin::Notice, end.message.clone());
            }
            Event::Started(info) => {
                // What was known of another run says nothing of this one.
                self.time.release();
                self.encoded = None;
                self.desk.forget_model();
                self.projection.forget();
                self.past.forget();
                for line in &info.ineffective {
                    self.note(
                        LogLevel::Info,
                        Origin::Notice,
                        format!("configuration, no effect: {line}"),
                    );
                }
            }
            _ => {}
        }
        self.live.on_event(&event);
        if matches!(event, Event::Ended(_)) && self.is_leaving() {
            self.done = true;
        }
        if matches!(event, Event::Codes(_)) {
            self.refresh_neighbours();
        }
        self.want_codes();
        self.want_estimates();
        self.redraw(Redraw::News);
    }

    /// Takes in where the worker stands.
    pub fn on_progress(&mut self, progress: Progress) {
        if progress.stage == Stage::Saving {
            self.saving = Some((progress, self.now));
            return;
        }
        self.saving = None;
        self.show_progress(progress);
    }

    fn show_progress(&mut self, progress: Progress) {
        if self.live.progress == progress {
            return;
        }
        self.live.progress = progress;
        if self.frozen.is_none() {
            self.redraw(Redraw::Progress);
        }
    }

    /// Takes in log lines.
    pub fn on_log(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            self.log.push_line(line);
        }
        if self.tab == Tab::Log {
            self.redraw(Redraw::News);
        }
    }

    /// Takes in that time has passed.
    pub fn on_tick(&mut self, now: SystemTime) {
        let before = self.now;
        self.now = now;
        // A worker that is done but never says so must not hold the screen.
        if self.is_leaving() && self.live.is_over() && self.live.end.is_none() {
            self.waited += now.duration_since(before).unwrap_or_default();
            self.done |= self.waited > LAST_WORD;
        }
        let older = |since, than| now.duration_since(since).is_ok_and(|age| age > than);
        if let Some((progress, _)) = self.saving.take_if(|(_, since)| older(*since, SLOW_DISK)) {
            self.show_progress(progress);
        }
        if self
            .toast
            .as_ref()
            .is_some_and(|toast| older(toast.since, PASSING))
        {
            self.toast = None;
            self.redraw(Redraw::News);
        }
    }

    /// Takes in a signal that asks the program to end.
    pub fn on_signal(&mut self, signal: StopSignal) {
        self.signal = Some(signal);
        self.leave(Command::StopNow);
    }

    /// Shows a line for some seconds, in the log for good.
    pub fn say(&mut self, text: impl Into<String>) {
        self.tell(LogLevel::Info, Origin::Notice, text.into());
    }

    fn report(&mut self, outcome: &Outcome) {
        let (level, sign) = match (outcome.applied, &outcome.command) {
            (_, Command::Encode | Command::Weights) => (LogLevel::Debug, "✓"),
            (true, _) => (LogLevel::Info, "✓"),
            (false, _) => (LogLevel::Warn, "✖ refused"),
        };
        let place = format!("epoch {}, batch {}", outcome.epoch, outcome.batch);
        let text = format!(
            "{sign} {}{}: {} ({place})",
            outcome.by, outcome.command, outcome.message
        );
        // An experiment asked for that, and says itself how far it is.
        let kept = outcome.applied && matches!(outcome.command, Command::Keep { .. });
        if kept || level == LogLevel::Debug {
            self.note(level, Origin::Outcome, text);
        } else {
            self.tell(level, Origin::Outcome, text);
        }
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
        self.log.push(Entry {
            time: self.now,
            level,
            origin,
            text,
        });
    }

    fn refresh_neighbours(&mut self) {
        if self.tab == Tab::Neighbours {
            // The clone is of an Arc: the list needs `self` for itself.
            let now = self.run().codes.clone();
            let codes = self.codes().cloned();
            let since = now.as_deref().filter(|_| self.past.codes().is_some());
            let selection = self.selection.clone();
            self.neighbours
                .refresh(codes.as_deref(), since, selection.as_ref());
            let spaces = self.neighbours.spaces();
            self.projection.refresh(codes.as_deref(), spaces);
            if let Some(now) = since {
                let painted = self.projection.shown && self.projection.paint == Paint::Moved;
                let shown = if painted { &spaces[..] } else { &spaces[..1] };
                for space in shown {
                    self.past.compare(now, *space);
                }
            }
        }
    }

    /// Asks for codes of the newest epoch while *Neighbours* is in front, once for each epoch.
    fn want_codes(&mut self) {
        let done = self.live.epochs_done();
        let stale = |codes: &Arc<Codes>| codes.epoch < done;
        let wanted = self.tab == Tab::Neighbours
            && self.live.codes.as_ref().is_none_or(stale)
            && self.frozen.is_none()
            && self.live.answers()
            && self.encoded != Some(done)
            && !self.is_asked(&Command::Encode);
        if wanted {
            self.ask(Command::Encode);
        }
    }
}
