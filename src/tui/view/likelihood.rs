//! *Coverage* by probability: how likely each operation is, as a multiple of a uniform generator's.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{coverage, heading, lines};
use crate::measure::Estimate;
use crate::session::Estimates;
use crate::space::Operation;
use crate::tui::app::{App, COLUMNS, ROWS};
use crate::tui::format::{fit, fixed, thousands, wrap};
use crate::tui::theme::{Role, Theme};

/// Upper bounds of the first four shades, in multiples of 1/19,683; the fifth has none.
const BOUNDS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// Characters from rare to frequent: they are told apart without colour.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
/// What they mean.
const WORDS: [&str; 5] = ["<¼", "<½", "<1", "<2", "≥2"];

/// Whose probabilities, in words.
pub fn whose(app: &App) -> &'static str {
    ["A", "B", "A or B, the smaller"][app.map.whose.min(2)]
}

fn shade(likelihood: f64) -> usize {
    BOUNDS.iter().filter(|bound| likelihood >= **bound).count()
}

fn style(theme: Theme, shade: usize) -> Style {
    match shade {
        0 => theme.bad(),
        1 => theme.warning(),
        2 => theme.dim(),
        3 => theme.text(),
        _ => theme.accent(),
    }
}

/// Draws the map: each character the rarest operation it holds.
pub fn render_map(area: Rect, buf: &mut Buffer, app: &App, estimates: &Estimates) {
    let room = area.as_size();
    let (map, theme) = (&app.map, app.theme);
    let zoom = map.zoom(room);
    let (across, down) = zoom.cell();
    let (left, top) = map.origin(room);
    let (columns, rows) = zoom.size();
    for y in 0..usize::from(room.height).min(rows - top) {
        for x in 0..usize::from(room.width).min(columns - left) {
            let (column, row) = ((left + x) * across, (top + y) * down);
            let inside = (row..(row + down).min(ROWS))
                .flat_map(|row| (column..(column + across).min(COLUMNS)).map(move |c| (row, c)));
            let rarest = inside
                .filter_map(|(row, column)| Operation::new(row * COLUMNS + column))
                .map(|operation| map.likelihood(estimates, operation))
                .fold(f64::INFINITY, f64::min);
            let shade = shade(rarest);
            let here = (map.column / across, map.row / down) == (left + x, top + y);
            let style = if here {
                coverage::cursor(theme)
            } else {
                style(theme, shade)
            };
            if let Some(target) = buf.cell_mut((area.x + x as u16, area.y + y as u16)) {
                target.set_char(SHADES[shade]).set_style(style);
            }
        }
    }
}

/// Draws what the shades mean.
pub fn render_legend(area: Rect, buf: &mut Buffer, app: &App, map: Rect) {
    let zoom = app.map.zoom(map.as_size());
    let area = Rect {
        y: area.y.min(map.y + zoom.size().1 as u16),
        ..area
    };
    let mut spans = Vec::new();
    for (shade, (sign, words)) in SHADES.iter().zip(WORDS).enumerate() {
        spans.push(Span::styled(format!("{sign} "), style(app.theme, shade)));
        spans.push(Span::styled(format!("{words}  "), app.theme.dim()));
    }
    // Where it is narrow the explanation gives way.
    let unit = if area.width >= 100 {
        "× 1/19,683; the rarest of each character"
    } else {
        "× 1/19,683"
    };
    spans.push(Span::styled(unit, app.theme.dim()));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Draws the panel below the operation under the cursor.
pub fn render_side(area: Rect, buf: &mut Buffer, app: &App, estimates: Option<&Estimates>) {
    let theme = app.theme;
    let width = usize::from(area.width);
    let Some(estimates) = estimates else {
        let text = Line::styled("probabilities are being measured …", theme.dim());
        return lines(area, buf, &[text]);
    };
    heading(area, buf, theme, "probability", &estimates.source);
    let mut rows = Vec::new();
    let codes = thousands(estimates.vaes[0].codes.into());
    let dim = |text: String| Line::styled(text, theme.dim());
    let note = format!("estimated from {codes} codes, seed {}", estimates.seed);
    rows.extend(wrap(&note, width).into_iter().map(dim));
    let here = app.map.operation();
    for (i, (name, role)) in [("A", Role::A), ("B", Role::B)].into_iter().enumerate() {
        let mut map = app.map;
        map.whose = i;
        let times = fixed(map.likelihood(estimates, here), 2);
        rows.push(Line::from(vec![
            Span::styled(format!("{name} {times:>7}"), theme.role(role)),
            Span::styled(" × uniform, here", theme.dim()),
        ]));
    }
    rows.push(Line::styled("I(z; x), nats of 9.888", theme.dim()));
    for (vae, (name, role)) in estimates.vaes.iter().zip([("A", Role::A), ("B", Role::B)]) {
        let Estimate {
            value,
            standard_error,
            ..
        } = vae.mutual_information;
        rows.push(Line::styled(
            format!("{name} {value:>7.3} ± {standard_error:.3}"),
            theme.role(role),
        ));
    }
    let below = |rows: usize| Rect {
        y: area.y + (rows as u16).min(area.height),
        height: area.height.saturating_sub(rows as u16),
        ..area
    };
    lines(below(1), buf, &rows);
    render_rarest(below(rows.len() + 2), buf, app, estimates);
}

fn render_rarest(area: Rect, buf: &mut Buffer, app: &App, estimates: &Estimates) {
    let theme = app.theme;
    if area.height < 2 {
        return;
    }
    heading(
        area,
        buf,
        theme,
        "rarest",
        &format!("n goes on, v: {}", whose(app)),
    );
    let rarest = app.map.rarest(estimates);
    let here = rarest
        .iter()
        .position(|operation| *operation == app.map.operation());
    let high = usize::from(area.height) - 1;
    let first = super::layout::first_row(here.unwrap_or(0), high, rarest.len());
    let rows: Vec<Line<'_>> = rarest
        .iter()
        .enumerate()
        .skip(first)
        .take(high)
        .map(|(place, operation)| {
            let likelihood = app.map.likelihood(estimates, *operation);
            let base = if here == Some(place) {
                theme.selected()
            } else {
                theme.text()
            };
            Line::from(vec![
                Span::styled(format!("{operation} "), base),
                Span::styled(
                    format!("{likelihood:>5.2} "),
                    style(theme, shade(likelihood)),
                ),
                Span::styled(
                    fit(
                        operation.name().unwrap_or(""),
                        usize::from(area.width).saturating_sub(16),
                    ),
                    theme.dim(),
                ),
            ])
        })
        .collect();
    lines(
        Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        },
        buf,
        &rows,
    );
}
