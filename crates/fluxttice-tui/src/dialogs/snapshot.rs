//! Dialog for the name of a snapshot, which says where it would be saved.

use fluxttice_core::request::Command;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;
use tui_input::Input;

use super::{close_and, window};
use crate::effects::{Dialog, Effect, Effects};
use crate::keys::{Action, Context};
use crate::shared::Shared;
use crate::widgets::{below, lines, paragraph};

/// State of the dialog for the name of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    input: Input,
}

impl Snapshot {
    /// Returns the typed name; `None` where the worker is to choose one. The error says why a folder cannot
    /// have the typed name.
    fn name(&self) -> Result<Option<String>, String> {
        let name = self.input.value().trim();
        if name.is_empty() {
            return Ok(None);
        }
        if let Some(bad) = name
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !"._-".contains(*c))
        {
            return Err(format!(
                "`{bad}` cannot stand in a name; letters, digits, . _ - can"
            ));
        }
        if name.starts_with(['.', '-']) {
            return Err("a name begins with a letter, a digit or _".into());
        }
        Ok(Some(name.to_owned()))
    }
}

impl Dialog for Snapshot {
    fn context(&self) -> Context {
        Context::Prompt
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (66, 6)
    }

    fn line(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn act(&mut self, action: Action, _cx: &Shared) -> Option<Effects> {
        // While the name is wrong the dialog shows the reason and stays open.
        (action == Action::Confirm).then(|| match self.name() {
            Ok(name) => close_and([Effect::Ask(Command::Snapshot { name }, None)]),
            Err(_) => Vec::new(),
        })
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "snapshot");
        let label = Span::styled("name ", theme.accent());
        let cursor = window::input(inner, buf, label, &self.input, theme.strong());
        let (text, style) = match self.name() {
            Err(problem) => (format!("▲ {problem}"), theme.warning()),
            Ok(None) => (
                "without a name one is chosen from the epoch".to_owned(),
                theme.dim(),
            ),
            Ok(Some(name)) => (
                format!("the model as it is, saved as snapshots/{name}"),
                theme.dim(),
            ),
        };
        let rows = paragraph(&text, usize::from(inner.width), style);
        lines(below(inner, 2), buf, &rows);
        cursor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_be_one_for_a_folder() {
        let name = |text: &str| {
            Snapshot {
                input: Input::new(text.into()),
            }
            .name()
        };
        assert_eq!(name(" "), Ok(None));
        assert_eq!(name("before-50"), Ok(Some("before-50".into())));
        assert!(name("../x").is_err() && name("-x").is_err() && name("a b").is_err());
    }
}
