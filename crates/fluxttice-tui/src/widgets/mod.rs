//! Widgets that several panes and dialogs draw.

pub mod chart;
pub mod misleading;
pub mod operation_list;
pub mod truth_table;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::format::{fit, width, wrap};
use crate::layout::{cells, first_row};
use crate::theme::Theme;

/// Draws a title, a weaker note behind it, and a thin rule to the end of the row.
pub fn heading(area: Rect, buf: &mut Buffer, theme: Theme, title: &str, note: &str) {
    if area.height == 0 {
        return;
    }
    let room = usize::from(area.width);
    let title = fit(title, room);
    let note = fit(note, room.saturating_sub(width(&title) + 1));
    let taken = width(&title) + width(&note) + usize::from(!note.is_empty());
    let mut spans = vec![Span::styled(title, theme.strong())];
    if !note.is_empty() {
        spans.push(Span::styled(format!(" {note}"), theme.dim()));
    }
    if taken + 1 < room {
        spans.push(Span::styled(
            format!(" {}", "─".repeat(room - taken - 1)),
            theme.dim(),
        ));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Returns the area without its first rows.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// Draws lines from the top of an area, as many as there is room for.
pub fn lines(area: Rect, buf: &mut Buffer, lines: &[Line<'_>]) {
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        buf.set_line(area.x, y, line, area.width);
    }
}

/// Draws a text in the middle of an area, in place of content that is not there yet.
pub fn placeholder(area: Rect, buf: &mut Buffer, theme: Theme, text: &str) {
    let text = fit(text, usize::from(area.width));
    let x = area.x + (area.width - cells(width(&text))) / 2;
    buf.set_string(x, area.y + area.height / 2, text, theme.dim());
}

/// Wraps a text into lines of at most this many columns.
pub fn paragraph(text: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    let lines = wrap(text, columns).into_iter();
    lines.map(|line| Line::styled(line, style)).collect()
}

/// Returns the row of an area at this y coordinate of the screen.
pub fn row(area: Rect, y: u16) -> Rect {
    Rect {
        y,
        height: 1,
        ..area
    }
}

/// Returns the visible rows of a list, each with its item and true for the selected one.
pub fn list_rows<T>(
    area: Rect,
    selected: usize,
    items: &[T],
) -> impl Iterator<Item = (Rect, &T, bool)> {
    let first = first_row(selected, usize::from(area.height), items.len());
    let shown = items.iter().enumerate().skip(first);
    shown
        .zip(area.y..area.bottom())
        .map(move |((place, item), y)| (row(area, y), item, place == selected))
}

/// Returns some rows of an area, from a row on, cut to the area.
pub fn part(area: Rect, from: u16, rows: u16) -> Rect {
    let from = from.min(area.height);
    Rect {
        y: area.y + from,
        height: rows.min(area.height - from),
        ..area
    }
}
