//! Operations by trits and name below a heading, scrolled to the one under the map's cursor.

use fluxttice_core::space::Operation;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{below, heading, lines};
use crate::layout;
use crate::theme::Theme;

/// Draws the heading and as many of the operations as there is room for. `remark` gives the text between the
/// trits and the name of each.
pub fn render(
    area: Rect,
    buf: &mut Buffer,
    theme: Theme,
    cursor: Operation,
    (title, note): (&str, &str),
    operations: &[Operation],
    remark: impl Fn(Operation) -> Span<'static>,
) {
    if area.height < 2 {
        return;
    }
    heading(area, buf, theme, title, note);
    let area = below(area, 1);
    let here = operations.iter().position(|operation| *operation == cursor);
    let high = usize::from(area.height);
    let first = layout::first_row(here.unwrap_or(0), high, operations.len());
    let row = |operation: &Operation| {
        let look = if *operation == cursor {
            theme.selected()
        } else {
            theme.text()
        };
        Line::from(vec![
            Span::styled(format!("{operation} "), look),
            remark(*operation),
            Span::styled(operation.name().unwrap_or_default(), theme.dim()),
        ])
    };
    let rows: Vec<Line<'_>> = operations.iter().skip(first).take(high).map(row).collect();
    lines(area, buf, &rows);
}
