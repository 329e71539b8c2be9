//! List of the findings below the values, the worst first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::findings::{Finding, Gravity, findings};
use crate::format::wrap;
use crate::layout::cells;
use crate::shared::Shared;
use crate::theme::Theme;
use crate::widgets::{below, heading, lines};

/// Draws the findings in the records up to this epoch; returns the number of rows used.
pub fn render(area: Rect, buf: &mut Buffer, cx: &Shared, epoch: u32) -> u16 {
    let (theme, run) = (cx.theme, cx.run());
    let end = run.records.partition_point(|record| record.epoch <= epoch);
    let found = findings(&run.records[..end], run.info.as_deref(), &run.members);
    heading(area, buf, theme, "findings", "");
    let high = usize::from(area.height).saturating_sub(1);
    let room = usize::from(area.width).saturating_sub(2);
    let mut rows: Vec<Line<'_>> = Vec::new();
    let whole: Vec<Line<'_>> = found
        .iter()
        .flat_map(|one| with_hint(theme, one, room))
        .collect();
    // Hints are shown only where all findings fit with them.
    let all_fit = whole.len() <= high;
    if all_fit {
        rows = whole;
    }
    for (place, finding) in found.iter().enumerate().filter(|_| !all_fit) {
        let (sign, style) = look(theme, finding.gravity);
        let mut text = wrap(&finding.text, room);
        let more = found.len() - place - 1;
        let left = high.saturating_sub(rows.len());
        if text.len() + usize::from(more > 0) > left {
            let open = more + 1;
            // Half a finding says more than none, but the number of the others must be shown.
            if left >= 2 && text.len() > left - usize::from(more > 0) {
                text.truncate(left - 1);
                rows.extend(bullets(sign, style, text));
                let rest = match more {
                    0 => "  …".to_owned(),
                    more => format!("  … and {more} more"),
                };
                rows.push(Line::styled(rest, theme.dim()));
            } else if left >= 1 {
                rows.push(Line::styled(format!("  … {open} more"), theme.dim()));
            }
            break;
        }
        rows.extend(bullets(sign, style, text));
    }
    if found.is_empty() {
        rows.push(Line::styled("nothing out of the ordinary", theme.dim()));
    }
    lines(below(area, 1), buf, &rows);
    cells(rows.len() + 1)
}

fn look(theme: Theme, gravity: Gravity) -> (&'static str, Style) {
    match gravity {
        Gravity::Bad => ("✖", theme.bad()),
        Gravity::Watch => ("▲", theme.warning()),
        Gravity::Note => ("·", theme.text()),
    }
}

/// Returns the lines of a finding with its hint.
fn with_hint(theme: Theme, finding: &Finding, room: usize) -> Vec<Line<'static>> {
    let (sign, style) = look(theme, finding.gravity);
    let mut rows = bullets(sign, style, wrap(&finding.text, room));
    if !finding.hint.is_empty() {
        let hint = wrap(&format!("→ {}", finding.hint), room);
        rows.extend(
            hint.into_iter()
                .map(|text| Line::styled(format!("  {text}"), theme.dim())),
        );
    }
    rows
}

fn bullets(sign: &'static str, style: Style, text: Vec<String>) -> Vec<Line<'static>> {
    text.into_iter()
        .enumerate()
        .map(|(row, text)| {
            let sign = if row == 0 { sign } else { " " };
            Line::from(vec![
                Span::styled(format!("{sign} "), style),
                Span::raw(text),
            ])
        })
        .collect()
}
