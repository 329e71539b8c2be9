//! Files of *Runs*: the figures of the chosen run as a list, its charts as a picture, an experiment as a copy
//! of its file.

use std::path::PathBuf;

use fluxttice_core::plot::{Curves, Drawing};
use fluxttice_core::run::figures;
use fluxttice_core::run::names::EXPERIMENTS;
use fluxttice_core::session::Content;
use fluxttice_core::words::counted;

use super::{Row, Runs, experiment, run};
use crate::exports::{Exports, Format, Named};
use crate::pictures;
use crate::shared::Shared;

/// Returns the files that the pane can write now.
pub fn exports(cx: &Shared, pane: &Runs) -> Exports {
    // An experiment is a file already.
    let file = experiment_file(pane).map(|(stem, _)| Named {
        words: "the experiment with every metric of both arms".to_owned(),
        stem,
    });
    let chosen = pane.chosen();
    let run = chosen
        .as_ref()
        .and_then(|row| row.entry().branch.run.as_ref().ok())
        .filter(|run| !run.records.is_empty() && file.is_none());
    Exports {
        list: run.map(|run| Named {
            words: format!(
                "figures of {} of {}",
                counted(run.records.len() as u64, "epoch"),
                run.name
            ),
            stem: format!("{} figures", run.name),
        }),
        picture: curves(cx, pane).map(|(name, _)| Named {
            words: format!("the charts of {name}"),
            stem: format!("{name} charts"),
        }),
        file,
    }
}

/// Returns the content of such a file; `None` where there is nothing to write.
pub fn content(format: Format, cx: &Shared, pane: &Runs) -> Option<Content> {
    match (format, experiment_file(pane)) {
        (Format::Svg | Format::Png, _) => {
            let (_, curves) = curves(cx, pane)?;
            Some(pictures::content(Drawing::Curves(curves)))
        }
        (_, Some((_, file))) => Some(Content::File(file)),
        (_, None) => {
            let chosen = pane.chosen()?;
            let run = chosen.entry().branch.run.as_ref().ok()?;
            format.of_list(&figures(run.records.iter()))
        }
    }
}

/// Returns the stem of a name for a copy of the chosen experiment, and the path of its file.
fn experiment_file(pane: &Runs) -> Option<(String, PathBuf)> {
    match pane.chosen()? {
        Row::Experiment(entry, name, Ok(_)) => {
            let experiments = entry.branch.path.join(EXPERIMENTS);
            Some((
                format!("{} {name}", entry.branch.name()),
                experiments.join(format!("{name}.json")),
            ))
        }
        _ => None,
    }
}

/// Returns the name of the chosen run or experiment, with its charts.
fn curves(cx: &Shared, pane: &Runs) -> Option<(String, Curves)> {
    let row = pane.chosen()?;
    let of = row.entry().branch.run.as_ref().ok()?;
    let (name, notes, charts, window, dotted) = match &row {
        Row::Experiment(_, name, read) => {
            let found = read.as_ref().ok()?;
            let (charts, window) = experiment::charts(found);
            let notes = vec![
                format!("{}, from epoch {}", found.disruption, found.epoch),
                found.verdict.to_string(),
            ];
            (
                format!("{} {name}", of.name),
                notes,
                charts,
                window,
                "95 % interval",
            )
        }
        _ => {
            let (charts, window) = run::charts(cx, pane, of)?;
            let notes = vec![format!("seed {}", of.config.seed)];
            (of.name.clone(), notes, charts, window, "")
        }
    };
    let curves = pictures::curves(name.clone(), notes, charts, window, dotted);
    Some((name, curves))
}
