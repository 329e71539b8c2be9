//! A disruption before it is asked for: what it pushes, how far, how long, and the curve it makes.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{dialog, lines};
use crate::schedule::{Disruption, DisruptionKind};
use crate::tui::app::{App, DisruptForm, Field, Window};
use crate::tui::chart::{Chart, Series, Shared, Stroke};
use crate::tui::format::{fixed, wrap};
use crate::tui::theme::Role;

/// Size of the dialog.
pub const SIZE: (u16, u16) = (76, 21);
/// Rows of the curve.
const CURVE: u16 = 8;
/// Epochs shown before and after the disruption.
const AROUND: u32 = 8;

/// Draws the dialog; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, form: &DisruptForm) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "disruption");
    let mut kinds = vec![label(app, form, Field::Kind, "push")];
    for kind in DisruptionKind::ALL {
        let style = if kind == form.kind {
            theme.selected()
        } else {
            theme.dim()
        };
        kinds.push(Span::styled(
            format!(" {} {} ", kind.symbol(), kind.name()),
            style,
        ));
        kinds.push(Span::raw(" "));
    }
    let row = |y: u16| Rect {
        y: (inner.y + y).min(inner.bottom()),
        height: u16::from(y < inner.height),
        ..inner
    };
    lines(row(0), buf, &[Line::from(kinds)]);
    let style = theme.strong();
    let by = dialog::input(
        row(1),
        buf,
        label(app, form, Field::Amplitude, "by"),
        &form.amplitude,
        style,
    );
    let long = dialog::input(
        row(2),
        buf,
        label(app, form, Field::Epochs, "epochs"),
        &form.epochs,
        style,
    );

    let epoch = app.live().epoch().unwrap_or_default();
    let words = Rect {
        y: inner.y + 4.min(inner.height),
        height: inner.height.saturating_sub(4 + CURVE),
        ..inner
    };
    let room = usize::from(inner.width);
    let disruption = form.disruption();
    let rows: Vec<Line<'_>> = match &disruption {
        Ok(disruption) => wrap(&meaning(app, *disruption, epoch), room)
            .into_iter()
            .map(Line::raw)
            .chain(
                wrap(&format!("{}.", form.kind.meaning()), room)
                    .into_iter()
                    .map(|text| Line::styled(text, theme.dim())),
            )
            .collect(),
        Err(error) => wrap(&format!("▲ {error}"), room)
            .into_iter()
            .map(|text| Line::styled(text, theme.warning()))
            .collect(),
    };
    lines(words, buf, &rows);
    if let Ok(disruption) = disruption {
        let height = CURVE.min(inner.height);
        render_curve(
            Rect {
                y: inner.bottom() - height,
                height,
                ..inner
            },
            buf,
            app,
            disruption,
            epoch,
        );
    }
    match form.field {
        Field::Kind => None,
        Field::Amplitude => by,
        Field::Epochs => long,
    }
}

fn label(app: &App, form: &DisruptForm, field: Field, text: &'static str) -> Span<'static> {
    let chosen = form.field == field;
    let sign = if chosen { "▸" } else { " " };
    Span::styled(
        format!("{sign} {text:<8}"),
        if chosen {
            app.theme.accent()
        } else {
            app.theme.dim()
        },
    )
}

/// What will change, in numbers.
fn meaning(app: &App, disruption: Disruption, epoch: u32) -> String {
    let symbol = disruption.kind.symbol();
    let scheduled = app
        .live()
        .info
        .as_ref()
        .and_then(|info| info.tuning.schedule.get(epoch as usize).copied());
    let end = epoch.saturating_add(disruption.epochs - 1);
    let span = if disruption.epochs == 1 {
        format!("for the rest of epoch {epoch}")
    } else {
        format!("from the next batch of epoch {epoch} to the end of epoch {end}")
    };
    match scheduled {
        Some(scheduled) => {
            let from = scheduled.value(disruption.kind);
            format!(
                "{symbol} {} → {} {span}.",
                fixed(from, 3),
                fixed(disruption.apply(from, 0), 3)
            )
        }
        None => format!("{symbol} {:+.3} {span}.", disruption.amplitude),
    }
}

fn render_curve(area: Rect, buf: &mut Buffer, app: &App, disruption: Disruption, epoch: u32) {
    let Some(info) = &app.live().info else { return };
    let last = epoch
        .saturating_add(disruption.epochs)
        .saturating_add(AROUND);
    let window = Window {
        first: epoch.saturating_sub(AROUND),
        last,
    };
    let scheduled: Vec<(u32, f64)> = (0..)
        .zip(info.tuning.schedule.iter())
        .filter(|(at, _)| window.contains(*at))
        .map(|(at, scheduled)| (at, scheduled.value(disruption.kind)))
        .collect();
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
        points,
        reading: " ".into(),
        tag: None,
    };
    let chart = Chart {
        titles: vec![format!(
            "{}, epochs {} to {}",
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
