//! Details of the chosen experiment: the verdict, both arms in one chart, their difference with its
//! uncertainty.

use fluxttice_core::experiment::{Decision, Experiment, FIGURES, Pair, course};
use fluxttice_core::metrics::Metric;
use fluxttice_core::record::EpochRecord;
use fluxttice_core::schedule::Schedule;
use fluxttice_core::session::RunEntry;
use fluxttice_core::words::counted;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::decision_style;
use super::{LiveTrial, run};
use crate::format::{fit, fixed, width};
use crate::layout::cells;
use crate::theme::{Role, Theme};
use crate::widgets::chart::{Chart, ChartFrame, Reference, Series, Stroke, Window};
use crate::widgets::{below, heading, lines, paragraph};

/// Draws the details of an experiment, or the reason why its file cannot be read.
pub fn render(
    title: Rect,
    area: Rect,
    buf: &mut Buffer,
    theme: Theme,
    entry: &RunEntry,
    name: &str,
    read: &Result<Experiment, String>,
) {
    heading(title, buf, theme, name, &entry.branch.name());
    let room = usize::from(area.width);
    let found = match read {
        Ok(found) => found,
        Err(problem) => {
            let rows = paragraph(&format!("✖ {problem}"), room, theme.bad());
            return lines(area, buf, &rows);
        }
    };
    let rows = words(theme, found, room);
    lines(area, buf, &rows);
    let course = Course::of(found, phase_borders(entry));
    render_charts(below(area, cells(rows.len()) + 1), buf, theme, &course);
}

/// Returns the charts of an experiment, and the epochs on their time axis.
pub fn charts(found: &Experiment) -> (Vec<Chart>, Window) {
    let course = Course::of(found, [0; 3]);
    (course.charts(), course.window())
}

/// Draws the details of an experiment at work, as far as it has got.
pub fn render_live(
    title: Rect,
    area: Rect,
    buf: &mut Buffer,
    theme: Theme,
    entry: &RunEntry,
    live: &LiveTrial,
) {
    heading(
        title,
        buf,
        theme,
        "running experiment",
        &entry.branch.name(),
    );
    let trial = &live.trial;
    let (done, all) = live.progress();
    let text = format!(
        "{} from epoch {}: epoch {done} of {all} ({} pairs × 2 × {}). g cancels it.",
        trial.disruption, trial.epoch, trial.repetitions, trial.horizon
    );
    let rows = paragraph(&text, usize::from(area.width), Style::new());
    lines(area, buf, &rows);
    let course = Course {
        borders: phase_borders(entry),
        epoch: trial.epoch,
        horizon: trial.horizon,
        disrupted: trial.disruption.epochs,
        pairs: &live.pairs,
    };
    render_charts(below(area, cells(rows.len()) + 1), buf, theme, &course);
}

/// Returns the epochs at which phases 2, 3 and 4 of the experiment's run begin; zeros where the run cannot be
/// read.
fn phase_borders(entry: &RunEntry) -> [u32; 3] {
    let run = entry.branch.run.as_ref();
    run.map_or([0; 3], |run| Schedule::new(&run.config).phase_borders())
}

/// Data that the charts of an experiment are drawn from.
struct Course<'a> {
    borders: [u32; 3],
    epoch: u32,
    horizon: u32,
    disrupted: u32,
    pairs: &'a [Pair],
}

impl<'a> Course<'a> {
    fn of(found: &'a Experiment, borders: [u32; 3]) -> Self {
        Self {
            borders,
            epoch: found.epoch,
            horizon: found.horizon,
            disrupted: found.disruption.epochs,
            pairs: &found.pairs,
        }
    }

    fn window(&self) -> Window {
        Window {
            first: self.epoch.saturating_sub(1),
            last: self.epoch + self.horizon,
        }
    }

    fn charts(&self) -> Vec<Chart> {
        let arms = |place| arms(self.pairs, FIGURES[place]);
        vec![
            arms(0),
            difference(self.pairs),
            arms(1),
            arms(2),
            arms(4),
            arms(3),
            arms(5),
        ]
    }
}

/// Returns the chart of a figure in both arms.
fn arms(pairs: &[Pair], metric: &Metric) -> Chart {
    let arm =
        |label, role, stroke, treated| line(label, role, stroke, mean_arm(pairs, metric, treated));
    Chart {
        titles: vec![run::titled(metric), metric.name()],
        series: vec![
            arm("with", Role::Second, Stroke::Solid, true),
            arm("without", Role::Plain, Stroke::Dashed, false),
        ],
        references: Vec::new(),
        reach: Vec::new(),
        logarithmic: false,
        empty: "not measured".into(),
    }
}

fn words(theme: Theme, found: &Experiment, room: usize) -> Vec<Line<'static>> {
    let verdict = &found.verdict;
    let style = decision_style(theme, verdict.decision).patch(theme.strong());
    let mut rows = paragraph(&verdict.to_string(), room, style);
    let about = format!(
        "{} from epoch {}; {} an arm, seed {}, {}",
        found.disruption,
        found.epoch,
        counted(found.horizon, "epoch"),
        found.base.seed,
        found.device
    );
    rows.extend(paragraph(&about, room, theme.dim()));
    if verdict.decision == Decision::NotRepeated {
        let text = "One pair gives no interval; m repeats the experiment with more.";
        rows.extend(paragraph(text, room, theme.warning()));
    }
    let columns = 11;
    let label = room.saturating_sub(3 * columns).min(34);
    if label >= 12 {
        rows.push(Line::raw(""));
        rows.push(Line::styled(
            format!(
                "{:<label$}{:>columns$}{:>columns$}{:>columns$}",
                "mean of the last epochs", "with", "without", "difference"
            ),
            theme.dim(),
        ));
        for figure in &verdict.figures {
            let name = fit(&figure.figure, label - 1);
            let pad = label - width(&name);
            rows.push(Line::from(vec![
                Span::styled(format!("{name}{}", " ".repeat(pad)), theme.text()),
                Span::raw(format!("{:>columns$}", fixed(figure.treated, 2))),
                Span::raw(format!("{:>columns$}", fixed(figure.control, 2))),
                Span::styled(
                    format!("{:>columns$}", format!("{:+.2}", figure.mean)),
                    theme.strong(),
                ),
            ]));
        }
    }
    rows
}

fn render_charts(area: Rect, buf: &mut Buffer, theme: Theme, drawn: &Course<'_>) {
    let frame = ChartFrame {
        theme,
        window: drawn.window(),
        borders: Some(&drawn.borders),
        disruptions: &[drawn.epoch, drawn.epoch + drawn.disrupted],
        cursor: None,
    };
    let events = [(drawn.epoch, "◆")];
    run::stack(area, buf, &drawn.charts(), &frame, &events);
}

/// Returns a figure of one arm in every epoch, as the mean over the repetitions that have finished that
/// epoch.
fn mean_arm(pairs: &[Pair], metric: &Metric, treated: bool) -> Vec<(u32, f64)> {
    let arms: Vec<&[EpochRecord]> = pairs
        .iter()
        .map(|pair| {
            if treated {
                &pair.treated
            } else {
                &pair.control
            }
        })
        .map(|arm| arm.records.as_slice())
        .collect();
    let longest = arms.iter().max_by_key(|records| records.len());
    let epochs = longest
        .into_iter()
        .flat_map(|records| records.iter())
        .map(|record| record.epoch);
    epochs
        .enumerate()
        .map(|(place, epoch)| {
            let there = arms.iter().filter_map(|records| records.get(place));
            let values: Vec<f64> = there.map(|record| metric.level(record)).collect();
            (epoch, values.iter().sum::<f64>() / values.len() as f64)
        })
        .collect()
}

/// Returns the chart of the deciding figure's difference, with its 95 % interval over the repetitions.
fn difference(pairs: &[Pair]) -> Chart {
    let course = course(pairs, FIGURES[0]);
    let edge = |side: usize| -> Vec<(u32, f64)> {
        course
            .iter()
            .map(|at| {
                (
                    at.epoch,
                    at.interval.map_or(f64::NAN, |interval| interval[side]),
                )
            })
            .collect()
    };
    let mean = course.iter().map(|at| (at.epoch, at.mean)).collect();
    let n = pairs.len();
    let titles = if n > 1 {
        vec![
            format!("difference, points, 95 % interval of {n} repetitions"),
            format!("difference, points, {n} repetitions"),
            "difference, points".to_owned(),
        ]
    } else {
        vec!["difference, points".to_owned()]
    };
    Chart {
        titles,
        series: vec![
            line("", Role::Plain, Stroke::Solid, mean),
            line("", Role::Plain, Stroke::Dotted, edge(0)),
            line("", Role::Plain, Stroke::Dotted, edge(1)),
        ],
        references: vec![Reference {
            value: 0.0,
            labels: vec!["no difference".to_owned()],
        }],
        reach: vec![0.0],
        logarithmic: false,
        empty: "not measured".into(),
    }
}

fn line(label: &str, role: Role, stroke: Stroke, mut points: Vec<(u32, f64)>) -> Series {
    // An epoch in which the figure was not measured has no point.
    points.retain(|(_, value)| !value.is_nan());
    let reading = match points.last() {
        Some((_, value)) if !label.is_empty() => fixed(*value, 2),
        _ => String::new(),
    };
    Series {
        label: label.to_owned(),
        role,
        stroke,
        points,
        reading,
        tag: None,
    }
}
