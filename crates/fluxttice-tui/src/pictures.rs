//! Pictures of panes for files: their colours, legends and curves.

use fluxttice_core::plot::{Curve, Curves, Dash, Drawing, Heading, Ink, Panel};
use fluxttice_core::session::Content;

use crate::reading::Cover;
use crate::run_view::RunView;
use crate::theme::Role;
use crate::widgets::chart::{Chart, Reference, Series, Stroke, Window};

/// Okabe and Ito's colours, told apart by colour-blind readers.
pub const BLUE: Ink = (0, 114, 178);
pub const ORANGE: Ink = (230, 159, 0);
pub const GREEN: Ink = (0, 158, 115);
pub const PURPLE: Ink = (204, 121, 167);
pub const VERMILION: Ink = (213, 94, 0);
pub const BLACK: Ink = (0, 0, 0);
/// What lies below what is looked at.
pub const GROUND: Ink = (225, 225, 225);
/// From little to much, evenly in brightness (viridis, van der Walt and Smith 2015, turned round).
pub const SCALE: [Ink; 5] = [
    (253, 231, 37),
    (94, 201, 98),
    (33, 145, 140),
    (59, 82, 139),
    (68, 1, 84),
];
/// A picture as a file's content.
pub fn content(drawing: Drawing) -> Content {
    Content::Picture(Box::new(drawing))
}

/// Characters of a digest that stand for it, with the name of its kind.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

/// The run in words, as every picture names it.
pub fn caption(run: &RunView) -> String {
    run.info.as_ref().map_or_else(String::new, |info| {
        format!(
            "{}, {}, seed {}, configuration {}",
            info.name,
            info.config_name,
            info.seed,
            info.config_digest.get(..SHORT_DIGEST).unwrap_or_default()
        )
    })
}

/// Who generated an operation, in the order of [`Cover`].
pub fn covers() -> Vec<(String, Ink)> {
    let covers = [Cover::Neither, Cover::OnlyA, Cover::OnlyB, Cover::Both];
    let inks = [VERMILION, BLUE, ORANGE, GREEN];
    let words = covers.map(|cover| cover.words().to_owned());
    words.into_iter().zip(inks).collect()
}

/// The five shades between four bounds.
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
        _ => BLACK,
    }
}

/// Charts as far as they are in sight; on the screen the words beside them name what is dotted.
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
