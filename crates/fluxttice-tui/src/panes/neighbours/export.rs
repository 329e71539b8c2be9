//! Files of *Neighbours*: the list as CSV or JSON, the planes as a picture.

use fluxttice_core::listing::Listing;
use fluxttice_core::measure::neighbours::Neighbour;
use fluxttice_core::measure::projection::is_there;
use fluxttice_core::plot::{Heading, Ink, Plane, Points};
use fluxttice_core::space::Operation;
use fluxttice_core::vae::Scope;
use serde_json::json;

use super::around::Ranked;
use super::classes::CellClass;
use super::color_by::ColorBy;
use super::{Neighbours, draw_plane};
use crate::exports::{Exports, Named};
use crate::format::{percent, thousands};
use crate::pictures;
use crate::shared::Shared;

/// Returns the files that the pane can write now.
pub fn exports(cx: &Shared, pane: &Neighbours) -> Exports {
    let view = &pane.around;
    let count = view.found().near.neighbours.len();
    let space = match view.metric.needs_codes() {
        false => "",
        true => pane.title(view.space, cx),
    };
    let place = view.shown();
    let when = pane.past.codes().map_or("", |codes| codes.source.as_str());
    Exports {
        list: (count > 0).then(|| Named {
            words: format!("the {count} nearest to {place}"),
            stem: format!("near {place} {space} {} {when}", view.metric.name()),
        }),
        picture: pane.codes(cx).map(|codes| Named {
            words: "the codes on their planes".to_owned(),
            stem: format!("{} plane {}", cx.run_name(), codes.source),
        }),
        file: None,
    }
}

/// Lists operations with their distances and ranks, one row for each.
pub fn listing(found: &Ranked) -> Listing {
    let mut columns = vec![
        "rank",
        "operation",
        "trits",
        "name",
        "distance",
        "hamming",
        "hamming_rank",
    ];
    if !found.now.is_empty() {
        columns.push("rank_now");
    }
    let row = |(place, near): (usize, &Neighbour)| {
        let mut row = vec![
            json!(near.rank),
            json!(near.operation.index()),
            json!(near.operation.to_string()),
            json!(near.operation.name()),
            json!(near.distance),
            json!(near.hamming),
            json!(near.hamming_rank),
        ];
        row.extend(found.now.get(place).map(|rank| json!(rank)));
        row
    };
    Listing {
        rows: found.neighbours.iter().enumerate().map(row).collect(),
        columns: columns.into_iter().map(Into::into).collect(),
    }
}

/// Returns the shown planes as a picture; `None` where there are no codes.
pub fn planes(cx: &Shared, pane: &Neighbours) -> Option<Points> {
    let codes = pane.codes(cx)?;
    let legend = legend(cx, pane);
    // Operations outside the selection come last in the legend, if there are any.
    let last = legend.last();
    let grounded = last.is_some_and(|(_, ink)| *ink == pictures::GROUND);
    let ground = legend.len().saturating_sub(1);
    let planes: Vec<Plane> = pane
        .around
        .spaces()
        .into_iter()
        .filter_map(|space| plane(cx, pane, space, ground))
        .collect();
    let mut notes = vec![
        pictures::caption(cx.run()),
        format!(
            "codes of {}, by {}",
            codes.source,
            draw_plane::colored_by(cx, pane)
        ),
    ];
    if let Some(selection) = &cx.selection {
        let count = thousands(selection.count as u64);
        notes.push(format!("{count} selected: {}", selection.text));
    }
    (!planes.is_empty()).then(|| Points {
        heading: Heading {
            title: format!("latent codes around {}", pane.around.shown()),
            notes,
            legend,
        },
        ground: grounded.then_some(ground),
        planes,
    })
}

/// Returns the legend of the planes: the classes of the chosen colouring, then that of operations outside the
/// selection.
fn legend(cx: &Shared, pane: &Neighbours) -> Vec<(String, Ink)> {
    let law = pane.planes.law.word;
    let mut legend = match pane.planes.color_by {
        ColorBy::Coverage if cx.run().covered.is_some() => pictures::covers(),
        ColorBy::Probability | ColorBy::Zeros | ColorBy::Apart | ColorBy::Moved => {
            pictures::numbered(pane.planes.color_by.bounds())
        }
        ColorBy::Law => vec![(law.to_owned(), pictures::VERMILION)],
        ColorBy::Coverage | ColorBy::Plain => vec![("operation".to_owned(), pictures::BLUE)],
    };
    if pane.planes.color_by == ColorBy::Law {
        legend.push((format!("not {law}"), pictures::GROUND));
    } else if cx.selection.is_some() {
        legend.push(("not selected".to_owned(), pictures::GROUND));
    }
    legend
}

fn plane(cx: &Shared, pane: &Neighbours, space: Scope, ground: usize) -> Option<Plane> {
    let plane = pane.planes.of(space)?;
    let class = pane.classify(space, cx);
    let kind = |operation| match class(operation) {
        CellClass::Background => ground,
        CellClass::Kind(kind) => kind,
        CellClass::Number(number) => pane.planes.color_by.shade(number),
    };
    let mut points: Vec<([f64; 2], usize)> = Operation::all()
        .zip(&plane.points)
        .filter(|(_, point)| is_there(**point))
        .map(|(operation, point)| (*point, kind(operation)))
        .collect();
    // Operations in the selection are drawn above the others.
    points.sort_by_key(|(_, kind)| *kind != ground);
    let marks = pane.overlay(space, plane, cx);
    let [first, second] = plane.explained.map(|share| percent(100.0 * share));
    Some(Plane {
        title: format!(
            "codes of {}: {first} % and {second} % of variance",
            pane.title(space, cx)
        ),
        points,
        rings: marks.near,
        named: marks
            .centre
            .map(|centre| (centre, pane.around.shown().to_string())),
    })
}
