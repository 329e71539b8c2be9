//! Two lines at the bottom: the last message and progress within the epoch; keys that do something here.

use fluxttice_core::numbers::{index, rounded};
use fluxttice_core::record::Stage;
use fluxttice_core::request::EndReason;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::format::{fit, significant, thousands, width};
use crate::keys::{self, Action, Context};
use crate::layout::cells;
use crate::log_buffer::LogLevel;
use crate::panes::runs::LiveTrial;
use crate::run_view::Condition;
use crate::shared::Job;

/// Columns of the progress bar.
const BAR: usize = 12;

/// Draws the last message and the progress within the epoch.
pub fn render_status(area: Rect, buf: &mut Buffer, app: &App) {
    let mut progress = progress(app);
    // The last message matters more than the progress.
    let said = app.toast().map_or(0, |toast| width(&toast.text) + 6);
    let known: usize = progress.iter().map(|(text, _)| width(text)).sum();
    if said + known > usize::from(area.width)
        && (app.shared.run().is_over() || said > usize::from(area.width) / 2)
    {
        progress.clear();
    }
    let taken: usize = progress.iter().map(|(text, _)| width(text)).sum();
    let mut x = area.right().saturating_sub(cells(taken + 1));
    let end = x;
    for (text, style) in progress {
        buf.set_string(x, area.y, &text, style);
        x += cells(width(&text));
    }
    let room = usize::from(end.saturating_sub(area.x + 3));
    let Some(toast) = app.toast() else {
        let trial = app.panes.runs.trials.front().map(LiveTrial::status);
        if let Some(text) = app.shared.job().map(Job::status).or(trial) {
            buf.set_string(
                area.x + 1,
                area.y,
                fit(&text, room),
                app.shared.theme.accent(),
            );
        }
        return;
    };
    let (sign, style) = match toast.level {
        LogLevel::Error => ("✖ ", app.shared.theme.bad()),
        LogLevel::Warn => ("▲ ", app.shared.theme.warning()),
        _ => ("", app.shared.theme.accent()),
    };
    buf.set_string(
        area.x + 1,
        area.y,
        fit(&format!("{sign}{}", toast.text), room),
        style,
    );
}

fn progress(app: &App) -> Vec<(String, Style)> {
    let (theme, run) = (app.shared.theme, app.shared.run());
    let progress = run.progress;
    if run.is_over() {
        let text = match run.condition() {
            Condition::Exploring => return Vec::new(),
            Condition::Ended(EndReason::Diverged) => {
                "training stopped: a loss is not a number; q quits"
            }
            Condition::Ended(EndReason::Failed) => "training stopped with an error; q quits",
            Condition::Ended(EndReason::Lost) if run.foreign.is_some() => {
                "its trainer is gone; q quits"
            }
            Condition::Ended(EndReason::Lost) => "its trainer is gone; q quits, --resume goes on",
            _ => "training ended; q quits",
        };
        return vec![(text.to_owned(), theme.dim())];
    }
    if app.is_leaving() {
        return vec![("leaves when saved".to_owned(), theme.dim())];
    }
    let (name, unit) = match progress.stage {
        // A trainer of another program may not say where in the epoch it is.
        _ if run.foreign.is_some() && progress.of == 0 => return Vec::new(),
        Stage::Preparing if run.foreign.is_none() => {
            return vec![(
                "opening the device; on a GPU its kernels are compiled".to_owned(),
                theme.dim(),
            )];
        }
        Stage::Saving => return vec![("saving the epoch".to_owned(), theme.dim())],
        Stage::Preparing | Stage::Training => ("batch", ""),
        Stage::Validation => ("validation batch", ""),
        Stage::Coverage => ("coverage", " tiles"),
    };
    let share = if progress.of == 0 {
        0.0
    } else {
        f64::from(progress.done) / f64::from(progress.of)
    };
    let full = index(rounded(share * BAR as f64)).min(BAR);
    // As wide as the number of the last batch.
    let digits = progress.of.to_string().len();
    let mut parts = Vec::new();
    if progress.loss.is_finite() && progress.stage == Stage::Training {
        parts.push((
            format!("batch loss {:>6}   ", significant(progress.loss)),
            theme.dim(),
        ));
    }
    parts.push((
        format!(
            "{name} {:>digits$}/{}{unit} ",
            progress.done,
            thousands(progress.of.into())
        ),
        theme.text(),
    ));
    parts.push(("━".repeat(full), theme.accent()));
    parts.push(("─".repeat(BAR - full), theme.dim()));
    parts
}

/// Draws the keys that do something here: as many as fit, help, palette and quit always.
pub fn render_hints(area: Rect, buf: &mut Buffer, app: &App) {
    let theme = app.shared.theme;
    // In Train the keys that steer the run come first, elsewhere those that move about in the pane.
    let contexts: &[Context] = match app.contexts() {
        [Context::Train, everywhere] => &[everywhere, Context::Train],
        [of_pane, Context::Everywhere] => &[of_pane, Context::Everywhere],
        [of_dialog, _] => &[of_dialog],
    };
    let (always, optional): (Vec<_>, Vec<_>) = contexts
        .iter()
        .flat_map(|context| keys::of(*context))
        .filter(|binding| !binding.hint.is_empty() && is_possible(app, binding.action))
        .partition(|binding| is_always_shown(binding.action));
    let text = |binding: &&'static keys::Binding| (hint_keys(binding), hint(app, binding));
    let always: Vec<(String, &str)> = always.iter().map(text).collect();
    let optional: Vec<(String, &str)> = optional.iter().map(text).collect();
    let size = |(key, hint): &(String, &str)| width(key) + 1 + width(hint) + 2;
    let mut room =
        usize::from(area.width).saturating_sub(1 + always.iter().map(size).sum::<usize>());
    let shown = optional.iter().take_while(|binding| {
        let fits = size(binding) <= room;
        room = room.saturating_sub(size(binding));
        fits
    });
    let mut spans = vec![Span::raw(" ")];
    for (key, hint) in shown.chain(&always) {
        spans.push(Span::styled(key.clone(), theme.key()));
        spans.push(Span::styled(format!(" {hint}  "), theme.dim()));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Returns true for actions whose keys are shown at every width.
fn is_always_shown(action: Action) -> bool {
    matches!(action, Action::Help | Action::Palette | Action::Quit)
}

/// Returns true if an action can be done now; no other is offered.
fn is_possible(app: &App, action: Action) -> bool {
    let live = app.shared.live();
    let front = app.front().offers(action, &app.shared);
    front.unwrap_or_else(|| match action {
        Action::Disrupt | Action::Certify | Action::Branch if live.foreign.is_some() => false,
        Action::TogglePause | Action::Disrupt | Action::Controls => !live.is_over(),
        Action::Certify => live.answers(),
        Action::Snapshot => live.serves(),
        Action::Branch | Action::OpenRun => live.moves(),
        _ => true,
    })
}

/// Returns the names of a hint's keys: those of a whole group where one hint stands for it.
fn hint_keys(binding: &keys::Binding) -> String {
    match binding.action {
        Action::EpochBack | Action::ChoiceBack => "←→".into(),
        Action::Left => "←↑↓→".into(),
        Action::ListUp | Action::ListDown | Action::ChartsDown => "↑↓".into(),
        Action::ZoomIn | Action::MapZoomIn => "+-".into(),
        Action::SpaceA => "a b".into(),
        _ => binding
            .keys
            .first()
            .map(|key| key.name())
            .unwrap_or_default(),
    }
}

/// Returns the words of a hint; a toggle names the direction in which it works now.
fn hint(app: &App, binding: &'static keys::Binding) -> &'static str {
    match binding.action {
        Action::TogglePause
            if matches!(
                app.shared.live().condition(),
                Condition::Paused | Condition::Pausing
            ) =>
        {
            "resume"
        }
        Action::ToggleFreeze if app.shared.is_frozen() => "unfreeze",
        action => app.front().hint(action).unwrap_or(binding.hint),
    }
}
