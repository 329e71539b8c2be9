//! Details of the chosen run: its state, its configuration, and its charts beside those of others.

use fluxttice_core::config::Config;
use fluxttice_core::metrics::{self, Metric};
use fluxttice_core::protocol::standing::Standing;
use fluxttice_core::record::EpochRecord;
use fluxttice_core::run::{Condition, ForeignRun, NotOwn, Report, Summary, journal};
use fluxttice_core::schedule::Schedule;
use fluxttice_core::training::Steer;
use fluxttice_core::words::{counted, short_number};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::draw::is_at_work;
use super::{Row, Runs};
use crate::format::{fixed, percent, significant};
use crate::layout::cells;
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::chart::{Chart, ChartFrame, GUTTER, Series, Stroke, TimeAxis, Window, thinned};
use crate::widgets::{below, heading, lines, paragraph};

/// Limit of the rows of words above the charts.
const WORDS: u16 = 9;
/// Fewest rows of a chart, its title included.
pub(super) const CHART: u16 = 6;

/// Function that formats a value.
type Text = fn(f64) -> String;

/// Charts from top to bottom, as many as there is room for.
const CHARTS: [(&Metric, Text); 9] = [
    (&metrics::ARGMAX_A, percent),
    (&metrics::ARGMAX_B, percent),
    (&metrics::INFORMATION_A, two_places),
    (&metrics::INFORMATION_B, two_places),
    (&metrics::DECODE_ENTROPY_B, two_places),
    (&metrics::DECODE_ENTROPY_A, two_places),
    (&metrics::VALIDATION_LOSS, significant),
    (&metrics::RHO, three_places),
    (&metrics::BETA_B, three_places),
];

fn two_places(value: f64) -> String {
    fixed(value, 2)
}

fn three_places(value: f64) -> String {
    fixed(value, 3)
}

/// Returns the title of a metric's chart, with the unit.
pub(super) fn titled(metric: &Metric) -> String {
    match metric.unit.of_levels() {
        "" => metric.name(),
        unit => format!("{}, {unit}", metric.name()),
    }
}

/// Draws the details of the run that a row belongs to.
pub fn render(title: Rect, area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Runs, row: &Row<'_>) {
    let theme = cx.theme;
    let run = match &row.entry().branch.run {
        Ok(run) => run,
        Err(NotOwn::Foreign(run)) => {
            return render_foreign(title, area, buf, theme, run, row.entry().standing);
        }
        Err(NotOwn::Unreadable(problem)) => {
            heading(title, buf, theme, &row.entry().branch.name(), "");
            let checked = pane.checked.get(&row.entry().branch.path);
            let words = [format!("✖ {problem}")].into_iter();
            let words = words.chain(checked.map(|report| found(report)));
            let rows: Vec<Line<'_>> = words
                .flat_map(|text| paragraph(&text, usize::from(area.width), theme.bad()))
                .collect();
            return lines(area, buf, &rows);
        }
    };
    heading(title, buf, theme, &run.name, "");
    let others = others(pane, run);
    let standing = row.entry().standing.unwrap_or(Standing::CutOff);
    let mut words = words(run, standing, &others);
    if let Some(report) = pane.checked.get(&run.path) {
        // Inserted before the configuration, for which there may be no room.
        words.insert(1, found(report));
    }
    if let Row::Disruption(_, epoch, batch, disruption) = row {
        words.insert(
            0,
            format!("{disruption}, from epoch {epoch}, batch {batch}: m measures what it did"),
        );
    }
    let rows: Vec<Line<'_>> = words
        .iter()
        .flat_map(|text| paragraph(text, usize::from(area.width), Style::new()))
        .take(usize::from(WORDS))
        .collect();
    lines(area, buf, &rows);
    render_charts(below(area, cells(rows.len()) + 1), buf, cx, run, &others);
}

/// Draws the details of a run that another program trains.
fn render_foreign(
    title: Rect,
    area: Rect,
    buf: &mut Buffer,
    theme: Theme,
    run: &ForeignRun,
    standing: Option<Standing>,
) {
    heading(title, buf, theme, &run.name, "");
    let mut rows = vec![Line::raw(format!(
        "{}, {}, trained by {}",
        standing.map_or("", Standing::words),
        counted(run.epochs.len() as u64, "epoch"),
        run.program
    ))];
    if let Some(epoch) = run.epochs.last() {
        rows.push(Line::raw(""));
        let text = format!("metrics of epoch {}", epoch.epoch);
        rows.push(Line::styled(text, theme.strong()));
        let value = |(name, value): (&String, &f64)| {
            Line::raw(format!("{name:<32} {:>10}", short_number(*value)))
        };
        rows.extend(epoch.values.iter().map(value));
    }
    lines(area, buf, &rows);
}

/// Returns the runs that are drawn for comparison with the chosen one.
fn others<'a>(pane: &'a Runs, run: &Summary) -> Vec<&'a Summary> {
    let entries = pane.entries.iter().flat_map(|entries| entries.iter());
    entries
        .filter_map(|entry| entry.branch.run.as_ref().ok())
        .filter(|other| pane.compared.contains(&other.path) && other.path != run.path)
        .collect()
}

fn words(run: &Summary, standing: Standing, others: &[&Summary]) -> Vec<String> {
    let state = match (standing, run.open) {
        (Standing::Ended(reason), true) => &format!("{}, still open", reason.words()),
        (standing, _) => standing.words(),
    };
    let unsaved = match run.unsaved() {
        0 => String::new(),
        _ => format!(" ({} saved)", run.saved),
    };
    let mut words = vec![format!(
        "seed {}, {} of {}{unsaved}, {state}, {}",
        run.config.seed,
        run.records.len(),
        counted(run.config.total_epochs, "epoch"),
        counted(run.checkpoints.len() as u64, "checkpoint")
    )];
    if let Some(parent) = &run.parent {
        words.push(format!(
            "» branch of {} after {}",
            parent.run,
            counted(parent.epochs, "epoch")
        ));
    }
    let differing = |other: &Config, name: &str| {
        let keys: Vec<String> = other
            .differences(&run.config)
            .into_iter()
            .map(|key| format!("{} {} (not {})", key.key, key.second, key.first))
            .collect();
        if keys.is_empty() {
            format!("same configuration as {name}")
        } else {
            format!("differs from {name}: {}", keys.join(", "))
        }
    };
    if others.is_empty() {
        words.push(differing(&Config::default(), "published"));
    }
    words.extend(
        others
            .iter()
            .map(|other| differing(&other.config, &other.name)),
    );
    let steps = steps(run);
    if !steps.is_empty() {
        words.push(format!("changed during the run: {steps}"));
    }
    words
}

/// Describes the result of a check in a few words.
fn found(report: &Report) -> String {
    let parts = |condition: Condition| {
        let parts = report.parts.iter();
        let parts = parts.filter(move |part| part.condition == condition);
        parts.map(|part| part.name.as_str()).collect::<Vec<_>>()
    };
    match (&parts(Condition::Wrong)[..], &parts(Condition::Noted)[..]) {
        ([], []) => "✓ checked: in order, as it was saved".to_owned(),
        ([], noted) => format!("✓ checked: in order; worth knowing: {}", noted.join(", ")),
        (wrong, _) => format!(
            "✖ checked, not in order: {}; `runs check` says why",
            wrong.join(", ")
        ),
    }
}

/// Returns the disruptions and changes of a run in one line.
fn steps(run: &Summary) -> String {
    let steps = journal::steps(&run.journal).into_iter();
    let told = steps.map(|planned| match planned.steer {
        Steer::Disrupt { disruption } => format!("◆{} {disruption}", planned.epoch),
        Steer::Set { key, value, .. } => format!("✎{} {key} {value}", planned.epoch),
    });
    told.collect::<Vec<_>>().join(", ")
}

fn render_charts(area: Rect, buf: &mut Buffer, cx: &Shared, run: &Summary, others: &[&Summary]) {
    let Some((charts, window)) = drawn(cx, run, others) else {
        let room = usize::from(area.width);
        buf.set_stringn(area.x, area.y, "no epoch yet", room, cx.theme.dim());
        return;
    };
    let borders = Schedule::new(&run.config).phase_borders();
    let frame = ChartFrame {
        theme: cx.theme,
        window,
        borders: Some(&borders),
        disruptions: &[],
        cursor: None,
    };
    stack(area, buf, &charts, &frame, &[]);
}

/// Returns the charts of a run, beside the runs that it is compared with, and the epochs on their time axis;
/// `None` before the first epoch.
pub fn charts(cx: &Shared, pane: &Runs, run: &Summary) -> Option<(Vec<Chart>, Window)> {
    drawn(cx, run, &others(pane, run))
}

fn drawn(cx: &Shared, run: &Summary, others: &[&Summary]) -> Option<(Vec<Chart>, Window)> {
    // The run at work is drawn as it is now, not as it was when the list was made.
    let live: Vec<&EpochRecord> = if is_at_work(cx, run) {
        cx.live().records.iter().map(AsRef::as_ref).collect()
    } else {
        run.records.iter().collect()
    };
    let ends = others.iter().map(|other| other.records.last());
    let last = ends
        .chain([live.last().copied()])
        .flatten()
        .map(|record| record.epoch)
        .max()?;
    let window = Window {
        first: 0,
        last: last.max(1),
    };
    let chart = |(metric, text): &(&Metric, Text)| {
        let own = series("this", Role::Plain, Stroke::Solid, &live, metric, *text);
        let beside = others.iter().map(|other| {
            let (role, stroke) = (Role::Second, Stroke::Dashed);
            let records: Vec<&EpochRecord> = other.records.iter().collect();
            series(&other.name, role, stroke, &records, metric, *text)
        });
        Chart {
            titles: vec![titled(metric)],
            series: std::iter::once(own).chain(beside).collect(),
            references: Vec::new(),
            reach: vec![0.0],
            logarithmic: false,
            empty: "not measured".into(),
        }
    };
    Some((CHARTS.iter().map(chart).collect(), window))
}

fn series(
    label: &str,
    role: Role,
    stroke: Stroke,
    records: &[&EpochRecord],
    metric: &Metric,
    text: Text,
) -> Series {
    let points = records.iter();
    let points: Vec<(u32, f64)> = points
        .map(|record| (record.epoch, metric.level(record)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    Series {
        label: label.to_owned(),
        role,
        stroke,
        reading: points
            .last()
            .map_or("not measured".to_owned(), |point| text(point.1)),
        points: thinned(points.iter().copied(), points.len()),
        tag: None,
    }
}

/// Draws charts one below the other, as many as there is room for, and one time axis below them.
pub(super) fn stack(
    area: Rect,
    buf: &mut Buffer,
    charts: &[Chart],
    frame: &ChartFrame<'_>,
    events: &[(u32, &'static str)],
) {
    const AXIS: u16 = 2;
    let room = area.height.saturating_sub(AXIS);
    let shown = (room / CHART).clamp(1, cells(charts.len().max(1)));
    if room < 3 || area.width <= GUTTER + 2 {
        return;
    }
    let (each, over) = (room / shown, room % shown);
    let mut y = area.y;
    for (place, chart) in charts.iter().take(usize::from(shown)).enumerate() {
        let height = each + u16::from(cells(place) < over);
        chart.render(Rect { y, height, ..area }, buf, frame);
        y += height;
    }
    let axis = Rect {
        y,
        height: AXIS,
        ..area
    };
    TimeAxis { events }.render(axis, buf, frame);
}
