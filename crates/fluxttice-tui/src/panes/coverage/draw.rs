//! Drawing of *Coverage*: all 19,683 operations as one map, entries 0–4 across and 5–8 down.
//!
//! ```text
//!  coverage map  argmax …                          under the cursor ─────
//!        0         20        40        60
//!    0   ████▀█▄█████ █ ███                        counts ───────────────
//!   10   ██ ███████▄█████                          missing, by name ─────
//!  ▪ A and B  ▪ only A  ▪ only B    shape …
//! ```

use fluxttice_core::record::CoveredSets;
use fluxttice_core::space::Operation;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::layout::{self, Parts};
use super::map::{COLUMNS, ROWS, Zoom, operation_at};
use super::{Coverage, Filter, foreign, probability, side};
use crate::format::{thousands, width};
use crate::layout::cells;
use crate::reading::Cover;
use crate::run_view::Condition;
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::chart::dot_bit;
use crate::widgets::{below, heading, placeholder};

/// Draws the pane: the map at the left, counts and lists at the right.
pub fn render(body: Rect, buf: &mut Buffer, cx: &Shared, pane: &Coverage) {
    let parts = layout::parts(body);
    if let Some(known) = &cx.run().foreign {
        return foreign::render(&parts, buf, cx, pane, known);
    }
    let sets = cx.run().covered.as_deref();
    if pane.likely {
        return render_likely(&parts, buf, cx, pane, sets);
    }
    render_head(parts.top, buf, cx, pane, sets);
    match sets {
        Some(sets) => {
            render_scales(&parts, buf, cx, pane);
            render_map(parts.map, buf, cx, pane, sets);
            render_legend(parts.legend, buf, cx, pane, parts.map);
        }
        None => {
            let text = if cx.run().condition() == Condition::Exploring {
                "coverage is being counted"
            } else if cx.run().is_over() {
                "coverage was not counted in this session"
            } else {
                "coverage is counted at the end of an epoch; none has been yet"
            };
            placeholder(parts.map, buf, cx.theme, text);
        }
    }
    side::render(parts.side, buf, cx, pane, sets);
}

/// Draws the map by probability, in place of coverage.
fn render_likely(
    parts: &Parts,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Coverage,
    sets: Option<&CoveredSets>,
) {
    let estimates = cx.estimates.as_deref();
    let whose = cx.reading.whose_words();
    let measured = estimates.map_or("not measured yet".to_owned(), |estimates| {
        let codes = thousands(estimates.vaes.a.codes.into());
        format!("N {codes} codes · {}", estimates.source)
    });
    let forms = [
        (
            "map of all operations",
            format!("probability, {whose} · {measured}"),
        ),
        ("map", format!("probability, {whose} · {measured}")),
        ("map", format!("p · {measured}")),
    ];
    put_head(parts.top, buf, cx.theme, &forms);
    match estimates {
        Some(estimates) => {
            render_scales(parts, buf, cx, pane);
            probability::render_map(parts.map, buf, cx, pane, estimates);
            probability::render_legend(parts.legend, buf, cx, pane, parts.map);
        }
        None => placeholder(parts.map, buf, cx.theme, "probabilities are being measured"),
    }
    let used = side::render_operation(parts.side, buf, cx, pane, sets);
    probability::render_side(below(parts.side, used), buf, cx, pane, estimates);
}

fn render_head(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Coverage,
    sets: Option<&CoveredSets>,
) {
    let (long, short) = ("map of all operations", "map");
    let filter = pane.filter.name();
    let forms = match sets {
        Some(sets) => {
            let drawn = side::drawn(sets, cx.reading.draw);
            if let Some(selection) = &cx.selection {
                let count = thousands(selection.count as u64);
                let note = format!("{filter} of {count} selected");
                return put_head(
                    area,
                    buf,
                    cx.theme,
                    &[
                        (short, format!("{note} · {drawn} · epoch {}", sets.epoch)),
                        (short, format!("{note} · {drawn}")),
                        (short, drawn),
                    ],
                );
            }
            vec![
                (long, format!("{filter} · {drawn} · epoch {}", sets.epoch)),
                (short, format!("{filter} · {drawn} · epoch {}", sets.epoch)),
                (short, format!("{drawn} · epoch {}", sets.epoch)),
                (short, drawn),
            ]
        }
        None => vec![(long, cx.reading.draw.name().to_owned())],
    };
    put_head(area, buf, cx.theme, &forms);
}

/// Draws the first of these titles, with its note, that fits, or the last. Where the area is narrow the words
/// are shortened, but N and draw are always shown whole.
pub fn put_head(area: Rect, buf: &mut Buffer, theme: Theme, forms: &[(&str, String)]) {
    let fits =
        |(title, note): &&(&str, String)| width(title) + 1 + width(note) <= usize::from(area.width);
    if let Some((title, note)) = forms.iter().find(fits).or(forms.last()) {
        heading(area, buf, theme, title, note);
    }
}

/// Draws column numbers above the map and row numbers beside it.
pub fn render_scales(parts: &Parts, buf: &mut Buffer, cx: &Shared, pane: &Coverage) {
    let room = parts.map.as_size();
    let zoom = pane.map.zoom(room);
    let (across, down) = zoom.cell();
    let (left, top) = pane.map.origin(room);
    let style = cx.theme.dim();
    let y = parts.map.y - 1;
    let put_column = |buf: &mut Buffer, column: usize, style: Style| {
        let Some(offset) = (column / across).checked_sub(left) else {
            return;
        };
        let text = column.to_string();
        if offset + text.len() <= usize::from(room.width) {
            buf.set_string(parts.map.x + cells(offset), y, text, style);
        }
    };
    let put_row = |buf: &mut Buffer, row: usize, style: Style| {
        let Some(offset) = (row / down).checked_sub(top) else {
            return;
        };
        if offset < usize::from(room.height) {
            buf.set_string(
                parts.left.x,
                parts.map.y + cells(offset),
                format!("{row:>4}"),
                style,
            );
        }
    };
    for column in (0..COLUMNS).step_by(if across == 2 { 20 } else { 10 }) {
        put_column(buf, column, style);
    }
    for row in (0..ROWS).step_by(if down == 1 { 5 } else { 10 }) {
        put_row(buf, row, style);
    }
    // The numbers of the cursor replace any that they would touch.
    for offset in 0..6 {
        let x = parts.map.x + cells((pane.map.column / across).saturating_sub(left) + offset);
        if let Some(cell) = buf
            .cell_mut((x.saturating_sub(2), y))
            .filter(|_| x < parts.map.right())
        {
            cell.reset();
        }
    }
    put_column(buf, pane.map.column, cx.theme.accent());
    render_more(parts, buf, cx.theme, (left, top), zoom.size());
    put_row(buf, pane.map.row, cx.theme.accent());
}

/// Draws arrows where the map continues beyond its visible part.
fn render_more(
    parts: &Parts,
    buf: &mut Buffer,
    theme: Theme,
    origin: (usize, usize),
    size: (usize, usize),
) {
    let (map, style) = (parts.map, theme.accent());
    let (left, top) = origin;
    let (wide, high) = (usize::from(map.width), usize::from(map.height));
    if left > 0 {
        buf.set_string(map.x.saturating_sub(1), map.y - 1, "◂", style);
    }
    if left + wide < size.0 && map.width > 0 {
        buf.set_string(map.right() - 1, map.y - 1, "▸", style);
    }
    if top > 0 {
        buf.set_string(map.x.saturating_sub(1), map.y, "▴", style);
    }
    if top + high < size.1 && map.height > 0 {
        buf.set_string(map.x.saturating_sub(1), map.bottom() - 1, "▾", style);
    }
}

/// Returns the style of an operation with this cover.
pub fn style(theme: Theme, cover: Cover) -> Style {
    match cover {
        Cover::Both => theme.role(Role::Both),
        Cover::OnlyA => theme.role(Role::A),
        Cover::OnlyB => theme.role(Role::B),
        Cover::Neither => theme.bad(),
    }
}

/// Returns the sign of an operation with this cover, for the zoom with one operation in a character.
pub fn sign(cover: Cover) -> &'static str {
    match cover {
        Cover::Both => "■",
        Cover::OnlyA => "A",
        Cover::OnlyB => "B",
        Cover::Neither => "·",
    }
}

/// Returns the operation in this column and row; `None` beyond the map or outside the selection.
pub fn selected_at(cx: &Shared, column: usize, row: usize) -> Option<Operation> {
    operation_at(column, row).filter(|operation| cx.is_selected(*operation))
}

pub fn render_map(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Coverage, sets: &CoveredSets) {
    let zoom = pane.map.zoom(area.as_size());
    paint(area, buf, cx, pane, |column, row| {
        let cover = |dx: usize, dy: usize| {
            let operation = selected_at(cx, column + dx, row + dy)?;
            Some(Cover::of(sets, cx.reading.draw, operation))
        };
        cell(cx.theme, pane.filter, zoom, cover)
    });
}

/// Fills the map. `look` returns character and style of the operations from this column and row on, as many
/// as one character holds at the present zoom.
pub fn paint(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Coverage,
    look: impl Fn(usize, usize) -> (char, Style),
) {
    let room = area.as_size();
    let (map, theme) = (&pane.map, cx.theme);
    let zoom = map.zoom(room);
    let (across, down) = zoom.cell();
    let (left, top) = map.origin(room);
    let (columns, rows) = zoom.size();
    for y in 0..usize::from(room.height).min(rows - top) {
        for x in 0..usize::from(room.width).min(columns - left) {
            let (symbol, mut style) = look((left + x) * across, (top + y) * down);
            if (map.column / across, map.row / down) == (left + x, top + y) {
                style = cursor(theme);
            }
            if let Some(target) = buf.cell_mut((area.x + cells(x), area.y + cells(y))) {
                target.set_char(symbol).set_style(style);
            }
        }
    }
}

/// Returns the style of the character under the cursor.
fn cursor(theme: Theme) -> Style {
    theme.accent().patch(theme.selected())
}

/// Returns one character of the map with its style.
fn cell(
    theme: Theme,
    filter: Filter,
    zoom: Zoom,
    cover: impl Fn(usize, usize) -> Option<Cover>,
) -> (char, Style) {
    match zoom {
        Zoom::Single => match cover(0, 0) {
            Some(cover) if filter.shows(cover) => (
                sign(cover).chars().next().unwrap_or(' '),
                style(theme, cover),
            ),
            Some(_) => ('·', theme.dim()),
            None => (' ', theme.dim()),
        },
        Zoom::Halves => halves(theme, filter, cover(0, 0), cover(0, 1)),
        Zoom::Quarters | Zoom::Dots => packed(theme, filter, zoom, cover),
    }
}

/// Returns the character of two operations, each in its own colour.
fn halves(
    theme: Theme,
    filter: Filter,
    upper: Option<Cover>,
    lower: Option<Cover>,
) -> (char, Style) {
    let shown = |cover: Option<Cover>| cover.filter(|cover| filter.shows(*cover));
    match (shown(upper), shown(lower)) {
        (None, None) => (' ', Style::new()),
        (Some(upper), None) => ('▀', style(theme, upper)),
        (None, Some(lower)) => ('▄', style(theme, lower)),
        (Some(upper), Some(lower)) if upper == lower => ('█', style(theme, upper)),
        (Some(upper), Some(lower)) => {
            let behind = style(theme, lower).fg;
            let style = style(theme, upper);
            match behind {
                Some(color) => ('▀', style.bg(color)),
                // Without colours two kinds of covered operations look alike; the filter distinguishes them.
                None => ('█', style),
            }
        }
    }
}

/// Returns the character of four or eight operations: its shape is exact, its colour that of most of them.
fn packed(
    theme: Theme,
    filter: Filter,
    zoom: Zoom,
    cover: impl Fn(usize, usize) -> Option<Cover>,
) -> (char, Style) {
    const QUARTERS: [char; 16] = [
        ' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█',
    ];
    let (across, down) = zoom.cell();
    let mut bits = 0;
    let mut counts = [
        (Cover::Both, 0),
        (Cover::OnlyA, 0),
        (Cover::OnlyB, 0),
        (Cover::Neither, 0),
    ];
    for dy in 0..down {
        for dx in 0..across {
            let Some(cover) = cover(dx, dy).filter(|cover| filter.shows(*cover)) else {
                continue;
            };
            bits |= if zoom == Zoom::Dots {
                dot_bit(cells(dx).into(), cells(dy).into())
            } else {
                1 << (2 * dy + dx)
            };
            counts
                .iter_mut()
                .filter(|(kind, _)| *kind == cover)
                .for_each(|(_, count)| *count += 1);
        }
    }
    // The first of equal counts wins, so that the colour depends on nothing but the counts.
    let most = counts
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(Cover::Both, |(kind, _)| kind);
    let symbol = match zoom {
        _ if bits == 0 => ' ',
        Zoom::Dots => char::from_u32(0x2800 + bits).unwrap_or(' '),
        _ => QUARTERS.get(bits as usize).copied().unwrap_or(' '),
    };
    (symbol, style(theme, most))
}

fn render_legend(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Coverage, map: Rect) {
    let theme = cx.theme;
    let zoom = pane.map.zoom(map.as_size());
    // Directly below the map, where the map is lower than its area.
    let area = Rect {
        y: area.y.min(map.y + cells(zoom.size().1)),
        ..area
    };
    let mut spans: Vec<Span<'_>> = Vec::new();
    let mut room = usize::from(area.width);
    let kinds = [Cover::Both, Cover::OnlyA, Cover::OnlyB, Cover::Neither];
    let single = zoom == Zoom::Single;
    for cover in kinds {
        let shown = pane.filter.shows(cover);
        let needed = width(cover.words()) + 2;
        if !(shown || single) || needed > room {
            continue;
        }
        let sign = if single { sign(cover) } else { "■" };
        let look = if shown {
            style(theme, cover)
        } else {
            theme.dim()
        };
        spans.push(Span::styled(format!("{sign} "), look));
        spans.push(Span::styled(format!("{}   ", cover.words()), theme.dim()));
        room = room.saturating_sub(needed + 3);
    }
    let zoom = match zoom {
        Zoom::Single => "",
        Zoom::Halves if theme.has_color() => "1×2 a character",
        Zoom::Halves => "1×2 a character; v tells A from B",
        Zoom::Quarters if theme.has_color() => "2×2 cells a character, majority colour",
        Zoom::Dots if theme.has_color() => "2×4 cells a character, majority colour",
        Zoom::Quarters => "2×2 a character; v tells A from B",
        Zoom::Dots => "2×4 a character; v tells A from B",
    };
    let forms = [zoom, zoom.split(&[',', ';']).next().unwrap_or_default(), ""];
    let zoom = forms
        .into_iter()
        .find(|text| width(text) <= room)
        .unwrap_or_default();
    spans.push(Span::styled(zoom, theme.dim()));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}
