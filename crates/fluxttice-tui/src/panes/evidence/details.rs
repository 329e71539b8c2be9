//! Details of the chosen snapshot or certificate, and the results of checking it.

use fluxttice_core::certificate::{Item, ItemKind, Predicate, Statement, Verdict, Word};
use fluxttice_core::measure::Figure;
use fluxttice_core::shown::printable;
use fluxttice_core::space::percent_of_all;
use fluxttice_core::vae::Scope;
use fluxttice_core::words::{counted, for_people, separated};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::{Evidence, validation};
use crate::format::{fit, thousands, wrap};
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::{heading, lines};

/// Names of the figures that are shown first.
const HEADLINES: [&str; 3] = ["argmax coverage", "decode entropy", "mutual information"];

/// Column at which values end.
const COLUMN: usize = 76;

/// Draws the title and the details.
pub fn render(title: Rect, area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Evidence) {
    let theme = cx.theme;
    match pane.chosen() {
        Some(item) => heading(title, buf, theme, &item.name, &item.run),
        None if pane.validation(cx).is_some() => heading(title, buf, theme, "this model", ""),
        None => return,
    }
    let rows = details(cx, pane, usize::from(area.width));
    let first = pane.scroll.min(rows.len().saturating_sub(1));
    lines(area, buf, &rows[first..]);
    let more = rows.len() - first;
    if more > usize::from(area.height) && area.height > 1 {
        let text = format!("PgDn {} more", more - usize::from(area.height) + 1);
        let y = area.bottom() - 1;
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        Clear.render(row, buf);
        buf.set_string(area.x, y, fit(&text, usize::from(area.width)), theme.dim());
    }
}

/// Returns the number of lines of the chosen item's details at this width.
pub fn count(cx: &Shared, pane: &Evidence, width: usize) -> usize {
    details(cx, pane, width).len()
}

fn details(cx: &Shared, pane: &Evidence, width: usize) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let mut text = Text {
        theme,
        width,
        lines: Vec::new(),
    };
    if let Some(job) = cx.job() {
        text.accent(&job.status());
    }
    if let Some(findings) = pane.validation(cx) {
        validation::lines(&mut text, findings);
        text.gap();
    }
    if let Some(item) = pane.chosen() {
        said(&mut text, cx, pane, item);
    }
    text.lines
}

/// Adds the statements of an item about itself.
fn said(text: &mut Text, cx: &Shared, pane: &Evidence, item: &Item) {
    match &item.kind {
        ItemKind::Snapshot { position } => {
            match position {
                Some((epochs, 0)) => text.say(&format!("after {}", counted(*epochs, "epoch"))),
                Some((epochs, batch)) => {
                    text.say(&format!(
                        "after {} and {} of the next",
                        counted(*epochs, "epoch"),
                        match batch {
                            1 => "1 batch".to_owned(),
                            many => format!("{many} batches"),
                        }
                    ));
                }
                None => text.bad("its state cannot be read"),
            }
            text.dim(&item.folder.display().to_string());
            text.gap();
            let meanwhile = match cx.live().is_over() {
                true => "",
                false => " Training continues meanwhile.",
            };
            text.dim(&format!("Not measured: c measures it and makes a certificate, t tests whether it learned anything, in ten seconds or so each.{meanwhile}"));
        }
        ItemKind::Certificate { statement, signed } => match statement.as_ref() {
            Err(problem) => {
                text.bad("damaged: certificate.json cannot be read");
                text.dim(problem);
            }
            Ok(statement) => certificate(text, statement, *signed, pane.verdict(item)),
        },
    }
}

fn certificate(text: &mut Text, statement: &Statement, signed: bool, verdict: Option<&Verdict>) {
    let predicate = &statement.predicate;
    match verdict {
        None => text.dim("not checked in this session: v measures everything again"),
        Some(verdict) => {
            let word = verdict.word();
            let headline = format!("{} {}", word.mark(), verdict.headline());
            text.add(&headline, style(text.theme, word));
            text.dim(&verdict.signature);
            for found in verdict.failed() {
                text.bad(&found.name);
                text.dim(&format!("  certificate: {}", found.expected));
                text.dim(&format!("  found: {}", found.found));
            }
            for unchecked in &verdict.unchecked {
                text.dim(&format!("not checked: {}", unchecked.reason));
            }
        }
    }
    text.gap();
    for name in HEADLINES {
        for figure in predicate
            .figures
            .iter()
            .filter(|figure| figure.name == name)
        {
            text.figure(figure, predicate);
        }
    }
    text.gap();
    let run = &predicate.run;
    let device = run.device.as_deref().unwrap_or("not recorded");
    text.say(&format!(
        "run {}: seed {}, {}, trained on {device}",
        run.name,
        run.seed,
        counted(run.epochs, "epoch")
    ));
    let signed = match signed {
        true => "signature not checked here",
        false => "unsigned",
    };
    text.dim(&format!(
        "made {}, {signed}, measurement seed {}",
        predicate.made, predicate.measurement.seed
    ));
    text.dim(&format!(
        "{} {} ({}), {}",
        predicate.tool.name, predicate.tool.version, predicate.tool.commit, predicate.tool.compiler
    ));
    text.gap();
    text.strong("checks");
    for check in &predicate.checks.passed {
        text.dim(&format!("✓ {}", for_people(&check.to_string())));
    }
    for check in &predicate.checks.failed {
        text.bad(&format!("✖ {}", for_people(&check.to_string())));
    }
    text.gap();
    text.strong("every figure");
    text.dim(
        "○ says nothing about learning when it stands alone: untrained weights may score as well",
    );
    for figure in &predicate.figures {
        text.figure(figure, predicate);
    }
}

/// Returns the style of a verdict.
pub(super) fn style(theme: Theme, word: Word) -> Style {
    match word {
        Word::Valid => theme.good(),
        Word::ValidBut => theme.warning(),
        Word::Invalid | Word::NotACertificate => theme.bad(),
    }
}

/// Lines of text, wrapped to a width, each added below the others.
pub(super) struct Text {
    pub(super) theme: Theme,
    pub(super) width: usize,
    pub(super) lines: Vec<Line<'static>>,
}

impl Text {
    fn add(&mut self, text: &str, style: Style) {
        let wrapped = wrap(&printable(text), self.width).into_iter();
        self.lines
            .extend(wrapped.map(|text| Line::styled(text, style)));
    }

    pub(super) fn say(&mut self, text: &str) {
        self.add(text, self.theme.text());
    }

    pub(super) fn dim(&mut self, text: &str) {
        self.add(text, self.theme.dim());
    }

    pub(super) fn strong(&mut self, text: &str) {
        self.add(text, self.theme.strong());
    }

    pub(super) fn accent(&mut self, text: &str) {
        self.add(text, self.theme.accent());
    }

    pub(super) fn good(&mut self, text: &str) {
        self.add(text, self.theme.good());
    }

    pub(super) fn bad(&mut self, text: &str) {
        self.add(text, self.theme.bad());
    }

    pub(super) fn gap(&mut self) {
        self.lines.push(Line::default());
    }

    /// Adds a figure with its N, its value and its ceiling; `○` marks one that says nothing on its own.
    fn figure(&mut self, figure: &Figure, predicate: &Predicate) {
        let defined = predicate
            .definitions
            .iter()
            .find(|defined| defined.name == figure.name);
        let unit = defined.map_or("", |defined| defined.unit.as_str());
        let tells = defined.is_some_and(|defined| defined.ranks_untrained_below);
        let role = match figure.vae {
            Scope::A => Some(Role::A),
            Scope::B => Some(Role::B),
            Scope::Both => None,
        };
        let style = role.map_or(self.theme.text(), |role| self.theme.role(role));
        let mark = if tells { " " } else { "○" };
        let samples = figure
            .samples
            .map_or(String::new(), |n| format!(", N {}", thousands(n.into())));
        let title = figure.title();
        let name = format!("{mark} {:<4} {}{samples} ", figure.vae, printable(&title));
        let value = value(figure, unit);
        // Values end in one column, not too far from their names.
        let room = self.width.min(COLUMN).saturating_sub(value.chars().count());
        let spans = if name.chars().count() <= room {
            vec![
                Span::styled(format!("{name:<room$}"), self.theme.dim()),
                Span::styled(value, style),
            ]
        } else {
            self.lines
                .push(Line::styled(fit(&name, self.width), self.theme.dim()));
            vec![Span::styled(
                format!("{value:>width$}", width = self.width.min(COLUMN)),
                style,
            )]
        };
        self.lines.push(Line::from(spans));
    }
}

/// Formats a figure's value: `86.29 of 92.12 %`, `1.744 nats`, `8.036 ± 0.001 of 9.888 nats`.
fn value(figure: &Figure, unit: &str) -> String {
    let unit = printable(unit);
    let Some(value) = figure.value else {
        return "none".to_owned();
    };
    if unit == "operations" && figure.name != "perplexity" {
        return match figure.ceiling {
            Some(ceiling) => format!(
                "{:.2} of {:.2} %",
                percent_of_all(value),
                percent_of_all(ceiling)
            ),
            None => format!("{value:.0}"),
        };
    }
    let number = |value: f64| {
        separated(&if value == value.trunc() {
            format!("{value:.0}")
        } else if value.abs() < 0.001 {
            format!("{value:.1e}")
        } else {
            format!("{value:.3}")
        })
    };
    let error = figure
        .standard_error
        .map_or(String::new(), |error| format!(" ± {}", number(error)));
    let ceiling = figure
        .ceiling
        .map_or(String::new(), |ceiling| format!(" of {}", number(ceiling)));
    format!("{}{error}{ceiling} {unit}", number(value))
        .trim_end()
        .to_owned()
}
