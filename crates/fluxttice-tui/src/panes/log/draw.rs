//! Drawing of *Log*: one or more lines of text for each entry, the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Entry, Log, Origin};
use crate::format::{clock, wrap};
use crate::layout::cells;
use crate::log_buffer::LogLevel;
use crate::theme::Theme;
use crate::widgets::heading;

/// Columns before the text: time, origin, level.
const LEAD: u16 = 24;

fn style(theme: Theme, entry: &Entry) -> Style {
    match entry.level {
        LogLevel::Error => theme.bad(),
        LogLevel::Warn => theme.warning(),
        _ if entry.origin == Origin::Library => theme.dim(),
        _ => theme.text(),
    }
}

/// Draws the pane: a heading, and the newest entries that fit whole.
pub fn render(body: Rect, buf: &mut Buffer, theme: Theme, log: &Log) {
    let libraries = if log.libraries { "with" } else { "without" };
    let note = format!(
        "times in UTC · {} and up · {libraries} libraries · {}",
        log.level.name(),
        if log.back == 0 {
            "keeps up".to_owned()
        } else {
            format!("{} newer below", log.back)
        }
    );
    heading(body, buf, theme, "log", &note);
    let area = Rect {
        y: body.y + 1,
        height: body.height - 1,
        ..body
    };
    let room = usize::from(area.width.saturating_sub(LEAD + 1)).max(1);
    // From the lowest line upwards: long lines take several rows, and the newest must be whole.
    let mut y = area.bottom();
    let mut shown = 0;
    for entry in log.visible().rev().skip(log.back) {
        let text: Vec<String> = entry
            .text
            .lines()
            .flat_map(|line| wrap(line, room))
            .collect();
        let rows = cells(text.len()).max(1);
        if y < area.y.saturating_add(rows) {
            break;
        }
        y -= rows;
        shown += 1;
        render_entry(
            Rect {
                y,
                height: rows,
                ..area
            },
            buf,
            theme,
            entry,
            &text,
        );
    }
    if shown == 0 {
        let text = if log.len() == 0 {
            "nothing has happened yet"
        } else {
            "nothing at this level"
        };
        buf.set_string(area.x + 1, area.y + 1.min(area.height), text, theme.dim());
    } else if y > area.y {
        // A log that does not fill the area begins at the top.
        lift(area, buf, y - area.y);
    }
}

fn render_entry(area: Rect, buf: &mut Buffer, theme: Theme, entry: &Entry, text: &[String]) {
    let style = style(theme, entry);
    let lead = Line::from(vec![
        Span::styled(format!(" {}  ", clock(entry.time)), theme.dim()),
        Span::styled(format!("{:<7} ", entry.origin.word()), theme.dim()),
        Span::styled(short(entry.level), style),
    ]);
    buf.set_line(area.x, area.y, &lead, LEAD);
    for (line, y) in text.iter().zip(area.y..area.bottom()) {
        buf.set_stringn(
            area.x + LEAD,
            y,
            line,
            usize::from(area.width.saturating_sub(LEAD)),
            style,
        );
    }
}

fn short(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "✖",
        LogLevel::Warn => "▲",
        LogLevel::Info => "·",
        LogLevel::Debug | LogLevel::Trace => " ",
    }
}

/// Moves the drawn rows up, and clears the rows below them.
fn lift(area: Rect, buf: &mut Buffer, by: u16) {
    for y in area.y..area.bottom() {
        for x in area.left()..area.right() {
            let below = (y + by < area.bottom())
                .then(|| buf.cell((x, y + by)).cloned())
                .flatten();
            if let Some(cell) = buf.cell_mut((x, y)) {
                *cell = below.unwrap_or_default();
            }
        }
    }
}
