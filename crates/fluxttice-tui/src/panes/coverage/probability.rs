//! Map of *Coverage* by probability, as a multiple of a uniform generator's.

use fluxttice_core::measure::deviation;
use fluxttice_core::numbers::rounded;
use fluxttice_core::session::{Estimates, VaeEstimates};
use fluxttice_core::vae::Vae;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::map::{COLUMNS, ROWS};
use super::{Coverage, draw};
use crate::format::{fixed, percent, thousands};
use crate::layout::cells;
use crate::reading::{self, LIKELIHOODS, shade};
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::{below, heading, lines, operation_list, paragraph};

/// Characters from rare to frequent, which differ without colour.
pub const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
/// Legend of these characters, in multiples of 1/19,683.
const WORDS: [&str; 5] = ["<¼", "<½", "<1", "<2", "≥2"];

/// Rows from which on there is room for sentences.
const ROOM_FOR_WORDS: u16 = 24;

/// Describes in words what a generator gives a user: information per code, evenness, and rare operations.
pub fn in_words(vae: &VaeEstimates) -> String {
    let share = match vae.rare.len() {
        0 => "no operation is known to get less than its fair share".to_owned(),
        1 => "one operation gets less than its fair share".to_owned(),
        many => format!(
            "{} operations get less than their fair share",
            thousands(many as u64)
        ),
    };
    let information = match vae.mutual_information.corrected {
        Some(found) => format!("{:.2} of 9.89 nats", found.value),
        None => "too few codes to tell how much a code says".to_owned(),
    };
    let even = match vae.effective.corrected {
        Some(found) => format!(
            "as even as {} equal ones, ",
            thousands(rounded(found.value))
        ),
        None => String::new(),
    };
    format!(
        "{information}: a random code names one operation with {} % probability; {share}; {even}χ² of {} argmax samples lies {} standard \
         deviations from that of equal shares",
        percent(100.0 * vae.likeliest),
        thousands(vae.misleading.samples.into()),
        fixed(deviation(vae.evenness.argmax), 1)
    )
}

/// Says in words that no operation is known to be rare.
pub fn none_stands_out(estimates: &Estimates) -> String {
    format!(
        "none stands out among {} codes",
        thousands(estimates.vaes.a.codes.into())
    )
}

fn style(theme: Theme, shade: usize) -> Style {
    match shade {
        0 => theme.bad(),
        1 => theme.warning(),
        2 => theme.dim(),
        3 => theme.text(),
        _ => theme.accent(),
    }
}

/// Returns the shade of a probability, 0 (rare) to 4 (frequent), and its style.
pub fn look(theme: Theme, likelihood: f64) -> (usize, Style) {
    let shade = shade(&LIKELIHOODS, likelihood);
    (shade, style(theme, shade))
}

/// Draws the map; each character shows the least probable of its operations.
pub fn render_map(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Coverage,
    estimates: &Estimates,
) {
    let (across, down) = pane.map.zoom(area.as_size()).cell();
    draw::paint(area, buf, cx, pane, |column, row| {
        let inside = (row..(row + down).min(ROWS))
            .flat_map(|row| (column..(column + across).min(COLUMNS)).map(move |c| (row, c)));
        let rarest = inside
            .filter_map(|(row, column)| draw::selected_at(cx, column, row))
            .map(|operation| cx.reading.likelihood(estimates, operation))
            .min_by(f64::total_cmp);
        let Some(rarest) = rarest else {
            return (' ', cx.theme.dim());
        };
        let (shade, style) = look(cx.theme, rarest);
        (SHADES[shade], style)
    });
}

/// Draws the legend of the shades.
pub fn render_legend(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Coverage, map: Rect) {
    let zoom = pane.map.zoom(map.as_size());
    let area = Rect {
        y: area.y.min(map.y + cells(zoom.size().1)),
        ..area
    };
    let mut spans = Vec::new();
    for (shade, (sign, words)) in SHADES.iter().zip(WORDS).enumerate() {
        spans.push(Span::styled(format!("{sign} "), style(cx.theme, shade)));
        spans.push(Span::styled(format!("{words}  "), cx.theme.dim()));
    }
    // Where it is narrow the explanation is left out.
    let unit = if area.width >= 100 {
        "× 1/19,683; the lowest of each character"
    } else {
        "× 1/19,683"
    };
    spans.push(Span::styled(unit, cx.theme.dim()));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Draws the panel below the operation under the cursor.
pub fn render_side(
    area: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    pane: &Coverage,
    estimates: Option<&Estimates>,
) {
    let theme = cx.theme;
    let width = usize::from(area.width);
    let Some(estimates) = estimates else {
        let text = Line::styled("probabilities are being measured …", theme.dim());
        return lines(area, buf, &[text]);
    };
    heading(area, buf, theme, "probability", &estimates.source);
    let mut rows = Vec::new();
    let codes = thousands(estimates.vaes.a.codes.into());
    let note = format!(
        "estimated from {codes} codes, seed {}; ± is one standard error",
        estimates.seed
    );
    rows.extend(paragraph(&note, width, theme.dim()));
    let here = pane.map.operation();
    for vae in Vae::BOTH {
        let (name, role) = (vae.title(), Role::from(vae));
        let times = fixed(reading::of(&estimates.vaes[vae], here), 2);
        rows.push(Line::from(vec![
            Span::styled(format!("{name} {times:>7}"), theme.role(role)),
            Span::styled(" × uniform, here", theme.dim()),
        ]));
    }
    let names = Vae::BOTH.map(|vae| (vae.title(), Role::from(vae)));
    let told = estimates.vaes.iter().zip(names);
    if area.height >= ROOM_FOR_WORDS {
        rows.extend(told.flat_map(|(vae, (name, role))| {
            let text = format!("{name}  {}", in_words(vae));
            paragraph(&text, width, theme.role(role))
        }));
    } else {
        rows.push(Line::styled("I(z; x), nats of 9.888", theme.dim()));
        rows.extend(told.map(|(vae, (name, role))| {
            let text = match vae.mutual_information.corrected {
                Some(found) => format!("{name} {:>7.3} ± {:.3}", found.value, found.standard_error),
                None => format!("{name} too few codes to tell"),
            };
            Line::styled(text, theme.role(role))
        }));
    }
    lines(below(area, 1), buf, &rows);
    let rest = below(area, cells(rows.len()) + 2);
    let rare = cx.reading.rare(estimates);
    let note = match rare.is_empty() {
        true => format!("v: {}", cx.reading.whose_words()),
        false => format!("n: next, v: {}", cx.reading.whose_words()),
    };
    operation_list::render(
        rest,
        buf,
        theme,
        here,
        ("rare", &note),
        &rare,
        |operation| {
            let likelihood = cx.reading.likelihood(estimates, operation);
            Span::styled(
                format!("{likelihood:>5.2} "),
                style(theme, shade(&LIKELIHOODS, likelihood)),
            )
        },
    );
    if rare.is_empty() {
        let words = paragraph(&none_stands_out(estimates), width, theme.dim());
        lines(below(rest, 1), buf, &words);
    }
}
