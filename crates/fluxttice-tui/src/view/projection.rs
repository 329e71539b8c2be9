//! The codes of a latent space on the plane of their two principal components.

use fluxttice_core::measure::neighbours::Space;
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::space::Operation;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::likelihood::SHADES;
use super::neighbours::colour_space;
use super::{below, coverage, heading, likelihood};
use crate::app::{App, Cover, Frame, Look, Marks, Modal, Paint};
use crate::chart::dot_bit;
use crate::format::{fit, percent, thousands, width};

/// Draws one space.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, space: Space) {
    let theme = app.theme;
    let view = &app.projection;
    let title = format!("codes of {}", space.title());
    let Some(plane) = view.of(space) else {
        heading(area, buf, theme, &title, "");
        let text = fit("no codes yet", usize::from(area.width));
        let x = area.x + (area.width - width(&text) as u16) / 2;
        return buf.set_string(x, area.y + area.height / 2, text, theme.dim());
    };
    let frame = match &app.modal {
        Some(Modal::Box(frame)) if space == app.neighbours.space => Some(frame),
        _ => None,
    };
    let notes = match frame {
        Some(frame) => {
            let held = app.boxed(frame, plane).count();
            vec![format!("{} in the box", thousands(held as u64))]
        }
        None => notes(app, plane, space),
    };
    let room = usize::from(area.width).saturating_sub(width(&title) + 1);
    let note = notes.iter().find(|note| width(note) <= room);
    heading(area, buf, theme, &title, note.map_or("", String::as_str));
    colour_space(area, buf, theme, width("codes of "), space);
    let area = below(area, 1);
    draw(area, buf, app, plane, space);
    if let Some(frame) = frame {
        draw_box(area, buf, app, plane, frame);
    }
}

/// What is said of a plane, from the longest to the shortest.
fn notes(app: &App, plane: &Projection, space: Space) -> Vec<String> {
    let [first, second] = plane.explained.map(|share| percent(100.0 * share));
    let turned = app.projection.reference(space).unwrap_or_default();
    let (paint, short) = (paint(app), short(app.projection.paint));
    vec![
        format!("{first} + {second} % of variance · by {paint} · as turned at {turned}"),
        format!("{first} + {second} % of variance · by {paint}"),
        format!("{first} + {second} % · by {paint}"),
        format!("{first} + {second} % · {short}"),
        format!("{first} + {second} %"),
    ]
}

/// What colours the codes, in words. What has not been measured yet colours nothing, and is not said to;
/// what is not of the moment that is looked at is called what it is.
pub fn paint(app: &App) -> String {
    let looks_back = app.past.codes().is_some();
    let text = match app.projection.paint {
        Paint::Coverage if app.run().covered.is_none() => "coverage once counted",
        Paint::Coverage if looks_back => "coverage now",
        Paint::Coverage => "coverage",
        Paint::Probability if app.desk.estimates.is_none() => "probability once measured",
        Paint::Probability if looks_back => "probability now",
        Paint::Probability => "probability",
        Paint::Zeros => "zeros, 0 ░▒▓█ 9",
        Paint::Law => {
            let law = app.projection.law;
            let count = thousands(law.operations().len() as u64);
            return format!("law: {} ({count})", law.word);
        }
        Paint::Apart => "distance of A's from B's, rms norms, 0 ░▒▓█ 1.4",
        Paint::Moved if looks_back => "movement to now, rms norms, 0 ░▒▓█ 1.4",
        Paint::Moved => "movement once < looks back",
        Paint::Plain => "one colour",
    };
    text.to_owned()
}

/// The same where there is little room.
fn short(paint: Paint) -> &'static str {
    match paint {
        Paint::Coverage => "coverage",
        Paint::Probability => "p",
        Paint::Zeros => "zeros",
        Paint::Law => "law",
        Paint::Apart => "A to B",
        Paint::Moved => "moved",
        Paint::Plain => "plain",
    }
}

/// Draws the box that selects.
fn draw_box(area: Rect, buf: &mut Buffer, app: &App, plane: &Projection, frame: &Frame) {
    if area.is_empty() {
        return;
    }
    let field = Field::new(area, plane);
    let [(left, bottom), (right, top)] = frame.corners(plane).map(|corner| field.cell(corner));
    let edges = (left..=right)
        .flat_map(|x| [(x, top, "─"), (x, bottom, "─")])
        .chain((top..=bottom).flat_map(|y| [(left, y, "│"), (right, y, "│")]));
    let corners = [
        (left, top, "┌"),
        (right, top, "┐"),
        (left, bottom, "└"),
        (right, bottom, "┘"),
    ];
    for (x, y, sign) in edges.chain(corners) {
        if let Some(cell) = buf.cell_mut((x, y)) {
            cell.set_symbol(sign).set_style(app.theme.accent());
        }
    }
}

/// What one character of the plane holds.
#[derive(Clone, Copy, Default)]
struct Spot {
    /// Operations that are not selected.
    ground: u32,
    /// Operations of each kind, and their dots as bits of a braille pattern.
    kinds: [u32; 4],
    dots: u32,
    /// Operations that have a number, and its sum.
    numbered: u32,
    sum: f64,
}

impl Spot {
    fn count(&self) -> u32 {
        self.ground + self.kinds.iter().sum::<u32>() + self.numbered
    }
}

fn draw(area: Rect, buf: &mut Buffer, app: &App, plane: &Projection, space: Space) {
    if area.is_empty() {
        return;
    }
    let field = Field::new(area, plane);
    let look = app.looks(space);
    let columns = usize::from(area.width);
    let mut spots = vec![Spot::default(); columns * usize::from(area.height)];
    for (operation, point) in Operation::all().zip(&plane.points) {
        let (x, y) = field.cell(*point);
        let place = usize::from(y - area.y) * columns + usize::from(x - area.x);
        let Some(spot) = spots.get_mut(place) else {
            continue;
        };
        match look(operation) {
            Look::Ground => spot.ground += 1,
            Look::Kind(kind) => {
                spot.kinds[kind] += 1;
                spot.dots |= field.bit(*point);
            }
            Look::Number(number) => {
                spot.numbered += 1;
                spot.sum += number;
            }
        }
    }
    let most = spots.iter().map(Spot::count).max().unwrap_or(0);
    for (place, spot) in spots.into_iter().enumerate() {
        let at = (
            area.x + (place % columns) as u16,
            area.y + (place / columns) as u16,
        );
        if let (Some((symbol, style)), Some(cell)) = (sign(app, spot, most), buf.cell_mut(at)) {
            cell.set_char(symbol).set_style(style);
        }
    }
    let Marks {
        bookmarks,
        near,
        chosen,
        centre,
    } = app.marks(space, plane);
    let marks = bookmarks
        .into_iter()
        .map(|point| (point, "★"))
        .chain(near.into_iter().map(|point| (point, "•")))
        .chain(chosen.map(|point| (point, "◇")))
        .chain(centre.map(|point| (point, "◆")));
    for (point, sign) in marks {
        if let Some(cell) = buf.cell_mut(field.cell(point)) {
            cell.set_symbol(sign).set_style(app.theme.accent());
        }
    }
}

/// The character of a spot and its style; none where nothing lies.
fn sign(app: &App, spot: Spot, most: u32) -> Option<(char, Style)> {
    let theme = app.theme;
    let shaded = |shade: usize, style| SHADES.get(shade).map(|shade| (*shade, style));
    if spot.numbered > 0 {
        let mean = spot.sum / f64::from(spot.numbered);
        if app.projection.paint == Paint::Probability {
            let (shade, style) = likelihood::look(theme, mean);
            return shaded(shade, style);
        }
        let shade = app.projection.paint.shade(mean);
        let style = if shade == 0 {
            theme.dim()
        } else {
            theme.text()
        };
        return shaded(shade, style);
    }
    let covers = app.projection.paint == Paint::Coverage && app.run().covered.is_some();
    let frequent = (0..spot.kinds.len()).max_by_key(|kind| spot.kinds[*kind]);
    let style = match frequent.filter(|kind| spot.kinds[*kind] > 0) {
        None => theme.dim(),
        Some(kind) if covers => coverage::style(theme, COVERS[kind]),
        Some(_) => theme.text(),
    };
    // Where some are selected or obey the law, each is a dot above the others.
    if spot.dots > 0 && (app.selection.is_some() || app.projection.paint == Paint::Law) {
        return char::from_u32(0x2800 + spot.dots).map(|dots| (dots, style));
    }
    if let Some(kind) =
        frequent.filter(|kind| covers && !theme.has_color() && spot.kinds[*kind] > 0)
    {
        // Where there is no colour, the sign says whose they are.
        return coverage::sign(COVERS[kind])
            .chars()
            .next()
            .map(|sign| (sign, style));
    }
    let share = f64::from(spot.count()) / f64::from(most.max(1));
    let shade = DENSITIES.iter().filter(|bound| share >= **bound).count();
    (spot.count() > 0)
        .then_some(shade)
        .and_then(|shade| shaded(shade, style))
}

/// Kinds by their number.
const COVERS: [Cover; 4] = [Cover::Neither, Cover::OnlyA, Cover::OnlyB, Cover::Both];
/// Shares of the fullest character from which on the next shade begins.
const DENSITIES: [f64; 4] = [0.1, 0.25, 0.5, 0.75];
/// Where points lie in an area: both axes on one scale, the origin in the middle.
struct Field {
    area: Rect,
    scale: f64,
}

impl Field {
    fn new(area: Rect, plane: &Projection) -> Self {
        let half = f64::from(area.width).min(2.0 * f64::from(area.height));
        Self {
            area,
            scale: (half - 1.0).max(0.0) / plane.extent().max(f64::MIN_POSITIVE),
        }
    }

    /// Dots from the left and from the top.
    fn dot(&self, [x, y]: [f64; 2]) -> (i64, i64) {
        let across = f64::from(self.area.width) + self.scale * x;
        let down = 2.0 * f64::from(self.area.height) - self.scale * y;
        (across.round() as i64, down.round() as i64)
    }

    /// Its dot within its character, as a bit of a braille pattern.
    fn bit(&self, point: [f64; 2]) -> u32 {
        let (x, y) = self.dot(point);
        dot_bit(x, y)
    }

    /// The character that holds a point.
    fn cell(&self, point: [f64; 2]) -> (u16, u16) {
        let (x, y) = self.dot(point);
        let within =
            |dot: i64, per: i64, room: u16| (dot / per).clamp(0, i64::from(room) - 1) as u16;
        (
            self.area.x + within(x, 2, self.area.width),
            self.area.y + within(y, 4, self.area.height),
        )
    }
}
