//! Dialog for a question that is answered with yes or no.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{close_and, window};
use crate::effects::{Dialog, Effect, Effects};
use crate::format::wrap;
use crate::keys::{Action, Context};
use crate::layout::cells;
use crate::shared::Shared;
use crate::widgets::{lines, paragraph};

/// Columns of the dialog.
const WIDTH: u16 = 64;

/// A question that is answered with Enter (yes) or Esc (no).
#[derive(Debug)]
pub struct Question {
    /// Title in the frame of the dialog.
    pub title: &'static str,
    /// Text of the question, wrapped when it is drawn.
    pub text: String,
    /// Effect of a yes, which is taken out once; `None` has none.
    pub then: Option<Effect>,
}

impl Dialog for Question {
    fn context(&self) -> Context {
        Context::Question
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        let rows = wrap(&self.text, usize::from(WIDTH) - 4).len();
        (WIDTH, cells(rows + 4))
    }

    fn act(&mut self, action: Action, _cx: &Shared) -> Option<Effects> {
        (action == Action::Confirm).then(|| close_and(self.then.take()))
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, self.title);
        let mut rows = paragraph(&self.text, usize::from(inner.width), Style::new());
        rows.push(Line::raw(""));
        rows.push(Line::from(vec![
            Span::styled("Enter", theme.key()),
            Span::raw(" do it   "),
            Span::styled("Esc", theme.key()),
            Span::raw(" do nothing"),
        ]));
        lines(inner, buf, &rows);
        None
    }
}
