//! The coverage plot: counted points, on the curve that the probabilities expect.

use crate::numbers::{count32, rounded};
use crate::vae::Scope;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::error::CertificateError;
use super::statement::Predicate;
use crate::measure::{Estimators, Figure, ceiling};
use crate::plot::{self, BLUE, DrawError, FONT, ORANGE, Picture, failed};
use crate::space::percent_of_all;
use crate::words::thousands;

const SIZE: (u32, u32) = (960, 600);
/// Sample sizes on the horizontal axis.
const RANGE: std::ops::Range<f64> = 5_000.0..1_000_000.0;

/// Draws the plot as SVG text.
pub fn svg(predicate: &Predicate) -> Result<String, CertificateError> {
    plot::svg(&Coverage(predicate), SIZE).map_err(CertificateError::Plot)
}

/// Draws the plot as a PNG picture.
pub fn png(predicate: &Predicate) -> Result<Vec<u8>, CertificateError> {
    plot::png(&Coverage(predicate), SIZE).map_err(CertificateError::Plot)
}

struct Coverage<'a>(&'a Predicate);

impl Coverage<'_> {
    /// Returns the points of one figure and VAE: sample size, and share of all operations in percent.
    fn points(&self, name: &str, vae: Scope, size: fn(&Figure) -> Option<f64>) -> Vec<(f64, f64)> {
        let figures = self.0.figures.iter();
        figures
            .filter(|figure| figure.name == name && figure.vae == vae)
            .filter_map(|figure| Some((size(figure)?, percent_of_all(figure.value?))))
            // Far outside of the chart nothing is seen, and a line to there takes for ever.
            .map(|(samples, share)| (samples, share.clamp(-100.0, 200.0)))
            .filter(|(samples, _)| (RANGE.start..=RANGE.end).contains(samples))
            .collect()
    }
}

impl Picture for Coverage<'_> {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError> {
        let title = format!(
            "{}: distinct operations among N generated, measurement seed {}",
            self.0.run.name, self.0.measurement.seed
        );
        let mut chart = ChartBuilder::on(area)
            .caption(title, (FONT, 20))
            .margin(16)
            .margin_right(48)
            .x_label_area_size(40)
            .y_label_area_size(52)
            .build_cartesian_2d(RANGE.log_scale(), 0.0..104.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .light_line_style(BLACK.mix(0.06))
            .bold_line_style(BLACK.mix(0.18))
            .label_style((FONT, 14))
            .x_label_formatter(&|samples| match self.0.measurement.estimators {
                Estimators::Plain => spaced(*samples),
                Estimators::Corrected => thousands(rounded(samples.floor())),
            })
            .x_desc("N, samples")
            .y_label_formatter(&|percent| format!("{percent:.0}"))
            .y_desc("% of all operations")
            .draw()
            .map_err(failed)?;
        let decades = (RANGE.end / RANGE.start).log10();
        let steps =
            (0..=100).map(|step| RANGE.start * 10f64.powf(decades * f64::from(step) / 100.0));
        let most = steps.map(|samples| {
            let drawn = count32(rounded(samples.floor()));
            (samples, percent_of_all(ceiling(drawn)))
        });
        chart
            .draw_series(DashedLineSeries::new(most, 4, 3, BLACK.stroke_width(1)))
            .map_err(failed)?
            .label("ceiling: a uniform generator")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.stroke_width(1)));
        // A lies under B, and wider: both are seen where they are equal.
        for (vae, colour, width) in [(Scope::A, BLUE, 5), (Scope::B, ORANGE, 2)] {
            let expected = self.points("expected coverage", vae, size_named);
            chart
                .draw_series(LineSeries::new(expected, colour.stroke_width(width)))
                .map_err(failed)?
                .label(format!("{vae}: expected of categorical draws"))
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width))
                });
            let drawn = self.points("categorical coverage", vae, size_sampled);
            chart
                .draw_series(
                    drawn
                        .into_iter()
                        .map(|at| Circle::new(at, width + 3, colour.filled())),
                )
                .map_err(failed)?
                .label(format!("{vae}: counted, categorical"))
                .legend(move |(x, y)| Circle::new((x + 9, y), width + 3, colour.filled()));
            let argmax = self.points("argmax coverage", vae, size_sampled);
            chart
                .draw_series(
                    argmax
                        .into_iter()
                        .map(|at| TriangleMarker::new(at, 7, colour.stroke_width(2))),
                )
                .map_err(failed)?
                .label(format!("{vae}: counted, argmax"))
                .legend(move |(x, y)| TriangleMarker::new((x + 9, y), 7, colour.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .label_font((FONT, 14))
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .draw()
            .map_err(failed)
    }
}

/// Formats a number with a gap between thousands, as version 0.1.0 wrote it.
fn spaced(number: f64) -> String {
    let number = rounded(number.floor());
    let (thousands, rest) = (number / 1_000, number % 1_000);
    if thousands >= 1_000 {
        format!("{} {:03} {rest:03}", thousands / 1_000, thousands % 1_000)
    } else {
        format!("{thousands} {rest:03}")
    }
}

fn size_sampled(figure: &Figure) -> Option<f64> {
    figure.samples.map(f64::from)
}

/// Returns the sample size that an expected coverage is for, from `at N = …` in its field `of`. The
/// expectation itself rests on all codes.
fn size_named(figure: &Figure) -> Option<f64> {
    figure.of.as_ref()?.strip_prefix("at N = ")?.parse().ok()
}
