//! Heading of every picture: a title, notes on the measurement, and the meaning of the colours.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{DrawError, FONT, failed, pixels};

/// A colour as red, green and blue.
pub type Ink = (u8, u8, u8);

/// Heights of the title and of a row, and the margin, in pixels.
const TITLE: i32 = 30;
const ROW: i32 = 22;
const MARGIN: i32 = 16;

/// Title, notes and legend of a picture.
#[derive(Clone, Debug, Default)]
pub struct Heading {
    /// Title of the picture.
    pub title: String,
    /// Notes on what was measured, from how many samples and with which seed.
    pub notes: Vec<String>,
    /// Meaning of each colour; a drawn item refers to a colour by its index here.
    pub legend: Vec<(String, Ink)>,
}

impl Heading {
    /// Returns the height in pixels.
    pub fn height(&self) -> u32 {
        let rows = pixels(self.notes.len()) + i32::from(!self.legend.is_empty());
        (MARGIN + TITLE + ROW * rows).unsigned_abs()
    }

    /// Returns the colour with this index in the legend; black where there is none.
    pub fn ink(&self, place: usize) -> RGBColor {
        let (red, green, blue) = self.legend.get(place).map_or((0, 0, 0), |(_, ink)| *ink);
        RGBColor(red, green, blue)
    }

    /// Draws the heading at the top, and returns the area below.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<DrawingArea<B, Shift>, DrawError> {
        let anchored = Pos::new(HPos::Left, VPos::Top);
        let title = (FONT, 20).into_text_style(area).pos(anchored);
        area.draw_text(&self.title, &title, (MARGIN, MARGIN))
            .map_err(failed)?;
        let text = (FONT, 14).into_text_style(area).pos(anchored);
        let mut y = MARGIN + TITLE;
        for note in &self.notes {
            area.draw_text(note, &text, (MARGIN, y)).map_err(failed)?;
            y += ROW;
        }
        let mut x = MARGIN;
        for (place, (words, _)) in self.legend.iter().enumerate() {
            let square = Rectangle::new([(x, y), (x + 12, y + 12)], self.ink(place).filled());
            area.draw(&square).map_err(failed)?;
            area.draw_text(words, &text, (x + 18, y)).map_err(failed)?;
            let (wide, _) = area.estimate_text_size(words, &text).map_err(failed)?;
            x += pixels(wide) + 18 + 2 * MARGIN;
        }
        let (_, below) = area.split_vertically(self.height());
        Ok(below)
    }
}
