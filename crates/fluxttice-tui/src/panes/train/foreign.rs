//! Charts and values of a run that another program trains, by the names of its metrics.
//!
//! Metrics that differ only in the part of the data that they are of, such as `train/loss` and `val/loss`, stand
//! in one chart, and so do others that begin alike, such as `gpu/memory` and `gpu/load`.

use std::collections::BTreeMap;

use fluxttice_core::run::{ForeignEpoch, ForeignRun};
use fluxttice_core::words::{counted, short_number};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Train, charts};
use crate::format::{fit, width, wrap};
use crate::layout::cells;
use crate::shared::Shared;
use crate::theme::Role;
use crate::widgets::chart::{Chart, Series, Stroke, thinned};
use crate::widgets::{below, heading, lines, paragraph};

/// Names of parts of the data by which metrics begin.
const PARTS: [&str; 8] = [
    "train",
    "training",
    "val",
    "valid",
    "validation",
    "eval",
    "test",
    "dev",
];
/// Colours and strokes of the lines of one chart; a chart has no more.
const STYLES: [(Role, Stroke); 4] = [
    (Role::Plain, Stroke::Solid),
    (Role::Second, Stroke::Dashed),
    (Role::A, Stroke::Solid),
    (Role::B, Stroke::Dashed),
];
/// Columns of a value in the panel.
const VALUE: usize = 10;

/// A chart: what its lines have in common, and for each line its label and the name of its metric.
#[derive(Debug, PartialEq, Eq)]
struct Group<'a> {
    title: &'a str,
    lines: Vec<(&'a str, &'a str)>,
}

/// Splits a metric's name into what its chart has in common and the label of its line: `train/loss` is the line
/// `train` of the chart `loss`, since `train` is a part of the data; `gpu/memory` is the line `memory` of `gpu`.
fn split(name: &str) -> (&str, &str) {
    let parts = name.split_once('/').or_else(|| {
        let parts = name.split_once(['_', '.']);
        parts.filter(|(part, _)| PARTS.contains(part))
    });
    match parts {
        Some((part, quantity)) if PARTS.contains(&part) => (quantity, part),
        Some((group, quantity)) => (group, quantity),
        None => (name, ""),
    }
}

/// Puts metrics into charts, in alphabetical order of what they have in common.
fn groups<'a>(metrics: &[&'a str]) -> Vec<Group<'a>> {
    let mut by_title: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for name in metrics {
        let (title, label) = split(name);
        by_title.entry(title).or_default().push((label, name));
    }
    let of = |(title, members): (&'a str, Vec<(&'a str, &'a str)>)| {
        let pieces = members.chunks(STYLES.len());
        pieces
            .map(|lines| Group {
                title,
                lines: lines.to_vec(),
            })
            .collect::<Vec<_>>()
    };
    by_title.into_iter().flat_map(of).collect()
}

/// Returns the number of charts.
pub fn count(run: &ForeignRun) -> usize {
    groups(&run.metrics()).len()
}

/// Returns the words for a run without an epoch.
pub fn nothing(cx: &Shared) -> &'static str {
    match cx.run().is_over() {
        true => "no epoch was told",
        false => "no epoch has been told yet",
    }
}

/// Builds the chart with this number.
pub fn chart(number: usize, run: &ForeignRun, cx: &Shared, pane: &Train) -> Chart {
    let metrics = run.metrics();
    let groups = groups(&metrics);
    let mut chart = Chart {
        titles: Vec::new(),
        series: Vec::new(),
        references: Vec::new(),
        reach: Vec::new(),
        logarithmic: pane.log_scale,
        empty: nothing(cx).to_owned(),
    };
    let Some(group) = groups.get(number) else {
        return chart;
    };
    let exponent = exponent(run, group);
    let unit = match exponent {
        0 => String::new(),
        exponent => format!(" ·10{}", superscript(exponent)),
    };
    let scale = if pane.log_scale { ", log scale" } else { "" };
    let smoothed = charts::smoothed(pane);
    let title = format!("{}{unit}", group.title);
    chart.titles = vec![format!("{title}{scale}{smoothed}"), title];
    let factor = 10f64.powi(-exponent);
    for ((label, name), (role, stroke)) in group.lines.iter().zip(STYLES) {
        let newest = pane.time.cursor.unwrap_or(u32::MAX);
        let mut newest_first = run
            .epochs
            .iter()
            .rev()
            .skip_while(|epoch| epoch.epoch > newest);
        let reading = newest_first.find_map(|epoch| epoch.values.get(*name));
        let values = run
            .epochs
            .iter()
            .filter_map(|epoch| Some((epoch.epoch, factor * epoch.values.get(*name)?)));
        let points = match pane.smooth {
            true => thinned(charts::smooth(values), run.epochs.len()),
            false => thinned(values, run.epochs.len()),
        };
        chart.series.push(Series {
            label: (*label).to_owned(),
            role,
            stroke,
            points,
            reading: reading.map_or_else(|| "–".to_owned(), |value| short_number(*value)),
            tag: None,
        });
    }
    chart
}

/// Returns the power of ten in whose units the values of a chart are drawn, since labels of the scale are short.
fn exponent(run: &ForeignRun, group: &Group<'_>) -> i32 {
    let names = || group.lines.iter().map(|(_, name)| *name);
    let values = run
        .epochs
        .iter()
        .flat_map(|epoch| names().filter_map(|name| epoch.values.get(name)));
    let largest = values.fold(0.0, |largest: f64, value| largest.max(value.abs()));
    [-12, -9, -6, -3, 12, 9, 6]
        .into_iter()
        .find(|exponent| match exponent {
            1.. => largest >= 10f64.powi(*exponent),
            _ => largest > 0.0 && largest < 10.0 * 10f64.powi(*exponent),
        })
        .unwrap_or(0)
}

fn superscript(exponent: i32) -> String {
    let digit = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '6' => '⁶',
        '9' => '⁹',
        other => other,
    };
    exponent.to_string().chars().map(digit).collect()
}

/// Returns the epoch under the crosshair, or the newest one.
fn shown<'a>(run: &'a ForeignRun, pane: &Train) -> Option<&'a ForeignEpoch> {
    let newest = pane.time.cursor.unwrap_or(u32::MAX);
    let found = run.epochs.iter().rev().find(|epoch| epoch.epoch <= newest);
    found.map(AsRef::as_ref)
}

/// Draws the panel: the values of an epoch, what can be changed, and facts about the run.
pub fn render_panel(area: Rect, buf: &mut Buffer, run: &ForeignRun, cx: &Shared, pane: &Train) {
    let theme = cx.theme;
    let room = usize::from(area.width);
    let Some(epoch) = shown(run, pane) else {
        heading(area, buf, theme, "now", "");
        lines(
            below(area, 1),
            buf,
            &paragraph(nothing(cx), room, theme.dim()),
        );
        return render_facts(below(area, 3), buf, run, cx);
    };
    let title = match (pane.time.cursor, cx.run().is_over()) {
        (Some(_), _) => format!("at epoch {}", epoch.epoch),
        (None, true) => format!("last epoch {}", epoch.epoch),
        (None, false) => format!("now, epoch {}", epoch.epoch),
    };
    heading(area, buf, theme, &title, "");
    let controls = controls(cx);
    // Values and controls share the rows.
    let high = usize::from(area.height).saturating_sub(4);
    let most = high.saturating_sub(controls.len()).max(high / 2);
    let mut rows: Vec<Line<'_>> = Vec::new();
    for (name, value) in epoch.values.iter().take(most) {
        rows.push(pair(name, &short_number(*value), room, cx));
    }
    let more = epoch.values.len().saturating_sub(most);
    if more > 0 {
        let text = format!("… and {}", counted(more as u64, "more metric"));
        rows.push(Line::styled(text, theme.dim()));
    }
    lines(below(area, 1), buf, &rows);
    let mut used = cells(rows.len()) + 2;
    if !controls.is_empty() {
        let area = below(area, used);
        heading(area, buf, theme, "what can be changed", ", changes it");
        let most = high.saturating_sub(rows.len());
        let rows: Vec<Line<'_>> = controls
            .iter()
            .take(most)
            .map(|(name, value)| pair(name, value, room, cx))
            .collect();
        lines(below(area, 1), buf, &rows);
        used += cells(rows.len()) + 2;
    }
    render_facts(below(area, used), buf, run, cx);
}

fn controls(cx: &Shared) -> Vec<(String, String)> {
    let controls = cx.run().controls().into_iter();
    controls
        .map(|control| (control.info.name, control.info.value))
        .collect()
}

fn pair(name: &str, value: &str, room: usize, cx: &Shared) -> Line<'static> {
    let value = fit(value, VALUE.max(room / 2));
    let left = room.saturating_sub(width(&value) + 1);
    let name = fit(name, left);
    let gap = " ".repeat(room.saturating_sub(width(&name) + width(&value)));
    Line::from(vec![
        Span::styled(name, cx.theme.dim()),
        Span::raw(gap),
        Span::styled(value, cx.theme.strong()),
    ])
}

fn facts(run: &ForeignRun, cx: &Shared, room: usize) -> Vec<Line<'static>> {
    let device = cx
        .run()
        .info
        .as_ref()
        .map_or("", |info| info.device.as_str());
    let facts = [
        ("trained by", run.program.as_str()),
        ("device", device),
        ("folder", &run.path.display().to_string()),
    ];
    let mut rows = Vec::new();
    for (name, text) in facts.iter().filter(|(_, text)| !text.is_empty()) {
        for (row, text) in wrap(text, room.saturating_sub(11)).into_iter().enumerate() {
            let name = if row == 0 { name } else { "" };
            let label = Span::styled(format!("{name:<11}"), cx.theme.dim());
            rows.push(Line::from(vec![label, Span::raw(text)]));
        }
    }
    rows
}

fn render_facts(area: Rect, buf: &mut Buffer, run: &ForeignRun, cx: &Shared) {
    if area.height > 2 {
        heading(area, buf, cx.theme, "run", "");
        lines(
            below(area, 1),
            buf,
            &facts(run, cx, usize::from(area.width)),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn small_and_large_values_are_drawn_in_units_that_labels_have_room_for() {
        let of = |values: &[f64]| {
            let mut run = ForeignRun::default();
            for (epoch, value) in (0..).zip(values) {
                let values = [("x".to_owned(), *value)].into();
                run.add(Arc::new(ForeignEpoch { epoch, values }));
            }
            exponent(
                &run,
                &Group {
                    title: "x",
                    lines: vec![("", "x")],
                },
            )
        };
        assert_eq!(
            [of(&[0.5, 3.0]), of(&[0.0]), of(&[0.02]), of(&[999_999.0])],
            [0; 4]
        );
        assert_eq!(
            [of(&[5e-4, 1e-5]), of(&[-5e-7]), of(&[2e6]), of(&[-7e9])],
            [-3, -6, 6, 9]
        );
        assert_eq!(superscript(-12), "⁻¹²");
    }

    #[test]
    fn one_quantity_of_several_parts_of_the_data_is_one_chart() {
        let names = [
            "accuracy",
            "gpu/load",
            "gpu/memory",
            "loss",
            "lr",
            "train/loss",
            "val/loss",
            "val_accuracy",
        ];
        let titles: Vec<(&str, usize)> = groups(&names)
            .iter()
            .map(|group| (group.title, group.lines.len()))
            .collect();
        assert_eq!(
            titles,
            [("accuracy", 2), ("gpu", 2), ("loss", 3), ("lr", 1)]
        );
        let many = ["x/a", "x/b", "x/c", "x/d", "x/e"];
        let sizes: Vec<usize> = groups(&many)
            .iter()
            .map(|group| group.lines.len())
            .collect();
        assert_eq!(sizes, [4, 1]);
    }
}
