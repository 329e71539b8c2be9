//! What each action of the key table does.

use std::sync::Arc;

use fluxttice_core::measure::neighbours::Space;
use fluxttice_core::request::Command;
use fluxttice_core::session::message::RunInfo;
use fluxttice_core::training::Steer;

use super::{
    App, Condition, ControlForm, Doing, FindForm, Frame, LogLevel, Meaning, Modal, Offer, Origin,
    Palette, PlacesForm, Prompt, Redraw, Selection, Tab, Then,
};
use crate::keys::Action;
use crate::view::{self, layout};

/// Epochs, lines or neighbours that a far step takes.
const FAR: isize = 10;
/// Rows of the map that a far step takes: those that share entries 7 and 8.
const FAR_ROWS: isize = 9;

impl App {
    /// Does what a key, a click or the palette asks for.
    pub fn perform(&mut self, action: Action) {
        self.redraw(Redraw::Now);
        if self.modal.is_some() {
            self.perform_in_dialog(action);
            return;
        }
        match action {
            Action::ShowTrain => self.show(Tab::Train),
            Action::ShowCoverage => self.show(Tab::Coverage),
            Action::ShowNeighbours => self.show(Tab::Neighbours),
            Action::ShowRuns => self.show(Tab::Runs),
            Action::ShowEvidence => self.show(Tab::Evidence),
            Action::ShowLog => self.show(Tab::Log),
            Action::NextTab => self.show(self.tab.next(true)),
            Action::PreviousTab => self.show(self.tab.next(false)),
            Action::TogglePause => self.toggle_pause(),
            Action::Disrupt => self.open_disruption(),
            Action::Controls => self.open_controls(),
            Action::Branch => self.ask_to_branch(),
            Action::Snapshot => self.open_snapshot(),
            Action::Certify => self.certify(),
            Action::ToggleMisleading => self.toggle_misleading(),
            Action::ToggleFreeze => self.toggle_freeze(),
            Action::FindOperation => self.modal = Some(Modal::Find(Box::<FindForm>::default())),
            Action::DropSelection if self.selection.is_none() => self.look_at_now(),
            Action::DropSelection => self.select(None),
            Action::Export => self.open_export(),
            Action::Help => self.modal = Some(Modal::Help { scroll: 0 }),
            Action::Palette => self.modal = Some(Modal::Palette(Palette::default())),
            Action::Quit | Action::Interrupt => self.ask_to_quit(),
            Action::Suspend => self.suspend = true,
            Action::Repaint => self.clear = true,
            _ => match self.tab {
                Tab::Train => self.perform_in_train(action),
                Tab::Coverage => self.perform_in_coverage(action),
                Tab::Neighbours => self.perform_in_neighbours(action),
                Tab::Runs => self.perform_in_runs(action),
                Tab::Evidence => self.perform_in_evidence(action),
                Tab::Log => self.perform_in_log(action),
            },
        }
    }

    /// Brings a view to the front.
    pub(super) fn show(&mut self, tab: Tab) {
        self.tab = tab;
        if tab == Tab::Evidence && self.desk.items.is_none() {
            self.list();
        }
        if tab == Tab::Runs {
            self.list_runs();
        }
        if tab == Tab::Neighbours {
            self.want_bookmarks();
        }
        self.want_estimates();
        self.want_codes();
        self.refresh_neighbours();
    }

    fn perform_in_train(&mut self, action: Action) {
        let (done, total) = (self.epochs_done(), self.epochs_total());
        match action {
            Action::EpochBack => self.time.step(-1, done, total),
            Action::EpochForward => self.time.step(1, done, total),
            Action::EpochBackFar => self.time.step(-(FAR as i64), done, total),
            Action::EpochForwardFar => self.time.step(FAR as i64, done, total),
            Action::EpochFirst => self.time.place(self.window().first, done, total),
            Action::EpochLast => self.time.place(u32::MAX, done, total),
            Action::CursorOff => self.time.release(),
            Action::ZoomIn => self.time.zoom(true, done, total),
            Action::ZoomOut => self.time.zoom(false, done, total),
            Action::ChartsUp => self.charts_from = self.charts_from.saturating_sub(1),
            Action::ChartsDown => {
                self.charts_from = (self.charts_from + 1).min(self.last_chart_row())
            }
            Action::ToggleLog => self.log_scale = !self.log_scale,
            Action::ToggleSmooth => self.smooth = !self.smooth,
            _ => {}
        }
    }

    /// The last row of charts from which all that follow are in sight.
    pub(crate) fn last_chart_row(&self) -> usize {
        let count = view::CHARTS;
        layout::screen(self.size.into()).map_or(0, |screen| {
            let train = layout::train(screen.body, count);
            let rows = train.charts.len().div_ceil(train.columns);
            count.div_ceil(train.columns).saturating_sub(rows)
        })
    }

    fn perform_in_coverage(&mut self, action: Action) {
        let room = self.map_room();
        match action {
            Action::Left => self.map.step(-1, 0, room),
            Action::Right => self.map.step(1, 0, room),
            Action::Up => self.map.step(0, -1, room),
            Action::Down => self.map.step(0, 1, room),
            Action::FarUp => self.map.step(0, -FAR_ROWS, room),
            Action::FarDown => self.map.step(0, FAR_ROWS, room),
            Action::RowStart => self.map.step(isize::MIN, 0, room),
            Action::RowEnd => self.map.step(isize::MAX, 0, room),
            Action::MapZoomIn => self.map.change_zoom(true, room),
            Action::MapZoomOut => self.map.change_zoom(false, room),
            Action::MapFit => self.map.fit(room),
            Action::ToggleSet => {
                self.map.toggle_draw();
                self.want_estimates();
            }
            Action::NextFilter => self.map.next_filter(),
            Action::NextMissing => self.next_missing(true),
            Action::PreviousMissing => self.next_missing(false),
            Action::OpenOperation => {
                self.neighbours.visit(self.map.operation());
                self.show(Tab::Neighbours);
            }
            _ => {}
        }
    }

    fn next_missing(&mut self, forward: bool) {
        let room = self.map_room();
        if let Some(selection) = &self.selection {
            match selection.after(self.map.operation(), forward) {
                None => self.say("nothing is selected"),
                Some(operation) => self.map.select(operation, room),
            }
            return;
        }
        if self.map.likely {
            match self.desk.estimates.clone() {
                None => self.say("probabilities have not been measured yet"),
                Some(estimates) => {
                    if !self.map.next_rare(&estimates, forward, room) {
                        self.say(view::none_stands_out(&estimates));
                    }
                }
            }
            return;
        }
        match self.run().covered.clone() {
            None => self.say("coverage has not been counted yet"),
            Some(sets) => {
                if !self.map.next_missing(&sets, forward, room) {
                    self.say("nothing is missing: A or B generated every operation");
                }
            }
        }
    }

    fn perform_in_neighbours(&mut self, action: Action) {
        match action {
            Action::ListUp => self.neighbours.step(-1),
            Action::ListDown => self.neighbours.step(1),
            Action::ListFarUp => self.neighbours.step(-FAR),
            Action::ListFarDown => self.neighbours.step(FAR),
            Action::ListFirst => self.neighbours.step(isize::MIN),
            Action::ListLast => self.neighbours.step(isize::MAX),
            Action::Follow => {
                if let Some(operation) = self.neighbours.chosen().map(|chosen| chosen.operation) {
                    self.neighbours.visit(operation);
                }
            }
            Action::GoBack => self.travel(false),
            Action::GoForward => self.travel(true),
            Action::Earlier => self.look_back(false),
            Action::Later => self.look_back(true),
            Action::SelectMovers => self.select_movers(),
            Action::NextMetric => self.neighbours.next_metric(),
            Action::SpaceA => self.neighbours.space = Space::A,
            Action::SpaceB => self.neighbours.space = Space::B,
            Action::SpaceBoth => self.neighbours.space = Space::Both,
            Action::TogglePlane => self.projection.shown = !self.projection.shown,
            Action::NextPaint => {
                self.projection.next_paint();
                self.want_estimates();
            }
            Action::Bookmark => self.open_note(),
            Action::Places => self.modal = Some(Modal::Places(PlacesForm::default())),
            Action::NextLaw => self.projection.next_law(),
            Action::Box => self.open_box(),
            Action::StepOn => self.walk_on(true),
            Action::StepBack => self.walk_on(false),
            Action::NextDimension => self.turn(true),
            Action::PreviousDimension => self.turn(false),
            Action::SelectWithin => {
                let codes = self.codes().cloned();
                let within = self.neighbours.within(codes.as_deref());
                self.select(within.map(|(text, found)| Selection::new(text, found)));
            }
            Action::ShowOnMap => {
                let room = self.map_room();
                self.map.select(self.neighbours.centre(), room);
                self.show(Tab::Coverage);
            }
            _ => {}
        }
        self.refresh_neighbours();
    }

    fn walk_on(&mut self, forward: bool) {
        if !self.neighbours.walk_on(forward) {
            self.say("nothing is chosen to walk to; z walks along a dimension");
        }
    }

    /// Walks along the next or previous latent dimension.
    fn turn(&mut self, forward: bool) {
        let space = self.neighbours.space;
        match self
            .codes()
            .map(|codes| codes.spaces.of(space).dimensions())
        {
            Some(dimensions) => self.neighbours.turn(forward, dimensions),
            None => self.say("there are no codes yet"),
        }
    }

    /// Draws a box on the plane, around the centre.
    fn open_box(&mut self) {
        self.projection.shown = true;
        self.refresh_neighbours();
        let space = self.neighbours.space;
        let Some(plane) = self.projection.of(space) else {
            return self.say("there are no codes yet");
        };
        let centre = self.marks(space, plane).centre;
        self.modal = Some(Modal::Box(Frame::around(plane, centre)));
    }

    /// Selects what lies in the box and is looked at.
    fn take_box(&mut self) {
        let (Some(Modal::Box(frame)), Some(codes)) = (&self.modal, self.codes()) else {
            return;
        };
        let space = self.neighbours.space;
        let Some(plane) = self.projection.of(space) else {
            return;
        };
        let [low, high] = frame.corners(plane);
        let text = format!(
            "{:.2} to {:.2} across, {:.2} to {:.2} up on the plane of {}, {}",
            low[0],
            high[0],
            low[1],
            high[1],
            space.title(),
            codes.source
        );
        let selection = Selection::new(text, self.boxed(frame, plane).collect());
        self.modal = None;
        self.select(Some(selection));
    }

    fn travel(&mut self, forward: bool) {
        if !self.neighbours.travel(forward) {
            self.say(if forward {
                "this is the newest step of the way"
            } else {
                "the way began here"
            });
        }
    }

    fn perform_in_runs(&mut self, action: Action) {
        match action {
            Action::ListUp => self.runs.step(-1),
            Action::ListDown => self.runs.step(1),
            Action::ListFarUp => self.runs.step(-FAR),
            Action::ListFarDown => self.runs.step(FAR),
            Action::ListFirst => self.runs.step(isize::MIN),
            Action::ListLast => self.runs.step(isize::MAX),
            Action::OpenRun => self.ask_to_open(),
            Action::MarkRun => self.mark_run(),
            Action::Measure => self.measure_chosen(),
            Action::GiveUp => self.give_up(),
            Action::Delete => self.ask_to_delete(),
            Action::CheckRun => self.check_run(),
            Action::Refresh => self.list_runs(),
            _ => {}
        }
    }

    fn perform_in_evidence(&mut self, action: Action) {
        match action {
            Action::ListUp => self.desk.step(-1),
            Action::ListDown => self.desk.step(1),
            Action::ListFirst => self.desk.step(isize::MIN),
            Action::ListLast => self.desk.step(isize::MAX),
            Action::ListFarUp => self.desk.scroll = self.desk.scroll.saturating_sub(FAR as usize),
            Action::ListFarDown => self.scroll_details(),
            Action::Verify => self.verify(),
            Action::Validate => self.validate(),
            Action::CopyFolder => self.export(),
            Action::Refresh => self.list(),
            _ => {}
        }
    }

    fn scroll_details(&mut self) {
        let details =
            layout::screen(self.size.into()).map(|screen| layout::evidence(screen.body).details);
        if let Some(details) = details {
            let lines = view::detail_lines(self, usize::from(details.width));
            let last = lines.saturating_sub(usize::from(details.height));
            self.desk.scroll = (self.desk.scroll + FAR as usize).min(last);
        }
    }

    fn perform_in_log(&mut self, action: Action) {
        match action {
            Action::ListUp => self.log.scroll(-1),
            Action::ListDown => self.log.scroll(1),
            Action::ListFarUp => self.log.scroll(-FAR),
            Action::ListFarDown => self.log.scroll(FAR),
            Action::ListFirst => self.log.scroll(-isize::MAX),
            Action::FollowLog => self.log.back = 0,
            Action::LogLevel => self.log.next_level(),
            Action::ToggleLibraries => self.log.toggle_libraries(),
            _ => {}
        }
    }

    fn perform_in_dialog(&mut self, action: Action) {
        let view = self.tab.context();
        match (&mut self.modal, action) {
            (_, Action::Suspend) => self.suspend = true,
            (_, Action::Repaint) => self.clear = true,
            (Some(Modal::Quit), Action::Interrupt | Action::StopNow) => {
                self.leave(Command::StopNow)
            }
            (Some(Modal::Quit), Action::FinishEpoch) => self.leave(Command::StopAfterEpoch),
            (_, Action::Interrupt) => self.ask_to_quit(),
            (Some(Modal::Controls(form)), Action::Close) if form.editing.is_some() => form.back(),
            (_, Action::Close) => self.modal = None,
            (Some(Modal::Help { scroll }), action) => {
                let by = match action {
                    Action::ListUp => -1,
                    Action::ListDown => 1,
                    Action::ListFarUp => -FAR,
                    Action::ListFarDown => FAR,
                    _ => 0,
                };
                let scroll = scroll.saturating_add_signed(by);
                let last = view::last_help_scroll(view::dialog_area(self, self.size.into()));
                self.modal = Some(Modal::Help {
                    scroll: scroll.min(last),
                });
            }
            (Some(Modal::Palette(palette)), Action::ListUp) => {
                palette.step(-1, view, self.live.offered_controls());
            }
            (Some(Modal::Palette(palette)), Action::ListDown) => {
                palette.step(1, view, self.live.offered_controls());
            }
            (Some(Modal::Palette(palette)), Action::Confirm) => {
                match palette.chosen(view, self.live.offered_controls()) {
                    Some(Offer::Command(binding)) => {
                        self.modal = None;
                        self.perform(binding.action);
                    }
                    Some(Offer::Control(control)) => {
                        self.modal = Some(Modal::Controls(ControlForm::editing(control)));
                    }
                    None => {}
                }
            }
            (Some(Modal::Find(form)), Action::PreviousField) => form.step(-1),
            (Some(Modal::Find(form)), Action::NextField) => form.step(1),
            (Some(Modal::Find(form)), Action::Complete) => form.complete(),
            (Some(Modal::Find(_)), Action::Confirm) => self.take_found(),
            (Some(Modal::Prompt(_)), Action::Confirm) => self.take_prompt(),
            (Some(Modal::Note(_)), Action::Confirm) => self.take_note(),
            (Some(Modal::Places(_)), action) => match action {
                Action::ListUp => self.step_place(-1),
                Action::ListDown => self.step_place(1),
                Action::Delete => self.remove_bookmark(),
                Action::Confirm => self.take_place(),
                _ => {}
            },
            (Some(Modal::Disrupt(form)), Action::NextField) => form.step(true),
            (Some(Modal::Disrupt(form)), Action::PreviousField) => form.step(false),
            (Some(Modal::Disrupt(form)), Action::ChoiceBack) => form.choose(false),
            (Some(Modal::Disrupt(form)), Action::ChoiceForward) => form.choose(true),
            (Some(Modal::Disrupt(form)), Action::Confirm) => {
                // While a number is wrong the dialog says why and stays.
                if let (Ok(disruption), Ok(measuring)) = (form.disruption(), form.measuring()) {
                    let disrupts = form.doing != Doing::Measure;
                    self.modal = None;
                    self.ask_to_disrupt(disruption, disrupts, measuring);
                }
            }
            (Some(Modal::Controls(form)), action) => {
                let controls = self.live.controls();
                match action {
                    Action::ListUp => form.step(-1, controls),
                    Action::ListDown => form.step(1, controls),
                    Action::ListFarUp => form.step(-FAR, controls),
                    Action::ListFarDown => form.step(FAR, controls),
                    Action::Confirm => self.take_control(),
                    _ => {}
                }
            }
            (Some(Modal::Export(form)), Action::ListUp) => form.step(-1),
            (Some(Modal::Export(form)), Action::ListDown) => form.step(1),
            (Some(Modal::Export(_)), Action::Confirm) => self.take_export(),
            (Some(Modal::Box(frame)), action) => match action {
                Action::Left => frame.shift([-1.0, 0.0]),
                Action::Right => frame.shift([1.0, 0.0]),
                Action::Up => frame.shift([0.0, 1.0]),
                Action::Down => frame.shift([0.0, -1.0]),
                Action::ZoomIn => frame.grow([1.0, 1.0]),
                Action::ZoomOut => frame.grow([-1.0, -1.0]),
                Action::ChoiceForward => frame.grow([1.0, 0.0]),
                Action::ChoiceBack => frame.grow([-1.0, 0.0]),
                Action::PreviousField => frame.grow([0.0, 1.0]),
                Action::NextField => frame.grow([0.0, -1.0]),
                Action::Confirm => self.take_box(),
                _ => {}
            },
            (Some(Modal::Question(question)), Action::Confirm) => {
                let then = question.then.clone();
                self.modal = None;
                match then {
                    Then::Command(command) => self.ask(command),
                    Then::Desk(request) => self.desk.push(request),
                }
            }
            _ => {}
        }
    }

    /// Begins to change the chosen control, or asks for the value that is typed.
    fn take_control(&mut self) {
        let (Some(Modal::Controls(form)), Some(info)) = (&mut self.modal, &self.live.info) else {
            return;
        };
        match form.editing.clone() {
            None => form.edit(self.live.controls()),
            Some((key, value)) => {
                // While the value is wrong the dialog says why and stays.
                if info.tuning.config.changed(&key, value.value()).is_ok() {
                    let steer = Steer::set(key, value.value().trim());
                    form.back();
                    self.ask(Command::Steer(steer));
                }
            }
        }
    }

    fn open_controls(&mut self) {
        match self.live.idle_reason() {
            Some(why) => self.say(format!("{why}: nothing to change")),
            None => self.modal = Some(Modal::Controls(ControlForm::default())),
        }
    }

    fn take_prompt(&mut self) {
        let Some(Modal::Prompt(prompt)) = &self.modal else {
            return;
        };
        if let Ok(name) = prompt.name() {
            self.modal = None;
            self.ask(Command::Snapshot { name });
        }
    }

    /// Goes to the operation that is typed, or selects what the expression finds.
    fn take_found(&mut self) {
        let Some(Modal::Find(form)) = &mut self.modal else {
            return;
        };
        let taken = form.take();
        let text = form.input.value().trim().to_owned();
        match taken {
            Some(Meaning::Operation(operation)) => {
                self.modal = None;
                self.neighbours.visit(operation);
                self.show(Tab::Neighbours);
            }
            Some(Meaning::Point(place)) => {
                self.modal = None;
                self.neighbours.visit(place);
                self.show(Tab::Neighbours);
            }
            Some(Meaning::Operations(found)) => {
                self.modal = None;
                self.select(Some(Selection::new(text, found)));
            }
            _ => {}
        }
    }

    /// Looks at these operations alone, or at all again.
    pub(super) fn select(&mut self, selection: Option<Selection>) {
        self.selection = selection.map(Arc::new);
        if self.selection.is_some() && self.tab != Tab::Coverage {
            self.show(Tab::Neighbours);
        }
        self.refresh_neighbours();
    }

    fn toggle_pause(&mut self) {
        let command = match self.live.condition() {
            Condition::Paused | Condition::Pausing => Command::Resume,
            Condition::Resuming => Command::Pause,
            Condition::Training
            | Condition::Validating
            | Condition::Counting
            | Condition::Saving
            | Condition::FinishingEpoch => Command::Pause,
            Condition::Preparing => return self.say("not training yet: nothing to pause"),
            Condition::Stopping => return self.say("stopping already"),
            Condition::Ended(_) | Condition::Exploring => {
                let why = self.live.idle_reason().unwrap_or_default();
                return self.say(format!("{why}: nothing to pause"));
            }
        };
        self.ask(command);
    }

    fn open_disruption(&mut self) {
        match self.live.idle_reason() {
            Some(why) => self.say(format!("{why}: nothing to disrupt")),
            None => self.modal = Some(Modal::Disrupt(Box::default())),
        }
    }

    fn open_snapshot(&mut self) {
        if self.served("nothing to save").is_some() {
            self.modal = Some(Modal::Prompt(Prompt::default()));
        }
    }

    /// The run whose worker can be asked for snapshots and branches; where there is none, says so.
    pub(super) fn served(&mut self, nothing: &str) -> Option<Arc<RunInfo>> {
        if !self.live.serves() {
            let why = self.live.idle_reason().unwrap_or_default();
            self.say(format!("{why}: {nothing}"));
            return None;
        }
        self.live.info.clone()
    }

    fn toggle_freeze(&mut self) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Box::new(self.live.clone())),
        };
        self.want_codes();
        self.refresh_neighbours();
    }

    fn ask_to_quit(&mut self) {
        if !self.live.is_over() {
            self.modal = Some(Modal::Quit);
            return;
        }
        self.modal = None;
        match self.live.unsaved.clone() {
            // Who makes room now loses nothing.
            Some(unsaved) if !std::mem::replace(&mut self.warned, true) => {
                let text = format!("{unsaved}; make room and wait, or leave by the same key again");
                self.tell(LogLevel::Error, Origin::Notice, text);
            }
            _ => self.done = true,
        }
    }

    /// Asks the worker to stop and leaves as soon as it has; at once if it already has.
    pub(super) fn leave(&mut self, command: Command) {
        self.modal = None;
        if self.live.is_over() {
            self.done = true;
        } else if self.leaving.as_ref() != Some(&command) {
            // A closed terminal tells of itself in several ways; the run is asked once.
            self.ask(command.clone());
        }
        self.leaving = Some(command);
        self.redraw(Redraw::Now);
    }
}
