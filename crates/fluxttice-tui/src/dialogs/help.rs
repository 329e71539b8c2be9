//! Help dialog: all keys, from the table that also dispatches them.

use fluxttice_core::request::MarkKind;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::window;
use crate::effects::{Dialog, Effects};
use crate::format::wrap;
use crate::keys::{self, Action, Context, FAR};
use crate::layout::cells;
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::chart::{BEST, glyph};
use crate::widgets::lines;

/// Columns of the keys.
const KEYS: usize = 16;

/// Returns the meaning of the signs, one sentence for each.
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
            "the run was resumed",
        ),
        row(BEST, theme.accent(), "best validation loss so far"),
        row(
            "↗ ↘",
            theme.text(),
            "changed since the previous epoch; no arrow: the same",
        ),
        row(
            "≤ ceiling",
            theme.text(),
            "expected for a perfectly uniform generator with as many samples",
        ),
        row(
            "decode entropy",
            theme.text(),
            "0: each code decodes to one operation; 9.89 nats: to all alike",
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

/// State of the help dialog.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// Number of lines scrolled down.
    scroll: usize,
}

impl Dialog for Help {
    fn context(&self) -> Context {
        Context::Help
    }

    fn size(&self, screen: Rect) -> (u16, u16) {
        (92, screen.height.saturating_sub(2))
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        let by = match action {
            Action::ListUp => -1,
            Action::ListDown => 1,
            Action::ListFarUp => -FAR,
            Action::ListFarDown => FAR,
            _ => return None,
        };
        let inner = window::inner(self.area(cx.area));
        let lines = content(Theme::default(), usize::from(inner.width)).len();
        let last = lines.saturating_sub(usize::from(inner.height));
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
        Some(Vec::new())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let inner = window::frame(area, buf, cx.theme, "help");
        let content = content(cx.theme, usize::from(inner.width));
        let high = usize::from(inner.height);
        let first = self.scroll.min(content.len().saturating_sub(high));
        lines(inner, buf, &content[first..]);
        if content.len() > high {
            let note = format!(
                " {}–{} of {} ",
                first + 1,
                (first + high).min(content.len()),
                content.len()
            );
            let x = area.right().saturating_sub(cells(note.chars().count() + 2));
            buf.set_string(x, area.bottom() - 1, note, cx.theme.dim());
        }
        None
    }
}
