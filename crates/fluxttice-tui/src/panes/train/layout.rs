//! Layout of *Train*.

use ratatui::layout::Rect;

use crate::layout::{GAP, beside, cells, share};
use crate::widgets::chart::GUTTER;

/// Areas of the parts of *Train*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Areas of the charts, row by row.
    pub charts: Vec<Rect>,
    /// Number of charts side by side.
    pub columns: usize,
    /// Area of the time axis below each column of charts.
    pub axes: Vec<Rect>,
    /// Panel at the right: values and findings.
    pub panel: Rect,
}

/// Rows of the time axis: one for marks and phases, one for epochs.
const AXIS_ROWS: u16 = 2;
/// Fewest rows of a chart, its title included.
const CHART_ROWS: u16 = 8;
/// Fewest columns of a chart beside another.
const CHART_COLUMNS: u16 = 38;
/// Divides the pane's area into its parts, for this many charts.
pub fn parts(body: Rect, charts: usize) -> Parts {
    let panel_width = match body.width {
        170.. => 50,
        110.. => 38,
        76.. => 33,
        _ => 28,
    };
    let (left, panel) = beside(body, panel_width);
    let columns = (left.width / CHART_COLUMNS).clamp(1, 3);
    let high = left.height.saturating_sub(AXIS_ROWS);
    let wanted = cells(charts.div_ceil(usize::from(columns)));
    let rows = (high / CHART_ROWS).clamp(1, wanted.max(1));
    let xs = share(left.x, left.width, columns, GAP);
    let ys = share(left.y, high, rows, 0);
    let cells = ys.iter().flat_map(|&(y, height)| {
        xs.iter().map(move |&(x, width)| Rect {
            x,
            y,
            width,
            height,
        })
    });
    Parts {
        charts: cells.take(charts).collect(),
        columns: usize::from(columns),
        axes: xs
            .iter()
            .map(|&(x, width)| Rect {
                x,
                y: left.y + high,
                width,
                height: AXIS_ROWS.min(left.height),
            })
            .collect(),
        panel,
    }
}

/// Returns the part of a chart's area that is its plot.
pub fn plot_columns(area: Rect) -> Rect {
    let gutter = GUTTER.min(area.width);
    Rect {
        x: area.x + gutter,
        width: area.width - gutter,
        ..area
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{check_parts, screen};

    #[test]
    fn nothing_overlaps() {
        check_parts(|body| {
            let parts = parts(body, 9);
            let areas = parts.charts.iter().chain(&parts.axes);
            areas.chain([&parts.panel]).copied().collect()
        });
    }

    #[test]
    fn as_many_charts_as_fit() {
        let charts = |width, height| {
            let body = screen(Rect::new(0, 0, width, height)).unwrap().body;
            parts(body, 9).charts.len()
        };
        let counts = (charts(80, 24), charts(120, 36), charts(200, 60));
        assert_eq!(counts, (2, 6, 9));
    }
}
