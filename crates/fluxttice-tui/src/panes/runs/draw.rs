//! Drawing of *Runs*: every run with its branches, disruptions and experiments; the charts of the chosen one.
//!
//! ```text
//!  runs ────────────────────────────────  20261121-113000-s42 ───────────────────────
//!  ● 20261121-113000-s42  105  A 86 B 87   seed 42, early stop, 106 epochs …
//!    ◆ epoch 50  β_B +0.212  not measured  argmax coverage of A, % ────────── ━this 86.2
//!    ⚖ epoch 50  it helped: +30.3 points
//!    └ 20261121-120000-s42   60  A 80 B 71
//! ```

use std::path::Path;

use fluxttice_core::experiment::Decision;
use fluxttice_core::protocol::standing::Standing;
use fluxttice_core::run::{NotOwn, Summary};
use fluxttice_core::session::RunEntry;
use fluxttice_core::words::counted;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Row, Runs, experiment, run};
use crate::format::{coverage_percent, fit, fit_ends, percent, width};
use crate::layout::{self, cells};
use crate::shared::Shared;
use crate::theme::Theme;
use crate::widgets::{heading, lines, list_rows, paragraph};

/// Glyph of an experiment.
const EXPERIMENT: &str = "⚖";

/// Draws the pane: the list at the left, details at the right.
pub fn render(body: Rect, buf: &mut Buffer, cx: &Shared, pane: &Runs) {
    let parts = layout::list_and_details(body);
    let theme = cx.theme;
    let rows = pane.rows();
    if rows.is_empty() {
        let (note, text) = match pane.entries {
            None => ("", "looking what there is …"),
            Some(_) => (
                "nothing yet",
                "A run is a folder with a configuration, figures, a journal and checkpoints. The explorer makes one when it trains.",
            ),
        };
        heading(parts.head, buf, theme, "runs", note);
        let text = paragraph(text, usize::from(parts.list.width), theme.dim());
        lines(parts.list, buf, &text);
        heading(parts.title, buf, theme, "", "");
        return;
    }
    let runs = pane.entries.as_ref().map_or(0, |entries| entries.len());
    heading(
        parts.head,
        buf,
        theme,
        "runs",
        &format!("{runs}, newest first"),
    );
    for (area, row, chosen) in list_rows(parts.list, pane.selected, &rows) {
        render_row(area, buf, cx, pane, row, chosen);
    }
    match rows.get(pane.selected) {
        Some(Row::Experiment(entry, name, read)) => {
            experiment::render(parts.title, parts.details, buf, cx.theme, entry, name, read);
        }
        Some(Row::Trial(entry, live)) => {
            experiment::render_live(parts.title, parts.details, buf, cx.theme, entry, live);
        }
        Some(row) => run::render(parts.title, parts.details, buf, cx, pane, row),
        None => {}
    }
}

fn render_row(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Runs, row: &Row<'_>, chosen: bool) {
    let theme = cx.theme;
    let base = if chosen {
        theme.selected()
    } else {
        theme.text()
    };
    let indent = "  ".repeat(row.entry().branch.depth);
    let (left, right, style) = match row {
        Row::Run(entry) => match &entry.branch.run {
            Ok(run) => {
                let (sign, right) = (sign(cx, pane, entry, run), figures(cx, run));
                let before = format!("{indent}{sign} ");
                let taken = width(&before) + width(&right) + 1;
                // Names of the runs of a population begin alike.
                let room = usize::from(area.width).saturating_sub(taken);
                (before + &fit_ends(&run.name, room), right, theme.dim())
            }
            Err(NotOwn::Foreign(run)) => {
                let right = counted(run.epochs.len() as u64, "epoch");
                let sign = match is_open_here(cx, &run.path) {
                    true => "●",
                    false => sign_elsewhere(entry.standing).unwrap_or("·"),
                };
                (format!("{indent}{sign} {}", run.name), right, theme.dim())
            }
            Err(NotOwn::Unreadable(_)) => (
                format!("{indent}✖ {}", entry.branch.name()),
                "unreadable".to_owned(),
                theme.bad(),
            ),
        },
        Row::Trial(_, live) => {
            let (done, all) = live.progress();
            let trial = &live.trial;
            (
                format!(
                    "{indent}  {EXPERIMENT} epoch {}  {}",
                    trial.epoch, trial.disruption
                ),
                format!("running, {} %", 100 * done / all.max(1)),
                theme.accent(),
            )
        }
        Row::Disruption(_, epoch, _, disruption) => (
            format!("{indent}  ◆ epoch {epoch}  {disruption}"),
            "not measured".to_owned(),
            theme.dim(),
        ),
        Row::Experiment(_, name, Err(_)) => (
            format!("{indent}  {EXPERIMENT} {name}"),
            "damaged".to_owned(),
            theme.bad(),
        ),
        Row::Experiment(_, _, Ok(found)) => {
            let decision = found.verdict.decision;
            let text = match found.verdict.deciding() {
                Some(first) => format!("{:+.2} points, {}", first.mean, short(decision)),
                None => short(decision).to_owned(),
            };
            (
                format!(
                    "{indent}  {EXPERIMENT} epoch {}  {}",
                    found.epoch, found.disruption
                ),
                text,
                decision_style(theme, decision),
            )
        }
    };
    buf.set_style(area, base);
    let room = usize::from(area.width).saturating_sub(width(&right) + 1);
    buf.set_string(area.x, area.y, fit(&left, room), base);
    let x = area.right().saturating_sub(cells(width(&right)));
    buf.set_string(x, area.y, right, base.patch(style));
}

/// Returns the glyph of a run: at work here, drawn for comparison, trained or paused elsewhere, a branch, or
/// none of these.
fn sign(cx: &Shared, pane: &Runs, entry: &RunEntry, run: &Summary) -> &'static str {
    match sign_elsewhere(entry.standing) {
        _ if is_at_work(cx, run) => "●",
        _ if pane.compared.contains(&run.path) => "┿",
        Some(sign) => sign,
        None if run.open => "◌",
        None if run.parent.is_some() => "»",
        None => "·",
    }
}

/// Returns the glyph of a run that another process trains; `None` where none does.
fn sign_elsewhere(standing: Option<Standing>) -> Option<&'static str> {
    match standing? {
        Standing::Paused => Some("‖"),
        standing if standing.is_live() => Some("◌"),
        _ => None,
    }
}

/// Returns the words at the end of a run's row: epochs and argmax coverage.
fn figures(cx: &Shared, run: &Summary) -> String {
    // The run at work is shown as it is now, not as it was when the list was made.
    let live = cx.live();
    let (newest, coverage) = match is_at_work(cx, run) {
        true => {
            let counted = live.counted(u32::MAX).and_then(|record| record.coverage);
            (live.newest().map(AsRef::as_ref), counted)
        }
        false => (run.newest(), run.coverage()),
    };
    let Some(newest) = newest else {
        return "no epoch yet".to_owned();
    };
    let epochs = newest.epoch + 1;
    match coverage {
        Some(pair) => format!(
            "{epochs:>3}  A {} B {} %",
            percent(coverage_percent(&pair.a.argmax)),
            percent(coverage_percent(&pair.b.argmax))
        ),
        None => counted(epochs, "epoch"),
    }
}

/// Returns true if the run is the one at work here.
pub fn is_at_work(cx: &Shared, run: &Summary) -> bool {
    is_open_here(cx, &run.path)
}

fn is_open_here(cx: &Shared, run: &Path) -> bool {
    let info = cx.live().info.as_ref();
    info.is_some_and(|info| info.training && info.folder == run)
}

/// Returns a decision in one or two words.
pub fn short(decision: Decision) -> &'static str {
    match decision {
        Decision::Identical => "identical",
        Decision::NotRepeated => "not repeated",
        Decision::Helped => "helped",
        Decision::Hurt => "hurt",
        Decision::NoDifferenceShown => "not shown",
    }
}

/// Returns the style of a decision.
pub fn decision_style(theme: Theme, decision: Decision) -> Style {
    match decision {
        Decision::Helped => theme.good(),
        Decision::Hurt => theme.bad(),
        Decision::NoDifferenceShown => theme.warning(),
        Decision::Identical | Decision::NotRepeated => theme.dim(),
    }
}
