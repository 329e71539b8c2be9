//! A disruption before it is asked for: what it pushes, how far, how long, and the curve it makes.

use fluxttice_core::disruption::{Disruption, DisruptionKind, Shape};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{below, dialog, lines};
use crate::app::{App, DisruptForm, Doing, Field, Window};
use crate::chart::{Chart, Series, Shared, Stroke};
use crate::format::{fixed, wrap};
use crate::theme::Role;

/// Size of the dialog.
pub const SIZE: (u16, u16) = (78, 23);
/// Columns of a field's label.
const LABEL: usize = 8;
/// Columns of a number that is typed.
const NUMBER: u16 = 12;
/// Fewest and most rows of the curve.
const CURVE: (u16, u16) = (5, 9);
/// Epochs shown before and after the disruption.
const AROUND: u32 = 8;

/// Draws the dialog; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, form: &DisruptForm) -> Option<Position> {
    let inner = dialog::frame(area, buf, app.theme, "disruption");
    let mut cursor = None;
    for (place, field) in form.fields().iter().enumerate() {
        let row = below(inner, place as u16);
        let row = Rect {
            height: 1.min(row.height),
            ..row
        };
        let at = render_field(row, buf, app, form, *field);
        if form.field == *field {
            cursor = at;
        }
    }
    let rest = below(inner, form.fields().len() as u16 + 1);
    let (text, style) = match (form.disruption(), form.measuring()) {
        (Ok(disruption), Ok(_)) => (meaning(app, disruption), app.theme.text()),
        (Err(problem), _) | (_, Err(problem)) => (format!("▲ {problem}"), app.theme.warning()),
    };
    let mut rows: Vec<Line<'_>> = wrap(&text, usize::from(inner.width))
        .into_iter()
        .map(|text| Line::styled(text, style))
        .collect();
    if form.disruption().is_ok() {
        let about = wrap(
            &format!("{}.", form.kind.meaning()),
            usize::from(inner.width),
        );
        let about = about
            .into_iter()
            .map(|text| Line::styled(text, app.theme.dim()));
        rows.extend(about);
    }
    lines(rest, buf, &rows);
    let rest = below(rest, rows.len() as u16);
    if let Ok(disruption) = form.disruption()
        && rest.height >= CURVE.0
    {
        let height = CURVE.1.min(rest.height);
        let area = Rect {
            y: rest.bottom() - height,
            height,
            ..rest
        };
        render_curve(area, buf, app, disruption);
    }
    cursor
}

/// One line of the form; says where the cursor stands in it.
fn render_field(
    row: Rect,
    buf: &mut Buffer,
    app: &App,
    form: &DisruptForm,
    field: Field,
) -> Option<Position> {
    let theme = app.theme;
    let (name, input, note) = match field {
        Field::Kind => ("push", None, ""),
        Field::Amplitude => ("by", Some(&form.amplitude), ""),
        Field::Epochs => ("epochs", Some(&form.epochs), ""),
        Field::Shape => ("shape", None, ""),
        Field::Cooldown => (
            "rest",
            Some(&form.cooldown),
            "epochs afterwards without another disruption",
        ),
        Field::Doing => ("do", None, ""),
        Field::Watch => ("watch", Some(&form.watch), "epochs behind it, in both arms"),
        Field::Repetitions => (
            "repeat",
            Some(&form.repetitions),
            "pairs of arms; one alone tells nothing from luck",
        ),
    };
    let chosen = form.field == field;
    let sign = if chosen { "▸" } else { " " };
    let style = if chosen { theme.accent() } else { theme.dim() };
    let label = Span::styled(format!("{sign} {name:<LABEL$}"), style);
    // A choice stands on a ground of its own, one column wider on each side.
    let typed = Span::styled(format!("{sign} {name:<LABEL$} "), style);
    let Some(input) = input else {
        let mut spans = vec![label];
        match field {
            Field::Kind => {
                let place = DisruptionKind::ALL
                    .iter()
                    .position(|kind| *kind == form.kind);
                let text = format!(" {} {} ", form.kind.symbol(), form.kind);
                let count = format!(
                    "  {} of {}, ←→",
                    place.unwrap_or_default() + 1,
                    DisruptionKind::ALL.len()
                );
                spans.push(Span::styled(text, theme.selected()));
                spans.push(Span::styled(count, theme.dim()));
            }
            Field::Shape => {
                let names = Shape::ALL.map(|shape| (shape.name(), shape == form.shape));
                spans.extend(choices(app, &names));
            }
            _ => {
                let names = Doing::ALL.map(|doing| (doing.words(), doing == form.doing));
                spans.extend(choices(app, &names));
            }
        }
        buf.set_line(row.x, row.y, &Line::from(spans), row.width);
        return None;
    };
    let beside = Rect {
        width: row.width.min(LABEL as u16 + 3 + NUMBER),
        ..row
    };
    let cursor = dialog::input(beside, buf, typed, input, theme.strong());
    let left = row.width - beside.width;
    buf.set_stringn(beside.right(), row.y, note, usize::from(left), theme.dim());
    cursor
}

fn choices(app: &App, names: &[(&'static str, bool)]) -> Vec<Span<'static>> {
    let theme = app.theme;
    let span = |(name, chosen): &(&'static str, bool)| {
        let style = if *chosen {
            theme.selected()
        } else {
            theme.dim()
        };
        [Span::styled(format!(" {name} "), style), Span::raw(" ")]
    };
    names.iter().flat_map(span).collect()
}

/// What will change, in numbers.
fn meaning(app: &App, disruption: Disruption) -> String {
    let epoch = app.live().epoch().unwrap_or_default();
    let symbol = disruption.kind.symbol();
    let info = app.live().info.as_ref();
    let scheduled = info.and_then(|info| info.tuning.schedule.get(epoch as usize).copied());
    let end = epoch.saturating_add(disruption.epochs - 1);
    let span = if disruption.epochs == 1 {
        format!("in epoch {epoch}")
    } else {
        format!("from the next batch of epoch {epoch} to the end of epoch {end}")
    };
    match scheduled {
        Some(scheduled) => {
            let from = scheduled.value(disruption.kind);
            let to = disruption.apply(from, 0);
            // Learning rates are thousandths.
            let digits = if disruption.kind == DisruptionKind::LearningRate {
                5
            } else {
                3
            };
            format!(
                "{symbol} {} → {} {span}.",
                fixed(from, digits),
                fixed(to, digits)
            )
        }
        None => format!("{disruption}, {span}."),
    }
}

fn render_curve(area: Rect, buf: &mut Buffer, app: &App, disruption: Disruption) {
    let Some(info) = &app.live().info else { return };
    let epoch = app.live().epoch().unwrap_or_default();
    let last = epoch
        .saturating_add(disruption.epochs)
        .saturating_add(AROUND);
    let window = Window {
        first: epoch.saturating_sub(AROUND),
        last,
    };
    // Learning rates are drawn in thousandths, as in their chart.
    let (factor, unit) = match disruption.kind {
        DisruptionKind::LearningRate => (1_000.0, " ·10⁻³"),
        _ => (1.0, ""),
    };
    let scheduled: Vec<(u32, f64)> = (0..)
        .zip(info.tuning.schedule.iter())
        .filter(|(at, _)| window.contains(*at))
        .map(|(at, scheduled)| (at, scheduled.value(disruption.kind)))
        .collect();
    let scaled = |points: Vec<(u32, f64)>| -> Vec<(u32, f64)> {
        points
            .into_iter()
            .map(|(at, value)| (at, factor * value))
            .collect()
    };
    let disrupted = scheduled
        .iter()
        .map(|(at, value)| match at.checked_sub(epoch) {
            Some(t) => (*at, disruption.apply(*value, t)),
            None => (*at, *value),
        })
        .collect();
    let series = |label: &str, role, stroke, points| Series {
        label: label.into(),
        role,
        stroke,
        points: scaled(points),
        reading: " ".into(),
        tag: None,
    };
    let chart = Chart {
        titles: vec![format!(
            "{}{unit}, epochs {} to {}",
            disruption.kind.symbol(),
            window.first,
            window.last
        )],
        series: vec![
            series("disrupted", Role::Second, Stroke::Solid, disrupted),
            series("scheduled", Role::Plain, Stroke::Dashed, scheduled),
        ],
        references: Vec::new(),
        reach: vec![0.0],
        logarithmic: false,
        empty: "the schedule ends here".into(),
    };
    let shared = Shared {
        theme: app.theme,
        window,
        borders: &info.tuning.phase_borders,
        disruptions: &[],
        cursor: None,
    };
    chart.render(area, buf, &shared);
}
