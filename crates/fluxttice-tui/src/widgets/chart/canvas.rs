//! Canvas of braille dots: every character holds two across and four down.

use fluxttice_core::numbers::index;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Scale;
use super::Window;
use crate::layout::{cells, nearest};

/// Stroke of a line, by which lines differ without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A line of every dot.
    Solid,
    /// A line of three dots, then two left out.
    Dashed,
    /// A line of every third dot.
    Dotted,
}

impl Stroke {
    fn inks(self, column: i64) -> bool {
        match self {
            Self::Solid => true,
            Self::Dashed => column.rem_euclid(5) < 3,
            Self::Dotted => column.rem_euclid(3) == 0,
        }
    }
}

/// Returns the bit of a dot in its character's braille pattern, which is U+2800 plus these bits.
pub fn dot_bit(x: i64, y: i64) -> u32 {
    const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    BITS[index(y.rem_euclid(4))][index(x.rem_euclid(2))]
}

/// A canvas of dots over an area of characters.
#[derive(Clone, Debug)]
pub struct Canvas {
    area: Rect,
    cells: Vec<(u32, Style)>,
}

impl Canvas {
    /// Makes an empty canvas.
    pub fn new(area: Rect) -> Self {
        Self {
            area,
            cells: vec![(0, Style::new()); area.area() as usize],
        }
    }

    /// Returns the number of dots across and down.
    fn dots(&self) -> (i64, i64) {
        (
            2 * i64::from(self.area.width),
            4 * i64::from(self.area.height),
        )
    }

    /// Sets one dot; its whole character takes the style.
    pub fn dot(&mut self, x: i64, y: i64, style: Style) {
        let (across, down) = self.dots();
        if !(0..across).contains(&x) || !(0..down).contains(&y) {
            return;
        }
        let place = index(y / 4) * usize::from(self.area.width) + index(x / 2);
        if let Some(cell) = self.cells.get_mut(place) {
            cell.0 |= dot_bit(x, y);
            cell.1 = style;
        }
    }

    /// Draws a line through points in the order of epochs; a value that is not finite leaves a gap.
    pub fn path(
        &mut self,
        points: &[(u32, f64)],
        stroke: Stroke,
        style: Style,
        window: Window,
        scale: &Scale,
    ) {
        let (across, down) = self.dots();
        let mut before = None;
        for (epoch, value) in points {
            let Some(height) = scale.place(*value) else {
                before = None;
                continue;
            };
            let x = nearest(window.place(f64::from(*epoch)) * (across - 1) as f64);
            let y = nearest((1.0 - height) * (down - 1) as f64);
            match before {
                Some(from) => self.line(from, (x, y), stroke, style),
                // A point between gaps is always drawn, whatever the stroke.
                None => self.dot(x, y, style),
            }
            before = Some((x, y));
        }
    }

    fn line(&mut self, from: (i64, i64), to: (i64, i64), stroke: Stroke, style: Style) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = dx.abs().max(dy.abs()).max(1);
        let steep = dy.abs() > 2 * dx.abs().max(1);
        for step in 0..=steps {
            let at =
                |start: i64, delta: i64| start + nearest(delta as f64 * step as f64 / steps as f64);
            let (x, y) = (at(from.0, dx), at(from.1, dy));
            // Dashes run along the longer side, so that steep parts of a line are dashed too.
            if stroke.inks(if steep { y } else { x }) {
                self.dot(x, y, style);
            }
        }
    }

    /// Draws the characters that hold a dot into the buffer; others stay as they are.
    pub fn render(&self, buf: &mut Buffer) {
        for (place, (bits, style)) in self.cells.iter().enumerate() {
            let Some(symbol) = char::from_u32(0x2800 + bits).filter(|_| *bits != 0) else {
                continue;
            };
            let x = self.area.x + cells(place % usize::from(self.area.width));
            let y = self.area.y + cells(place / usize::from(self.area.width));
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
                cell.set_char(symbol).set_style(*style);
            }
        }
    }
}
