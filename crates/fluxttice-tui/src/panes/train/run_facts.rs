//! Facts about the run: device, parameters, folder, configuration.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::format::{thousands, wrap};
use crate::shared::Shared;
use crate::widgets::{below, heading, lines};

/// Columns of a fact's name.
const LABEL: usize = 10;

/// Draws the facts about the run, as many as there is room for.
pub fn render(area: Rect, buf: &mut Buffer, cx: &Shared) {
    let theme = cx.theme;
    let Some(info) = &cx.run().info else { return };
    let Some(recipe) = info.recipe() else { return };
    heading(area, buf, theme, "run", "");
    let [all, a, b, statenet] = recipe.parameters.map(|count| thousands(count as u64));
    let room = usize::from(area.width);
    let facts = [
        ("device", info.device.clone()),
        ("because", info.device_reason.clone()),
        (
            "parameters",
            format!("{all}: A {a}, B {b}, StateNet {statenet}"),
        ),
        ("folder", info.folder.display().to_string()),
        (
            "config",
            format!("{} {}", recipe.config_name, recipe.config_digest),
        ),
    ];
    let mut rows = Vec::new();
    for (name, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
        let wrapped = wrap(&text, room.saturating_sub(LABEL + 1));
        for (row, text) in wrapped.into_iter().enumerate() {
            let name = if row == 0 { name } else { "" };
            let label = Span::styled(format!("{name:<width$}", width = LABEL + 1), theme.dim());
            rows.push(Line::from(vec![label, Span::raw(text)]));
        }
    }
    lines(below(area, 1), buf, &rows);
}
