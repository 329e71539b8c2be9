//! Everything that can be changed while the run goes on, with its value now.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{below, dialog, layout, lines};
use crate::app::{App, Control, ControlForm, number};
use crate::format::{fit, width, wrap};

/// Size of the dialog.
pub const SIZE: (u16, u16) = (78, 22);
/// Rows that say what the chosen control is.
const MEANING: u16 = 5;

/// Draws the dialog; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, form: &ControlForm) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "controls");
    let line = Rect {
        height: 1.min(inner.height),
        ..inner
    };
    let cursor = match &form.editing {
        None => {
            let label = Span::styled("find ", theme.accent());
            dialog::input(line, buf, label, &form.wanted, theme.strong())
        }
        Some((key, value)) => {
            let label = Span::styled(format!("{key} = "), theme.accent());
            dialog::input(line, buf, label, value, theme.strong())
        }
    };
    let matches = form.matches(app.live().controls());
    let rest = below(inner, 2);
    let high = rest.height.saturating_sub(MEANING);
    let list = Rect {
        height: high,
        ..rest
    };
    if matches.is_empty() && list.height > 0 {
        let text = "no control has these letters in this order";
        buf.set_string(list.x, list.y, text, theme.dim());
    }
    let first = layout::first_row(form.selected, usize::from(list.height), matches.len());
    let rows = matches.iter().enumerate().skip(first);
    for ((place, control), y) in rows.zip(list.y..list.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..list
        };
        render_row(row, buf, app, control);
        if place == form.selected {
            buf.set_style(row, theme.selected());
        }
    }
    if let Some(control) = matches.get(form.selected) {
        render_meaning(below(rest, high + 1), buf, app, form, control);
    }
    cursor
}

fn render_row(row: Rect, buf: &mut Buffer, app: &App, control: &Control) {
    let theme = app.theme;
    let value = match (control.follows(), control.followed) {
        (true, Some(now)) => format!("by its schedule, now {:>8}", number(now)),
        (true, None) => "as published".to_owned(),
        (false, _) => control.value.clone(),
    };
    let room = usize::from(row.width).saturating_sub(width(&value) + 2);
    buf.set_string(row.x, row.y, fit(&control.key, room), theme.text());
    let style = if control.follows() {
        theme.dim()
    } else {
        theme.strong()
    };
    let x = row.right().saturating_sub(width(&value) as u16);
    buf.set_string(x, row.y, value, style);
}

/// What the control is and what it takes, or what is wrong with what is typed.
fn render_meaning(area: Rect, buf: &mut Buffer, app: &App, form: &ControlForm, control: &Control) {
    let theme = app.theme;
    let room = usize::from(area.width);
    let Some(info) = &app.live().info else { return };
    let problem = form.editing.as_ref().and_then(|(key, value)| {
        let changed = info.tuning.config.changed(key, value.value());
        changed.err().filter(|_| !value.value().trim().is_empty())
    });
    if let Some(problem) = problem {
        let rows: Vec<Line<'_>> = wrap(&format!("▲ {problem}"), room)
            .into_iter()
            .map(|text| Line::styled(text, theme.warning()))
            .collect();
        return lines(area, buf, &rows);
    }
    let from = control
        .info
        .live
        .map_or_else(String::new, |point| point.to_string());
    let range = control.info.range_text();
    let mut rows: Vec<Line<'_>> = wrap(control.info.meaning, room)
        .into_iter()
        .map(Line::raw)
        .collect();
    rows.push(Line::styled(
        format!(
            "{}: {range}; takes effect with the {from}",
            control.info.kind()
        ),
        theme.dim(),
    ));
    lines(area, buf, &rows);
}
