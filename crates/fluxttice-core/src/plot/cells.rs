//! A map of all operations, one cell each.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{DrawError, FONT, Heading, Picture, failed, pixels};
use crate::numbers::count32;

/// Width and height of a cell in pixels.
const CELL: u32 = 6;
/// Width in pixels of the margin around the cells, which holds the numbers.
const AROUND: u32 = 64;

/// A map of coloured cells.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Title and legend above the map.
    pub heading: Heading,
    /// Number of cells in a row.
    pub columns: usize,
    /// Number in the legend of each cell, row by row from the top.
    pub cells: Vec<usize>,
}

impl Cells {
    fn rows(&self) -> usize {
        self.cells.len().div_ceil(self.columns.max(1))
    }

    /// Returns width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        let side = |cells: usize| CELL * count32(cells) + AROUND;
        (
            side(self.columns),
            self.heading.height() + side(self.rows()),
        )
    }
}

impl Picture for Cells {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError> {
        let below = self.heading.draw(area)?;
        let (columns, rows) = (pixels(self.columns.max(1)), pixels(self.rows()));
        let mut chart = ChartBuilder::on(&below)
            .margin(12)
            .x_label_area_size(24)
            .y_label_area_size(36)
            .build_cartesian_2d(0..columns, rows..0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .label_style((FONT, 12))
            .draw()
            .map_err(failed)?;
        let cells = self.cells.iter().zip(0..).map(|(ink, place): (_, i32)| {
            let (x, y) = (place % columns, place / columns);
            Rectangle::new([(x, y), (x + 1, y + 1)], self.heading.ink(*ink).filled())
        });
        chart.draw_series(cells).map_err(failed)?;
        Ok(())
    }
}
