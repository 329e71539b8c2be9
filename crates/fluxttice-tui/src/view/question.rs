//! A question that is answered with yes or no.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{dialog, lines};
use crate::app::{App, Question};
use crate::format::wrap;

/// Columns of the dialog.
const WIDTH: u16 = 64;

/// Size of the dialog.
pub fn size(question: &Question) -> (u16, u16) {
    let rows = wrap(&question.text, usize::from(WIDTH) - 4).len() as u16;
    (WIDTH, rows + 4)
}

/// Draws the dialog.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, question: &Question) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, question.title);
    let text = wrap(&question.text, usize::from(inner.width));
    let mut rows: Vec<Line<'_>> = text.into_iter().map(Line::raw).collect();
    rows.push(Line::raw(""));
    rows.push(Line::from(vec![
        Span::styled("Enter", theme.key()),
        Span::raw(" do it   "),
        Span::styled("Esc", theme.key()),
        Span::raw(" do nothing"),
    ]));
    lines(inner, buf, &rows);
    None
}
