//! Line charts in braille dots, made for many small charts above one time axis.

mod canvas;
mod scale;
mod thin;
mod time_axis;
mod window;

use fluxttice_core::numbers::rounded;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub use canvas::{Canvas, Stroke, dot_bit};
pub use scale::Scale;
pub use thin::thinned;
pub use time_axis::{BEST, TimeAxis, glyph};
pub use window::Window;

use crate::format::{fit, width};
use crate::layout::cells;
use crate::theme::{Role, Theme};

/// Columns left of the plot: a label of five columns, and the axis.
pub const GUTTER: u16 = 6;

/// A line of a chart.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name in the title line.
    pub label: String,
    /// VAE or model that the quantity belongs to, which decides the colour.
    pub role: Role,
    /// Stroke, so that lines differ without colour.
    pub stroke: Stroke,
    /// Points (epoch, value) in the order of epochs; a value that is not finite leaves a gap.
    pub points: Vec<(u32, f64)>,
    /// Value in the title line, as text; empty leaves the series out of the title.
    pub reading: String,
    /// Character behind the newest point.
    pub tag: Option<char>,
}

/// A horizontal line that values are compared with.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Value at which the line is drawn.
    pub value: f64,
    /// Labels from long to short; the first that fits is drawn.
    pub labels: Vec<String>,
}

/// A chart, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Titles from long to short, with quantity, unit, N and draw; the first that leaves room for all
    /// readings is drawn.
    pub titles: Vec<String>,
    /// Lines of the chart; the first is drawn over the others.
    pub series: Vec<Series>,
    /// Horizontal lines that values are compared with.
    pub references: Vec<Reference>,
    /// Values that the scale must include, whatever the data are.
    pub reach: Vec<f64>,
    /// True if the scale is logarithmic.
    pub logarithmic: bool,
    /// Text in the plot while there is nothing to draw.
    pub empty: String,
}

/// Settings that all charts above one time axis share.
#[derive(Clone, Copy, Debug)]
pub struct ChartFrame<'a> {
    /// Styles of the screen.
    pub theme: Theme,
    /// Range of epochs shown.
    pub window: Window,
    /// Epochs at which phases 2, 3 and 4 begin; `None` where the run has no phases.
    pub borders: Option<&'a [u32]>,
    /// Epochs in which disruptions began.
    pub disruptions: &'a [u32],
    /// Epoch of the crosshair; `None` without one.
    pub cursor: Option<u32>,
}

impl ChartFrame<'_> {
    /// Returns the column of an epoch in a plot of this width; `None` for an epoch that is not shown.
    pub fn column(&self, epoch: u32, width: u16) -> Option<u16> {
        if width == 0 || !self.window.contains(epoch) {
            return None;
        }
        let place = self.window.place(f64::from(epoch));
        Some(cells(rounded(place * f64::from(width - 1))))
    }
}

impl Chart {
    /// Draws the chart into its area: a title line, below it the plot with its scale.
    pub fn render(&self, area: Rect, buf: &mut Buffer, shared: &ChartFrame<'_>) {
        if area.height < 2 || area.width <= GUTTER + 2 {
            return;
        }
        self.render_title(Rect { height: 1, ..area }, buf, shared.theme);
        let frame = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
        let plot = Rect {
            x: area.x + GUTTER,
            width: area.width - GUTTER,
            ..frame
        };
        let shown: Vec<Vec<(u32, f64)>> = self
            .series
            .iter()
            .map(|series| in_window(&series.points, shared.window))
            .collect();
        let values = shown.iter().flatten().map(|(_, value)| *value);
        let Some(scale) = Scale::fit(
            values,
            &self.reach,
            usize::from(plot.height),
            self.logarithmic,
        ) else {
            render_axis(frame, buf, shared.theme, None);
            render_columns(plot, buf, shared);
            let text = fit(&self.empty, usize::from(plot.width));
            let x = plot.x + (plot.width.saturating_sub(cells(width(&text)))) / 2;
            buf.set_string(x, plot.y + plot.height / 2, text, shared.theme.dim());
            return;
        };
        render_axis(frame, buf, shared.theme, Some(&scale));
        self.render_references(plot, buf, shared.theme, &scale);
        render_columns(plot, buf, shared);
        let mut canvas = Canvas::new(plot);
        // The first series lies over the others, so it is drawn last.
        for (series, points) in self.series.iter().zip(&shown).rev() {
            canvas.path(
                points,
                series.stroke,
                style(series, shared.theme),
                shared.window,
                &scale,
            );
        }
        canvas.render(buf);
        self.render_labels(plot, buf, shared.theme, &scale);
        self.render_cursor(plot, buf, shared, &scale);
        self.render_tags(plot, buf, shared, &scale, &shown);
    }

    fn render_title(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        let room = usize::from(area.width);
        let pieces: Vec<(String, Style)> = self
            .series
            .iter()
            .filter(|series| !series.reading.is_empty())
            .map(|series| {
                let text = format!("  {}{} {}", sign(series), series.label, series.reading);
                (text, style(series, theme))
            })
            .collect();
        let readings: usize = pieces.iter().map(|(text, _)| width(text)).sum();
        let fits = |title: &&String| width(title) + readings <= room;
        let title = self
            .titles
            .iter()
            .find(fits)
            .or(self.titles.last())
            .map_or("", String::as_str);
        let title = fit(title, room);
        let mut x = area.x + cells(width(&title));
        buf.set_string(area.x, area.y, &title, theme.strong());
        // Readings that do not fit are left out from the last one on: a number cut short would be wrong.
        let mut left = room.saturating_sub(width(&title));
        let fitting: Vec<_> = pieces
            .into_iter()
            .take_while(|(text, _)| {
                let fits = width(text) <= left;
                left = left.saturating_sub(width(text));
                fits
            })
            .collect();
        let taken: usize = fitting.iter().map(|(text, _)| width(text)).sum();
        let rule_end = area.right() - cells(taken);
        if x + 1 < rule_end {
            let rule = "─".repeat(usize::from(rule_end - x - 1));
            buf.set_string(x + 1, area.y, rule, theme.dim());
        }
        x = rule_end;
        for (text, style) in fitting {
            buf.set_string(x, area.y, &text, style);
            x += cells(width(&text));
        }
    }

    /// Returns the reference lines within the scale, each with its row in the plot.
    fn references_in(&self, plot: Rect, scale: &Scale) -> impl Iterator<Item = (&Reference, u16)> {
        let shown = self.references.iter();
        let shown = shown.filter(move |reference| scale.contains(reference.value));
        shown.filter_map(move |reference| {
            Some((reference, scale.row(reference.value, plot.height)?))
        })
    }

    fn render_references(&self, plot: Rect, buf: &mut Buffer, theme: Theme, scale: &Scale) {
        for (_, row) in self.references_in(plot, scale) {
            let line = "┄".repeat(usize::from(plot.width));
            buf.set_string(plot.x, plot.y + row, line, theme.dim());
        }
    }

    fn render_labels(&self, plot: Rect, buf: &mut Buffer, theme: Theme, scale: &Scale) {
        for (reference, row) in self.references_in(plot, scale) {
            let places = reference.labels.iter().find_map(|label| {
                let text = format!(" {label} ");
                free_place(buf, plot, plot.y + row, cells(width(&text))).map(|x| (x, text))
            });
            if let Some((x, text)) = places {
                buf.set_string(x, plot.y + row, text, theme.dim());
            }
        }
    }

    fn render_cursor(&self, plot: Rect, buf: &mut Buffer, shared: &ChartFrame<'_>, scale: &Scale) {
        let Some(cursor) = shared.cursor else { return };
        let Some(column) = shared.column(cursor, plot.width) else {
            return;
        };
        for series in self.series.iter().rev() {
            let value = series
                .points
                .iter()
                .find(|(epoch, _)| *epoch == cursor)
                .map(|(_, value)| *value);
            let row = value.and_then(|value| scale.row(value, plot.height));
            if let (Some(row), false) = (row, series.stroke == Stroke::Dotted) {
                buf.set_string(
                    plot.x + column,
                    plot.y + row,
                    point(series),
                    style(series, shared.theme),
                );
            }
        }
    }

    /// Draws the tag of each line behind its newest point; tags that meet are drawn side by side.
    fn render_tags(
        &self,
        plot: Rect,
        buf: &mut Buffer,
        shared: &ChartFrame<'_>,
        scale: &Scale,
        shown: &[Vec<(u32, f64)>],
    ) {
        let mut taken: Vec<(u16, u16)> = Vec::new();
        for (series, points) in self.series.iter().zip(shown) {
            let (Some(tag), Some((epoch, value))) = (series.tag, points.last()) else {
                continue;
            };
            let place = (
                shared.column(*epoch, plot.width),
                scale.row(*value, plot.height),
            );
            let (Some(column), Some(row)) = place else {
                continue;
            };
            let mut x = column + 1;
            while taken.contains(&(x, row)) {
                x += 1;
            }
            if x < plot.width {
                taken.push((x, row));
                let text = tag.to_string();
                buf.set_string(plot.x + x, plot.y + row, text, style(series, shared.theme));
            }
        }
    }
}

/// Returns the rightmost column in a row of the plot where a text of this width covers no data.
fn free_place(buf: &Buffer, plot: Rect, y: u16, wide: u16) -> Option<u16> {
    let free = |x: u16| {
        buf.cell((x, y))
            .is_some_and(|cell| matches!(cell.symbol(), "┄" | "┊" | " "))
    };
    let last = plot.right().checked_sub(wide + 1)?;
    (plot.x + 1..=last).rev().find(|x| (*x..x + wide).all(free))
}

/// Returns the points whose epochs are shown.
fn in_window(points: &[(u32, f64)], window: Window) -> Vec<(u32, f64)> {
    points
        .iter()
        .copied()
        .filter(|(epoch, _)| window.contains(*epoch))
        .collect()
}

fn style(series: &Series, theme: Theme) -> Style {
    let style = theme.role(series.role);
    if series.stroke == Stroke::Dotted {
        style.patch(theme.dim())
    } else {
        style
    }
}

/// Returns the sign of a line in the title.
fn sign(series: &Series) -> &'static str {
    match (series.role, series.stroke) {
        (_, Stroke::Dotted) => "┈",
        (Role::A | Role::B, _) => point(series),
        (_, Stroke::Solid) => "━",
        (_, Stroke::Dashed) => "╍",
    }
}

/// Returns the sign of a point under the crosshair.
fn point(series: &Series) -> &'static str {
    if series.stroke == Stroke::Solid {
        "●"
    } else {
        "○"
    }
}

/// Draws the axis and the labels of the scale.
fn render_axis(frame: Rect, buf: &mut Buffer, theme: Theme, scale: Option<&Scale>) {
    let x = frame.x + GUTTER - 1;
    for y in frame.y..frame.bottom() {
        buf.set_string(x, y, "│", theme.dim());
    }
    let Some(scale) = scale else { return };
    for (value, label) in scale.ticks() {
        let Some(row) = scale.row(value, frame.height) else {
            continue;
        };
        let label = fit(&label, usize::from(GUTTER) - 1);
        buf.set_string(frame.x, frame.y + row, format!("{label:>5}┤"), theme.dim());
    }
}

/// Draws the vertical lines: phases, disruptions, crosshair.
fn render_columns(plot: Rect, buf: &mut Buffer, shared: &ChartFrame<'_>) {
    let accent = shared.theme.accent();
    let lines = shared
        .borders
        .into_iter()
        .flatten()
        .map(|epoch| (*epoch, "┊", shared.theme.dim()))
        .chain(shared.disruptions.iter().map(|epoch| (*epoch, "┊", accent)))
        .chain(shared.cursor.map(|epoch| (epoch, "│", accent)));
    for (epoch, symbol, style) in lines {
        let Some(column) = shared.column(epoch, plot.width) else {
            continue;
        };
        for y in plot.y..plot.bottom() {
            buf.set_string(plot.x + column, y, symbol, style);
        }
    }
}
