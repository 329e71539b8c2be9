//! Planes of codes as pictures, in terminals that can show them.
//!
//! The pictures are drawn over the characters that `frame` draws; where the terminal cannot show pictures the
//! characters stay.
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::measure::projection::is_there;
use fluxttice_core::space::Operation;
use fluxttice_core::vae::Scope;
use image::{DynamicImage, Rgba, RgbaImage};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui_image::picker::{Picker, ProtocolType};
use ratatui_image::protocol::Protocol;
use ratatui_image::{Image, Resize};

use crate::app::App;
use crate::layout::nearest;
use crate::panes::neighbours::{CellClass, ColorBy, Neighbours};
use crate::shared::Shared;
use crate::tab::Tab;
use crate::widgets::below;

/// A colour without transparency.
type Ink = Rgba<u8>;

const fn ink(red: u8, green: u8, blue: u8) -> Ink {
    Rgba([red, green, blue, 255])
}

/// Colours of [`Cover`](crate::reading::Cover), in its order, legible on dark and on light backgrounds.
const COVERS: [Ink; 4] = [
    ink(0xd6, 0x45, 0x3d),
    ink(0x3b, 0x96, 0xdd),
    ink(0xdc, 0x82, 0x14),
    ink(0x12, 0x9e, 0x78),
];
/// Colours from the lowest shade to the highest.
const SCALE: [Ink; 5] = [
    ink(0x70, 0x70, 0x80),
    ink(0x46, 0x78, 0xaa),
    ink(0x3c, 0xaa, 0x96),
    ink(0x96, 0xc8, 0x50),
    ink(0xfa, 0xe1, 0x3c),
];
const GROUND: Ink = ink(0x60, 0x60, 0x60);
const PLAIN: Ink = ink(0xa0, 0xa0, 0xa0);
const ACCENT: Ink = ink(0xc4, 0x69, 0xa6);

/// Pictures on this terminal, and the protocol by which it shows them.
pub struct Graphics {
    picker: Option<Picker>,
    shown: Vec<Shown>,
}

/// A picture on the screen, with its area and its pixels for comparison.
struct Shown {
    area: Rect,
    pixels: RgbaImage,
    protocol: Protocol,
}

impl std::fmt::Debug for Graphics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graphics")
            .field("picker", &self.picker)
            .finish_non_exhaustive()
    }
}

impl Graphics {
    /// Asks the terminal for its picture protocol. A terminal without one gets characters.
    pub fn of_terminal() -> Self {
        let picker = Picker::from_query_stdio().ok();
        Self::new(picker.filter(|picker| picker.protocol_type() != ProtocolType::Halfblocks))
    }

    fn new(picker: Option<Picker>) -> Self {
        Self {
            picker,
            shown: Vec::new(),
        }
    }

    /// Draws the planes over those in characters. A picture is encoded again only where it changed.
    pub fn draw(&mut self, frame: &mut Frame<'_>, app: &App) {
        let Some(picker) = &self.picker else {
            return;
        };
        let (cx, pane) = (&app.shared, &app.panes.neighbours);
        // A dialog lies over the planes, and the box on them is made of characters.
        let free = app.tab == Tab::Neighbours && app.dialog.is_none() && !pane.is_boxing();
        let areas = cx
            .body()
            .filter(|_| free)
            .map(|body| pane.parts(body).planes);
        let font = picker.font_size();
        let (wide, high) = (u32::from(font.width), u32::from(font.height));
        let mut shown = Vec::new();
        for (area, space) in areas
            .unwrap_or_default()
            .into_iter()
            .zip(pane.around.spaces())
        {
            let Some(plane) = pane.planes.of(space) else {
                continue;
            };
            // Leaves the row of the heading free.
            let area = below(area, 1);
            if area.is_empty() {
                continue;
            }
            let size = (wide * u32::from(area.width), high * u32::from(area.height));
            let pixels = paint(cx, pane, (space, plane), size);
            let known = self
                .shown
                .iter()
                .position(|known| known.area == area && known.pixels == pixels);
            let picture = known
                .map(|place| self.shown.swap_remove(place))
                .or_else(|| {
                    let image = DynamicImage::ImageRgba8(pixels.clone());
                    let protocol = picker.new_protocol(image, area.as_size(), Resize::Fit(None));
                    Some(Shown {
                        area,
                        pixels,
                        protocol: protocol.ok()?,
                    })
                });
            if let Some(picture) = picture {
                frame.render_widget(Image::new(&picture.protocol), area);
                shown.push(picture);
            }
        }
        self.shown = shown;
    }
}

/// Paints one plane in pixels, with both axes on one scale and the origin in the middle.
fn paint(
    cx: &Shared,
    pane: &Neighbours,
    (space, plane): (Scope, &Projection),
    (width, height): (u32, u32),
) -> RgbaImage {
    let mut pixels = RgbaImage::new(width, height);
    let half = f64::from(width.min(height)) / 2.0;
    let scale = (half - 4.0).max(0.0) / plane.extent().max(f64::MIN_POSITIVE);
    let middle = [f64::from(width) / 2.0, f64::from(height) / 2.0];
    let at = |[x, y]: [f64; 2]| [middle[0] + scale * x, middle[1] - scale * y];
    let classes: Vec<CellClass> = Operation::all().map(pane.classify(space, cx)).collect();
    // Points outside the selection are painted first, the others over them.
    for above in [false, true] {
        let points = classes.iter().zip(&plane.points);
        for (class, point) in points.filter(|(class, point)| {
            is_there(**point) && (**class != CellClass::Background) == above
        }) {
            dot(
                &mut pixels,
                at(*point),
                1.0,
                colour(cx, pane.planes.color_by, *class),
            );
        }
    }
    let marks = pane.overlay(space, plane, cx);
    for near in marks.near {
        ring(&mut pixels, at(near), 4.0);
    }
    if let Some(centre) = marks.centre {
        dot(&mut pixels, at(centre), 5.0, ACCENT);
    }
    pixels
}

fn colour(cx: &Shared, color_by: ColorBy, class: CellClass) -> Ink {
    match class {
        CellClass::Background => GROUND,
        CellClass::Kind(kind) if color_by == ColorBy::Coverage && cx.run().covered.is_some() => {
            COVERS[kind]
        }
        CellClass::Kind(_) => PLAIN,
        CellClass::Number(number) => SCALE[color_by.shade(number)],
    }
}

/// Fills the pixels within `radius` of a point.
fn dot(pixels: &mut RgbaImage, at: [f64; 2], radius: f64, ink: Ink) {
    around(pixels, at, radius, |distance| distance <= radius, ink);
}

/// Draws a circle two pixels wide, at this distance from a point.
fn ring(pixels: &mut RgbaImage, at: [f64; 2], radius: f64) {
    let on_it = |distance: f64| (distance - radius).abs() <= 1.0;
    around(pixels, at, radius + 1.0, on_it, ACCENT);
}

/// Colours the pixels around a point whose distance from it passes the test.
fn around(
    pixels: &mut RgbaImage,
    [x, y]: [f64; 2],
    reach: f64,
    passes: impl Fn(f64) -> bool,
    ink: Ink,
) {
    let span = |middle: f64| nearest((middle - reach).floor())..=nearest((middle + reach).ceil());
    for row in span(y) {
        for column in span(x) {
            let distance = (column as f64 - x).hypot(row as f64 - y);
            let inside = u32::try_from(column).ok().zip(u32::try_from(row).ok());
            let pixel = inside.and_then(|(column, row)| pixels.get_pixel_mut_checked(column, row));
            if let Some(pixel) = pixel.filter(|_| passes(distance)) {
                *pixel = ink;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use crossterm::event::{Event, KeyCode};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui_image::FontSize;

    /// Makes graphics of Kitty's protocol, without asking a terminal.
    fn kitty() -> Graphics {
        #[expect(
            deprecated,
            reason = "the one way that asks no terminal and is no half block"
        )]
        let mut picker = Picker::from_fontsize(FontSize::new(8, 16));
        picker.set_protocol_type(ProtocolType::Kitty);
        Graphics::new(Some(picker))
    }

    /// Counts the cells that hold part of a picture.
    fn drawn(graphics: &mut Graphics, app: &App) -> usize {
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        terminal
            .draw(|frame| {
                crate::frame::draw(frame, app);
                graphics.draw(frame, app);
            })
            .unwrap();
        let cells = terminal.backend().buffer().content();
        cells
            .iter()
            .filter(|cell| cell.symbol().contains('\u{10EEEE}'))
            .count()
    }

    #[test]
    fn planes_are_drawn_dot_by_dot_where_they_are_shown() {
        let mut app = fixtures::live(120, 40);
        let mut graphics = kitty();
        assert_eq!(drawn(&mut graphics, &app), 0);
        for key in "3p".chars() {
            app.on_input(&Event::Key(KeyCode::Char(key).into()));
        }
        assert!(drawn(&mut graphics, &app) > 0);
        assert_eq!(graphics.shown.len(), 2);
        let before = graphics.shown[0].pixels.clone();
        drawn(&mut graphics, &app);
        assert_eq!(graphics.shown[0].pixels, before);
        app.panes.neighbours.planes.color_by = ColorBy::Zeros;
        drawn(&mut graphics, &app);
        assert_ne!(graphics.shown[0].pixels, before);
        // A dialog is not drawn over.
        app.on_input(&Event::Key(KeyCode::Char('?').into()));
        assert_eq!(drawn(&mut graphics, &app), 0);
    }
}
