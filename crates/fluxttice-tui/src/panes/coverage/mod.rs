//! Pane *Coverage*: the map of all operations, by the VAEs that generate them or by their probability.

mod draw;
mod export;
mod foreign;
mod layout;
mod map;
mod probability;
mod side;
#[cfg(test)]
mod tests;

use fluxttice_core::plot::Drawing;
use fluxttice_core::session::Content;
use fluxttice_core::space::Operation;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use super::{Pane, Wants};
use crate::effects::{Effect, Effects, say};
use crate::exports::{Exports, Format};
use crate::keys::{Action, Context};
use crate::pictures;
use crate::reading::{Cover, Draw, Reading};
use crate::shared::Shared;
pub use draw::{sign, style};
use map::Map;
pub use probability::{SHADES, look};

/// Rows of a far step of the cursor: those that share entries 7 and 8.
const FAR_ROWS: isize = 9;

/// Filter that decides which operations are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Operations that A or B generated.
    #[default]
    Covered,
    /// Operations that neither generated.
    Missing,
    /// Operations that A alone generated.
    OnlyA,
    /// Operations that B alone generated.
    OnlyB,
}

impl Filter {
    /// Returns `covered`, `missing`, `only A` or `only B`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Missing => "missing",
            Self::OnlyA => "only A",
            Self::OnlyB => "only B",
        }
    }

    /// Returns true if an operation with this cover is drawn.
    pub fn shows(self, cover: Cover) -> bool {
        match self {
            Self::Covered => cover != Cover::Neither,
            Self::Missing => cover == Cover::Neither,
            Self::OnlyA => cover == Cover::OnlyA,
            Self::OnlyB => cover == Cover::OnlyB,
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Covered => Self::Missing,
            Self::Missing => Self::OnlyA,
            Self::OnlyA => Self::OnlyB,
            Self::OnlyB => Self::Covered,
        }
    }
}

/// State of the pane: the map, its layer and its filter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coverage {
    /// Cursor, zoom and visible part of the map.
    pub map: Map,
    /// True while probabilities are drawn in place of covers.
    likely: bool,
    /// Covers that are drawn.
    filter: Filter,
}

/// Returns the size of the map on the screen, in characters.
fn room(cx: &Shared) -> Size {
    cx.body()
        .map_or(Size::new(0, 0), |body| layout::parts(body).map.as_size())
}

impl Coverage {
    /// Keeps the cursor visible in a terminal of another size.
    pub fn follow(&mut self, cx: &Shared) {
        self.map.follow(room(cx));
    }

    /// Puts the cursor on an operation, and makes it visible.
    pub fn point_to(&mut self, operation: Operation, cx: &Shared) {
        self.map.select(operation, room(cx));
    }

    /// Shows the next layer of argmax, categorical and probability.
    fn next_layer(&mut self, reading: Reading) -> Effects {
        let draw = match (reading.draw, self.likely) {
            (Draw::Categorical, false) => {
                self.likely = true;
                return Vec::new();
            }
            (Draw::Argmax, false) => Draw::Categorical,
            (_, true) => Draw::Argmax,
        };
        self.likely = false;
        vec![Effect::Read(Reading { draw, ..reading })]
    }

    /// Takes the next filter, or the probabilities of the next VAE.
    fn next_filter(&mut self, reading: Reading) -> Effects {
        if self.likely {
            return vec![Effect::Read(reading.of_next())];
        }
        self.filter = self.filter.next();
        Vec::new()
    }

    /// Puts the cursor on the next selected operation; without a selection on the next rare or missing one.
    fn next_operation(&mut self, forward: bool, cx: &Shared) -> Effects {
        let room = room(cx);
        if let Some(selection) = &cx.selection {
            return match selection.after(self.map.operation(), forward) {
                None => say("nothing is selected"),
                Some(operation) => {
                    self.map.select(operation, room);
                    Vec::new()
                }
            };
        }
        if self.likely {
            return match &cx.estimates {
                None => say("probabilities have not been measured yet"),
                Some(estimates) => {
                    let rare = cx.reading.rare(estimates);
                    match self.map.next_of(&rare, forward, room) {
                        true => Vec::new(),
                        false => say(probability::none_stands_out(estimates)),
                    }
                }
            };
        }
        let Some(sets) = &cx.run().covered else {
            return say("coverage has not been counted yet");
        };
        let missing = |operation| Cover::of(sets, cx.reading.draw, operation) == Cover::Neither;
        match self.map.next_missing(missing, forward, room) {
            true => Vec::new(),
            false => say("nothing is missing: A or B generated every operation"),
        }
    }
}

impl Pane for Coverage {
    fn context(&self) -> Context {
        Context::Coverage
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        let room = room(cx);
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
            Action::ToggleSet => return Some(self.next_layer(cx.reading)),
            Action::NextFilter => return Some(self.next_filter(cx.reading)),
            Action::NextMissing => return Some(self.next_operation(true, cx)),
            Action::PreviousMissing => return Some(self.next_operation(false, cx)),
            Action::OpenOperation => {
                return Some(vec![Effect::Visit(self.map.operation().into())]);
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn click(&mut self, at: Position, _drag: bool, body: Rect, _cx: &Shared) -> Effects {
        let map = layout::parts(body).map;
        if map.contains(at) {
            let (x, y) = (usize::from(at.x - map.x), usize::from(at.y - map.y));
            self.map.point(x, y, map.as_size());
        }
        Vec::new()
    }

    fn wheel(&mut self, by: isize, cx: &Shared) -> Effects {
        self.map.change_zoom(by < 0, room(cx));
        Vec::new()
    }

    fn wants(&self, cx: &Shared) -> Wants {
        Wants {
            estimates: self.likely || cx.misleading,
            ..Wants::default()
        }
    }

    fn offers(&self, action: Action, cx: &Shared) -> Option<bool> {
        // Samples that another program gave are one set.
        let of_two = matches!(
            action,
            Action::ToggleSet | Action::NextFilter | Action::NextMissing
        );
        (of_two && cx.run().foreign.is_some()).then_some(false)
    }

    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared) {
        draw::render(body, buf, cx, self);
    }

    fn exports(&self, cx: &Shared) -> Exports {
        export::exports(cx, self)
    }

    fn content(&mut self, format: Format, cx: &Shared) -> Option<Content> {
        match format {
            Format::Csv | Format::Json => format.of_list(&export::listing(cx)?),
            Format::Svg | Format::Png => {
                let cells = export::cells(cx, self)?;
                Some(pictures::content(Drawing::Cells(cells)))
            }
        }
    }
}
