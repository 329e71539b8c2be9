//! Findings of a validation: this model, untrained ones, a baseline and the bound side by side.

use fluxttice_core::vae::Vae;
use fluxttice_core::validation::{Finding, UNTRAINED, Verdict, failed_deciding, readable};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::details::Text;
use crate::format::{fit, thousands};
use crate::theme::{Role, Theme};

/// Columns of a number with the spaces in front of it, where there is room.
const NUMBER: usize = 10;
/// Columns in front of the numbers, where these have a line of their own.
const LEAD: usize = 4;
/// Columns of a name, where everything stands in one line.
const NAME: usize = 31;

/// Adds the findings, one line for each VAE; where it is narrow the name stands in a line above.
pub fn lines(text: &mut Text, findings: &[Finding]) {
    match failed_deciding(findings) {
        0 => text.good("✓ every deciding test passes"),
        count => text.bad(&format!("✖ {count} of the deciding tests do not pass")),
    }
    text.dim("✓ passes  ✖ fails  ○ does not discriminate: an untrained model or the baseline does as well  – not measured");
    if let Some(finding) = findings.first() {
        let seed = finding.seed;
        text.dim(&format!(
            "measurement seed {seed}; untrained: the best of seeds {}; `validate --list` defines each",
            UNTRAINED.map(|seed| seed.to_string()).join(", ")
        ));
    }
    let wide = text.width >= NAME + LEAD + 5 * NUMBER;
    let column = NUMBER.min(text.width.saturating_sub(LEAD) / 4);
    let mut group = None;
    for finding in findings {
        if group != Some(finding.test.group) {
            group = Some(finding.test.group);
            text.gap();
            text.strong(finding.test.group.title());
            let words = if column < NUMBER {
                ["value", "untr.", "base", "bound"]
            } else {
                ["value", "untrained", "baseline", "bound"]
            };
            let indent = if wide { NAME + LEAD } else { LEAD };
            let head = words.map(|word| format!("{word:>column$}")).concat();
            let samples = if wide {
                format!("{:>column$}", "N")
            } else {
                String::new()
            };
            let head = head + &samples;
            let head = format!("{}{head}", " ".repeat(indent));
            text.lines.push(Line::styled(head, text.theme.dim()));
        }
        let rows = rows(
            text.theme,
            finding,
            wide.then_some(NAME),
            column,
            text.width,
        );
        text.lines.extend(rows);
    }
}

/// Returns the lines of a finding. `beside` gives the columns of a name in front of the numbers; `None` puts
/// the name in a line above A's.
fn rows(
    theme: Theme,
    finding: &Finding,
    beside: Option<usize>,
    column: usize,
    width: usize,
) -> Vec<Line<'static>> {
    let (sign, style) = sign(theme, finding.verdict);
    let role = Role::from(finding.which);
    let name = finding.test.name;
    let samples = thousands(finding.measured.samples.into());
    let whose = Span::styled(finding.which.title(), theme.role(role));
    let numbers = vec![
        Span::raw(format!("{:>column$}", readable(finding.measured.value))),
        Span::styled(
            format!(
                "{:>column$}{:>column$}{:>column$}",
                readable(finding.untrained),
                readable(finding.chance),
                finding.test.bound.readable()
            ),
            theme.dim(),
        ),
    ];
    let sign = Span::styled(format!("{sign} "), style);
    if let Some(room) = beside {
        let name = Span::raw(format!("{:<room$}", fit(name, room)));
        let first = [sign, name, whose, Span::raw(" ")];
        let samples = Span::styled(format!("{samples:>column$}"), theme.dim());
        return vec![first.into_iter().chain(numbers).chain([samples]).collect()];
    }
    let mut rows = Vec::new();
    if finding.which == Vae::A {
        rows.push(Line::raw(fit(&format!("{name}, N {samples}"), width)));
    }
    let first = [sign, whose, Span::raw(" ")];
    rows.push(first.into_iter().chain(numbers).collect());
    rows
}

fn sign(theme: Theme, verdict: Verdict) -> (&'static str, Style) {
    match verdict {
        Verdict::Passes => ("✓", theme.good()),
        Verdict::Fails => ("✖", theme.bad()),
        Verdict::NotMeasured => ("–", theme.dim()),
        Verdict::DoesNotDiscriminate => ("○", theme.warning()),
    }
}
