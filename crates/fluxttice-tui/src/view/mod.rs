//! A frame: a pure function of the state.

pub(super) mod charts;
mod controls;
mod coverage;
mod coverage_side;
mod dialog;
mod disrupt;
mod evidence;
mod evidence_details;
mod experiment_details;
mod export;
mod find;
mod findings;
mod footer;
mod header;
mod help;
pub mod layout;
mod likelihood;
mod log;
mod misleading;
mod neighbours;
mod operation_list;
mod palette;
mod places;
mod projection;
mod prompt;
mod question;
mod quit;
mod run_details;
mod run_facts;
mod runs;
mod timeline;
mod train;
mod truth_table;
mod validation;
mod values;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::app::{App, Modal, Tab};
use super::format::{fit, width};
use super::theme::Theme;

pub use charts::{COUNT as CHARTS, chart};
pub use coverage_side::drawn;
pub use evidence_details::count as detail_lines;
pub use experiment_details::charts as experiment_charts;
pub use header::tab_at;
pub use help::last_scroll as last_help_scroll;
pub use likelihood::{none_stands_out, whose};
pub use projection::paint;
pub use run_details::charts as run_charts;
pub use train::plot_columns;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    let Some(screen) = layout::screen(area) else {
        too_small(area, buf, app.theme);
        return;
    };
    header::render(screen.header, buf, app);
    header::render_tabs(screen.tabs, buf, app);
    match app.tab {
        Tab::Train => train::render(screen.body, buf, app),
        Tab::Coverage => coverage::render(screen.body, buf, app),
        Tab::Neighbours => neighbours::render(screen.body, buf, app),
        Tab::Runs => runs::render(screen.body, buf, app),
        Tab::Evidence => evidence::render(screen.body, buf, app),
        Tab::Log => log::render(screen.body, buf, app),
    }
    footer::render_status(screen.status, buf, app);
    footer::render_hints(screen.hints, buf, app);
    let cursor = match &app.modal {
        None => None,
        Some(modal) => {
            let room = dialog_area(app, area);
            match modal {
                Modal::Help { scroll } => help::render(room, buf, app, *scroll),
                Modal::Palette(palette) => palette::render(room, buf, app, palette),
                Modal::Quit => quit::render(room, buf, app),
                Modal::Disrupt(form) => disrupt::render(room, buf, app, form),
                Modal::Controls(form) => controls::render(room, buf, app, form),
                Modal::Question(question) => question::render(room, buf, app, question),
                Modal::Find(form) => find::render(room, buf, app, form),
                Modal::Note(form) => places::render_note(room, buf, app, form),
                Modal::Places(form) => places::render(room, buf, app, form),
                Modal::Export(form) => {
                    export::render(room, buf, app, form);
                    None
                }
                Modal::Box(_) => None,
                Modal::Prompt(prompt) => prompt::render(room, buf, app, prompt),
            }
        }
    };
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}

/// Where the dialog lies.
pub fn dialog_area(app: &App, area: Rect) -> Rect {
    let (width, height) = match &app.modal {
        None => (0, 0),
        Some(Modal::Help { .. }) => (92, area.height.saturating_sub(2)),
        Some(Modal::Palette(_)) => (84, 22),
        Some(Modal::Quit) => quit::SIZE,
        Some(Modal::Disrupt(_)) => disrupt::SIZE,
        Some(Modal::Controls(_)) => controls::SIZE,
        Some(Modal::Question(question)) => question::size(question),
        Some(Modal::Find(_)) => find::SIZE,
        Some(Modal::Prompt(_)) => prompt::SIZE,
        Some(Modal::Note(_)) => places::NOTE_SIZE,
        Some(Modal::Places(_)) => places::SIZE,
        Some(Modal::Export(form)) => export::size(form),
        // Drawn on the plane itself.
        Some(Modal::Box(_)) => (0, 0),
    };
    layout::centred(area, width, height)
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
        ("the run goes on".to_owned(), theme.dim()),
    ];
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for ((text, style), y) in lines.into_iter().zip(top..area.bottom()) {
        let text = fit(&text, usize::from(area.width));
        let x = area.x + (area.width.saturating_sub(width(&text) as u16)) / 2;
        buf.set_string(x, y, text, style);
    }
}

/// A heading with a thin rule to the end of its row.
fn heading(area: Rect, buf: &mut Buffer, theme: Theme, title: &str, note: &str) {
    if area.height == 0 {
        return;
    }
    let room = usize::from(area.width);
    let title = fit(title, room);
    let note = fit(note, room.saturating_sub(width(&title) + 1));
    let taken = width(&title) + width(&note) + usize::from(!note.is_empty());
    let mut spans = vec![Span::styled(title, theme.strong())];
    if !note.is_empty() {
        spans.push(Span::styled(format!(" {note}"), theme.dim()));
    }
    if taken + 1 < room {
        spans.push(Span::styled(
            format!(" {}", "─".repeat(room - taken - 1)),
            theme.dim(),
        ));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// An area without its first rows.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// Lines from the top of an area, as many as there is room for.
fn lines(area: Rect, buf: &mut Buffer, lines: &[Line<'_>]) {
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        buf.set_line(area.x, y, line, area.width);
    }
}
