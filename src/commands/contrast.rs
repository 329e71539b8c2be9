//! `contrast`: compares the figures of a trained model with those of untrained weights.

use std::process::ExitCode;

use plotters::coord::Shift;
use plotters::prelude::*;

use fluxttice_core::measure::{
    CoverageReport, Evaluator, Figure, MeasurementPlan, PriorAnswer, PriorQuestion, ceiling,
    definition, sample_prior,
};
use fluxttice_core::model::Weights;
use fluxttice_core::plot::{self, BLUE, DrawError, FONT, ORANGE, Picture, failed};
use fluxttice_core::space::percent_of_all;
use fluxttice_core::vae::Vae;
use fluxttice_core::words::{separated, thousands};

use super::progress::Bar;
use super::{Done, Failure, line, setup};
use crate::cli::{ContrastArgs, Global};

/// Names of the figures in the table, which has a row for each VAE where a figure exists for both.
const SHOWN: [&str; 9] = [
    "argmax coverage",
    "categorical coverage",
    "decode entropy",
    "mutual information",
    "operation entropy",
    "KL from uniform",
    "samples for 99.9 %",
    "reconstruction",
    "neighbourhood preservation",
];
/// Sample sizes of the plot.
const SIZES: [u32; 14] = [
    1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 40_000, 50_000, 70_000, 100_000, 130_000,
    160_000, 195_000,
];
const SIZE: (u32, u32) = (960, 520);

/// Measures both models, prints the table and writes the plot.
pub fn run(global: &Global, args: &ContrastArgs) -> Done {
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let seed = global.seed.unwrap_or(0);
    let scale = MeasurementPlan::certificate(seed);
    let untrained = Weights::start(checkpoint.weights.architecture, seed);
    let models = [checkpoint.weights, untrained];
    let bar = Bar::new(global);
    let mut figures = Vec::new();
    let mut curves = Vec::new();
    for weights in &models {
        let evaluator = Evaluator::new(weights);
        let report = CoverageReport::measure(&evaluator, &scale, None, &|progress| {
            bar.show(progress);
        })?;
        figures.push(report.figures());
        for which in Vae::BOTH {
            let question = PriorQuestion {
                which,
                seed,
                samples: SIZES.to_vec(),
                probability_codes: 0,
            };
            curves.push(sample_prior(&evaluator, &question, &|_| {})?);
        }
    }
    bar.clear();
    let table = table(&figures[0], &figures[1]);
    let picture = plot::svg(&Curves(&curves), SIZE)
        .map_err(|error| Failure::Input(format!("cannot draw: {error}")))?;
    for (name, text) in [("contrast.md", &table), ("contrast.svg", &picture)] {
        super::write(&args.out.join(name), text.as_bytes(), args.force)?;
    }
    line(table.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn table(trained: &[Figure], untrained: &[Figure]) -> String {
    let mut text = String::from(
        "| figure | VAE | N | trained | untrained | tells them apart |\n|---|---|---|---|---|---|\n",
    );
    for trained in trained {
        let Some(definition) = definition(&trained.name).filter(|d| SHOWN.contains(&d.name)) else {
            continue;
        };
        // A rare operation is a figure that may exist for one model alone.
        let same = |figure: &&Figure| {
            (figure.title(), figure.vae, figure.samples)
                == (trained.title(), trained.vae, trained.samples)
        };
        let Some(untrained) = untrained.iter().find(same) else {
            continue;
        };
        let value = |figure: &Figure| {
            figure
                .value
                .map_or("none".to_owned(), |value| match definition.unit {
                    "operations" => {
                        let count = separated(&format!("{value:.0}"));
                        format!("{count} = {:.2} %", percent_of_all(value))
                    }
                    "samples" => separated(&format!("{value:.0}")),
                    _ => format!("{value:.3}"),
                })
        };
        let samples = trained
            .samples
            .map_or(String::new(), |n| thousands(n.into()));
        let tells = if definition.ranks_untrained_below {
            "yes"
        } else {
            "no"
        };
        text += &format!(
            "| {} | {} | {samples} | {} | {} | {tells} |\n",
            trained.title(),
            trained.vae,
            value(trained),
            value(untrained)
        );
    }
    text
}

/// Answers for A and B of the trained model, then of the untrained weights.
struct Curves<'a>(&'a [PriorAnswer]);

impl Picture for Curves<'_> {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError> {
        let (left, right) = area.split_horizontally(SIZE.0 / 2);
        panel(
            &left,
            "every entry drawn once (categorical)",
            self.0,
            |answer, i| answer.covered[i].coverage.categorical.unique,
        )?;
        panel(
            &right,
            "every entry its most likely value (argmax)",
            self.0,
            |answer, i| answer.covered[i].coverage.argmax.unique,
        )
    }
}

fn panel<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    title: &str,
    answers: &[PriorAnswer],
    unique: fn(&PriorAnswer, usize) -> u32,
) -> Result<(), DrawError> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 16))
        .margin(12)
        .margin_right(24)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..200_000.0, 0.0..104.0)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(BLACK.mix(0.15))
        .x_labels(5)
        .x_label_formatter(&|samples| format!("{:.0}k", samples / 1_000.0))
        .y_label_formatter(&|percent| format!("{percent:.0}"))
        .x_desc("samples")
        .y_desc("% of all operations")
        .draw()
        .map_err(failed)?;
    let most = SIZES.map(|samples| (f64::from(samples), percent_of_all(ceiling(samples))));
    chart
        .draw_series(DashedLineSeries::new(most, 4, 3, BLACK.stroke_width(1)))
        .map_err(failed)?
        .label("ceiling")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.stroke_width(1)));
    let styles = [
        ("A trained", BLUE, 3),
        ("B trained", ORANGE, 3),
        ("A untrained", BLUE, 1),
        ("B untrained", ORANGE, 1),
    ];
    for ((name, colour, width), answer) in styles.into_iter().zip(answers) {
        let points = SIZES.iter().enumerate().map(|(i, samples)| {
            (
                f64::from(*samples),
                percent_of_all(f64::from(unique(answer, i))),
            )
        });
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(width)))
            .map_err(failed)?
            .label(name)
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width))
            });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font((FONT, 13))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_beside_those_of_their_name_whatever_else_is_measured() {
        let certificate = include_str!("../../assets/builtin/certificate.json");
        let certificate: serde_json::Value = serde_json::from_str(certificate).unwrap();
        let figures = certificate["predicate"]["figures"].clone();
        let trained: Vec<Figure> = serde_json::from_value(figures).unwrap();
        let mut untrained = trained.clone();
        untrained.retain(|figure| SHOWN.contains(&figure.name.as_str()));
        untrained.reverse();
        let table = table(&trained, &untrained);
        let rows: Vec<Vec<&str>> = table
            .lines()
            .skip(2)
            .map(|row| row.split(" | ").collect())
            .collect();
        assert_eq!(rows.len(), untrained.len());
        for row in rows {
            assert_eq!(row[3], row[4], "{row:?}");
        }
    }
}
