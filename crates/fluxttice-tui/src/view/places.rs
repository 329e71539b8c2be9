//! Bookmarks and where somebody has been; a line for a note.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{below, dialog, layout, lines};
use crate::app::{App, Known, NoteForm, PlacesForm};
use crate::format::{fit, width, wrap};

/// Size of the list.
pub const SIZE: (u16, u16) = (78, 20);
/// Size of the line for a note.
pub const NOTE_SIZE: (u16, u16) = (70, 7);
/// Columns of a place, before its note.
const PLACE: usize = 32;

/// Draws the list; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, form: &PlacesForm) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "bookmarks, and where you have been");
    let label = Span::styled("' ", theme.accent());
    let cursor = dialog::input(inner, buf, label, &form.input, theme.strong());
    let list = below(inner, 2);
    let known = app.known_places(form);
    if known.is_empty() {
        let text = Line::styled("no place has these letters in this order", theme.dim());
        lines(list, buf, &[text]);
    }
    let first = layout::first_row(form.selected, usize::from(list.height), known.len());
    let shown = known.iter().enumerate().skip(first);
    for ((place, known), y) in shown.zip(list.y..list.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..list
        };
        buf.set_line(
            row.x,
            y,
            &line(app, known, usize::from(row.width)),
            row.width,
        );
        if place == form.selected {
            buf.set_style(row, theme.selected());
        }
    }
    cursor
}

fn line(app: &App, known: &Known<'_>, room: usize) -> Line<'static> {
    let theme = app.theme;
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

/// Draws the line for a note; says where the cursor stands.
pub fn render_note(area: Rect, buf: &mut Buffer, app: &App, form: &NoteForm) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "bookmark");
    let wide = usize::from(inner.width);
    let place = Line::styled(fit(&form.place.to_string(), wide), theme.strong());
    lines(inner, buf, &[place]);
    let label = Span::styled("note ", theme.accent());
    let cursor = dialog::input(below(inner, 1), buf, label, &form.input, theme.strong());
    let text = "' lists bookmarks and where you have been; Delete removes one there";
    let rows: Vec<Line<'_>> = wrap(text, wide)
        .into_iter()
        .map(|text| Line::styled(text, theme.dim()))
        .collect();
    lines(below(inner, 3), buf, &rows);
    cursor
}
