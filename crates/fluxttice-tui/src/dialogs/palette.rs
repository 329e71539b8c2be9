//! Command palette: every command by name, and every control of the run.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;

use super::controls::Controls;
use super::{close_and, distance, window};
use crate::control::Control;
use crate::effects::{Dialog, Effect, Effects, open};
use crate::keys::{self, Action, Binding, Context};
use crate::layout;
use crate::shared::Shared;
use crate::widgets::{below, list_rows};

/// State of the command palette.
#[derive(Clone, Debug)]
pub struct Palette {
    /// Context of the pane in front, whose commands come first.
    context: Context,
    input: Input,
    selected: usize,
}

/// A line of the palette.
#[derive(Clone, Debug)]
enum Offer {
    /// A command of the key table.
    Command(&'static Binding),
    /// A control of the run, to be changed.
    Control(Box<Control>),
}

impl Offer {
    /// Returns the words by which the line is found, in lower case.
    fn text(&self) -> String {
        let text = match self {
            Self::Command(binding) => format!("{} {}", binding.hint, binding.help),
            Self::Control(control) => format!("{} {}", control.info.name, control.info.meaning),
        };
        text.to_lowercase()
    }
}

impl Palette {
    /// Makes the palette over the pane of this context.
    pub fn of(context: Context) -> Self {
        Self {
            context,
            input: Input::default(),
            selected: 0,
        }
    }

    /// Returns the commands and controls that match, the best first; of equal ones the commands come first.
    fn matches(&self, controls: Vec<Control>) -> Vec<Offer> {
        let wanted = self.input.value().trim().to_lowercase();
        let commands = [self.context, Context::Everywhere, Context::Always]
            .into_iter()
            .flat_map(keys::of)
            .filter(|binding| binding.in_palette())
            .map(Offer::Command);
        let mut found: Vec<(usize, Offer)> = commands
            .chain(
                controls
                    .into_iter()
                    .map(|control| Offer::Control(Box::new(control))),
            )
            .filter_map(|offer| distance(&wanted, &offer.text()).map(|distance| (distance, offer)))
            .collect();
        found.sort_by_key(|(distance, _)| *distance);
        found.into_iter().map(|(_, offer)| offer).collect()
    }

    fn chosen(&self, controls: Vec<Control>) -> Option<Offer> {
        self.matches(controls).into_iter().nth(self.selected)
    }

    fn step(&mut self, by: isize, controls: Vec<Control>) {
        self.selected = layout::step(self.selected, by, self.matches(controls).len());
    }
}

impl Dialog for Palette {
    fn context(&self) -> Context {
        Context::Palette
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (84, 22)
    }

    fn line(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn retyped(&mut self) {
        self.selected = 0;
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        let controls = cx.live().offered_controls();
        match action {
            Action::ListUp => self.step(-1, controls),
            Action::ListDown => self.step(1, controls),
            Action::Confirm => {
                return Some(match self.chosen(controls) {
                    Some(Offer::Command(binding)) => close_and([Effect::Perform(binding.action)]),
                    Some(Offer::Control(control)) => open(Controls::editing(*control)),
                    None => Vec::new(),
                });
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "commands");
        let cursor = window::input(
            inner,
            buf,
            Span::styled(": ", theme.accent()),
            &self.input,
            theme.strong(),
        );
        let list = below(inner, 2);
        let matches = self.matches(cx.live().offered_controls());
        if matches.is_empty() && list.height > 0 {
            buf.set_string(
                list.x,
                list.y,
                "no command has these letters in this order",
                theme.dim(),
            );
        }
        for (row, offer, chosen) in list_rows(list, self.selected, &matches) {
            let (name, style, help) = match offer {
                Offer::Command(binding) => (binding.key_names(), theme.key(), binding.help),
                Offer::Control(control) => {
                    let info = &control.info;
                    (info.name.clone(), theme.accent(), info.meaning.as_str())
                }
            };
            let line = Line::from(vec![
                Span::styled(format!("{name:<20} "), style),
                Span::raw(help),
            ]);
            buf.set_line(row.x, row.y, &line, row.width);
            if chosen {
                buf.set_style(row, theme.selected());
            }
        }
        cursor
    }
}

#[cfg(test)]
mod tests {
    use fluxttice_core::config::Config;

    use super::*;
    use crate::control::of_config;

    #[test]
    fn the_palette_finds_words_and_letters() {
        let palette = |context, text: &str| Palette {
            input: Input::new(text.into()),
            ..Palette::of(context)
        };
        let all = || of_config(&Config::default(), None);
        let first = |text: &str| match palette(Context::Train, text).chosen(all()) {
            Some(Offer::Command(binding)) => Some(binding.action),
            _ => None,
        };
        assert_eq!(first("snapshot"), Some(Action::Snapshot));
        assert_eq!(first("logarithmic"), Some(Action::ToggleLog));
        assert_eq!(first("frz"), Some(Action::ToggleFreeze));
        assert_eq!(first("xyzzy"), None);
        assert!(palette(Context::Log, "").matches(Vec::new()).len() > 20);
        let control = palette(Context::Log, "hold.lambda2").chosen(all());
        assert!(
            matches!(control, Some(Offer::Control(control)) if control.info.name == "hold.lambda2")
        );
    }
}
