//! How to stop.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{dialog, lines};
use crate::app::App;
use crate::keys::{self, Context};

/// Size of the dialog.
pub const SIZE: (u16, u16) = (58, 9);

/// Draws the dialog.
pub fn render(area: Rect, buf: &mut Buffer, app: &App) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "quit");
    let progress = app.live().progress;
    let mut rows = vec![
        Line::raw(format!(
            "epoch {}, batch {} of {}",
            progress.epoch, progress.done, progress.of
        )),
        Line::raw(""),
    ];
    rows.extend(keys::of(Context::Quit).map(|binding| {
        let key = binding
            .keys
            .first()
            .map(|key| key.name())
            .unwrap_or_default();
        let what = match binding.action {
            keys::Action::FinishEpoch => "finish this epoch, save, leave",
            keys::Action::StopNow => "stop after this batch, save, leave",
            _ => binding.help,
        };
        Line::from(vec![
            Span::styled(format!("{key:>4}  "), theme.key()),
            Span::raw(what),
        ])
    }));
    rows.push(Line::raw(""));
    rows.push(match &app.live().unsaved {
        None => Line::styled(
            "The unfinished epoch is dropped; resume does it anew.",
            theme.dim(),
        ),
        Some(unsaved) => Line::styled(
            format!(
                "Not saved from epoch {} on; resume does it anew.",
                unsaved.since
            ),
            theme.bad(),
        ),
    });
    lines(inner, buf, &rows);
    None
}
