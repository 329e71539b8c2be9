//! A line to type a snapshot's name in, with what it would mean.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{below, dialog, lines};
use crate::app::{App, Prompt};
use crate::format::wrap;

/// Size of the dialog.
pub const SIZE: (u16, u16) = (66, 6);

/// Draws the dialog; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, prompt: &Prompt) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "snapshot");
    let label = Span::styled("name ", theme.accent());
    let cursor = dialog::input(inner, buf, label, &prompt.input, theme.strong());
    let (text, style) = match prompt.name() {
        Err(problem) => (format!("▲ {problem}"), theme.warning()),
        Ok(None) => (
            "without a name one is chosen from the epoch".to_owned(),
            theme.dim(),
        ),
        Ok(Some(name)) => (
            format!("the model as it is, saved as snapshots/{name}"),
            theme.dim(),
        ),
    };
    let rows: Vec<Line<'_>> = wrap(&text, usize::from(inner.width))
        .into_iter()
        .map(|text| Line::styled(text, style))
        .collect();
    lines(below(inner, 2), buf, &rows);
    cursor
}
