//! Two lines at the top: the run and its condition; the panes and the device.

use fluxttice_core::request::EndReason;
use fluxttice_core::session::message::{Attached, Contact, Recipe, RunKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::format::{fit, fixed, span, width};
use crate::layout::cells;
use crate::run_view::{Condition, PHASES};
use crate::shared::Shared;
use crate::tab::Tab;
use crate::theme::Theme;

/// A piece of a line; the one of least importance is left out first where there is no room.
struct Piece {
    text: String,
    style: Style,
    importance: u8,
}

fn piece(text: impl Into<String>, style: Style, importance: u8) -> Piece {
    Piece {
        text: text.into(),
        style,
        importance,
    }
}

/// Spaces between two pieces.
const BETWEEN: usize = 2;

/// Returns the width of the pieces with the spaces between them, in columns.
fn total(pieces: &[Piece]) -> usize {
    let texts: usize = pieces.iter().map(|piece| width(&piece.text)).sum();
    texts + BETWEEN * pieces.len().saturating_sub(1)
}

/// Draws two groups of pieces, one aligned left and one aligned right.
fn render_pieces(area: Rect, buf: &mut Buffer, mut left: Vec<Piece>, mut right: Vec<Piece>) {
    let room = usize::from(area.width).saturating_sub(2);
    while total(&left) + total(&right) + 2 * BETWEEN > room {
        let least = |pieces: &[Piece]| pieces.iter().map(|piece| piece.importance).min();
        let (Some(weakest), group) = (match (least(&left), least(&right)) {
            (Some(l), Some(r)) if l <= r => (Some(l), &mut left),
            (Some(l), None) => (Some(l), &mut left),
            (_, r) => (r, &mut right),
        }) else {
            break;
        };
        match group.iter().rposition(|piece| piece.importance == weakest) {
            Some(place) => drop(group.remove(place)),
            None => break,
        }
    }
    let mut put = |mut x: u16, pieces: &[Piece]| {
        for piece in pieces {
            buf.set_string(x, area.y, fit(&piece.text, room), piece.style);
            x += cells(width(&piece.text) + BETWEEN);
        }
    };
    put(area.x + 1, &left);
    put(
        area.right()
            .saturating_sub(cells(1 + total(&right)))
            .max(area.x + 1),
        &right,
    );
}

fn condition_style(theme: Theme, condition: Condition) -> Style {
    match condition {
        Condition::Training | Condition::Validating | Condition::Counting | Condition::Saving => {
            theme.accent()
        }
        Condition::Ended(EndReason::Diverged | EndReason::Failed | EndReason::Lost) => theme.bad(),
        Condition::Paused
        | Condition::Pausing
        | Condition::Stopping
        | Condition::FinishingEpoch => theme.warning(),
        _ => theme.strong(),
    }
}

/// Draws the first line: the run, its condition, epoch and speed.
pub fn render(area: Rect, buf: &mut Buffer, cx: &Shared) {
    let (theme, run) = (cx.theme, cx.run());
    let mut left = vec![piece("fluxttice", theme.strong(), 8)];
    if let Some(info) = &run.info {
        match &info.kind {
            RunKind::Own(Recipe {
                config_name, seed, ..
            }) => {
                left.push(piece(config_name, theme.text(), 4));
                let seed = match run.members.runs().saturating_sub(1) {
                    0 => format!("seed {seed}"),
                    others => format!("seed {seed} and {others} more"),
                };
                left.push(piece(seed, theme.dim(), 3));
            }
            RunKind::Foreign(foreign) => {
                left.push(piece(&foreign.run.program, theme.text(), 4));
            }
        }
        let is_run = info.recipe().is_some() || info.training_folder().is_some();
        let word = if is_run { "run " } else { "" };
        left.push(piece(format!("{word}{}", info.name), theme.dim(), 3));
    }
    let mut right = Vec::new();
    if cx.is_frozen() {
        right.push(piece(
            " FROZEN ",
            theme.selected().add_modifier(Modifier::BOLD),
            10,
        ));
    }
    if let Some(unsaved) = &run.unsaved {
        let text = format!(" NOT SAVED from epoch {} on ", unsaved.since);
        right.push(piece(
            text,
            theme.bad().add_modifier(Modifier::REVERSED),
            10,
        ));
    }
    let condition = run.condition();
    let state = format!("{} {}", condition.glyph(), condition.words());
    right.push(piece(state, condition_style(theme, condition), 10));
    if let Some(info) = &run.info {
        if let Some(epoch) = run.epoch() {
            // Padded to the width of the largest number, so that the text after it stays in place.
            let text = match run.total_epochs() {
                Some(total) => format!("epoch {epoch:>0$}/{total}", total.to_string().len()),
                None => format!("epoch {epoch}"),
            };
            right.push(piece(text, theme.strong(), 9));
        }
        if run.recipe().is_some() && (info.training || run.newest().is_some()) {
            let phase = run.phase();
            let name = PHASES
                .get(usize::from(phase).saturating_sub(1))
                .copied()
                .unwrap_or_default();
            right.push(piece(format!("phase {phase}"), theme.text(), 7));
            right.push(piece(name, theme.dim(), 2));
        }
    }
    if let Some(tuning) = run.tuning().filter(|_| !run.is_over()) {
        match tuning.config.rules.len() {
            0 => {}
            1 => right.push(piece("⚑ 1 rule armed", theme.accent(), 6)),
            n => right.push(piece(format!("⚑ {n} rules armed"), theme.accent(), 6)),
        }
    }
    let rate = run.progress.epochs_per_minute;
    if rate > 0.0 && rate.is_finite() && !run.is_over() {
        let decimals = usize::from(rate < 10.0);
        right.push(piece(
            format!("{} epochs/min", fixed(rate, decimals)),
            theme.text(),
            5,
        ));
    }
    if let Some(seconds) = run.seconds_left() {
        right.push(piece(format!("≤ {} left", span(seconds)), theme.text(), 6));
    }
    render_pieces(area, buf, left, right);
}

fn label(tab: Tab) -> String {
    let (key, name) = tab.label();
    format!(" {key} {name} ")
}

/// Returns the area of each tab.
fn places(area: Rect) -> impl Iterator<Item = (Tab, Rect)> {
    let mut x = area.x;
    Tab::ALL.into_iter().map(move |tab| {
        let place = Rect {
            x,
            width: cells(width(&label(tab))),
            ..area
        };
        x += place.width + 1;
        (tab, place)
    })
}

/// Returns the tab at a position, where the row of tabs has this area.
pub fn tab_at(area: Rect, at: Position) -> Option<Tab> {
    places(area)
        .find(|(_, place)| place.contains(at))
        .map(|(tab, _)| tab)
}

/// Returns what is to be said of a trainer that was not heard of, and for how long; `None` where it was heard
/// just now.
fn silence(contact: Contact) -> Option<(&'static str, String)> {
    match contact {
        Contact::Heard => None,
        Contact::Silent(seconds) => Some(("nothing heard", span(seconds as f64))),
        Contact::NotResponding(seconds) => Some(("not responding", span(seconds as f64))),
    }
}

/// Draws the second line: the tabs, of which one is in front, and the device.
pub fn render_tabs(area: Rect, buf: &mut Buffer, cx: &Shared, front: Tab) {
    let theme = cx.theme;
    let mut end = area.x;
    for (tab, place) in places(area) {
        let (key, name) = tab.label();
        let chosen = tab == front;
        let style = if chosen {
            theme.accent().add_modifier(Modifier::UNDERLINED)
        } else {
            theme.text()
        };
        let line = Line::from(vec![
            Span::raw(" "),
            Span::styled(key.to_string(), if chosen { style } else { theme.dim() }),
            Span::styled(format!(" {name}"), style),
        ]);
        buf.set_line(place.x, place.y, &line, place.width);
        end = place.right();
    }
    let Some(info) = &cx.run().info else {
        return;
    };
    let room = usize::from(area.right().saturating_sub(end + 2));
    // The first one that there is room for.
    let (texts, style) = match (&info.attached, silence(cx.run().contact)) {
        (None, _) => {
            let reason = match info.device_reason.is_empty() {
                true => String::new(),
                false => format!(" ({})", info.device_reason),
            };
            let long = format!("{}{reason}", info.device);
            (vec![long, info.device.clone()], theme.dim())
        }
        (Some(Attached { trainer, .. }), None) => {
            let long = match cx.run().is_over() {
                true => format!("trained by {trainer}"),
                false => format!("attached · trained by {trainer}"),
            };
            let texts = vec![long, format!("attached · {trainer}"), "attached".to_owned()];
            (texts, theme.accent())
        }
        (Some(Attached { trainer, .. }), Some((words, time))) => {
            let long = format!("attached · {trainer} · {words} for {time}");
            let texts = vec![
                long,
                format!("{words} for {time}"),
                format!("silent {time}"),
            ];
            (texts, theme.warning())
        }
    };
    let fits = texts.iter().find(|text| width(text) <= room);
    let text = fits
        .or(texts.last())
        .map_or_else(String::new, |text| fit(text, room));
    buf.set_string(
        area.right().saturating_sub(cells(width(&text) + 1)),
        area.y,
        text,
        style,
    );
}
