//! Charts of *Train*, the most important ones first.

use std::collections::VecDeque;

use fluxttice_core::metrics::{self, Metric};
use fluxttice_core::record::{EpochRecord, Stage};
use fluxttice_core::space::{MOST_ENTROPY, OPERATIONS, percent_of_all};
use fluxttice_core::training::BALANCED;

use super::{Train, foreign};
use crate::format::{balanced_band, fixed, percent, significant, thousands};
use crate::shared::Shared;
use crate::theme::Role;
use crate::widgets::chart::{Chart, Reference, Series, Stroke, thinned};

/// Number of charts of a run of this program.
const COUNT: usize = 10;
/// Epochs that the moving average spans.
const SMOOTHED: usize = 5;
/// Factor of the learning rate, which is drawn in thousandths.
const THOUSANDTHS: f64 = 1_000.0;

type Text = fn(f64) -> String;

/// Colour and stroke of A's, B's and other lines.
const A: (Role, Stroke) = (Role::A, Stroke::Solid);
const B: (Role, Stroke) = (Role::B, Stroke::Dashed);
const PLAIN: (Role, Stroke) = (Role::Plain, Stroke::Solid);

/// Builder of one chart.
struct Builder<'a> {
    cx: &'a Shared,
    pane: &'a Train,
    chart: Chart,
}

impl<'a> Builder<'a> {
    fn new(cx: &'a Shared, pane: &'a Train, titles: &[&str]) -> Self {
        let smoothed = smoothed(pane);
        let chart = Chart {
            titles: titles
                .iter()
                .map(|title| format!("{title}{smoothed}"))
                .collect(),
            series: Vec::new(),
            references: Vec::new(),
            reach: Vec::new(),
            logarithmic: false,
            empty: empty(cx),
        };
        Self { cx, pane, chart }
    }

    /// Adds the line of a metric that every epoch has.
    fn line(self, label: &str, style: (Role, Stroke), metric: &Metric, text: Text) -> Self {
        self.drawn(label, style, |record| Some(metric.level(record)), text)
    }

    /// Adds the lines of A's and B's metric, which not every epoch has.
    fn measured(self, [a, b]: [&Metric; 2], text: Text) -> Self {
        self.drawn("A", A, |record| known(a, record), text).drawn(
            "B",
            B,
            |record| known(b, record),
            text,
        )
    }

    /// Adds the line of a figure, which is `None` in epochs in which it was not measured.
    fn drawn(
        mut self,
        label: &str,
        (role, stroke): (Role, Stroke),
        figure: impl Fn(&EpochRecord) -> Option<f64>,
        text: impl Fn(f64) -> String,
    ) -> Self {
        let records = &self.cx.run().records;
        let newest = self.pane.time.cursor.unwrap_or(u32::MAX);
        let read = records
            .iter()
            .rev()
            .skip_while(|record| record.epoch > newest)
            .find_map(|record| figure(record));
        let reading = match read {
            Some(value) => text(value),
            None if records.is_empty() => String::new(),
            None => "–".to_owned(),
        };
        // The last character of the label names the line: `A`, `B` of β_B, `3`.
        let tells = matches!(role, Role::A | Role::B) || label.chars().count() == 1;
        let tag = label
            .chars()
            .last()
            .filter(|_| tells && stroke != Stroke::Dotted);
        let values = records
            .iter()
            .filter_map(|record| Some((record.epoch, figure(record)?)));
        let points = match self.pane.smooth {
            true => thinned(smooth(values), records.len()),
            false => thinned(values, records.len()),
        };
        self.chart.series.push(Series {
            label: label.into(),
            role,
            stroke,
            points,
            reading,
            tag,
        });
        self.band(role, figure)
    }

    /// Adds dotted lines of the lowest and the highest value among all runs of a population.
    fn band(mut self, role: Role, figure: impl Fn(&EpochRecord) -> Option<f64>) -> Self {
        let run = self.cx.run();
        if !run.members.are_several() {
            return self;
        }
        let figure = |record: &EpochRecord| figure(record).unwrap_or(f64::NAN);
        let bands = run
            .records
            .iter()
            .filter_map(|record| Some((record.epoch, run.members.band(record.epoch, figure)?)));
        // Epochs that only one run has finished have no band.
        let (low, high): (Vec<_>, Vec<_>) = bands
            .filter(|(_, band)| band.runs > 1)
            .map(|(epoch, band)| ((epoch, band.low), (epoch, band.high)))
            .unzip();
        for points in [low, high] {
            self.chart.series.push(Series {
                label: String::new(),
                role,
                stroke: Stroke::Dotted,
                points: thinned(points.iter().copied(), points.len()),
                reading: String::new(),
                tag: None,
            });
        }
        self
    }

    /// Adds the lines of A's and B's metric, which every epoch has.
    fn pair(self, [a, b]: [&Metric; 2], text: Text) -> Self {
        self.line("A", A, a, text).line("B", B, b, text)
    }

    fn reference(mut self, value: f64, labels: &[&str]) -> Self {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.chart.references.push(Reference { value, labels });
        self
    }

    fn reach(mut self, values: &[f64]) -> Self {
        self.chart.reach.extend_from_slice(values);
        self
    }
}

/// Returns the level of a metric in an epoch; `None` if it was not measured there.
fn known(metric: &Metric, record: &EpochRecord) -> Option<f64> {
    Some(metric.level(record)).filter(|level| level.is_finite())
}

/// Returns what the title of a smoothed chart says of that; nothing where it is not smoothed.
pub fn smoothed(pane: &Train) -> String {
    match pane.smooth {
        true => format!(", mean of {SMOOTHED}"),
        false => String::new(),
    }
}

/// Returns the number of charts in the pane.
pub fn count(cx: &Shared) -> usize {
    let foreign = cx.run().foreign.as_ref();
    foreign.map_or(COUNT, |foreign| foreign::count(&foreign.run))
}

/// Builds the chart with this number, 0 to [`count`] - 1.
pub fn chart(number: usize, cx: &Shared, pane: &Train) -> Chart {
    if let Some(foreign) = &cx.run().foreign {
        return foreign::chart(number, &foreign.run, cx, pane);
    }
    let new = |titles: &[&str]| Builder::new(cx, pane, titles);
    let builder = match number {
        0 => return coverage(cx, pane),
        1 => return loss(cx, pane),
        2 => new(&["decode entropy H(x|z), nats", "decode entropy, nats"])
            .measured(
                [&metrics::DECODE_ENTROPY_A, &metrics::DECODE_ENTROPY_B],
                two,
            )
            .reference(MOST_ENTROPY, &["9.89: a code means nothing"])
            .reach(&[0.0]),
        3 => return information(cx, pane),
        4 => new(&["permeability ρ and KL weights β", "ρ · β"])
            .line("ρ", PLAIN, &metrics::RHO, two)
            .line("β_A", A, &metrics::BETA_A, two)
            .line("β_B", B, &metrics::BETA_B, two)
            .reach(&[0.0]),
        5 => new(&["ratio of gradient norms", "gradient ratio"])
            .line("B/A", PLAIN, &metrics::GRADIENT_RATIO, two)
            .reference(BALANCED.0, &[])
            .reference(BALANCED.1, &[&format!("balanced {}", balanced_band())])
            .reach(&[0.0, BALANCED.1]),
        6 => new(&["latent entropy H(μ), nats", "latent H, nats"])
            .pair([&metrics::ENTROPY_A, &metrics::ENTROPY_B], two),
        7 => new(&["loss weights λ: A, B, alignment", "weights λ"])
            .line("1", A, &metrics::LAMBDA1, two)
            .line("2", B, &metrics::LAMBDA2, two)
            .line("3", PLAIN, &metrics::LAMBDA3, two),
        8 => new(&["temperature τ of the posterior noise", "temperature τ"])
            .pair([&metrics::TEMPERATURE_A, &metrics::TEMPERATURE_B], three)
            .reach(&[0.0]),
        _ => {
            let scaled = |metric: &'static Metric| {
                move |record: &EpochRecord| Some(metric.level(record) * THOUSANDTHS)
            };
            let (scheduled, corrected) = (&metrics::SCHEDULED_RATE, &metrics::LEARNING_RATE);
            let [dashed, solid] = [(Role::Plain, Stroke::Dashed), (Role::Second, Stroke::Solid)];
            new(&["learning rate ·10⁻³", "rate ·10⁻³"])
                .drawn("scheduled", dashed, scaled(scheduled), three)
                .drawn("corrected", solid, scaled(corrected), three)
                .reach(&[0.0])
        }
    };
    builder.chart
}

fn coverage(cx: &Shared, pane: &Train) -> Chart {
    let newest = cx
        .run()
        .records
        .iter()
        .rev()
        .find_map(|record| record.coverage.as_ref());
    // Titles show the N that was measured, never one that is merely usual.
    let titles = newest.map_or_else(
        || vec!["coverage, %".to_owned()],
        |pair| {
            let samples = pair.a.argmax.samples;
            let short = if samples % 1_000 == 0 {
                format!("{}k", samples / 1_000)
            } else {
                samples.to_string()
            };
            let long = thousands(samples.into());
            vec![
                format!(
                    "coverage by argmax, N {long}, % of {}",
                    thousands(OPERATIONS as u64)
                ),
                format!("coverage by argmax, N {long}, %"),
                format!("argmax coverage %, N {short}"),
                format!("argmax cov. %, N {short}"),
            ]
        },
    );
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let builder =
        Builder::new(cx, pane, &titles).measured([&metrics::ARGMAX_A, &metrics::ARGMAX_B], percent);
    let Some(pair) = newest else {
        return builder.chart;
    };
    let argmax = percent_of_all(pair.a.argmax.ceiling);
    let ceiling = format!("ceiling {}", percent(argmax));
    let mut builder = builder.reach(&[argmax]);
    if cx.run().members.are_several() {
        let runs = format!(
            "┈ lowest and highest of {} runs   {ceiling}",
            cx.run().members.runs()
        );
        return builder.reference(argmax, &[&runs, &ceiling]).chart;
    }
    let categorical = [
        (Role::A, &metrics::CATEGORICAL_A),
        (Role::B, &metrics::CATEGORICAL_B),
    ];
    for (role, metric) in categorical {
        let level = |record: &EpochRecord| known(metric, record);
        builder = builder.drawn("", (role, Stroke::Dotted), level, |_| String::new());
    }
    let drawn = thousands(pair.a.categorical.samples.into());
    let both = format!("┈ categorical, N {drawn}   {ceiling}");
    builder.reference(argmax, &[&both, &ceiling]).chart
}

fn loss(cx: &Shared, pane: &Train) -> Chart {
    let titles = if pane.log_scale {
        ["loss on a log scale, nats", "log loss, nats"]
    } else {
        ["loss, nats"; 2]
    };
    let mut builder = Builder::new(cx, pane, &titles)
        .line("train", PLAIN, &metrics::TRAIN_LOSS, significant)
        .line(
            "val",
            (Role::Second, Stroke::Dashed),
            &metrics::VALIDATION_LOSS,
            significant,
        );
    builder.chart.logarithmic = pane.log_scale;
    if !pane.log_scale {
        builder = builder.reach(&[0.0]);
    }
    builder.chart
}

fn information(cx: &Shared, pane: &Train) -> Chart {
    let records = &cx.run().records;
    let titles = ["mutual information I(z; x), nats", "I(z; x), nats"];
    let mut builder = Builder::new(cx, pane, &titles)
        .measured([&metrics::INFORMATION_A, &metrics::INFORMATION_B], two);
    if !records.is_empty() {
        builder.chart.empty = match records.iter().rev().find_map(|r| r.information) {
            Some(found) => format!("{} codes are too few", thousands(found.codes.into())),
            None => "not measured in this run".into(),
        };
    }
    builder
        .reference(
            MOST_ENTROPY,
            &["9.89: every code its operation, all alike", "9.89: most"],
        )
        .reach(&[0.0])
        .chart
}

fn two(value: f64) -> String {
    fixed(value, 2)
}

fn three(value: f64) -> String {
    fixed(value, 3)
}

/// Returns the text of a chart without data.
fn empty(cx: &Shared) -> String {
    let run = cx.run();
    if run.is_over() {
        return "nothing was recorded".into();
    }
    let progress = run.progress;
    match progress.stage {
        Stage::Preparing => "preparing".into(),
        Stage::Training => format!("first epoch, batch {}/{}", progress.done, progress.of),
        Stage::Validation => "first epoch, validating".into(),
        Stage::Coverage => "first epoch, counting".into(),
        Stage::Saving => "first epoch, saving".into(),
    }
}

/// Smooths values by the mean over the newest few; a value that is not finite stays a gap.
pub fn smooth(points: impl Iterator<Item = (u32, f64)>) -> impl Iterator<Item = (u32, f64)> {
    let mut recent = VecDeque::with_capacity(SMOOTHED + 1);
    points.map(move |(epoch, value)| {
        recent.push_back(value);
        if recent.len() > SMOOTHED {
            recent.pop_front();
        }
        let finite = recent.iter().filter(|value| value.is_finite());
        let mean = finite.clone().sum::<f64>() / finite.count() as f64;
        (epoch, if value.is_finite() { mean } else { value })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moving_average_looks_back_and_keeps_gaps() {
        let points = [(0, 1.0), (1, 3.0), (2, f64::NAN), (3, 5.0)];
        let smoothed: Vec<(u32, f64)> = smooth(points.into_iter()).collect();
        assert!((smoothed[1].1 - 2.0).abs() < 1e-12);
        assert!(smoothed[2].1.is_nan());
        assert!((smoothed[3].1 - 3.0).abs() < 1e-12);
    }
}
