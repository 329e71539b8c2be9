//! Charts of a run: many small panels on one time axis.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{DrawError, FONT, Heading, Ink, Picture, failed};
use crate::numbers::count32;

/// Number of panels side by side.
const BESIDE: usize = 3;
/// Width and height of a panel in pixels.
const PANEL: (u32, u32) = (480, 320);

/// Style of a line in a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// A line without gaps.
    Solid,
    /// A line of long pieces.
    Dashed,
    /// A line of short pieces.
    Dotted,
}

/// A line in a chart.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Label of the line; a line without one is not in the legend.
    pub label: String,
    /// Colour of the line.
    pub ink: Ink,
    /// Style of the line.
    pub dash: Dash,
    /// Epoch and value of each point; a value that is not a number leaves a gap.
    pub points: Vec<(u32, f64)>,
}

/// A chart of one quantity.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Quantity, unit and sample size.
    pub title: String,
    /// Lines of the chart.
    pub curves: Vec<Curve>,
    /// Reference values with their labels, by which the lines are judged.
    pub references: Vec<(f64, String)>,
    /// Values that the scale must include, whatever the data are.
    pub reach: Vec<f64>,
    /// Draws a logarithmic scale if true.
    pub logarithmic: bool,
}

/// Charts that share one time axis.
#[derive(Clone, Debug)]
pub struct Curves {
    /// Title and legend above the charts.
    pub heading: Heading,
    /// First and last epoch of the time axis.
    pub epochs: (u32, u32),
    /// Charts, row by row.
    pub panels: Vec<Panel>,
}

impl Curves {
    /// Returns width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        let beside = self.panels.len().clamp(1, BESIDE);
        let rows = self.panels.len().div_ceil(BESIDE).max(1);
        (
            PANEL.0 * count32(beside),
            self.heading.height() + PANEL.1 * count32(rows),
        )
    }
}

impl Picture for Curves {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError> {
        let below = self.heading.draw(area)?;
        let beside = self.panels.len().clamp(1, BESIDE);
        let rows = self.panels.len().div_ceil(BESIDE).max(1);
        for (area, panel) in below.split_evenly((rows, beside)).iter().zip(&self.panels) {
            panel.draw(area, self.epochs)?;
        }
        Ok(())
    }
}

impl Panel {
    /// Returns a value on the scale that is drawn; `None` where the scale cannot show it.
    fn on_scale(&self, value: f64) -> Option<f64> {
        let scaled = if self.logarithmic {
            value.log10()
        } else {
            value
        };
        scaled.is_finite().then_some(scaled)
    }

    /// Returns the lower and the upper end of the scale, with some room around the data.
    fn range(&self) -> std::ops::Range<f64> {
        let values = self.curves.iter().flat_map(|curve| &curve.points);
        let all = values.map(|(_, value)| value).chain(&self.reach);
        let (low, high) = all
            .filter_map(|value| self.on_scale(*value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return 0.0..1.0;
        }
        let room = 0.05 * (high - low).max(high.abs() * 1e-3).max(1e-9);
        // The names of the lines stand above them.
        let named = self.curves.iter().filter(|curve| !curve.label.is_empty());
        let names = 1.4 * room * named.count() as f64;
        low - room..high + room + names
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (first, last): (u32, u32),
    ) -> Result<(), DrawError> {
        let epochs = f64::from(first)..f64::from(last.max(first + 1));
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, (FONT, 15))
            .margin(10)
            .x_label_area_size(24)
            .y_label_area_size(52)
            .build_cartesian_2d(epochs.clone(), self.range())
            .map_err(failed)?;
        chart
            .configure_mesh()
            .light_line_style(BLACK.mix(0.0))
            .bold_line_style(BLACK.mix(0.12))
            .label_style((FONT, 12))
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|epoch| format!("{epoch:.0}"))
            .y_label_formatter(&|place| self.label(*place))
            .draw()
            .map_err(failed)?;
        let left = Pos::new(HPos::Left, VPos::Bottom);
        for (value, name) in &self.references {
            let Some(value) = self.on_scale(*value) else {
                continue;
            };
            let line = [(epochs.start, value), (epochs.end, value)];
            let style = BLACK.mix(0.6).stroke_width(1);
            chart
                .draw_series(DashedLineSeries::new(line, 3, 4, style))
                .map_err(failed)?;
            let text = (FONT, 12).into_text_style(area).pos(left);
            let name = Text::new(format!(" {name}"), (epochs.start, value), text);
            chart.draw_series([name]).map_err(failed)?;
        }
        for curve in &self.curves {
            let (red, green, blue) = curve.ink;
            let style = RGBColor(red, green, blue).stroke_width(2);
            let mut named = curve.label.is_empty();
            for run in self.unbroken(curve) {
                let drawn = match curve.dash {
                    Dash::Solid => chart.draw_series(LineSeries::new(run, style)),
                    Dash::Dashed => chart.draw_series(DashedLineSeries::new(run, 8, 4, style)),
                    Dash::Dotted => chart.draw_series(DashedLineSeries::new(run, 2, 4, style)),
                };
                let drawn = drawn.map_err(failed)?;
                if !std::mem::replace(&mut named, true) {
                    drawn
                        .label(&curve.label)
                        .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
                }
            }
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font((FONT, 12))
            .background_style(WHITE.mix(0.8))
            .draw()
            .map_err(failed)
    }

    /// Returns the text beside a position on the scale.
    fn label(&self, place: f64) -> String {
        let value = if self.logarithmic {
            10f64.powf(place)
        } else {
            place
        };
        match value.abs() {
            100.0.. => format!("{value:.0}"),
            1.0.. => format!("{value:.1}"),
            _ => format!("{value:.3}"),
        }
    }

    /// Returns the parts of a curve between its gaps, on the scale.
    fn unbroken(&self, curve: &Curve) -> Vec<Vec<(f64, f64)>> {
        let points: Vec<(f64, Option<f64>)> = curve
            .points
            .iter()
            .map(|(epoch, value)| (f64::from(*epoch), self.on_scale(*value)))
            .collect();
        points
            .split(|(_, value)| value.is_none())
            .filter(|run| !run.is_empty())
            .map(|run| run.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect())
            .collect()
    }
}
