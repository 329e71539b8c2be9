//! Panel beside the map: the operation under the cursor, counts with N and ceiling, missing operations by
//! name.

use fluxttice_core::measure::ceiling;
use fluxttice_core::numbers::rounded;
use fluxttice_core::record::{self, CoveredSets, Unique};
use fluxttice_core::space::{OPERATIONS, Operation, OperationSet, names, percent_of_all};
use fluxttice_core::vae::PerVae;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Coverage, draw};
use crate::format::{fit, fixed, percent, thousands};
use crate::layout::cells;
use crate::reading::{Cover, Draw};
use crate::shared::Shared;
use crate::theme::Role;
use crate::widgets::{below, heading, lines, misleading, operation_list, paragraph, truth_table};

/// Returns the counts of A and B by this draw; `None` if the number of samples is not known.
fn counted(sets: &CoveredSets, draw: Draw) -> Option<[Unique; 2]> {
    let pick = |PerVae { a, b }: PerVae<record::Coverage>| match draw {
        Draw::Argmax => [a.argmax, b.argmax],
        Draw::Categorical => [a.categorical, b.categorical],
    };
    sets.counts.map(pick)
}

/// Describes draw and N in words.
pub fn drawn(sets: &CoveredSets, draw: Draw) -> String {
    match counted(sets, draw) {
        Some([a, _]) => format!("{}, N {}", draw.name(), thousands(a.samples.into())),
        None => format!("{}, N not known", draw.name()),
    }
}

/// Draws the panel beside the map.
pub fn render(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Coverage,
    sets: Option<&CoveredSets>,
) {
    let used = render_operation(area, buf, cx, pane, sets);
    let Some(sets) = sets else { return };
    let used = used + render_selection(below(area, used), buf, cx, sets);
    let used = used + render_counts(below(area, used), buf, cx, sets);
    let misleading = misleading::lines(cx, usize::from(area.width));
    lines(below(area, used), buf, &misleading);
    let used = used + cells(misleading.len()) + u16::from(!misleading.is_empty());
    let used = used + render_named(below(area, used), buf, cx, sets);
    render_missing(below(area, used), buf, cx, pane, sets);
}

/// Draws the operation under the cursor; returns the number of rows used.
pub fn render_operation(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Coverage,
    sets: Option<&CoveredSets>,
) -> u16 {
    let theme = cx.theme;
    let operation = pane.map.operation();
    heading(area, buf, theme, "under the cursor", "");
    let left = Rect {
        y: area.y + 1,
        height: truth_table::HEIGHT.min(area.height.saturating_sub(1)),
        ..area
    };
    truth_table::render(left, buf, theme, operation, None);
    let right = truth_table::beside(left);
    let room = usize::from(right.width);
    let mut rows = vec![
        Line::styled(thousands(operation.index() as u64), theme.strong()),
        Line::raw(operation.to_string()),
        Line::styled(
            fit(operation.name().unwrap_or("unnamed"), room),
            theme.dim(),
        ),
    ];
    if let Some(sets) = sets {
        let cover = Cover::of(sets, cx.reading.draw, operation);
        rows.push(Line::from(vec![
            Span::styled(format!("{} ", draw::sign(cover)), draw::style(theme, cover)),
            Span::styled(cover.words(), theme.text()),
        ]));
    }
    lines(right, buf, &rows);
    truth_table::HEIGHT + 2
}

/// Draws how many of the selected operations A, B and neither generated; returns the number of rows used.
fn render_selection(area: Rect, buf: &mut Buffer, cx: &Shared, sets: &CoveredSets) -> u16 {
    let Some(selection) = cx.selection.as_deref() else {
        return 0;
    };
    let theme = cx.theme;
    let count = thousands(selection.count as u64);
    heading(area, buf, theme, "selected", &format!("{count}, Esc: all"));
    let PerVae { a, b } = cx.reading.draw.of(sets);
    let among = |set: &OperationSet| selection.found.intersection(set).len() as u64;
    let neither = selection.found.difference(&a.union(b)).len() as u64;
    let [of_a, of_b, neither] = [among(a), among(b), neither].map(thousands);
    let mut rows = paragraph(&selection.text, usize::from(area.width), Style::new());
    rows.truncate(3);
    rows.push(Line::from(vec![
        Span::styled(format!("A {of_a}  "), theme.role(Role::A)),
        Span::styled(format!("B {of_b}  "), theme.role(Role::B)),
        Span::styled(format!("neither {neither}"), theme.text()),
    ]));
    lines(below(area, 1), buf, &rows);
    cells(rows.len()) + 2
}

fn render_counts(area: Rect, buf: &mut Buffer, cx: &Shared, sets: &CoveredSets) -> u16 {
    let theme = cx.theme;
    heading(area, buf, theme, "generated", &drawn(sets, cx.reading.draw));
    let PerVae { a, b } = cx.reading.draw.of(sets);
    let mut found = [0u32; 4];
    for operation in Operation::all() {
        let kind = match (a.contains(operation), b.contains(operation)) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        found[kind] += 1;
    }
    let [both, only_a, only_b, neither] = found.map(f64::from);
    let limits = counted(sets, cx.reading.draw).map_or([f64::NAN; 3], |[a, b]| {
        [
            a.ceiling,
            b.ceiling,
            ceiling(a.samples.saturating_add(b.samples)),
        ]
    });
    let all = OPERATIONS as f64;
    let rows = [
        ("A", Some(Role::A), both + only_a, limits[0]),
        ("B", Some(Role::B), both + only_b, limits[1]),
        ("A or B", None, all - neither, limits[2]),
        ("A and B", Some(Role::Both), both, f64::NAN),
        ("only A", Some(Role::A), only_a, f64::NAN),
        ("only B", Some(Role::B), only_b, f64::NAN),
        ("neither", None, neither, f64::NAN),
    ];
    let wide = area.width >= 44;
    let mut out: Vec<Line<'_>> = rows
        .into_iter()
        .map(|(name, role, count, limit)| {
            let style = role.map_or(theme.text(), |role| theme.role(role));
            let mut spans = vec![
                Span::styled(format!("{name:<8}"), style),
                Span::raw(format!("{:>7}", thousands(rounded(count)))),
            ];
            let share = percent(percent_of_all(count));
            let text = match (limit.is_finite(), wide) {
                (true, true) => format!(
                    ", {} if uniform  {share} of {} %",
                    thousands(rounded(limit)),
                    percent(percent_of_all(limit))
                ),
                (true, false) if area.width < 30 => {
                    format!(" {share}/{} %", percent(percent_of_all(limit)))
                }
                (true, false) => format!(" {share:>5} of {} %", percent(percent_of_all(limit))),
                (false, true) => format!("{:>19} {share:>5} %", ""),
                (false, false) => format!(" {share:>5} %"),
            };
            spans.push(Span::styled(text, theme.dim()));
            Line::from(spans)
        })
        .collect();
    let union = both + only_a + only_b;
    let jaccard = if union > 0.0 {
        1.0 - both / union
    } else {
        f64::NAN
    };
    out.push(Line::styled(
        format!("Jaccard distance {}", fixed(jaccard, 3)),
        theme.dim(),
    ));
    if let Some(counts) = &sets.counts {
        let text = format!(
            "decode H A {} B {} nats",
            fixed(counts.a.decode_entropy, 2),
            fixed(counts.b.decode_entropy, 2)
        );
        out.push(Line::styled(text, theme.dim()));
    }
    lines(below(area, 1), buf, &out);
    cells(out.len()) + 2
}

fn render_named(area: Rect, buf: &mut Buffer, cx: &Shared, sets: &CoveredSets) -> u16 {
    let theme = cx.theme;
    if area.height < 2 {
        return 0;
    }
    let missing: Vec<(Operation, &str, Cover)> = names::all()
        .map(|(operation, name)| (operation, name, Cover::of(sets, cx.reading.draw, operation)))
        .filter(|(.., cover)| *cover != Cover::Both)
        .collect();
    let note = format!("{}/{}", missing.len(), names::all().count());
    heading(area, buf, theme, "named, missed by A or B", &note);
    // Half of the room is for the operations without a name.
    let high = (usize::from(area.height) / 2).max(1);
    let mut rows: Vec<Line<'_>> = missing
        .iter()
        .map(|(operation, name, cover)| {
            Line::from(vec![
                Span::styled(
                    format!("{} ", draw::sign(*cover)),
                    draw::style(theme, *cover),
                ),
                Span::raw(format!("{operation} ")),
                Span::styled((*name).to_owned(), theme.dim()),
            ])
        })
        .collect();
    if missing.is_empty() {
        let text = "A and B generated every named operation";
        rows.extend(paragraph(text, usize::from(area.width), theme.dim()));
    }
    if rows.len() > high {
        let more = rows.len() - (high - 1);
        rows.truncate(high - 1);
        rows.push(Line::styled(format!("  … {more} more"), theme.dim()));
    }
    lines(below(area, 1), buf, &rows);
    cells(rows.len()) + 2
}

/// Draws the operations that neither generated, scrolled to the cursor where it is on one of them.
fn render_missing(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Coverage, sets: &CoveredSets) {
    let missing: Vec<Operation> = Operation::all()
        .filter(|operation| Cover::of(sets, cx.reading.draw, *operation) == Cover::Neither)
        .filter(|operation| cx.is_selected(*operation))
        .collect();
    let count = thousands(missing.len() as u64);
    let (title, note) = match cx.selection {
        Some(_) => ("selected, missing from both", count),
        None => ("missing from both", format!("{count}, n: next")),
    };
    let head = (title, note.as_str());
    operation_list::render(
        area,
        buf,
        cx.theme,
        pane.map.operation(),
        head,
        &missing,
        |operation| Span::styled(format!("{:>6} ", operation.index()), cx.theme.dim()),
    );
}
