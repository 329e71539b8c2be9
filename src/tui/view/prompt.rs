//! A line to type an operation or a name in, with what it would mean.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{dialog, lines, truth_table};
use crate::tui::app::{App, Prompt, Purpose};
use crate::tui::format::{thousands, wrap};

/// Rows for proposals.
const PROPOSALS: u16 = 6;

/// Size of the dialog.
pub fn size(prompt: &Prompt) -> (u16, u16) {
    match prompt.purpose {
        Purpose::Operation => (66, 4 + truth_table::HEIGHT + 1 + PROPOSALS),
        Purpose::SnapshotName => (66, 6),
    }
}

/// Draws the dialog; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, prompt: &Prompt) -> Option<Position> {
    let theme = app.theme;
    let title = match prompt.purpose {
        Purpose::Operation => "find an operation",
        Purpose::SnapshotName => "snapshot",
    };
    let inner = dialog::frame(area, buf, theme, title);
    let label = match prompt.purpose {
        Purpose::Operation => "/ ",
        Purpose::SnapshotName => "name ",
    };
    let cursor = dialog::input(
        inner,
        buf,
        Span::styled(label, theme.accent()),
        &prompt.input,
        theme.strong(),
    );
    let below = Rect {
        y: inner.y + 2.min(inner.height),
        height: inner.height.saturating_sub(2),
        ..inner
    };
    match prompt.purpose {
        Purpose::Operation => render_meaning(below, buf, app, prompt),
        Purpose::SnapshotName => {
            let room = usize::from(below.width);
            let rows: Vec<Line<'_>> = match prompt.name() {
                Err(problem) => vec![Line::styled(format!("▲ {problem}"), theme.warning())],
                Ok(None) => vec![Line::styled(
                    "without a name one is chosen from the epoch",
                    theme.dim(),
                )],
                Ok(Some(name)) => wrap(
                    &format!("the model as it is, saved as snapshots/{name}"),
                    room,
                )
                .into_iter()
                .map(|text| Line::styled(text, theme.dim()))
                .collect(),
            };
            lines(below, buf, &rows);
        }
    }
    cursor
}

/// The operation that would be taken, or why there is none; below it the names that fit.
fn render_meaning(area: Rect, buf: &mut Buffer, app: &App, prompt: &Prompt) {
    let theme = app.theme;
    let empty = prompt.input.value().trim().is_empty() && prompt.selected == 0;
    match prompt.operation() {
        _ if empty => {
            let rows = [
                Line::styled("an index          7153", theme.dim()),
                Line::styled("nine trits        0++-0+--0   (entry 0 first)", theme.dim()),
                Line::styled("nine numbers      -1,0,1,0,0,0,1,0,-1", theme.dim()),
                Line::styled("a name            one of those below", theme.dim()),
            ];
            lines(area, buf, &rows);
        }
        Ok(operation) => {
            truth_table::render(
                Rect {
                    height: truth_table::HEIGHT.min(area.height),
                    ..area
                },
                buf,
                theme,
                operation,
                None,
            );
            let left = truth_table::WIDTH.min(area.width);
            let right = Rect {
                x: area.x + left,
                width: area.width - left,
                ..area
            };
            let rows = [
                Line::styled(thousands(operation.index() as u64), theme.strong()),
                Line::raw(operation.to_string()),
                Line::styled(operation.name().unwrap_or("no name"), theme.dim()),
            ];
            lines(right, buf, &rows);
        }
        Err(error) => {
            let room = usize::from(area.width).saturating_sub(2);
            let rows: Vec<Line<'_>> = wrap(&format!("▲ {error}"), room)
                .into_iter()
                .map(|text| Line::styled(text, theme.warning()))
                .collect();
            lines(
                Rect {
                    height: truth_table::HEIGHT.min(area.height),
                    ..area
                },
                buf,
                &rows,
            );
        }
    }
    let top = (truth_table::HEIGHT + 1).min(area.height);
    let list = Rect {
        y: area.y + top,
        height: area.height - top,
        ..area
    };
    let proposals = prompt.proposals();
    let first =
        super::layout::first_row(prompt.selected, usize::from(list.height), proposals.len());
    for ((place, (operation, name)), y) in proposals
        .iter()
        .enumerate()
        .skip(first)
        .zip(list.y..list.bottom())
    {
        let line = Line::from(vec![
            Span::styled(
                format!("{:>6}  {operation}  ", thousands(operation.index() as u64)),
                theme.dim(),
            ),
            Span::raw(*name),
        ]);
        buf.set_line(list.x, y, &line, list.width);
        if place == prompt.selected && !empty {
            buf.set_style(
                Rect {
                    y,
                    height: 1,
                    ..list
                },
                theme.selected(),
            );
        }
    }
}
