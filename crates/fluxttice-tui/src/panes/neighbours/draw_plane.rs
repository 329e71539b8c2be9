//! Drawing of the codes of a latent space on the plane of their two principal components.
use fluxttice_core::measure::projection::{Projection, is_there};
use fluxttice_core::space::Operation;
use fluxttice_core::vae::Scope;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Neighbours;
use super::box_selection::BoxSelection;
use super::classes::{CellClass, Overlay};
use super::color_by::ColorBy;
use super::draw::colour_space;
use crate::format::{percent, thousands, width};
use crate::layout::{cells, nearest};
use crate::panes::coverage::{self, SHADES};
use crate::reading::Cover;
use crate::shared::Shared;
use crate::theme::Theme;
use crate::widgets::chart::dot_bit;
use crate::widgets::{below, heading, placeholder};

/// Draws the plane of one space, below its heading.
pub fn render(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Neighbours, space: Scope) {
    let theme = cx.theme;
    let view = &pane.planes;
    let title = format!("codes of {}", pane.title(space, cx));
    let Some(plane) = view.of(space) else {
        heading(area, buf, theme, &title, "");
        return placeholder(area, buf, theme, "no codes yet");
    };
    let frame = pane.boxing.as_ref();
    let frame = frame.filter(|_| space == pane.around.space);
    let notes = match frame {
        Some(frame) => {
            let held = frame.selected(plane, cx).count();
            vec![format!("{} in the box", thousands(held as u64))]
        }
        None => notes(cx, pane, plane, space),
    };
    let room = usize::from(area.width).saturating_sub(width(&title) + 1);
    let note = notes.iter().find(|note| width(note) <= room);
    heading(area, buf, theme, &title, note.map_or("", String::as_str));
    if !pane.is_embedding(cx) {
        colour_space(area, buf, theme, width("codes of "), space);
    }
    let area = below(area, 1);
    draw(area, buf, cx, pane, plane, space);
    if let Some(frame) = frame {
        draw_box(area, buf, cx.theme, plane, frame);
    }
}

/// Returns the notes on a plane, from the longest to the shortest.
fn notes(cx: &Shared, pane: &Neighbours, plane: &Projection, space: Scope) -> Vec<String> {
    let [first, second] = plane.explained.map(|share| percent(100.0 * share));
    let turned = pane.planes.reference(space).unwrap_or_default();
    let (paint, short) = (colored_by(cx, pane), short(pane.planes.color_by));
    vec![
        format!("{first} + {second} % of variance · by {paint} · as turned at {turned}"),
        format!("{first} + {second} % of variance · by {paint}"),
        format!("{first} + {second} % · by {paint}"),
        format!("{first} + {second} % · {short}"),
        format!("{first} + {second} %"),
    ]
}

/// Names the property by which the codes are coloured. A property that is not measured yet colours nothing,
/// and the words say so. Coverage and probability are of the newest model, which the words say where the
/// codes are of an earlier epoch.
pub fn colored_by(cx: &Shared, pane: &Neighbours) -> String {
    let looks_back = pane.past.codes().is_some();
    let text = match pane.planes.color_by {
        ColorBy::Coverage if cx.run().covered.is_none() => "coverage once counted",
        ColorBy::Coverage if looks_back => "coverage now",
        ColorBy::Coverage => "coverage",
        ColorBy::Probability if cx.estimates.is_none() => "probability once measured",
        ColorBy::Probability if looks_back => "probability now",
        ColorBy::Probability => "probability",
        ColorBy::Zeros => "zeros, 0 ░▒▓█ 9",
        ColorBy::Law => {
            let law = pane.planes.law;
            let count = thousands(law.operations().len() as u64);
            return format!("law: {} ({count})", law.word);
        }
        ColorBy::Apart => "distance of A's from B's, rms norms, 0 ░▒▓█ 1.4",
        ColorBy::Moved if looks_back => "movement to now, rms norms, 0 ░▒▓█ 1.4",
        ColorBy::Moved => "movement once < looks back",
        ColorBy::Plain => "one colour",
    };
    text.to_owned()
}

/// Names the property where there is little room.
fn short(paint: ColorBy) -> &'static str {
    match paint {
        ColorBy::Coverage => "coverage",
        ColorBy::Probability => "p",
        ColorBy::Zeros => "zeros",
        ColorBy::Law => "law",
        ColorBy::Apart => "A to B",
        ColorBy::Moved => "moved",
        ColorBy::Plain => "plain",
    }
}

/// Draws the box that selects operations.
fn draw_box(area: Rect, buf: &mut Buffer, theme: Theme, plane: &Projection, frame: &BoxSelection) {
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
            cell.set_symbol(sign).set_style(theme.accent());
        }
    }
}

/// Contents of one character of the plane.
#[derive(Clone, Copy, Default)]
struct Spot {
    /// Operations outside the selection.
    ground: u32,
    /// Operations of each kind; their dots are bits of a braille pattern.
    kinds: [u32; 4],
    dots: u32,
    /// Operations that have a number; `sum` is the sum of the numbers.
    numbered: u32,
    sum: f64,
}

impl Spot {
    fn count(&self) -> u32 {
        self.ground + self.kinds.iter().sum::<u32>() + self.numbered
    }
}

fn draw(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Neighbours,
    plane: &Projection,
    space: Scope,
) {
    if area.is_empty() {
        return;
    }
    let field = Field::new(area, plane);
    let class = pane.classify(space, cx);
    let columns = usize::from(area.width);
    let mut spots = vec![Spot::default(); columns * usize::from(area.height)];
    let points = Operation::all().zip(&plane.points);
    for (operation, point) in points.filter(|(_, point)| is_there(**point)) {
        let (x, y) = field.cell(*point);
        let place = usize::from(y - area.y) * columns + usize::from(x - area.x);
        let Some(spot) = spots.get_mut(place) else {
            continue;
        };
        match class(operation) {
            CellClass::Background => spot.ground += 1,
            CellClass::Kind(kind) => {
                spot.kinds[kind] += 1;
                spot.dots |= field.bit(*point);
            }
            CellClass::Number(number) => {
                spot.numbered += 1;
                spot.sum += number;
            }
        }
    }
    let most = spots.iter().map(Spot::count).max().unwrap_or(0);
    for (place, spot) in spots.into_iter().enumerate() {
        let at = (
            area.x + cells(place % columns),
            area.y + cells(place / columns),
        );
        if let (Some((symbol, style)), Some(cell)) = (sign(cx, pane, spot, most), buf.cell_mut(at))
        {
            cell.set_char(symbol).set_style(style);
        }
    }
    let Overlay {
        bookmarks,
        near,
        chosen,
        centre,
    } = pane.overlay(space, plane, cx);
    let marks = bookmarks
        .into_iter()
        .map(|point| (point, "★"))
        .chain(near.into_iter().map(|point| (point, "•")))
        .chain(chosen.map(|point| (point, "◇")))
        .chain(centre.map(|point| (point, "◆")));
    for (point, sign) in marks {
        if let Some(cell) = buf.cell_mut(field.cell(point)) {
            cell.set_symbol(sign).set_style(cx.theme.accent());
        }
    }
}

/// Returns character and style of a spot; `None` where it is empty.
fn sign(cx: &Shared, pane: &Neighbours, spot: Spot, most: u32) -> Option<(char, Style)> {
    let theme = cx.theme;
    let shaded = |shade: usize, style| SHADES.get(shade).map(|shade| (*shade, style));
    if spot.numbered > 0 {
        let mean = spot.sum / f64::from(spot.numbered);
        if pane.planes.color_by == ColorBy::Probability {
            let (shade, style) = coverage::look(theme, mean);
            return shaded(shade, style);
        }
        let shade = pane.planes.color_by.shade(mean);
        let style = if shade == 0 {
            theme.dim()
        } else {
            theme.text()
        };
        return shaded(shade, style);
    }
    let covers = pane.planes.color_by == ColorBy::Coverage && cx.run().covered.is_some();
    let frequent = (0..spot.kinds.len()).max_by_key(|kind| spot.kinds[*kind]);
    let style = match frequent.filter(|kind| spot.kinds[*kind] > 0) {
        None => theme.dim(),
        Some(kind) if covers => coverage::style(theme, COVERS[kind]),
        Some(_) => theme.text(),
    };
    // With a selection or a law, its operations are drawn as dots above the others.
    if spot.dots > 0 && (cx.selection.is_some() || pane.planes.color_by == ColorBy::Law) {
        return char::from_u32(0x2800 + spot.dots).map(|dots| (dots, style));
    }
    if let Some(kind) =
        frequent.filter(|kind| covers && !theme.has_color() && spot.kinds[*kind] > 0)
    {
        // Without colours, the sign tells which VAE generated them.
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

/// Covers by the number of their kind.
const COVERS: [Cover; 4] = [Cover::Neither, Cover::OnlyA, Cover::OnlyB, Cover::Both];
/// Bounds between the shades of density, as shares of the fullest character.
const DENSITIES: [f64; 4] = [0.1, 0.25, 0.5, 0.75];
/// Mapping of the plane to an area, with both axes on one scale and the origin in the middle.
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

    /// Returns the dot of a point, counted from the left and from the top.
    fn dot(&self, [x, y]: [f64; 2]) -> (i64, i64) {
        let across = f64::from(self.area.width) + self.scale * x;
        let down = 2.0 * f64::from(self.area.height) - self.scale * y;
        (nearest(across), nearest(down))
    }

    /// Returns the bit of a point's dot in the braille pattern of its character.
    fn bit(&self, point: [f64; 2]) -> u32 {
        let (x, y) = self.dot(point);
        dot_bit(x, y)
    }

    /// Returns the character that holds a point, clamped to the area.
    fn cell(&self, point: [f64; 2]) -> (u16, u16) {
        let (x, y) = self.dot(point);
        let within =
            |dot: i64, per: i64, room: u16| cells((dot / per).clamp(0, i64::from(room) - 1));
        (
            self.area.x + within(x, 2, self.area.width),
            self.area.y + within(y, 4, self.area.height),
        )
    }
}
