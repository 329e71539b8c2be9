//! Pane *Neighbours*: an operation or a point between operations, the codes nearest to it, and planes of all
//! codes.

mod around;
mod box_selection;
mod classes;
mod color_by;
mod draw;
mod draw_plane;
mod export;
mod history;
mod layout;
mod past;
mod planes;
#[cfg(test)]
pub mod tests;
mod timeline;
mod walk;

use fluxttice_core::vae::Scope;
use std::sync::Arc;

use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::plot::Drawing;
use fluxttice_core::session::message::Codes;
use fluxttice_core::session::{Content, JobError, LoadedCodes, LocatedPoint, QuickJob};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{NOTCH, Pane, Wants};
use crate::dialogs::bookmarks::Bookmarks;
use crate::dialogs::note::Note;
use crate::effects::{Effect, Effects, open, say};
use crate::exports::{Exports, Format};
use crate::keys::{Action, Context, FAR};
use crate::layout::row_at;
use crate::pictures;
use crate::selection::Selection;
use crate::shared::Shared;
use around::Around;
use box_selection::BoxSelection;
#[cfg(feature = "pictures")]
pub use classes::CellClass;
pub use color_by::ColorBy;
use past::Past;
use planes::Planes;

/// State of the pane: the centre, an earlier epoch, planes and a box.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// Centre, with the operations near it.
    pub around: Around,
    /// Codes of an earlier epoch, where such are shown.
    pub past: Past,
    /// Planes of all codes.
    pub planes: Planes,
    /// Box on a plane that selects operations; `None` while none is drawn. A box takes the keys.
    boxing: Option<BoxSelection>,
    /// Set once the bookmarks have been asked for.
    pub bookmarks_asked: bool,
}

impl Neighbours {
    /// Returns the codes that are shown: those of an earlier epoch, or the newest.
    pub fn codes<'a>(&'a self, cx: &'a Shared) -> Option<&'a Arc<Codes>> {
        self.past.codes().or(cx.run().codes.as_ref())
    }

    /// Returns true if the codes are an embedding, which has one space only.
    pub fn is_embedding(&self, cx: &Shared) -> bool {
        self.codes(cx)
            .is_some_and(|codes| codes.spaces.is_embedding())
    }

    /// Returns the name of a space, for people.
    pub fn title(&self, space: Scope, cx: &Shared) -> &'static str {
        self.codes(cx)
            .map_or(space.title(), |codes| codes.spaces.title(space))
    }

    /// Divides the pane's area into the parts that are shown now.
    pub fn parts(&self, body: Rect) -> layout::Parts {
        layout::parts(body, self.planes.shown, !self.past.kept.is_empty())
    }

    /// Returns true while a box is drawn on a plane.
    pub fn is_boxing(&self) -> bool {
        self.boxing.is_some()
    }

    /// Makes a place the centre.
    pub fn visit(&mut self, place: LatentPoint) {
        self.around.visit(place);
    }

    /// Forgets the codes of another run.
    pub fn forget(&mut self) {
        self.planes.forget();
        self.past.forget();
    }

    /// Forgets a request for codes that will not be answered.
    pub fn give_up(&mut self) {
        self.past.give_up();
    }

    /// Handles codes of an earlier epoch, or the reason why there are none.
    pub fn on_codes(&mut self, loaded: Result<Arc<LoadedCodes>, JobError>, cx: &Shared) -> Effects {
        self.past.on_codes(loaded, cx.run())
    }

    /// Stores a decoded point.
    pub fn on_located(&mut self, point: Arc<LocatedPoint>) {
        self.around.on_located(point);
    }

    fn refresh_planes(&mut self, cx: &Shared) {
        let codes = self.codes(cx).cloned();
        self.planes.refresh(codes.as_deref(), self.around.spaces());
    }

    fn walk_on(&mut self, forward: bool) -> Effects {
        match self.around.walk_on(forward) {
            true => Vec::new(),
            false => say("nothing is chosen to walk to; z walks along a dimension"),
        }
    }

    /// Turns the walk to the next or previous latent dimension.
    fn turn(&mut self, forward: bool, cx: &Shared) -> Effects {
        let Some(codes) = self.codes(cx) else {
            return say("there are no codes yet");
        };
        let dimensions = codes.spaces.of(self.around.space).dimensions();
        self.around.turn(forward, dimensions);
        Vec::new()
    }

    fn go(&mut self, forward: bool) -> Effects {
        match (self.around.go(forward), forward) {
            (true, _) => Vec::new(),
            (false, true) => say("this is the newest step of the way"),
            (false, false) => say("the way began here"),
        }
    }

    fn follow(&mut self) {
        if let Some(operation) = self.around.chosen().map(|chosen| chosen.operation) {
            self.around.visit(operation);
        }
    }

    /// Opens the dialog for a note on the centre.
    fn note(&self, cx: &Shared) -> Effects {
        let place = self.around.place();
        let note = cx.bookmark(place).map_or("", |known| known.note.as_str());
        open(Note::on(place.clone(), note))
    }

    /// Selects every operation that is as near as the chosen one.
    fn select_within(&self, cx: &Shared) -> Effects {
        let within = self.around.within(self.codes(cx).map(AsRef::as_ref));
        let within = within.map(|(text, found)| Selection::new(text, found));
        vec![Effect::Select(within)]
    }

    /// Starts a box on the plane, around the centre.
    fn draw_box(&mut self, cx: &Shared) -> Effects {
        self.planes.shown = true;
        self.refresh_planes(cx);
        let space = self.around.space;
        let Some(plane) = self.planes.of(space) else {
            return say("there are no codes yet");
        };
        let centre = self.overlay(space, plane, cx).centre;
        self.boxing = Some(BoxSelection::around(plane, centre));
        Vec::new()
    }

    /// Selects the operations in the box that are in the present selection.
    fn take_box(&mut self, cx: &Shared) -> Effects {
        let space = self.around.space;
        let (Some(boxed), Some(codes), Some(plane)) =
            (&self.boxing, self.codes(cx), self.planes.of(space))
        else {
            return Vec::new();
        };
        let [low, high] = boxed.corners(plane);
        let text = format!(
            "{:.2} to {:.2} across, {:.2} to {:.2} up on the plane of {}, {}",
            low[0],
            high[0],
            low[1],
            high[1],
            codes.spaces.title(space),
            codes.source
        );
        let selection = Selection::new(text, boxed.selected(plane, cx).collect());
        self.boxing = None;
        vec![Effect::Select(Some(selection))]
    }

    /// Performs an action while a box is drawn.
    fn act_on_box(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        let boxed = self.boxing.as_mut()?;
        match action {
            Action::Left => boxed.shift([-1.0, 0.0]),
            Action::Right => boxed.shift([1.0, 0.0]),
            Action::Up => boxed.shift([0.0, 1.0]),
            Action::Down => boxed.shift([0.0, -1.0]),
            Action::ZoomIn => boxed.grow([1.0, 1.0]),
            Action::ZoomOut => boxed.grow([-1.0, -1.0]),
            Action::Wider => boxed.grow([1.0, 0.0]),
            Action::Narrower => boxed.grow([-1.0, 0.0]),
            Action::Higher => boxed.grow([0.0, 1.0]),
            Action::Lower => boxed.grow([0.0, -1.0]),
            Action::Confirm => return Some(self.take_box(cx)),
            Action::Close => self.boxing = None,
            _ => return None,
        }
        Some(Vec::new())
    }
}

impl Pane for Neighbours {
    fn context(&self) -> Context {
        match self.boxing {
            Some(_) => Context::Box,
            None => Context::Neighbours,
        }
    }

    fn open(&mut self, _cx: &Shared) -> Effects {
        self.boxing = None;
        match std::mem::replace(&mut self.bookmarks_asked, true) {
            true => Vec::new(),
            false => vec![QuickJob::Bookmarks.into()],
        }
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        if self.is_boxing() {
            return self.act_on_box(action, cx);
        }
        match action {
            Action::ListUp => self.around.step(-1),
            Action::ListDown => self.around.step(1),
            Action::ListFarUp => self.around.step(-FAR),
            Action::ListFarDown => self.around.step(FAR),
            Action::ListFirst => self.around.step(isize::MIN),
            Action::ListLast => self.around.step(isize::MAX),
            Action::Follow => self.follow(),
            Action::GoBack => return Some(self.go(false)),
            Action::GoForward => return Some(self.go(true)),
            Action::Earlier => return Some(self.past.load(false, cx.run())),
            Action::Later => return Some(self.past.load(true, cx.run())),
            Action::SelectMovers => {
                return Some(self.past.select_movers(self.around.space, cx.run()));
            }
            Action::DropSelection if cx.selection.is_none() => self.past.leave(),
            Action::NextMetric => self.around.next_metric(),
            Action::SpaceA | Action::SpaceB | Action::SpaceBoth if self.is_embedding(cx) => {
                return Some(say("these codes have one space"));
            }
            Action::SpaceA => self.around.space = Scope::A,
            Action::SpaceB => self.around.space = Scope::B,
            Action::SpaceBoth => self.around.space = Scope::Both,
            Action::TogglePlane => self.planes.shown = !self.planes.shown,
            Action::NextColor => self.planes.next_color(),
            Action::NextLaw => self.planes.next_law(),
            Action::Bookmark => return Some(self.note(cx)),
            Action::Bookmarks => {
                let history = self.around.history().iter().cloned();
                return Some(open(Bookmarks::of(history.collect())));
            }
            Action::Box => return Some(self.draw_box(cx)),
            Action::StepOn => return Some(self.walk_on(true)),
            Action::StepBack => return Some(self.walk_on(false)),
            Action::NextDimension => return Some(self.turn(true, cx)),
            Action::PreviousDimension => return Some(self.turn(false, cx)),
            Action::SelectWithin => return Some(self.select_within(cx)),
            Action::ShowOnMap => return Some(vec![Effect::Point(self.around.centre())]),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn click(&mut self, at: Position, drag: bool, body: Rect, _cx: &Shared) -> Effects {
        if self.is_boxing() {
            if !drag {
                self.boxing = None;
            }
            return Vec::new();
        }
        let list = self.parts(body).list;
        let len = self.around.found().near.neighbours.len();
        match row_at(list, at, self.around.selected, len) {
            // A second click on the chosen row makes it the centre.
            Some(row) if row == self.around.selected && !drag => self.follow(),
            Some(row) => self.around.selected = row,
            None => {}
        }
        Vec::new()
    }

    fn wheel(&mut self, by: isize, _cx: &Shared) -> Effects {
        if !self.is_boxing() {
            self.around.step(by * NOTCH);
        }
        Vec::new()
    }

    fn refresh(&mut self, cx: &Shared) -> Effects {
        let now = cx.run().codes.as_ref();
        let codes = self.past.codes().cloned();
        let since = now.filter(|_| codes.is_some());
        let codes = codes.as_ref().or(now);
        let locate = self.around.refresh(codes, since, cx.selection.as_ref());
        let spaces = self.around.spaces();
        self.planes.refresh(codes.map(AsRef::as_ref), spaces);
        if let Some(now) = since {
            let colored = self.planes.shown && self.planes.color_by == ColorBy::Moved;
            let shown = if colored { &spaces[..] } else { &spaces[..1] };
            for space in shown {
                self.past.compare(now, *space);
            }
        }
        let locate = locate.map(|point| QuickJob::Locate(point).into());
        locate.into_iter().collect()
    }

    fn wants(&self, _cx: &Shared) -> Wants {
        Wants {
            codes: true,
            estimates: self.planes.shown && self.planes.color_by == ColorBy::Probability,
        }
    }

    fn offers(&self, action: Action, cx: &Shared) -> Option<bool> {
        let of_a_model = matches!(
            action,
            Action::SpaceA | Action::Earlier | Action::StepOn | Action::NextDimension
        );
        (of_a_model && self.is_embedding(cx)).then_some(false)
    }

    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared) {
        draw::render(body, buf, cx, self);
    }

    fn exports(&self, cx: &Shared) -> Exports {
        export::exports(cx, self)
    }

    fn content(&mut self, format: Format, cx: &Shared) -> Option<Content> {
        match format {
            Format::Csv | Format::Json => {
                format.of_list(&export::listing(&self.around.found().near))
            }
            Format::Svg | Format::Png => {
                // Planes are only computed while they are shown.
                self.planes.shown = true;
                self.refresh_planes(cx);
                let planes = export::planes(cx, self)?;
                Some(pictures::content(Drawing::Points(planes)))
            }
        }
    }
}
