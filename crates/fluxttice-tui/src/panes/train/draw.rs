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

use super::{Train, charts, last_chart_row, layout, values};
use crate::shared::Shared;
use crate::widgets::chart::{BEST, ChartFrame, TimeAxis, glyph};

/// Draws the pane: charts at the left, values and findings at the right.
pub fn render(body: Rect, buf: &mut Buffer, cx: &Shared, pane: &Train) {
    let run = cx.run();
    let parts = layout::parts(body, charts::COUNT);
    let borders = run
        .info
        .as_ref()
        .map_or([0; 3], |info| info.tuning.phase_borders);
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
        borders: &borders,
        disruptions: &disruptions,
        cursor: pane.time.cursor,
    };

    let first = pane.charts_from.min(last_chart_row(cx)) * parts.columns;
    for (area, number) in parts.charts.iter().zip(first..charts::COUNT) {
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
    for area in &parts.axes {
        TimeAxis { events: &events }.render(*area, buf, &frame);
    }
    values::render(parts.panel, buf, cx, pane);
}
