//! Two coverages that mislead, each labelled with the reason.

use fluxttice_core::session::VaeEstimates;
use fluxttice_core::space::percent_of_all;
use fluxttice_core::vae::Vae;
use ratatui::text::{Line, Span};

use crate::format::{fixed, thousands};
use crate::shared::Shared;
use crate::theme::Role;
use crate::widgets::paragraph;

/// Returns the lines of both coverages, wrapped to this width; none while they are switched off.
pub fn lines(cx: &Shared, width: usize) -> Vec<Line<'static>> {
    type Pick = fn(&VaeEstimates) -> u32;
    let theme = cx.theme;
    if !cx.misleading {
        return Vec::new();
    }
    let mut out = vec![Line::styled("not evidence (u hides)", theme.warning())];
    let Some(estimates) = &cx.estimates else {
        out.push(Line::styled("being measured …", theme.dim()));
        return out;
    };
    let samples = thousands(estimates.vaes.a.misleading.samples.into());
    let source = &estimates.source;
    let figures: [(String, Pick, &str); 2] = [
        (
            format!("rounded expectation, N {samples}, {source}"),
            |vae| vae.misleading.rounded_expectation,
            "rounds every entry's mean: no sample of the model",
        ),
        (
            format!("untrained, categorical, N {samples}"),
            |vae| vae.misleading.untrained,
            "saturation: as high as trained weights, and says nothing",
        ),
    ];
    for (name, pick, why) in figures {
        out.extend(paragraph(&name, width, theme.dim()));
        // Two decimals, so that 99.95 % does not read as 99.9 %.
        let shares = Vae::BOTH.map(|vae| {
            let share = fixed(percent_of_all(pick(&estimates.vaes[vae]).into()), 2);
            let text = format!("  {} {share:>6} %", vae.title());
            Span::styled(text, theme.role(Role::from(vae)))
        });
        out.push(Line::from(shares.to_vec()));
        out.extend(paragraph(&format!("  {why}"), width, theme.dim()));
    }
    out
}
