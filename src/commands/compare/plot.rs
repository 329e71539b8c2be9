//! Curves of both runs in one picture.

use plotters::coord::Shift;
use plotters::prelude::*;

use fluxttice_core::plot::{self, BLUE, DrawError, FONT, ORANGE, Picture, failed};
use fluxttice_core::record::EpochRecord;

use super::super::Failure;
use super::Original;

const SIZE: (u32, u32) = (960, 640);

type Curve<'a> = (&'a str, RGBColor, bool, Vec<f64>);

/// Draws losses above coverages, as SVG text.
pub fn svg(original: &Original, records: &[EpochRecord]) -> Result<String, Failure> {
    let curves = Curves { original, records };
    plot::svg(&curves, SIZE).map_err(|error| Failure::Input(format!("cannot draw: {error}")))
}

struct Curves<'a> {
    original: &'a Original,
    records: &'a [EpochRecord],
}

impl Picture for Curves<'_> {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError> {
        let Self { original, records } = self;
        let (top, bottom) = area.split_vertically(300);
        let theirs = |name: &str| {
            original
                .column(name)
                .iter()
                .take(records.len())
                .copied()
                .collect::<Vec<_>>()
        };
        let argmax = |b: bool| {
            let unique = |record: &EpochRecord| {
                record.coverage.map_or(f64::NAN, |c| {
                    f64::from(if b { c.b } else { c.a }.argmax.unique) / 196.83
                })
            };
            records.iter().map(unique).collect::<Vec<_>>()
        };
        let share = |name: &str| {
            theirs(name)
                .into_iter()
                .map(|unique| unique / 196.83)
                .collect()
        };
        let losses: [Curve; 2] = [
            (
                "this program",
                BLUE,
                true,
                records.iter().map(|r| r.validation.loss).collect(),
            ),
            ("the original", BLUE, false, theirs("validation_loss")),
        ];
        let coverages: [Curve; 4] = [
            ("A, this program", BLUE, true, argmax(false)),
            ("A, the original", BLUE, false, share("argmax50k_a")),
            ("B, this program", ORANGE, true, argmax(true)),
            ("B, the original", ORANGE, false, share("argmax50k_b")),
        ];
        chart(&top, "validation loss", 12.0, &losses)?;
        chart(
            &bottom,
            "argmax coverage of 50,000 samples, % (at most 92.12)",
            100.0,
            &coverages,
        )
    }
}

fn chart<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    title: &str,
    top: f64,
    curves: &[Curve],
) -> Result<(), DrawError> {
    let epochs = curves
        .iter()
        .map(|(_, _, _, values)| values.len())
        .max()
        .unwrap_or(1);
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..epochs as f64, 0.0..top)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("epoch")
        .draw()
        .map_err(failed)?;
    for (name, colour, solid, values) in curves {
        let colour = *colour;
        let points = || {
            values
                .iter()
                .enumerate()
                .map(|(x, y)| (x as f64, *y))
                .filter(|(_, y)| y.is_finite())
        };
        let style = colour.stroke_width(2);
        let drawn = if *solid {
            chart.draw_series(LineSeries::new(points(), style))
        } else {
            chart.draw_series(DashedLineSeries::new(
                points(),
                3,
                3,
                colour.stroke_width(1),
            ))
        }
        .map_err(failed)?;
        let width = if *solid { 3 } else { 1 };
        drawn.label(*name).legend(move |(x, y)| {
            PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(width))
        });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(failed)
}
