//! Plots as SVG text and PNG bytes, without any installed font or system library.

mod cells;
mod curves;
mod legend;
mod points;
mod unpacked;

use std::fmt::Display;
use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::*;

pub use cells::Cells;
pub use curves::{Curve, Curves, Dash, Panel};
pub use legend::{Heading, Ink};
pub use points::{Plane, Points};
pub use unpacked::same_picture;

/// Okabe and Ito's blue, for A: colour-blind readers can tell it from the orange.
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
/// Okabe and Ito's orange, for B.
pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
/// The only font family of plots.
pub const FONT: &str = "sans-serif";

static GLYPHS: &[u8] = include_bytes!("../../../../assets/font/DejaVuSans.ttf");

/// Error of a drawing, as one line.
pub type DrawError = String;

/// Returns a number of cells, rows or pixels in the type of coordinates. A picture has far fewer than 2³¹.
fn pixels(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

/// A picture that can be drawn on any backend.
pub trait Picture {
    /// Draws the picture on the whole area.
    ///
    /// # Errors
    /// Returns the backend's error.
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError>;
}

/// A picture of what is on the screen.
#[derive(Clone, Debug)]
pub enum Drawing {
    /// Codes on one or more planes.
    Points(Points),
    /// A map of all operations.
    Cells(Cells),
    /// Charts of a run.
    Curves(Curves),
}

impl Drawing {
    /// Returns the picture as a file with this extension: `svg`, or else PNG.
    ///
    /// # Errors
    /// Returns the error of the drawing.
    pub fn bytes(&self, extension: &str) -> Result<Vec<u8>, DrawError> {
        let size = match self {
            Self::Points(points) => points.size(),
            Self::Cells(cells) => cells.size(),
            Self::Curves(curves) => curves.size(),
        };
        match extension {
            "svg" => svg(self, size).map(String::into_bytes),
            _ => png(self, size),
        }
    }
}

impl Picture for Drawing {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError> {
        match self {
            Self::Points(points) => points.draw(area),
            Self::Cells(cells) => cells.draw(area),
            Self::Curves(curves) => curves.draw(area),
        }
    }
}

/// Turns a backend's error into a line, for `map_err`.
pub fn failed(error: impl Display) -> DrawError {
    error.to_string()
}

/// Returns the picture as SVG text.
///
/// # Errors
/// Returns the error of the drawing.
pub fn svg(picture: &impl Picture, size: (u32, u32)) -> Result<String, DrawError> {
    font()?;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        finish(picture, &area)?;
    }
    Ok(text)
}

/// Returns the picture as PNG bytes.
///
/// # Errors
/// Returns the error of the drawing.
pub fn png(picture: &impl Picture, size: (u32, u32)) -> Result<Vec<u8>, DrawError> {
    font()?;
    let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        finish(picture, &area)?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn finish<B: DrawingBackend>(
    picture: &impl Picture,
    area: &DrawingArea<B, Shift>,
) -> Result<(), DrawError> {
    area.fill(&WHITE).map_err(failed)?;
    picture.draw(area)?;
    area.present().map_err(failed)
}

/// Registers the font, once.
fn font() -> Result<(), DrawError> {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    let known = KNOWN
        .get_or_init(|| plotters::style::register_font(FONT, FontStyle::Normal, GLYPHS).is_ok());
    known
        .then_some(())
        .ok_or_else(|| "the font that comes with the program cannot be read".to_owned())
}
