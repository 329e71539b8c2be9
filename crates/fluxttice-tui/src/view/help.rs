//! All keys, from the table that also drives them.

use fluxttice_core::request::MarkKind;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::dialog;
use crate::app::App;
use crate::chart::{BEST, glyph};
use crate::format::wrap;
use crate::keys::{self, Context};
use crate::theme::{Role, Theme};

/// Columns of the keys.
const KEYS: usize = 16;

/// What the signs mean: one sentence each.
fn legend(theme: Theme) -> Vec<Line<'static>> {
    let a = theme.role(Role::A);
    let b = theme.role(Role::B);
    let row = |sign: &'static str, style, text: &'static str| {
        Line::from(vec![
            Span::styled(format!("  {sign:<KEYS$}"), style),
            Span::raw(text),
        ])
    };
    vec![
        Line::styled("signs", theme.strong()),
        row("●A  ○B", a, "A is solid, B dashed, in every chart"),
        row(
            "┈",
            b.patch(theme.dim()),
            "categorical coverage: no measure of quality on its own",
        ),
        row(
            glyph(MarkKind::Disruption),
            theme.accent(),
            "a disruption began",
        ),
        row(
            glyph(MarkKind::Snapshot),
            theme.accent(),
            "a snapshot was saved",
        ),
        row(
            glyph(MarkKind::Resumed),
            theme.accent(),
            "the run was continued",
        ),
        row(BEST, theme.accent(), "best validation loss so far"),
        row(
            "↗ ↘",
            theme.text(),
            "moved since the epoch before; nothing: reads the same",
        ),
        row(
            "≤ ceiling",
            theme.text(),
            "what a perfectly uniform generator reaches with as many draws",
        ),
        row(
            "decode entropy",
            theme.text(),
            "0: each code means one operation; 9.89 nats: a code means nothing",
        ),
        Line::raw(""),
    ]
}

fn content(theme: Theme, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for context in Context::ALL {
        lines.push(Line::styled(context.title(), theme.strong()));
        for binding in keys::of(context) {
            let mut names = binding.key_names();
            for text in wrap(binding.help, columns.saturating_sub(KEYS + 2)) {
                let names = std::mem::take(&mut names);
                lines.push(Line::from(vec![
                    Span::styled(format!("  {names:<KEYS$}"), theme.key()),
                    Span::raw(text),
                ]));
            }
        }
        lines.push(Line::raw(""));
    }
    lines.extend(legend(theme));
    lines.push(Line::styled("mouse", theme.strong()));
    for (what, does) in [
        (
            "click",
            "tabs, charts (crosshair), map cells, neighbours (twice: go there)",
        ),
        ("wheel", "zooms charts and map, scrolls lists"),
        ("Shift-drag", "selects text, in most terminals"),
    ] {
        lines.push(Line::from(vec![
            Span::styled(format!("  {what:<KEYS$}"), theme.key()),
            Span::raw(does),
        ]));
    }
    lines
}

/// The furthest the help can be scrolled in its dialog.
pub fn last_scroll(area: Rect) -> usize {
    let inner = dialog::inner(area);
    content(Theme::default(), usize::from(inner.width))
        .len()
        .saturating_sub(usize::from(inner.height))
}

/// Draws the help.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, scroll: usize) -> Option<Position> {
    let inner = dialog::frame(area, buf, app.theme, "help");
    let content = content(app.theme, usize::from(inner.width));
    let high = usize::from(inner.height);
    let first = scroll.min(content.len().saturating_sub(high));
    super::lines(inner, buf, &content[first..]);
    if content.len() > high {
        let note = format!(
            " {}–{} of {} ",
            first + 1,
            (first + high).min(content.len()),
            content.len()
        );
        let x = area.right().saturating_sub(note.chars().count() as u16 + 2);
        buf.set_string(x, area.bottom() - 1, note, app.theme.dim());
    }
    None
}
