//! Files of *Coverage*: operations as a list, the map as a picture.

use fluxttice_core::listing::Listing;
use fluxttice_core::plot::{Cells, Heading};
use fluxttice_core::space::{Operation, OperationSet};
use fluxttice_core::vae::PerVae;
use serde_json::json;

use super::map::COLUMNS;
use super::{Coverage, side};
use crate::exports::{Exports, Named};
use crate::format::thousands;
use crate::pictures;
use crate::reading::{Cover, LIKELIHOODS, shade};
use crate::shared::Shared;

/// Returns the files that the pane can write now.
pub fn exports(cx: &Shared, pane: &Coverage) -> Exports {
    let covered = cx.run().covered.as_ref();
    let measured = if pane.likely {
        cx.estimates.is_some()
    } else {
        covered.is_some()
    };
    let draw = cx.reading.draw.name();
    let list = match (&cx.selection, covered) {
        (Some(selection), _) => Some(Named {
            words: format!("the {} selected operations", selection.count),
            stem: format!("selected {}", selection.text),
        }),
        (None, covered) => covered.map(|sets| Named {
            words: format!("the missing operations by {draw}"),
            stem: format!("missing {draw} {}", sets.epoch),
        }),
    };
    Exports {
        list,
        picture: measured.then(|| Named {
            words: "the map of all operations".to_owned(),
            stem: format!("{} map", cx.run_name()),
        }),
        file: None,
    }
}

/// Lists the selected operations, or the missing ones without a selection, with the VAEs that generated each;
/// `None` where neither is known.
pub fn listing(cx: &Shared) -> Option<Listing> {
    let (sets, draw) = (cx.run().covered.as_deref(), cx.reading.draw);
    let found = match (&cx.selection, sets) {
        (Some(selection), _) => selection.found.clone(),
        (None, Some(sets)) => {
            let PerVae { a, b } = draw.of(sets);
            let generated = a.union(b);
            let missing = |operation: &Operation| !generated.contains(*operation);
            Operation::all().filter(missing).collect::<OperationSet>()
        }
        (None, None) => return None,
    };
    let row = |operation: Operation| {
        let cover = sets.map(|sets| Cover::of(sets, draw, operation).words());
        vec![
            json!(operation.index()),
            json!(operation.to_string()),
            json!(operation.name()),
            json!(cover),
        ]
    };
    Some(Listing {
        columns: ["operation", "trits", "name", "generated_by"]
            .map(Into::into)
            .to_vec(),
        rows: found.iter().map(row).collect(),
    })
}

/// Returns the map as a picture, by the VAEs that generated each operation or by probability; `None` where
/// that is not measured.
pub fn cells(cx: &Shared, pane: &Coverage) -> Option<Cells> {
    let (title, note, mut legend, kinds) = if pane.likely {
        let estimates = cx.estimates.as_deref()?;
        let kind = |operation| shade(&LIKELIHOODS, cx.reading.likelihood(estimates, operation));
        let kinds: Vec<usize> = Operation::all().map(kind).collect();
        (
            format!("probability, {}, × 1/19,683", cx.reading.whose_words()),
            format!(
                "mean over {} prior codes, seed {}, {}",
                thousands(estimates.vaes.a.codes.into()),
                estimates.seed,
                estimates.source
            ),
            pictures::numbered(LIKELIHOODS),
            kinds,
        )
    } else {
        let sets = cx.run().covered.as_deref()?;
        let kind = |operation| Cover::of(sets, cx.reading.draw, operation) as usize;
        let kinds: Vec<usize> = Operation::all().map(kind).collect();
        (
            format!(
                "who generates what by {}",
                side::drawn(sets, cx.reading.draw)
            ),
            format!("epoch {}", sets.epoch),
            pictures::covers(),
            kinds,
        )
    };
    for (place, (words, _)) in legend.iter_mut().enumerate() {
        let count = kinds.iter().filter(|kind| **kind == place).count();
        *words = format!("{words}: {}", thousands(count as u64));
    }
    // The class after the others is that of operations outside the selection.
    let ground = legend.len();
    if let Some(selection) = &cx.selection {
        legend.push((format!("not {}", selection.text), pictures::GROUND));
    }
    let shown = Operation::all().zip(kinds).map(|(operation, kind)| {
        if cx.is_selected(operation) {
            kind
        } else {
            ground
        }
    });
    Some(Cells {
        heading: Heading {
            title,
            notes: vec![
                pictures::caption(cx.run()),
                format!("{note}; entries 0 to 4 across, 5 to 8 down"),
            ],
            legend,
        },
        columns: COLUMNS,
        cells: shown.collect(),
    })
}
