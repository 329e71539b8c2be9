//! The choice of a file to write of what is in front.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{below, dialog, lines};
use crate::app::{App, ExportForm};
use crate::format::fit;

/// Size of the dialog, its frame included, for so many files.
pub fn size(form: &ExportForm) -> (u16, u16) {
    (76, form.offers.len() as u16 * 2 + 4)
}

/// Draws the dialog.
pub fn render(area: Rect, buf: &mut Buffer, app: &App, form: &ExportForm) {
    let theme = app.theme;
    let inner = dialog::frame(area, buf, theme, "write to a file");
    let wide = usize::from(inner.width);
    for (place, offer) in form.offers.iter().enumerate() {
        let rows = below(inner, 2 * place as u16);
        let kind = format!("{:<5}", offer.format.extension().to_uppercase());
        let words = Line::from(vec![
            Span::styled(kind, theme.accent()),
            Span::raw(fit(&offer.words, wide.saturating_sub(5))),
        ]);
        let to = Line::styled(
            fit(&format!("     {}", offer.to.display()), wide),
            theme.dim(),
        );
        lines(rows, buf, &[words, to]);
        if place == form.selected && rows.height > 0 {
            buf.set_style(Rect { height: 1, ..rows }, theme.selected());
        }
    }
    let told = "to the folder where the program was started; nothing is overwritten";
    let foot = below(inner, 2 * form.offers.len() as u16 + 1);
    lines(foot, buf, &[Line::styled(fit(told, wide), theme.dim())]);
}
