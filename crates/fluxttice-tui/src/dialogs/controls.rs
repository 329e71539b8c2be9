//! Dialog of the controls: every configuration key that can be changed during training.

use fluxttice_core::request::Command;
use fluxttice_core::training::Steer;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use tui_input::Input;

use super::{distance, window};
use crate::control::Control;
use crate::effects::{Dialog, Effects, ask};
use crate::format::{fit, scientific, significant, width};
use crate::keys::{Action, Context, FAR};
use crate::layout::{self, cells};
use crate::shared::Shared;
use crate::widgets::{below, lines, list_rows, paragraph};

/// Rows for the meaning of the chosen control.
const MEANING: u16 = 5;

/// Formats a value as it is shown and typed; learning rates are below 0.01 and get an exponent.
pub fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 {
        scientific(value)
    } else {
        significant(value)
    }
}

/// Dialog of the controls: a list to choose from, then a value to type.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    /// Text by which the controls are filtered.
    pub wanted: Input,
    /// Chosen row of the filtered list.
    pub selected: usize,
    /// Key that is being changed, with its value as typed; `None` while the list is shown.
    pub editing: Option<(String, Input)>,
}

impl Controls {
    /// Returns the controls that match the typed text, the best first.
    pub fn matches(&self, controls: Vec<Control>) -> Vec<Control> {
        let wanted = self.wanted.value().trim().to_lowercase();
        let mut found: Vec<(usize, Control)> = controls
            .into_iter()
            .filter_map(|control| {
                let text = format!("{} {}", control.info.name, control.info.meaning).to_lowercase();
                distance(&wanted, &text).map(|distance| (distance, control))
            })
            .collect();
        found.sort_by_key(|(distance, _)| *distance);
        found.into_iter().map(|(_, control)| control).collect()
    }

    /// Moves the choice in the list by some rows; does nothing while a value is typed.
    pub fn step(&mut self, by: isize, controls: Vec<Control>) {
        if self.editing.is_none() {
            self.selected = layout::step(self.selected, by, self.matches(controls).len());
        }
    }

    /// Makes the dialog in which this control is being changed.
    pub fn editing(control: Control) -> Self {
        let mut form = Self {
            wanted: Input::new(control.info.name.clone()),
            ..Self::default()
        };
        form.edit(vec![control]);
        form
    }

    /// Starts typing a value for the chosen control, from its present value.
    pub fn edit(&mut self, controls: Vec<Control>) {
        if let Some(control) = self.matches(controls).into_iter().nth(self.selected) {
            let value = match control.followed.filter(|_| control.follows) {
                Some(now) => number(now),
                None => control.info.value,
            };
            self.editing = Some((control.info.name, Input::new(value)));
        }
    }

    /// Drops the typed value and returns to the list.
    pub fn back(&mut self) {
        self.editing = None;
    }

    /// Starts changing the chosen control, or asks the worker for the typed value.
    fn confirmed(&mut self, cx: &Shared) -> Effects {
        match self.editing.clone() {
            None => self.edit(cx.live().controls()),
            Some((key, value)) => {
                // While the value is wrong the dialog shows the reason and stays open.
                if cx.live().problem_with(&key, value.value()).is_none() {
                    let steer = Steer::set(key, value.value().trim());
                    self.back();
                    return ask(Command::Steer(steer));
                }
            }
        }
        Vec::new()
    }
}

impl Dialog for Controls {
    fn context(&self) -> Context {
        Context::Controls
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (78, 22)
    }

    fn line(&mut self) -> Option<&mut Input> {
        Some(match &mut self.editing {
            Some((_, value)) => value,
            None => &mut self.wanted,
        })
    }

    fn retyped(&mut self) {
        self.selected = 0;
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        let controls = || cx.live().controls();
        match action {
            Action::Close if self.editing.is_some() => self.back(),
            Action::ListUp => self.step(-1, controls()),
            Action::ListDown => self.step(1, controls()),
            Action::ListFarUp => self.step(-FAR, controls()),
            Action::ListFarDown => self.step(FAR, controls()),
            Action::Confirm => return Some(self.confirmed(cx)),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "controls");
        let line = Rect {
            height: 1.min(inner.height),
            ..inner
        };
        let cursor = match &self.editing {
            None => {
                let label = Span::styled("find ", theme.accent());
                window::input(line, buf, label, &self.wanted, theme.strong())
            }
            Some((key, value)) => {
                let label = Span::styled(format!("{key} = "), theme.accent());
                window::input(line, buf, label, value, theme.strong())
            }
        };
        let matches = self.matches(cx.live().controls());
        let rest = below(inner, 2);
        let high = rest.height.saturating_sub(MEANING);
        let list = Rect {
            height: high,
            ..rest
        };
        if matches.is_empty() && list.height > 0 {
            let text = "no control has these letters in this order";
            buf.set_string(list.x, list.y, text, theme.dim());
        }
        for (row, control, chosen) in list_rows(list, self.selected, &matches) {
            render_row(row, buf, cx, control);
            if chosen {
                buf.set_style(row, theme.selected());
            }
        }
        if let Some(control) = matches.get(self.selected) {
            render_meaning(below(rest, high + 1), buf, cx, self, control);
        }
        cursor
    }
}

fn render_row(row: Rect, buf: &mut Buffer, cx: &Shared, control: &Control) {
    let theme = cx.theme;
    let value = match (control.follows, control.followed) {
        (true, Some(now)) => format!("by its schedule, now {:>8}", number(now)),
        (true, None) => "as published".to_owned(),
        (false, _) => control.info.value.clone(),
    };
    let room = usize::from(row.width).saturating_sub(width(&value) + 2);
    buf.set_string(row.x, row.y, fit(&control.info.name, room), theme.text());
    let style = if control.follows {
        theme.dim()
    } else {
        theme.strong()
    };
    let x = row.right().saturating_sub(cells(width(&value)));
    buf.set_string(x, row.y, value, style);
}

/// Draws the meaning and range of the control, or the error in the typed value.
fn render_meaning(area: Rect, buf: &mut Buffer, cx: &Shared, form: &Controls, control: &Control) {
    let theme = cx.theme;
    let room = usize::from(area.width);
    let problem = form.editing.as_ref().and_then(|(key, value)| {
        let problem = cx.live().problem_with(key, value.value());
        problem.filter(|_| !value.value().trim().is_empty())
    });
    if let Some(problem) = problem {
        let rows = paragraph(&format!("▲ {problem}"), room, theme.warning());
        return lines(area, buf, &rows);
    }
    let info = &control.info;
    let unit = info.unit.as_ref().filter(|_| cx.live().foreign.is_some());
    let unit = unit.map_or_else(String::new, |unit| format!(" {unit}"));
    let mut rows = paragraph(&info.meaning, room, Style::new());
    rows.push(Line::styled(
        format!(
            "{}: {}{unit}; takes effect with the next {}",
            info.kind, info.range, info.safe_point
        ),
        theme.dim(),
    ));
    lines(area, buf, &rows);
}
