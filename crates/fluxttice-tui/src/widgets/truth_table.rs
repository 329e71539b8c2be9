//! An operation as a 3×3 truth table: rows are a, columns b.

use fluxttice_core::space::Operation;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::theme::Theme;

/// Rows that a table takes.
pub const HEIGHT: u16 = 4;
/// Columns that a table takes.
const WIDTH: u16 = 14;

/// Values in the order of rows and columns.
const VALUES: [i8; 3] = [-1, 0, 1];

/// Returns the area at the right of a table that is drawn in the same area.
pub fn beside(area: Rect) -> Rect {
    let table = WIDTH.min(area.width);
    Rect {
        x: area.x + table,
        width: area.width - table,
        ..area
    }
}

/// Returns the sign of a value: `-`, `0` or `+`.
pub fn trit(value: i8) -> &'static str {
    match value {
        -1 => "-",
        0 => "0",
        _ => "+",
    }
}

/// Draws the table; entries that differ from those of `other` are highlighted.
pub fn render(
    area: Rect,
    buf: &mut Buffer,
    theme: Theme,
    operation: Operation,
    other: Option<Operation>,
) {
    let mut rows = vec![Line::from(vec![
        Span::styled("a╲b", theme.dim()),
        Span::styled("│", theme.dim()),
        Span::styled(
            VALUES.map(trit).map(|sign| format!("  {sign}")).concat(),
            theme.dim(),
        ),
    ])];
    for a in VALUES {
        let mut spans = vec![Span::styled(format!(" {} │", trit(a)), theme.dim())];
        for b in VALUES {
            let value = operation.apply(a, b);
            let differs = other.is_some_and(|other| other.apply(a, b) != value);
            let style = if differs {
                theme.accent().add_modifier(Modifier::UNDERLINED)
            } else {
                theme.strong()
            };
            spans.push(Span::raw("  "));
            spans.push(Span::styled(trit(value), style));
        }
        rows.push(Line::from(spans));
    }
    super::lines(area, buf, &rows);
}

/// Returns the nine trits; those that differ from those of `other` are highlighted.
pub fn trits(theme: Theme, operation: Operation, other: Option<Operation>) -> Vec<Span<'static>> {
    let entries = operation.entries();
    let others = other.map(Operation::entries);
    entries
        .into_iter()
        .enumerate()
        .map(|(place, value)| {
            let differs = others.is_some_and(|others| others[place] != value);
            let style = if differs {
                theme.accent().add_modifier(Modifier::UNDERLINED)
            } else {
                theme.text()
            };
            Span::styled(trit(value), style)
        })
        .collect()
}
