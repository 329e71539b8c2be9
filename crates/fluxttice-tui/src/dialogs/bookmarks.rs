//! Dialog of the bookmarks with their notes, and of earlier centres.

use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::run::bookmarks::{Bookmark, BookmarkChange};
use fluxttice_core::session::QuickJob;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;

use super::{close_and, distance, window};
use crate::effects::{Dialog, Effect, Effects, say};
use crate::format::{fit, width};
use crate::keys::{Action, Context};
use crate::layout;
use crate::shared::Shared;
use crate::widgets::{below, lines, list_rows};

/// Columns of a place, in front of its note.
const PLACE: usize = 32;

/// Dialog of the places that can become the centre: bookmarks and earlier centres.
#[derive(Clone, Debug)]
pub struct Bookmarks {
    /// Text by which places are filtered.
    input: Input,
    selected: usize,
    /// Earlier centres, the newest first; the first is the present one.
    history: Vec<LatentPoint>,
}

/// A place in the list.
#[derive(Clone, Debug)]
enum Known<'a> {
    /// A bookmark with its note.
    Bookmark(&'a Bookmark),
    /// An earlier centre, this many steps ago; 0 is the present one.
    Been(&'a LatentPoint, usize),
}

impl Known<'_> {
    fn place(&self) -> &LatentPoint {
        match self {
            Self::Bookmark(bookmark) => &bookmark.place,
            Self::Been(place, _) => place,
        }
    }

    /// Returns the words by which the place is found: name, trits and note, in lower case.
    fn text(&self) -> String {
        let (place, note) = match self {
            Self::Bookmark(bookmark) => (&bookmark.place, bookmark.note.as_str()),
            Self::Been(place, _) => (*place, ""),
        };
        let trits = place.operation().map(|operation| operation.to_string());
        format!("{place} {} {note}", trits.unwrap_or_default()).to_lowercase()
    }
}

impl Bookmarks {
    /// Makes the dialog with these earlier centres, the newest first.
    pub fn of(history: Vec<LatentPoint>) -> Self {
        Self {
            input: Input::default(),
            selected: 0,
            history,
        }
    }

    /// Returns the places that match the typed text: bookmarks, the newest first, then the earlier centres.
    fn known<'a>(&'a self, cx: &'a Shared) -> Vec<Known<'a>> {
        let wanted = self.input.value().trim().to_lowercase();
        let bookmarks = cx.bookmarks.iter().rev().map(Known::Bookmark);
        let been = self.history.iter().zip(0..);
        bookmarks
            .chain(been.map(|(place, steps)| Known::Been(place, steps)))
            .filter(|known| distance(&wanted, &known.text()).is_some())
            .collect()
    }

    fn chosen<'a>(&'a self, cx: &'a Shared) -> Option<Known<'a>> {
        let known = self.known(cx);
        let selected = layout::step(self.selected, 0, known.len());
        known.into_iter().nth(selected)
    }

    fn step(&mut self, by: isize, cx: &Shared) {
        let len = self.known(cx).len();
        self.selected = layout::step(layout::step(self.selected, 0, len), by, len);
    }
}

impl Dialog for Bookmarks {
    fn context(&self) -> Context {
        Context::Bookmarks
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (78, 20)
    }

    fn line(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn retyped(&mut self) {
        self.selected = 0;
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        match action {
            Action::ListUp => self.step(-1, cx),
            Action::ListDown => self.step(1, cx),
            Action::Delete => {
                return Some(match self.chosen(cx) {
                    Some(Known::Bookmark(bookmark)) => {
                        let change = BookmarkChange::Remove(bookmark.place.clone());
                        vec![QuickJob::Bookmark(change).into()]
                    }
                    _ => say("this is no bookmark: only where you have been"),
                });
            }
            Action::Confirm => {
                let chosen = self.chosen(cx);
                let visit = chosen.map(|known| Effect::Visit(known.place().clone()));
                return Some(visit.map_or_else(Vec::new, |visit| close_and([visit])));
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "bookmarks and earlier centres");
        let label = Span::styled("' ", theme.accent());
        let cursor = window::input(inner, buf, label, &self.input, theme.strong());
        let list = below(inner, 2);
        let known = self.known(cx);
        if known.is_empty() {
            let text = Line::styled("no place has these letters in this order", theme.dim());
            lines(list, buf, &[text]);
        }
        // The list is shorter once a bookmark was removed.
        let selected = layout::step(self.selected, 0, known.len());
        for (row, known, chosen) in list_rows(list, selected, &known) {
            let line = line(cx, known, usize::from(row.width));
            buf.set_line(row.x, row.y, &line, row.width);
            if chosen {
                buf.set_style(row, theme.selected());
            }
        }
        cursor
    }
}

fn line(cx: &Shared, known: &Known<'_>, room: usize) -> Line<'static> {
    let theme = cx.theme;
    let place = known.place().to_string();
    let (sign, note) = match known {
        Known::Bookmark(bookmark) => ("★ ", bookmark.note.clone()),
        Known::Been(_, 0) => ("  ", "here".to_owned()),
        Known::Been(_, 1) => ("  ", "one step ago".to_owned()),
        Known::Been(_, steps) => ("  ", format!("{steps} steps ago")),
    };
    let taken = width(&place).max(PLACE) + 3;
    let gap = PLACE.saturating_sub(width(&place));
    Line::from(vec![
        Span::styled(sign, theme.accent()),
        Span::raw(fit(&place, room.saturating_sub(2))),
        Span::raw(" ".repeat(gap + 1)),
        Span::styled(fit(&note, room.saturating_sub(taken)), theme.dim()),
    ])
}
