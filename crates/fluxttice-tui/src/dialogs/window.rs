//! Frame of a dialog: the only box on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Padding, Widget};
use tui_input::Input;

use crate::format::width;
use crate::layout::cells;
use crate::theme::Theme;

/// Clears an area, draws a frame with a title around it, and returns the area inside.
pub fn frame(area: Rect, buf: &mut Buffer, theme: Theme, title: &str) -> Rect {
    Clear.render(area, buf);
    block()
        .border_style(theme.dim())
        .title(Line::styled(format!(" {title} "), theme.accent()))
        .render(area, buf);
    inner(area)
}

/// Returns the area inside the frame.
pub fn inner(area: Rect) -> Rect {
    block().inner(area)
}

fn block() -> Block<'static> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .padding(Padding::horizontal(1))
}

/// Draws an input line after its label; returns the position of the text cursor, if there is room.
pub fn input(
    area: Rect,
    buf: &mut Buffer,
    label: Span<'_>,
    input: &Input,
    style: Style,
) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    let start = cells(width(&label.content));
    buf.set_line(area.x, area.y, &Line::from(label), area.width);
    let room = area.width.checked_sub(start + 1).filter(|room| *room > 0)?;
    let scroll = input.visual_scroll(usize::from(room));
    let shown: String = visible(input.value(), scroll);
    buf.set_stringn(area.x + start, area.y, shown, usize::from(room), style);
    let column = cells(input.visual_cursor().saturating_sub(scroll));
    Some(Position {
        x: area.x + start + column.min(room),
        y: area.y,
    })
}

/// Returns the text from this column on.
fn visible(text: &str, scroll: usize) -> String {
    let mut column = 0;
    text.chars()
        .skip_while(|character| {
            let hidden = column < scroll;
            column += width(&character.to_string());
            hidden
        })
        .collect()
}
