//! Drawing of *Train*: charts over one time axis, with values and findings beside them.
//!
//! ```text
//!  coverage ─────── ●A 76.1 ○B 71.5  loss ──────── ━train 0.9  now · epoch 51 ──────
//!   100┤┄┄┄┄┄┄┄┄┄┄┄┄ ceiling 92.1     10┤                       values
//!      │                                 │                       findings ────────────
//!      └── 1 entropy expansion ┴─ 2      └── 1 … ┴── 2 ──◆
//! epoch 0      10      20      30   epoch 0      10      20
//! ```

use fluxttice_core::request::MarkKind;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Train, charts, foreign, last_chart_row, layout, values};
use crate::shared::Shared;
use crate::widgets::chart::{BEST, ChartFrame, TimeAxis, glyph};
use crate::widgets::placeholder;

/// Draws the pane: charts at the left, values and findings at the right.
pub fn render(body: Rect, buf: &mut Buffer, cx: &Shared, pane: &Train) {
    let run = cx.run();
    let count = charts::count(cx);
    let parts = layout::parts(body, count);
    let borders = run.tuning().map_or([0; 3], |tuning| tuning.phase_borders);
    let borders: Vec<u32> = borders.into_iter().filter(|epoch| *epoch > 0).collect();
    let epochs_of = |kind| {
        run.marks
            .iter()
            .filter(move |mark| mark.kind == kind)
            .map(|mark| mark.epoch)
    };
    let disruptions: Vec<u32> = epochs_of(MarkKind::Disruption).collect();
    let frame = ChartFrame {
        theme: cx.theme,
        window: pane.window(cx),
        borders: run.foreign.is_none().then_some(&borders),
        disruptions: &disruptions,
        cursor: pane.time.cursor,
    };

    let first = pane.charts_from.min(last_chart_row(cx)) * parts.columns;
    for (area, number) in parts.charts.iter().zip(first..count) {
        // The last column of charts keeps a space from the panel; between columns the gap is in the layout.
        charts::chart(number, cx, pane).render(*area, buf, &frame);
    }

    let best = run.newest().map(|record| record.best.epoch);
    // Later glyphs cover earlier ones in the same column.
    let quiet = [
        MarkKind::Resumed,
        MarkKind::Branch,
        MarkKind::Snapshot,
        MarkKind::Edit,
    ];
    let events: Vec<(u32, &str)> = quiet
        .into_iter()
        .flat_map(|kind| epochs_of(kind).map(move |epoch| (epoch, glyph(kind))))
        .chain(best.map(|epoch| (epoch, BEST)))
        .chain(
            disruptions
                .iter()
                .map(|epoch| (*epoch, glyph(MarkKind::Disruption))),
        )
        .collect();
    for area in parts.axes.iter().filter(|_| count > 0) {
        TimeAxis { events: &events }.render(*area, buf, &frame);
    }
    if count == 0 {
        let left = Rect {
            width: body.width - parts.panel.width,
            ..body
        };
        placeholder(left, buf, cx.theme, foreign::nothing(cx));
    }
    match &run.foreign {
        Some(known) => foreign::render_panel(parts.panel, buf, &known.run, cx, pane),
        None => values::render(parts.panel, buf, cx, pane),
    }
}
