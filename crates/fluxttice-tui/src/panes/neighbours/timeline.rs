//! Kept epochs of a run in one line, with a mark on the one whose codes are shown.
//!
//! ```text
//! then: epoch 49 ┼───┼───┼───┼───◆───┼───┼───┼───● now: epoch 105   < earlier  > later  w who moved
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Neighbours;
use crate::format::width;
use crate::shared::Shared;
use fluxttice_core::numbers::{index, rounded};

/// Fewest columns of the line itself.
const SHORTEST: usize = 12;

/// Draws the line, its ends in words, and its keys.
pub fn render(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Neighbours) {
    let theme = cx.theme;
    let Some(now) = &cx.run().codes else {
        return;
    };
    let then = pane.past.codes();
    let at = match then {
        Some(codes) => format!("then: {} ", codes.source),
        None => "now ".to_owned(),
    };
    let end = format!(" now: {}", now.source);
    let keys = ["   < earlier  > later  w who moved", "   < >  w", ""];
    let taken = |keys: &str| width(&at) + width(&end) + width(keys);
    let room = usize::from(area.width);
    let keys = keys
        .into_iter()
        .find(|keys| taken(keys) + SHORTEST <= room)
        .unwrap_or_default();
    let columns = room.saturating_sub(taken(keys)).max(1);
    // Training goes on after the kept epochs were read.
    let kept = pane.past.kept.iter().copied();
    let last = kept.fold(now.epoch, u32::max);
    let column = |epochs: u32| {
        let share = f64::from(epochs) / f64::from(last.max(1));
        index(rounded(share * (columns - 1) as f64))
    };
    let mut line = vec!['─'; columns];
    for kept in &pane.past.kept {
        if let Some(place) = line.get_mut(column(*kept)) {
            *place = '┼';
        }
    }
    if let Some(place) = line.get_mut(column(now.epoch)) {
        *place = '●';
    }
    let here = column(then.map_or(now.epoch, |codes| codes.epoch)).min(columns - 1);
    let line: Vec<String> = line.into_iter().map(String::from).collect();
    let line = Line::from(vec![
        Span::styled(at, theme.accent()),
        Span::styled(line[..here].concat(), theme.dim()),
        Span::styled("◆", theme.accent()),
        Span::styled(line[here + 1..].concat(), theme.dim()),
        Span::styled(end, theme.dim()),
        Span::styled(keys, theme.dim()),
    ]);
    buf.set_line(area.x, area.y, &line, area.width);
}
