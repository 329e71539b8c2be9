//! *Train*: charts over one time axis, values and findings beside them.
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

use super::{charts, layout, values};
use crate::app::App;
use crate::chart::{BEST, GUTTER, Shared, TimeAxis, glyph};

/// The columns of a chart's area that are its plot.
pub fn plot_columns(area: Rect) -> Rect {
    let gutter = GUTTER.min(area.width);
    Rect {
        x: area.x + gutter,
        width: area.width - gutter,
        ..area
    }
}

/// Draws the view.
pub fn render(body: Rect, buf: &mut Buffer, app: &App) {
    let run = app.run();
    let train = layout::train(body, charts::COUNT);
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
    let shared = Shared {
        theme: app.theme,
        window: app.window(),
        borders: &borders,
        disruptions: &disruptions,
        cursor: app.time.cursor,
    };

    let first = app.charts_from.min(app.last_chart_row()) * train.columns;
    for (area, number) in train.charts.iter().zip(first..charts::COUNT) {
        // The last column of charts keeps a space from the panel; inside, the gap is in the layout.
        charts::chart(number, app).render(*area, buf, &shared);
    }

    let best = run.newest().map(|record| record.best.epoch);
    // Later ones cover earlier ones in the same column.
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
    for area in &train.axes {
        TimeAxis { events: &events }.render(*area, buf, &shared);
    }
    values::render(train.panel, buf, app);
}
