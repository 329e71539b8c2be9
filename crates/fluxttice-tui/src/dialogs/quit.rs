//! Dialog that asks how to stop training, or how to leave it.

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
        (66, 10)
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        let attached = cx.live().attached().is_some();
        let command = match action {
            Action::Interrupt | Action::StopNow => Command::StopNow,
            Action::FinishEpoch => Command::StopAfterEpoch,
            Action::LeaveRunning if attached => return Some(vec![Effect::Perform(Action::Quit)]),
            Action::LeaveRunning => Command::HandOver,
            _ => return None,
        };
        Some(match attached {
            // The trainer is asked; this screen stays to see it stop.
            true => vec![Effect::Close, Effect::Ask(command, None)],
            false => vec![Effect::Leave(command)],
        })
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let attached = cx.live().attached();
        let title = match attached {
            Some(_) => "stop",
            None => "quit",
        };
        let inner = window::frame(area, buf, theme, title);
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
                Action::FinishEpoch if attached.is_none() => "finish this epoch, save, leave",
                Action::StopNow if attached.is_none() => "stop after this batch, save, leave",
                Action::StopNow => "stop after this batch, save",
                Action::LeaveRunning => match attached {
                    Some(_) => "leave it running, and leave this screen",
                    None => "finish this epoch, leave it running without a screen",
                },
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
