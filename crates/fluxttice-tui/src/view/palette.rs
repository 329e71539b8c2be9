//! Every command by name.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{dialog, layout};
use crate::app::{App, Offer, Palette};

/// Draws the palette; says where the cursor stands.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, palette: &Palette) -> Option<Position> {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "commands");
    let cursor = dialog::input(
        inner,
        buf,
        Span::styled(": ", theme.accent()),
        &palette.input,
        theme.strong(),
    );
    let list = Rect {
        y: inner.y + 2.min(inner.height),
        height: inner.height.saturating_sub(2),
        ..inner
    };
    let matches = palette.matches(app.tab.context(), app.live().offered_controls());
    if matches.is_empty() && list.height > 0 {
        buf.set_string(
            list.x,
            list.y,
            "no command has these letters in this order",
            theme.dim(),
        );
    }
    let first = layout::first_row(palette.selected, usize::from(list.height), matches.len());
    for ((place, offer), y) in matches
        .iter()
        .enumerate()
        .skip(first)
        .zip(list.y..list.bottom())
    {
        let (name, style, help) = match offer {
            Offer::Command(binding) => (binding.key_names(), theme.key(), binding.help),
            Offer::Control(control) => (control.key.clone(), theme.accent(), control.info.meaning),
        };
        let line = Line::from(vec![
            Span::styled(format!("{name:<20} "), style),
            Span::raw(help),
        ]);
        buf.set_line(list.x, y, &line, list.width);
        if place == palette.selected {
            buf.set_style(
                Rect {
                    y,
                    height: 1,
                    ..list
                },
                theme.selected(),
            );
        }
    }
    cursor
}
