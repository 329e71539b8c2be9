//! Dialog that asks how to stop training.

use fluxttice_core::request::Command;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::window;
use crate::effects::{Dialog, Effect, Effects};
use crate::keys::{self, Action, Context};
use crate::shared::Shared;
use crate::widgets::lines;

/// Dialog that asks how to stop; it has no state.
#[derive(Clone, Copy, Debug)]
pub struct Quit;

impl Dialog for Quit {
    fn context(&self) -> Context {
        Context::Quit
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (58, 9)
    }

    fn act(&mut self, action: Action, _cx: &Shared) -> Option<Effects> {
        let command = match action {
            Action::Interrupt | Action::StopNow => Command::StopNow,
            Action::FinishEpoch => Command::StopAfterEpoch,
            _ => return None,
        };
        Some(vec![Effect::Leave(command)])
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "quit");
        let progress = cx.live().progress;
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
        rows.push(match &cx.live().unsaved {
            None => Line::styled(
                "The unfinished epoch is discarded; resume repeats it.",
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
}
