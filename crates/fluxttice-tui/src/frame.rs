//! Drawing of a frame, which is a pure function of the state.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::format::{fit, width};
use crate::layout::cells;
use crate::theme::Theme;
use crate::{footer, header, layout};

/// Draws header, tabs, pane, status line, hints, and the dialog over the pane.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    let Some(screen) = layout::screen(area) else {
        too_small(area, buf, app.shared.theme);
        return;
    };
    header::render(screen.header, buf, &app.shared);
    header::render_tabs(screen.tabs, buf, &app.shared, app.tab);
    app.front().draw(screen.body, buf, &app.shared);
    footer::render_status(screen.status, buf, app);
    footer::render_hints(screen.hints, buf, app);
    let Some(dialog) = &app.dialog else {
        return;
    };
    let room = dialog.area(area);
    if let Some(position) = dialog.draw(room, buf, &app.shared) {
        frame.set_cursor_position(position);
    }
}

fn too_small(area: Rect, buf: &mut Buffer, theme: Theme) {
    let smallest = layout::SMALLEST;
    let lines = [
        (
            format!("too small: {}×{}", area.width, area.height),
            theme.strong(),
        ),
        (
            format!("needs {}×{}", smallest.width, smallest.height),
            theme.dim(),
        ),
        ("training continues".to_owned(), theme.dim()),
    ];
    let top = area.y + area.height.saturating_sub(cells(lines.len())) / 2;
    for ((text, style), y) in lines.into_iter().zip(top..area.bottom()) {
        let text = fit(&text, usize::from(area.width));
        let x = area.x + (area.width.saturating_sub(cells(width(&text)))) / 2;
        buf.set_string(x, y, text, style);
    }
}
