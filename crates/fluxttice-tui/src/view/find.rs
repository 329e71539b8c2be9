//! A line to type an operation or an expression in, with what it means and what it could become.

use fluxttice_core::space::query::Word;
use fluxttice_core::space::{OPERATIONS, Operation, OperationSet, percent_of_all};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{below, dialog, layout, lines, truth_table};
use crate::app::{App, FindForm, Meaning};
use crate::format::{fit, percent, thousands, wrap};

/// Rows for proposals.
const PROPOSALS: u16 = 7;
/// Size of the dialog.
pub const SIZE: (u16, u16) = (76, 4 + truth_table::HEIGHT + 1 + PROPOSALS);
/// What the typed line begins with.
const LABEL: &str = "/ ";

/// Draws the dialog; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, form: &FindForm) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "find operations");
    let cursor = dialog::input(
        inner,
        buf,
        Span::styled(LABEL, theme.accent()),
        &form.input,
        theme.strong(),
    );
    let (_, proposals) = form.proposals();
    if let Some((text, _)) = form.guess() {
        let text = fit(&format!("→ {text}"), usize::from(inner.width));
        buf.set_string(inner.x, inner.y + 1, text, theme.dim());
    }
    let meaning = Rect {
        height: truth_table::HEIGHT.min(inner.height.saturating_sub(2)),
        ..below(inner, 2)
    };
    // A word that is not finished yet is no mistake.
    match form.guess().map_or(form.meaning(), |(_, meaning)| meaning) {
        Meaning::Nothing => render_forms(meaning, buf, app),
        Meaning::Operation(operation) => render_operation(meaning, buf, app, *operation),
        Meaning::Operations(found) => render_found(meaning, buf, app, found),
        Meaning::Point(_) => {
            let text = "a point of the latent space: what lies near it, and what it decodes to";
            lines(meaning, buf, &[Line::raw(text)]);
        }
        Meaning::Wrong { .. } if form.guess().is_some() => {}
        Meaning::Wrong { at, problem } => {
            let under = at.map(|at| inner.x as usize + LABEL.len() + at);
            if let Some(x) = under.filter(|x| *x < usize::from(inner.right())) {
                buf.set_string(x as u16, inner.y + 1, "^", theme.warning());
            }
            let room = usize::from(meaning.width).saturating_sub(2);
            let rows: Vec<Line<'_>> = wrap(&format!("▲ {problem}"), room)
                .into_iter()
                .map(|text| Line::styled(text, theme.warning()))
                .collect();
            lines(meaning, buf, &rows);
        }
    }
    let list = below(inner, 2 + truth_table::HEIGHT + 1);
    render_proposals(list, buf, app, form, &proposals);
    cursor
}

fn render_forms(area: Rect, buf: &mut Buffer, app: &App) {
    let rows = [
        "an index, nine trits or a name    7153   0++-0+--0   min",
        "laws with & | ! ( )               commutative & !associative",
        "figures with = != < <= > >=       zeros > 4 & hamming(min) <= 2",
        "points                            min + max - product, 0.5*min + 0.5*max",
    ];
    lines(
        area,
        buf,
        &rows.map(|row| Line::styled(row, app.theme.dim())),
    );
}

fn render_operation(area: Rect, buf: &mut Buffer, app: &App, operation: Operation) {
    let theme = app.theme;
    truth_table::render(area, buf, theme, operation, None);
    let left = truth_table::WIDTH.min(area.width);
    let right = Rect {
        x: area.x + left,
        width: area.width - left,
        ..area
    };
    let laws: Vec<&str> = operation.laws().map(|law| law.word).collect();
    let index = thousands(operation.index() as u64);
    let mut rows = vec![
        Line::styled(format!("{index}  {operation}"), theme.strong()),
        Line::raw(operation.name().unwrap_or("no name")),
    ];
    let laws = wrap(&laws.join(" "), usize::from(right.width));
    rows.extend(laws.into_iter().map(|text| Line::styled(text, theme.dim())));
    lines(right, buf, &rows);
}

fn render_found(area: Rect, buf: &mut Buffer, app: &App, found: &OperationSet) {
    let theme = app.theme;
    let count = found.len();
    let mut rows = vec![Line::from(vec![
        Span::styled(thousands(count as u64), theme.strong()),
        Span::styled(
            format!(
                " of {} operations, {} %",
                thousands(OPERATIONS as u64),
                percent(percent_of_all(count as f64))
            ),
            theme.dim(),
        ),
    ])];
    // Those with a name say most.
    let (named, others): (Vec<_>, Vec<_>) = found.iter().partition(|o| o.name().is_some());
    let texts = named.into_iter().chain(others).take(30).map(|operation| {
        operation
            .name()
            .map_or_else(|| operation.to_string(), str::to_owned)
    });
    let examples = wrap(
        &texts.collect::<Vec<_>>().join("  "),
        usize::from(area.width),
    );
    let room = usize::from(area.height).saturating_sub(1);
    for (place, text) in examples.iter().take(room).enumerate() {
        let goes_on = place + 1 == room && (examples.len() > room || count > 30);
        let text = if goes_on {
            format!("{text}  …")
        } else {
            text.clone()
        };
        rows.push(Line::styled(
            fit(&text, usize::from(area.width)),
            theme.dim(),
        ));
    }
    lines(area, buf, &rows);
}

fn render_proposals(list: Rect, buf: &mut Buffer, app: &App, form: &FindForm, words: &[Word]) {
    let theme = app.theme;
    let typed = !form.input.value().trim().is_empty();
    let first = layout::first_row(form.selected, usize::from(list.height), words.len());
    for ((place, word), y) in words
        .iter()
        .enumerate()
        .skip(first)
        .zip(list.y..list.bottom())
    {
        let argument = word
            .argument
            .map_or(String::new(), |form| format!("({form})"));
        let line = Line::from(vec![
            Span::raw(format!("{:<24} ", format!("{}{argument}", word.text))),
            Span::styled(word.meaning, theme.dim()),
        ]);
        buf.set_line(list.x, y, &line, list.width);
        if place == form.selected && (typed || form.selected > 0) {
            let row = Rect {
                y,
                height: 1,
                ..list
            };
            buf.set_style(row, theme.selected());
        }
    }
}
