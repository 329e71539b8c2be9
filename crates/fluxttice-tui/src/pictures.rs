//! Pictures of panes for files: colours, legends and curves.

use fluxttice_core::plot::{Curve, Curves, Dash, Drawing, Heading, Ink, Panel};
use fluxttice_core::session::Content;
use fluxttice_core::session::message::RunKind;

use crate::reading::Cover;
use crate::run_view::RunView;
use crate::theme::Role;
use crate::widgets::chart::{Chart, Reference, Series, Stroke, Window};

/// Colours of Okabe and Ito, which colour-blind readers can tell apart.
pub const BLUE: Ink = (0, 114, 178);
pub const ORANGE: Ink = (230, 159, 0);
pub const GREEN: Ink = (0, 158, 115);
pub const PURPLE: Ink = (204, 121, 167);
pub const VERMILION: Ink = (213, 94, 0);
pub const BLACK: Ink = (0, 0, 0);
/// Colour of operations outside the selection.
pub const GROUND: Ink = (225, 225, 225);
/// Colours from the lowest shade to the highest, in even steps of lightness (viridis, van der Walt and Smith
/// 2015, reversed).
pub const SCALE: [Ink; 5] = [
    (253, 231, 37),
    (94, 201, 98),
    (33, 145, 140),
    (59, 82, 139),
    (68, 1, 84),
];
/// Wraps a drawing as the content of a file.
pub fn content(drawing: Drawing) -> Content {
    Content::Picture(Box::new(drawing))
}

/// Characters of a digest that are shown, the name of the hash function included.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

/// Describes the run in words, for the caption of every picture.
pub fn caption(run: &RunView) -> String {
    let Some(info) = &run.info else {
        return String::new();
    };
    match &info.kind {
        RunKind::Own(recipe) => format!(
            "{}, {}, seed {}, configuration {}",
            info.name,
            recipe.config_name,
            recipe.seed,
            recipe.config_digest.get(..SHORT_DIGEST).unwrap_or_default()
        ),
        RunKind::Foreign(foreign) => format!("{}, trained by {}", info.name, foreign.run.program),
    }
}

/// Returns the legend of [`Cover`], in its order, with its colours.
pub fn covers() -> Vec<(String, Ink)> {
    let covers = [Cover::Neither, Cover::OnlyA, Cover::OnlyB, Cover::Both];
    let inks = [VERMILION, BLUE, ORANGE, GREEN];
    let words = covers.map(|cover| cover.words().to_owned());
    words.into_iter().zip(inks).collect()
}

/// Returns the legend of the five shades between four bounds.
pub fn numbered([a, b, c, d]: [f64; 4]) -> Vec<(String, Ink)> {
    let words = [
        format!("< {a}"),
        format!("{a} to {b}"),
        format!("{b} to {c}"),
        format!("{c} to {d}"),
        format!("≥ {d}"),
    ];
    words.into_iter().zip(SCALE).collect()
}

fn ink(role: Role) -> Ink {
    match role {
        Role::A => BLUE,
        Role::B => ORANGE,
        Role::Both => GREEN,
        Role::Second => PURPLE,
        Role::Plain => BLACK,
    }
}

/// Turns charts into curves for a file, cut to the window. `dotted` names the dotted lines, which on the
/// screen are named beside the chart.
pub fn curves(
    title: String,
    notes: Vec<String>,
    charts: Vec<Chart>,
    window: Window,
    dotted: &str,
) -> Curves {
    let curve = |series: Series| Curve {
        label: match series.stroke {
            Stroke::Dotted => dotted.to_owned(),
            _ => series.label,
        },
        ink: ink(series.role),
        dash: match series.stroke {
            Stroke::Solid => Dash::Solid,
            Stroke::Dashed => Dash::Dashed,
            Stroke::Dotted => Dash::Dotted,
        },
        points: series
            .points
            .into_iter()
            .filter(|(epoch, _)| window.contains(*epoch))
            .collect(),
    };
    let reference = |line: Reference| {
        let name = line.labels.last().cloned();
        (line.value, name.unwrap_or_default())
    };
    let panel = |chart: Chart| Panel {
        title: chart.titles.into_iter().next().unwrap_or_default(),
        curves: chart.series.into_iter().map(curve).collect(),
        references: chart.references.into_iter().map(reference).collect(),
        reach: chart.reach,
        logarithmic: chart.logarithmic,
    };
    Curves {
        heading: Heading {
            title,
            notes,
            legend: Vec::new(),
        },
        epochs: (window.first, window.last),
        panels: charts.into_iter().map(panel).collect(),
    }
}
