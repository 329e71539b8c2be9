//! Drawing of *Evidence*: snapshots and certificates of all runs, and the details of the chosen one.
//!
//! ```text
//!  evidence ─────────────────────────  built-in ──────────────────────────────────────
//!  ◈ built-in  ✓ VALID                 argmax coverage, N 50,000 …
//!  ▣ epoch-0010-batch-003               checks …
//! ```

use fluxttice_core::certificate::{Item, ItemKind, Statement};
use fluxttice_core::shown::printable;
use fluxttice_core::space::percent_of_all;
use fluxttice_core::vae::Scope;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::{Evidence, details};
use crate::format::fit;
use crate::layout::{self, cells};
use crate::shared::Shared;
use crate::widgets::{heading, lines, list_rows, paragraph};

/// Draws the pane: the list at the left, details at the right.
pub fn render(body: Rect, buf: &mut Buffer, cx: &Shared, pane: &Evidence) {
    let parts = layout::list_and_details(body);
    let theme = cx.theme;
    match pane.items.as_deref().map(Vec::as_slice) {
        None => {
            heading(parts.head, buf, theme, "evidence", "");
            let text = Line::styled("looking what there is …", theme.dim());
            lines(parts.list, buf, &[text]);
        }
        Some([]) => {
            heading(parts.head, buf, theme, "evidence", "nothing yet");
            let text = "A certificate is a folder with a model and its measured figures that anyone can check. \
                        c makes one of the model as it is; s saves the model without measuring it; t tests whether a saved or explored one learned anything.";
            let rows = paragraph(text, usize::from(parts.list.width), theme.dim());
            lines(parts.list, buf, &rows);
        }
        Some(items) => {
            let note = format!("{} of all runs", items.len());
            heading(parts.head, buf, theme, "evidence", &note);
            render_list(parts.list, buf, cx, pane, items);
        }
    }
    details::render(parts.title, parts.details, buf, cx, pane);
}

fn render_list(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Evidence, items: &[Item]) {
    let theme = cx.theme;
    for (row, item, chosen) in list_rows(area, pane.selected, items) {
        let (state, style) = state(cx, pane, item);
        let room = usize::from(area.width).saturating_sub(state.chars().count() + 1);
        let text = format!("{} {} · {}", sign(item), item.name, item.run);
        let text = printable(&text);
        let base = if chosen {
            theme.selected()
        } else {
            theme.text()
        };
        buf.set_style(row, base);
        buf.set_string(row.x, row.y, fit(&text, room), base);
        let x = area.right().saturating_sub(cells(state.chars().count()));
        let state = Line::styled(state, base.patch(style));
        buf.set_line(x, row.y, &state, row.width);
    }
}

/// Returns the glyph of a snapshot, which is that of the time axis, or of a certificate.
fn sign(item: &Item) -> &'static str {
    match item.kind {
        ItemKind::Snapshot { .. } => "▣",
        ItemKind::Certificate { .. } => "◈",
    }
}

/// Returns the words and style at the end of an item's row.
fn state(cx: &Shared, pane: &Evidence, item: &Item) -> (String, Style) {
    let theme = cx.theme;
    match &item.kind {
        ItemKind::Snapshot { position: None } => ("damaged".to_owned(), theme.bad()),
        ItemKind::Snapshot { .. } => ("not measured".to_owned(), theme.dim()),
        ItemKind::Certificate { statement, .. } => match (statement.as_ref(), pane.verdict(item)) {
            (Err(_), _) => ("damaged".to_owned(), theme.bad()),
            (Ok(_), Some(verdict)) => {
                let word = verdict.word();
                let style = details::style(theme, word);
                (format!("{} {word}", word.mark()), style)
            }
            (Ok(statement), None) => (shares(statement), theme.dim()),
        },
    }
}

/// Formats the argmax coverage of A and B, in per cent, at the smallest sample size.
fn shares(statement: &Statement) -> String {
    let share = |vae: Scope| {
        let figures = statement.predicate.figures.iter();
        figures
            .filter(|figure| figure.name == "argmax coverage" && figure.vae == vae)
            .min_by_key(|figure| figure.samples)
            .and_then(|figure| figure.value)
            .map_or(f64::NAN, percent_of_all)
    };
    format!("A {:.1} B {:.1} %", share(Scope::A), share(Scope::B))
}
