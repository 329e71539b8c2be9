//! The charts of *Train*, the most telling ones first.

use std::collections::VecDeque;

use fluxttice_core::record::{Coverage, EpochRecord, Information, Stage};
use fluxttice_core::space::{MOST_ENTROPY, OPERATIONS, percent_of_all};
use fluxttice_core::training::BALANCED;
use fluxttice_core::vae::PerVae;

use super::Train;
use crate::format::{balanced_band, coverage_percent, fixed, percent, significant, thousands};
use crate::shared::Shared;
use crate::theme::Role;
use crate::widgets::chart::{Chart, Reference, Series, Stroke, thinned};

/// How many charts there are.
pub const COUNT: usize = 10;
/// Epochs that the moving average spans.
const SMOOTHED: usize = 5;
/// The learning rate is drawn in thousandths.
const THOUSANDTHS: f64 = 1_000.0;

type Figure = fn(&EpochRecord) -> f64;
type Counted = fn(&PerVae<Coverage>) -> f64;
type Text = fn(f64) -> String;

/// How lines of the two VAEs are told apart.
const A: (Role, Stroke) = (Role::A, Stroke::Solid);
const B: (Role, Stroke) = (Role::B, Stroke::Dashed);

/// Builds the lines of one chart.
struct Builder<'a> {
    cx: &'a Shared,
    pane: &'a Train,
    chart: Chart,
}

impl<'a> Builder<'a> {
    fn new(cx: &'a Shared, pane: &'a Train, titles: &[&str]) -> Self {
        let smoothed = if pane.smooth {
            format!(", mean of {SMOOTHED}")
        } else {
            String::new()
        };
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

    fn line(self, label: &str, role: Role, stroke: Stroke, figure: Figure, text: Text) -> Self {
        self.drawn(label, (role, stroke), |record| Some(figure(record)), text)
    }

    /// A line of a figure that is `None` in epochs in which it was not measured.
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
        // `A`, `B` of β_B, `3`: what a line ends with tells which it is.
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

    /// The lowest and the highest of all runs of a population.
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
        // One run is no band.
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

    /// A figure of both decoders that comes with a count of coverage.
    fn counted(self, a: Counted, b: Counted, text: Text) -> Self {
        self.drawn("A", A, |record| record.coverage.as_ref().map(a), text)
            .drawn("B", B, |record| record.coverage.as_ref().map(b), text)
    }

    fn pair(self, a: Figure, b: Figure, text: Text) -> Self {
        self.line("A", A.0, A.1, a, text)
            .line("B", B.0, B.1, b, text)
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

/// The chart with this number, 0..[`COUNT`].
pub fn chart(number: usize, cx: &Shared, pane: &Train) -> Chart {
    match number {
        0 => coverage(cx, pane),
        1 => loss(cx, pane),
        2 => decode_entropy(cx, pane),
        3 => information(cx, pane),
        4 => {
            Builder::new(cx, pane, &["permeability ρ and KL weights β", "ρ · β"])
                .line("ρ", Role::Plain, Stroke::Solid, |r| r.rho, two)
                .line("β_A", Role::A, Stroke::Solid, |r| r.beta_a, two)
                .line("β_B", Role::B, Stroke::Dashed, |r| r.beta_b, two)
                .reach(&[0.0])
                .chart
        }
        5 => {
            Builder::new(cx, pane, &["ratio of gradient norms", "gradient ratio"])
                .line("B/A", Role::Plain, Stroke::Solid, |r| r.gradient.ratio, two)
                .reference(BALANCED.0, &[])
                .reference(BALANCED.1, &[&format!("balanced {}", balanced_band())])
                .reach(&[0.0, BALANCED.1])
                .chart
        }
        6 => {
            Builder::new(cx, pane, &["latent entropy H(μ), nats", "latent H, nats"])
                .pair(|r| r.entropy_a, |r| r.entropy_b, two)
                .chart
        }
        7 => {
            Builder::new(cx, pane, &["loss weights λ: A, B, alignment", "weights λ"])
                .line("1", Role::A, Stroke::Solid, |r| r.lambda1, two)
                .line("2", Role::B, Stroke::Dashed, |r| r.lambda2, two)
                .line("3", Role::Plain, Stroke::Solid, |r| r.lambda3, two)
                .chart
        }
        8 => {
            Builder::new(
                cx,
                pane,
                &["temperature τ of the posterior noise", "temperature τ"],
            )
            .pair(|r| r.temperature_a, |r| r.temperature_b, three)
            .reach(&[0.0])
            .chart
        }
        _ => {
            Builder::new(cx, pane, &["learning rate ·10⁻³", "rate ·10⁻³"])
                .line(
                    "scheduled",
                    Role::Plain,
                    Stroke::Dashed,
                    |r| r.learning_rate.scheduled * THOUSANDTHS,
                    three,
                )
                .line(
                    "corrected",
                    Role::Second,
                    Stroke::Solid,
                    |r| r.learning_rate.corrected * THOUSANDTHS,
                    three,
                )
                .reach(&[0.0])
                .chart
        }
    }
}

fn coverage(cx: &Shared, pane: &Train) -> Chart {
    let newest = cx
        .run()
        .records
        .iter()
        .rev()
        .find_map(|record| record.coverage.as_ref());
    // Titles carry the N that was measured, never one that is merely usual.
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
    let builder = Builder::new(cx, pane, &titles).counted(
        |pair| coverage_percent(&pair.a.argmax),
        |pair| coverage_percent(&pair.b.argmax),
        percent,
    );
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
    let categorical: [(Role, Counted); 2] = [
        (Role::A, |pair| coverage_percent(&pair.a.categorical)),
        (Role::B, |pair| coverage_percent(&pair.b.categorical)),
    ];
    for (role, figure) in categorical {
        let figure = |record: &EpochRecord| record.coverage.as_ref().map(figure);
        builder = builder.drawn("", (role, Stroke::Dotted), figure, |_| String::new());
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
        .line(
            "train",
            Role::Plain,
            Stroke::Solid,
            |r| r.train.loss,
            significant,
        )
        .line(
            "val",
            Role::Second,
            Stroke::Dashed,
            |r| r.validation.loss,
            significant,
        );
    builder.chart.logarithmic = pane.log_scale;
    if !pane.log_scale {
        builder = builder.reach(&[0.0]);
    }
    builder.chart
}

fn decode_entropy(cx: &Shared, pane: &Train) -> Chart {
    let most = MOST_ENTROPY;
    Builder::new(
        cx,
        pane,
        &["decode entropy H(x|z), nats", "decode entropy, nats"],
    )
    .counted(
        |pair| pair.a.decode_entropy,
        |pair| pair.b.decode_entropy,
        two,
    )
    .reference(most, &["9.89: a code means nothing"])
    .reach(&[0.0])
    .chart
}

fn information(cx: &Shared, pane: &Train) -> Chart {
    let records = &cx.run().records;
    let measured: Vec<Information> = records.iter().filter_map(|r| r.information).collect();
    let known = |of: fn(&Information) -> f64| {
        move |r: &EpochRecord| {
            r.information
                .as_ref()
                .map(of)
                .filter(|nats| nats.is_finite())
        }
    };
    let titles = ["mutual information I(z; x), nats", "I(z; x), nats"];
    let mut builder = Builder::new(cx, pane, &titles)
        .drawn("A", A, known(|found| found.a), two)
        .drawn("B", B, known(|found| found.b), two);
    if !records.is_empty() {
        builder.chart.empty = match measured.last() {
            Some(found) => format!("{} codes are too few", thousands(found.codes.into())),
            None => "not measured in this run".into(),
        };
    }
    let most = MOST_ENTROPY;
    builder
        .reference(
            most,
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

/// What stands in a chart without data.
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

/// Means over the newest few values; what is no number stays a gap.
fn smooth(points: impl Iterator<Item = (u32, f64)>) -> impl Iterator<Item = (u32, f64)> {
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
