//! Pieces that several panes and dialogs draw.

pub mod chart;
pub mod misleading;
pub mod operation_list;
pub mod truth_table;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{fit, width};
use crate::theme::Theme;

/// A heading with a thin rule to the end of its row.
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

/// An area without its first rows.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// Lines from the top of an area, as many as there is room for.
pub fn lines(area: Rect, buf: &mut Buffer, lines: &[Line<'_>]) {
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        buf.set_line(area.x, y, line, area.width);
    }
}

/// A text in the middle of an area, in place of what is not there yet.
pub fn placeholder(area: Rect, buf: &mut Buffer, theme: Theme, text: &str) {
    let text = fit(text, usize::from(area.width));
    let x = area.x + (area.width - width(&text) as u16) / 2;
    buf.set_string(x, area.y + area.height / 2, text, theme.dim());
}
