//! Dialog for a note on a place, which makes the place a bookmark.

use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::run::bookmarks::{Bookmark, BookmarkChange};
use fluxttice_core::session::QuickJob;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;

use super::{close_and, window};
use crate::effects::{Dialog, Effects};
use crate::format::fit;
use crate::keys::{Action, Context};
use crate::shared::Shared;
use crate::widgets::{below, lines, paragraph};

/// State of the dialog for a note on a place.
#[derive(Clone, Debug)]
pub struct Note {
    place: LatentPoint,
    input: Input,
}

impl Note {
    /// Makes the dialog for a note on a place; typing starts from this text.
    pub fn on(place: LatentPoint, text: &str) -> Self {
        Self {
            place,
            input: Input::new(text.to_owned()),
        }
    }
}

impl Dialog for Note {
    fn context(&self) -> Context {
        Context::Prompt
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (70, 7)
    }

    fn line(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn act(&mut self, action: Action, _cx: &Shared) -> Option<Effects> {
        (action == Action::Confirm).then(|| {
            let bookmark = Bookmark {
                place: self.place.clone(),
                note: self.input.value().trim().to_owned(),
            };
            let change = BookmarkChange::Set(bookmark);
            close_and([QuickJob::Bookmark(change).into()])
        })
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "bookmark");
        let wide = usize::from(inner.width);
        let place = Line::styled(fit(&self.place.to_string(), wide), theme.strong());
        lines(inner, buf, &[place]);
        let label = Span::styled("note ", theme.accent());
        let cursor = window::input(below(inner, 1), buf, label, &self.input, theme.strong());
        let text = "' lists bookmarks and where you have been; Delete removes one there";
        let rows = paragraph(text, wide, theme.dim());
        lines(below(inner, 3), buf, &rows);
        cursor
    }
}
