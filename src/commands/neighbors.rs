//! `neighbors`: lists the operations whose codes lie nearest to one operation's, or to a point.

use fluxttice_core::vae::Scope;
use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::measure::Evaluator;
use fluxttice_core::measure::neighbours::{
    Centre, LatentPoint, Metric, Neighbour, Search, nearest, preservation,
};
use fluxttice_core::space::query::Query;
use fluxttice_core::space::{OPERATIONS, OperationSet};
use fluxttice_core::{Located, locate};

use super::{Done, Failure, json_line, line, note, operations, setup};
use crate::cli::{Global, NeighborsArgs};

/// Number of neighbours listed where neither a number nor a radius is given.
const LISTED: usize = 10;

/// Lists the neighbours of every operation or point that is given.
pub fn run(global: &Global, args: &NeighborsArgs) -> Done {
    let places: Vec<LatentPoint> = operations::read(&args.place)?;
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let metric = Metric::from(args.metric);
    // Hamming distance is one of truth tables; codes come in only where a point is decoded.
    let tables_alone =
        metric == Metric::Hamming && places.iter().all(|at| at.operation().is_some());
    let space = Scope::from(args.which);
    let among: Option<OperationSet> = args.among.as_ref().map(Query::operations);
    let k = args
        .k
        .map_or_else(|| args.radius.map_or(LISTED, |_| OPERATIONS), usize::from);
    let search = Search {
        metric,
        k,
        radius: args.radius.unwrap_or(f64::INFINITY),
        among: among.as_ref(),
    };
    let spaces = Evaluator::new(&checkpoint.weights).spaces()?;
    let notes = !global.json && !global.quiet;
    for place in places {
        let located = locate(&checkpoint.weights, &spaces, space, &place)?;
        let wrong = |problem: String| Failure::Input(format!("`{place}`: {problem}"));
        if let Some(problem) = located.centre.problem(spaces.of(space), metric) {
            return Err(wrong(format!("{problem}; use --metric euclidean")));
        }
        let found = nearest(spaces.of(space), &located.centre, &search);
        if found.iter().any(|found| !found.distance.is_finite()) {
            return Err(wrong(format!(
                "{} distances from it are no numbers: the codes of {} are too far out",
                metric.name(),
                checkpoint.origin
            )));
        }
        if notes {
            tell_decoded(&place, &located);
            let kept = match &located.centre {
                Centre::Operation(operation) if among.is_none() && !tables_alone => {
                    preservation(spaces.of(space), *operation, metric, found.len())
                }
                _ => None,
            };
            let kept = kept.map_or(String::new(), |share| match found.len() {
                1 => format!(", with chance {share:.2} the nearest by Hamming distance, too"),
                many => format!(
                    ", {:.0} % of them among the {many} nearest by Hamming distance",
                    100.0 * share
                ),
            });
            let whose = match tables_alone {
                true => String::new(),
                false => format!(", codes of {} from {}", space.title(), checkpoint.origin),
            };
            note(&format!(
                "{}: {} nearest by {} distance{whose}{kept}",
                titled(&place),
                found.len(),
                metric.name(),
            ));
        }
        for neighbour in found {
            tell(global, &neighbour)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn titled(place: &LatentPoint) -> String {
    let operation = place.operation();
    operation.map_or_else(|| place.to_string(), operations::titled)
}

/// Prints what each decoder makes of a point.
fn tell_decoded(place: &LatentPoint, located: &Located) {
    for (which, decoded) in &located.decoded {
        note(&format!(
            "{place}: {} decodes it to {}, probability {:.4}, entropy {:.3} nats",
            which.title(),
            operations::titled(decoded.operation),
            decoded.probability,
            decoded.entropy
        ));
    }
}

fn tell(global: &Global, neighbour: &Neighbour) -> Result<(), Failure> {
    let operation = neighbour.operation;
    if global.json {
        return json_line(&json!({
            "rank": neighbour.rank,
            "operation": operation.index(),
            "trits": operation.to_string(),
            "name": operation.name(),
            "distance": neighbour.distance,
            "hamming": neighbour.hamming,
            "hamming_rank": neighbour.hamming_rank,
        }));
    }
    let text = format!(
        "{:>4}  {:>5}  {operation}  distance {:>9.5}  Hamming {} (rank {:>5})  {}",
        neighbour.rank,
        operation.index(),
        neighbour.distance,
        neighbour.hamming,
        neighbour.hamming_rank,
        operation.name().unwrap_or("")
    );
    line(text.trim_end())
}
