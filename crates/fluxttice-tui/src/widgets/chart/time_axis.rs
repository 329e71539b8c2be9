//! Time axis of all charts above it: phases and events, below them the epochs.

use fluxttice_core::request::MarkKind;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{ChartFrame, GUTTER};
use crate::format::width;
use crate::layout::cells;
use crate::run_view::PHASES;

/// Fewest columns between two labelled epochs.
const SPACING: u32 = 8;
/// Distances of labelled epochs, to choose from.
const STEPS: [u32; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// Returns the glyph of an event.
pub fn glyph(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Disruption => "◆",
        MarkKind::Snapshot => "▣",
        MarkKind::Resumed => "↻",
        MarkKind::Edit => "✎",
        MarkKind::Branch => "»",
    }
}

/// Glyph of the epoch with the best validation loss.
pub const BEST: &str = "★";

/// Time axis below the charts, with the events of the run.
#[derive(Clone, Copy, Debug)]
pub struct TimeAxis<'a> {
    /// Events as (epoch, glyph), the least important first: later ones are drawn over it.
    pub events: &'a [(u32, &'static str)],
}

impl TimeAxis<'_> {
    /// Draws the axis in two rows, or in one where the area has no more.
    pub fn render(&self, area: Rect, buf: &mut Buffer, shared: &ChartFrame<'_>) {
        if area.height == 0 || area.width <= GUTTER + 2 {
            return;
        }
        let row = Rect {
            x: area.x + GUTTER,
            width: area.width - GUTTER,
            height: 1,
            ..area
        };
        buf.set_string(area.x + GUTTER - 1, row.y, "└", shared.theme.dim());
        buf.set_string(
            row.x,
            row.y,
            "─".repeat(usize::from(row.width)),
            shared.theme.dim(),
        );
        self.render_phases(row, buf, shared);
        for (epoch, glyph) in self.events {
            if let Some(column) = shared.column(*epoch, row.width) {
                buf.set_string(row.x + column, row.y, glyph, shared.theme.accent());
            }
        }
        if area.height > 1 {
            render_epochs(
                area.x,
                Rect {
                    y: row.y + 1,
                    ..row
                },
                buf,
                shared,
            );
        }
    }

    /// Draws the names of the phases where they hide no event.
    fn render_phases(&self, row: Rect, buf: &mut Buffer, shared: &ChartFrame<'_>) {
        let Some(borders) = shared.borders else {
            return;
        };
        let starts: Vec<u32> = std::iter::once(0).chain(borders.iter().copied()).collect();
        for (place, start) in starts.iter().enumerate() {
            let end = starts.get(place + 1).copied().unwrap_or(u32::MAX);
            let from = start.max(&shared.window.first);
            let to = end
                .min(shared.window.last.saturating_add(1))
                .saturating_sub(1);
            if from > &to {
                continue;
            }
            let (Some(left), Some(right)) = (
                shared.column(*from, row.width),
                shared.column(to, row.width),
            ) else {
                continue;
            };
            if *start > 0 && shared.window.contains(*start) {
                buf.set_string(row.x + left, row.y, "┴", shared.theme.dim());
            }
            let room = usize::from(right.saturating_sub(left)).saturating_sub(3);
            let name = PHASES.get(place).copied().unwrap_or_default();
            let texts = [
                format!(" {} {name} ", place + 1),
                format!(" {} ", place + 1),
            ];
            let place = texts
                .iter()
                .filter(|text| width(text) <= room)
                .find_map(|text| {
                    let wide = cells(width(text));
                    self.free_column(left + 2, right - wide, wide, row.width, shared)
                        .map(|x| (x, text))
                });
            if let Some((x, text)) = place {
                buf.set_string(row.x + x, row.y, text, shared.theme.dim());
            }
        }
    }

    /// Returns the column nearest to the middle from which a text of this width hides no event.
    fn free_column(
        &self,
        from: u16,
        to: u16,
        wide: u16,
        row: u16,
        shared: &ChartFrame<'_>,
    ) -> Option<u16> {
        let taken: Vec<u16> = self
            .events
            .iter()
            .filter_map(|(epoch, _)| shared.column(*epoch, row))
            .collect();
        let middle = u16::midpoint(from, to);
        (from..=to)
            .filter(|x| !taken.iter().any(|column| (*x..*x + wide).contains(column)))
            .min_by_key(|x| x.abs_diff(middle))
    }
}

fn render_epochs(start: u16, row: Rect, buf: &mut Buffer, shared: &ChartFrame<'_>) {
    let window = shared.window;
    let labels = (u32::from(row.width) / SPACING).max(1);
    let span = (window.last - window.first).max(1);
    let step = STEPS
        .into_iter()
        .find(|step| span.div_ceil(*step) <= labels)
        .unwrap_or(2_000);
    buf.set_string(start, row.y, "epoch", shared.theme.dim());
    let cursor = shared
        .cursor
        .and_then(|epoch| number_place(epoch, row, shared));
    let mut epoch = window.first.next_multiple_of(step);
    while epoch <= window.last {
        if let Some((x, text)) = number_place(epoch, row, shared) {
            // The epoch of the crosshair needs its own room.
            let touches = |(at, other): &(u16, String)| {
                x < at + cells(other.len() + 1) && *at < x + cells(text.len() + 1)
            };
            if !cursor.as_ref().is_some_and(touches) {
                buf.set_string(x, row.y, text, shared.theme.dim());
            }
        }
        epoch += step;
    }
    if let Some((x, text)) = cursor {
        buf.set_string(x, row.y, text, shared.theme.selected());
    }
}

/// Returns column and text of an epoch's number, centred under its epoch and within the row.
fn number_place(epoch: u32, row: Rect, shared: &ChartFrame<'_>) -> Option<(u16, String)> {
    let column = shared.column(epoch, row.width)?;
    let text = epoch.to_string();
    let taken = cells(text.len());
    let x = (row.x + column)
        .saturating_sub((taken - 1) / 2)
        .min(row.right().saturating_sub(taken));
    Some((x, text))
}
