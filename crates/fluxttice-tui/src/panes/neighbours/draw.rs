//! Drawing of *Neighbours*: one operation, and the codes nearest to it.
//!
//! ```text
//!  centre ───────────────     100 nearest codes of A by Euclidean distance, codes of epoch 51 ──
//!  a╲b│  -  0  +   13 122      #  operation  trits      distance  differ  rank by entries  name
//!   - │  -  -  -   min         1      7 153  0++-0+--0     0.412       1                3  …
//! ```

use std::iter::repeat;

use fluxttice_core::measure::neighbours::{Metric, Neighbour};
use fluxttice_core::numbers::{index, rounded};
use fluxttice_core::space::Operation;
use fluxttice_core::vae::Scope;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::around::{Around, LISTED, Ranked, SIZES};
use super::{Neighbours, draw_plane, timeline};
use crate::format::{fit, fixed, percent, thousands, width, wrap};
use crate::layout::cells;
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::{heading, lines, list_rows, paragraph, part, placeholder, truth_table};

/// Draws the pane: the centre at the left, planes and lists at the right.
pub fn render(body: Rect, buf: &mut Buffer, cx: &Shared, pane: &Neighbours) {
    let parts = pane.parts(body);
    render_card(parts.card, buf, cx, pane);
    let view = &pane.around;
    render_head(parts.head, buf, cx, pane, view.space);
    let planes = match (pane.is_embedding(cx), parts.planes.as_slice()) {
        (true, [first, .., last]) => vec![first.union(*last)],
        (_, planes) => planes.to_vec(),
    };
    for (plane, space) in planes.into_iter().zip(view.spaces()) {
        draw_plane::render(plane, buf, cx, pane, space);
    }
    if let Some(time) = parts.time {
        timeline::render(time, buf, cx, pane);
    }
    let found = view.found();
    render_list(parts.list, buf, cx, pane, &found.near, true);
    if let Some((head, list)) = parts
        .other
        .filter(|_| view.metric.needs_codes() && !pane.is_embedding(cx))
    {
        render_head(head, buf, cx, pane, view.beside());
        render_list(list, buf, cx, pane, &found.other, false);
    }
}

/// Gives the name of a space its colour within a heading, after `before` columns.
pub fn colour_space(area: Rect, buf: &mut Buffer, theme: Theme, before: usize, space: Scope) {
    let role = Role::from(space);
    let style = theme.role(role).patch(theme.strong());
    buf.set_string(area.x + cells(before), area.y, space.title(), style);
}

fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Euclidean => "Euclidean",
        Metric::Cosine => "cosine",
        Metric::Wasserstein => "2-Wasserstein of posteriors",
        Metric::Jeffreys => "Jeffreys divergence, nats",
        Metric::Hamming => "entries that differ",
        Metric::ThreeAdic => "3-adic distance of indices",
    }
}

/// Describes the source of the codes, or says that there are none yet.
fn source(cx: &Shared, pane: &Neighbours) -> String {
    let run = cx.run();
    match pane.codes(cx) {
        Some(codes) => format!("codes of {}", codes.source),
        None if run.foreign.is_some() => "its trainer has shown no codes".into(),
        None if run.answers() => "codes are on their way".into(),
        None => "no codes yet".into(),
    }
}

fn render_card(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Neighbours) {
    let theme = cx.theme;
    let view = &pane.around;
    let centre = view.centre();
    let (back, forward) = view.history().steps();
    let way = if back + forward > 0 {
        format!("[ {back} back  ] {forward} on")
    } else {
        String::new()
    };
    let note = match cx.bookmark(view.shown()) {
        Some(bookmark) => format!("★ {}", bookmark.note),
        None => way,
    };
    heading(area, buf, theme, "centre", &note);
    let wide = usize::from(area.width);
    let dim = |text: String| Line::styled(text, theme.dim());
    let point = point_lines(cx.theme, &pane.around, wide);
    lines(part(area, 1, area.height), buf, &point);
    let top = 1 + cells(point.len());
    let area = part(area, top, area.height);
    render_operation(part(area, 0, truth_table::HEIGHT), buf, theme, centre, None);
    let laws: Vec<&str> = centre.laws().map(|law| law.word).collect();
    let mut facts = paragraph(&laws.join(", "), wide, Style::new());
    if laws.is_empty() {
        facts = vec![dim("none of the laws".to_owned())];
    }
    facts.push(Line::raw(""));
    facts.push(dim(fit(&source(cx, pane), wide)));
    let stayed = |k| Some(format!(" {}/{k}", view.found().near.stayed(k)?));
    let stayed: String = SIZES.into_iter().filter_map(stayed).collect();
    if !stayed.is_empty() {
        facts.push(Line::from(vec![
            Span::styled("near now too", theme.dim()),
            Span::styled(stayed, theme.text()),
        ]));
    }
    if let Some(moved) = pane.past.moved(view.space) {
        let distance = moved.get(centre.index()).copied().unwrap_or(f64::NAN);
        facts.push(Line::from(vec![
            Span::styled("moved to now ", theme.dim()),
            Span::styled(fixed(distance, 2), theme.text()),
            Span::styled(" rms norms", theme.dim()),
        ]));
    }
    for (k, kept) in SIZES.into_iter().zip(view.found().preserved) {
        let kept = kept.map_or_else(|| "–".into(), |kept| format!("{} %", percent(100.0 * kept)));
        facts.push(Line::from(vec![
            Span::styled(format!("overlap@{k:<3}         "), theme.dim()),
            Span::styled(format!("{kept:>7}"), theme.text()),
        ]));
    }
    let mut used = truth_table::HEIGHT + cells(facts.len());
    lines(part(area, truth_table::HEIGHT, area.height), buf, &facts);
    if let Some(chosen) = view.chosen() {
        used += 1;
        heading(
            part(area, used, 1),
            buf,
            theme,
            "chosen",
            "differences marked",
        );
        let table = part(area, used + 1, truth_table::HEIGHT);
        render_operation(table, buf, theme, chosen.operation, Some(centre));
        used += 1 + truth_table::HEIGHT;
    }
    // The explanation comes last, where there is room.
    let explained = "overlap@k: share of the k nearest that are also nearest by Hamming distance, ties averaged";
    let mut rest = vec![Line::raw("")];
    rest.extend(paragraph(explained, wide, theme.dim()));
    rest.push(Line::raw(""));
    for (name, relative) in [
        ("dual", centre.dual()),
        ("negated", centre.negated()),
        ("swapped", centre.swapped()),
    ] {
        let named = relative.name().unwrap_or_default();
        rest.push(Line::from(vec![
            Span::styled(format!("{name:<8} "), theme.dim()),
            Span::raw(fit(&format!("{relative} {named}"), wide.saturating_sub(9))),
        ]));
    }
    rest.push(dim(format!("orbit size {}", centre.orbit().len())));
    lines(part(area, used, area.height), buf, &rest);
}

/// Returns the lines of a centre that is a point, with the operations that the decoders give for it. For an
/// operation only a walk that begins there is named.
fn point_lines(theme: Theme, view: &Around, wide: usize) -> Vec<Line<'static>> {
    if view.shown().operation().is_some() {
        // A walk that has begun is visible from the point that it led to.
        let walk = view.walk().filter(|walk| walk.is_home());
        let text = walk.map(|walk| Line::styled(fit(&walk.to_string(), wide), theme.accent()));
        return text.into_iter().collect();
    }
    let mut rows: Vec<Line<'_>> = wrap(&view.shown().to_string(), wide)
        .into_iter()
        .take(3)
        .map(|text| Line::styled(text, theme.strong()))
        .collect();
    for (which, decoded) in &view.found().decoded {
        let role = Role::from(*which);
        rows.push(Line::from(vec![
            Span::styled(which.title(), theme.role(role)),
            Span::raw(format!(" {} ", decoded.operation)),
            Span::styled(
                format!(
                    "p {} H {}",
                    fixed(decoded.probability, 3),
                    fixed(decoded.entropy, 2)
                ),
                theme.dim(),
            ),
        ]));
        let levels = decoded
            .entropies
            .map(|entropy| level(entropy / ENTRY_LIMIT));
        rows.push(Line::from(vec![
            Span::raw("  "),
            Span::styled(String::from_iter(levels), theme.role(role)),
            Span::styled(" H by entry, █ ln 3", theme.dim()),
        ]));
    }
    rows.push(Line::raw(""));
    rows
}

/// Largest entropy of an entry, of which all three values are equally probable: ln 3 nats.
const ENTRY_LIMIT: f64 = 1.098_612_288_668_109_8;

/// Returns a bar of one character for a share, 0 to 1.
fn level(share: f64) -> char {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = (LEVELS.len() - 1) as f64;
    LEVELS[index(rounded(share * last)).min(LEVELS.len() - 1)]
}

fn render_operation(
    area: Rect,
    buf: &mut Buffer,
    theme: Theme,
    operation: Operation,
    other: Option<Operation>,
) {
    truth_table::render(area, buf, theme, operation, other);
    let right = truth_table::beside(area);
    let name = fit(
        operation.name().unwrap_or("unnamed"),
        usize::from(right.width),
    );
    let rows = vec![
        Line::styled(thousands(operation.index() as u64), theme.strong()),
        Line::from(truth_table::trits(theme, operation, other)),
        Line::styled(name, theme.dim()),
    ];
    lines(right, buf, &rows);
}

/// Returns true if there is room for the index, which says the same as the trits.
fn shows_index(width: u16) -> bool {
    width >= 56
}

/// Returns true if there is room for the rank by Hamming distance.
fn shows_rank(width: u16) -> bool {
    width >= 66
}

fn render_head(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Neighbours, space: Scope) {
    let theme = cx.theme;
    let view = &pane.around;
    let count = match view.found().near.neighbours.len() {
        0 => LISTED,
        count => count,
    };
    let named = metric_name(view.metric);
    let of_a_vae = view.metric.needs_codes() && !pane.is_embedding(cx);
    let title = match (view.metric.needs_codes(), of_a_vae) {
        (false, _) => format!("{count} nearest by {named}"),
        (true, false) => format!("{count} nearest codes · {named}"),
        (true, true) => format!("{count} nearest codes of {} · {named}", space.title()),
    };
    let note = cx.selection.as_ref().map_or(String::new(), |selection| {
        let count = thousands(selection.count as u64);
        format!("among {count}: {} (Esc: all)", selection.text)
    });
    heading(area, buf, theme, &title, &note);
    if of_a_vae {
        let before = format!("{count} nearest codes of ");
        colour_space(area, buf, theme, width(&before), space);
    }
    let mut head = format!("{:>4}  ", "#");
    if shows_index(area.width) {
        head += &format!("{:>6}  ", "index");
    }
    let last = if pane.past.codes().is_some() {
        "# now"
    } else {
        "entries"
    };
    head += &format!("{:<9}  {:>9}  {last:>7}", "trits", "distance");
    if shows_rank(area.width) {
        head += &format!("  {:>12}", "Hamming rank");
    }
    head += "  name";
    buf.set_stringn(
        area.x,
        area.y + 1,
        head,
        usize::from(area.width),
        theme.dim(),
    );
}

/// Draws a list. The one without a choice scrolls with the other, so that equal ranks stand side by side.
fn render_list(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Neighbours,
    found: &Ranked,
    chooses: bool,
) {
    let view = &pane.around;
    if found.neighbours.is_empty() {
        let problem = view.found().problem.clone();
        let text = problem.unwrap_or_else(|| source(cx, pane));
        return placeholder(area, buf, cx.theme, &text);
    }
    let now = found.now.iter().copied().map(Some).chain(repeat(None));
    let rows: Vec<_> = found.neighbours.iter().zip(now).collect();
    for (row, (neighbour, now), selected) in list_rows(area, view.selected, &rows) {
        let line = neighbour_line(cx.theme, view, neighbour, *now, row.width);
        buf.set_line(row.x, row.y, &line, row.width);
        if selected && chooses {
            buf.set_style(row, cx.theme.selected());
        }
    }
}

fn neighbour_line(
    theme: Theme,
    view: &Around,
    neighbour: &Neighbour,
    now: Option<u32>,
    room: u16,
) -> Line<'static> {
    let decimals = if view.metric == Metric::Hamming { 0 } else { 4 };
    let mut spans = vec![Span::styled(
        format!("{:>4}  ", neighbour.rank),
        theme.dim(),
    )];
    if shows_index(room) {
        spans.push(Span::raw(format!(
            "{:>6}  ",
            thousands(neighbour.operation.index() as u64)
        )));
    }
    spans.extend(truth_table::trits(
        theme,
        neighbour.operation,
        Some(view.centre()),
    ));
    // The number of differing entries is visible among the trits as well; the rank by the newest codes is
    // not.
    let last = match now {
        Some(rank) => thousands(rank.into()),
        None => neighbour.hamming.to_string(),
    };
    spans.push(Span::raw(format!(
        "  {:>9}  {last:>7}",
        fixed(neighbour.distance, decimals),
    )));
    if shows_rank(room) {
        spans.push(Span::styled(
            format!("  {:>12}", thousands(neighbour.hamming_rank.into())),
            theme.dim(),
        ));
    }
    spans.push(Span::styled(
        format!("  {}", neighbour.operation.name().unwrap_or_default()),
        theme.strong(),
    ));
    Line::from(spans)
}
