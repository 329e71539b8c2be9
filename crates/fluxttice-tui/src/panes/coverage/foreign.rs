//! *Coverage* of a run that another program trains: the samples that its trainer gave, on the same map.

use fluxttice_core::measure::{FREEDOM, deviation, given::Given};
use fluxttice_core::record::CoveredSets;
use fluxttice_core::session::message::Foreign;
use fluxttice_core::space::percent_of_all;
use fluxttice_core::vae::PerVae;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::layout::Parts;
use super::{Coverage, draw, side};
use crate::format::{fixed, percent, thousands};
use crate::reading::Cover;
use crate::shared::Shared;
use crate::widgets::{below, heading, lines, paragraph, placeholder};

/// Draws the pane.
pub fn render(parts: &Parts, buf: &mut Buffer, cx: &Shared, pane: &Coverage, foreign: &Foreign) {
    let used = side::render_operation(parts.side, buf, cx, pane, None);
    let Some(samples) = &foreign.samples else {
        draw::put_head(
            parts.top,
            buf,
            cx.theme,
            &[("map of all operations", String::new())],
        );
        let text = "its trainer has given no samples to count";
        return placeholder(parts.map, buf, cx.theme, text);
    };
    let epoch = samples.epoch;
    let forms = [
        (
            "map of all operations",
            format!("samples given by the trainer in epoch {epoch}, not drawn here"),
        ),
        (
            "map",
            format!("samples given in epoch {epoch}, not drawn here"),
        ),
        ("map", format!("given in epoch {epoch}")),
    ];
    draw::put_head(parts.top, buf, cx.theme, &forms);
    match &samples.counts {
        Err(problem) => placeholder(parts.map, buf, cx.theme, problem),
        Ok(given) => {
            let both = || PerVae::from([given.set.clone(), given.set.clone()]);
            let sets = CoveredSets {
                epoch,
                counts: None,
                categorical: both(),
                argmax: both(),
            };
            draw::render_scales(parts, buf, cx, pane);
            draw::render_map(parts.map, buf, cx, pane, &sets);
            render_legend(parts.legend, buf, cx);
            render_counts(below(parts.side, used), buf, cx, given);
        }
    }
}

fn render_legend(area: Rect, buf: &mut Buffer, cx: &Shared) {
    let theme = cx.theme;
    let named = |cover, words: &'static str| {
        let sign = format!("{} ", draw::sign(cover));
        [
            Span::styled(sign, draw::style(theme, cover)),
            Span::styled(words, theme.dim()),
        ]
    };
    let given = named(Cover::Both, "among the samples   ");
    let missing = named(Cover::Neither, "not among them");
    let line: Line<'_> = given.into_iter().chain(missing).collect();
    buf.set_line(area.x, area.y, &line, area.width);
}

fn render_counts(area: Rect, buf: &mut Buffer, cx: &Shared, given: &Given) {
    let theme = cx.theme;
    let room = usize::from(area.width);
    heading(area, buf, theme, "given, not drawn here", "");
    let unique = given.unique;
    let deviation = deviation(given.chi_squared);
    let texts = [
        format!(
            "{} distinct of {} samples",
            thousands(unique.unique.into()),
            thousands(unique.samples.into())
        ),
        format!(
            "{} % of all; {} % if uniform",
            percent(percent_of_all(f64::from(unique.unique))),
            percent(percent_of_all(unique.ceiling))
        ),
        format!(
            "χ² {} against equal shares, {} of them expected, {} deviations off",
            fixed(given.chi_squared, 0),
            fixed(FREEDOM, 0),
            fixed(deviation, 1)
        ),
        format!("set {}", given.set.digest()),
    ];
    let rows: Vec<Line<'_>> = texts
        .iter()
        .flat_map(|text| paragraph(text, room, Style::new()))
        .collect();
    lines(below(area, 1), buf, &rows);
}
