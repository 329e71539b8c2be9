//! `neighbors`: lists the operations whose codes lie nearest to one operation's, or to a point, or says how all
//! codes lie. The codes are those of a model, or of any embedding.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::measure::Evaluator;
use fluxttice_core::measure::neighbours::{
    Centre, Cloud, EmbeddingFigures, LatentPoint, LatentPointError, Metric, Neighbour, Search,
    Spaces, nearest, preservation,
};
use fluxttice_core::run::Checkpoint;
use fluxttice_core::shown::shown;
use fluxttice_core::space::query::Query;
use fluxttice_core::space::{OPERATIONS, OperationSet};
use fluxttice_core::vae::Scope;
use fluxttice_core::words::thousands;
use fluxttice_core::{Located, locate};

use super::{Done, Failure, json_line, line, note, operations, setup};
use crate::cli::{Global, NeighborsArgs};

/// Number of neighbours listed where neither a number nor a radius is given.
const LISTED: usize = 10;

/// Codes among which neighbours are searched.
enum Source {
    /// A model's codes, in one of its spaces.
    Model {
        checkpoint: Box<Checkpoint>,
        spaces: Box<Spaces>,
        space: Scope,
    },
    /// Codes of an embedding that nothing more is known of.
    Given { cloud: Cloud, file: String },
}

impl Source {
    fn of(global: &Global, args: &NeighborsArgs) -> Result<Self, Failure> {
        if let Some(path) = &args.codes {
            let cloud = operations::embedding(path, args.operations.as_deref())?;
            let file = shown(path);
            return Ok(Self::Given { cloud, file });
        }
        let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
        let spaces = Evaluator::new(&checkpoint.weights).spaces()?;
        Ok(Self::Model {
            checkpoint: Box::new(checkpoint),
            spaces: Box::new(spaces),
            space: Scope::from(args.which),
        })
    }

    fn cloud(&self) -> &Cloud {
        match self {
            Self::Model { spaces, space, .. } => spaces.of(*space),
            Self::Given { cloud, .. } => cloud,
        }
    }

    fn origin(&self) -> String {
        match self {
            Self::Model { checkpoint, .. } => checkpoint.origin.to_string(),
            Self::Given { file, .. } => file.clone(),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Model { space, .. } => {
                format!("codes of {} from {}", space.title(), self.origin())
            }
            Self::Given { file, .. } => format!("codes in {file}"),
        }
    }

    /// Finds a place among the codes.
    fn locate(&self, place: &LatentPoint) -> Result<Located, LatentPointError> {
        match (self, place.operation()) {
            (
                Self::Model {
                    checkpoint,
                    spaces,
                    space,
                },
                _,
            ) => locate(&checkpoint.weights, spaces, *space, place),
            (Self::Given { .. }, Some(operation)) => Ok(operation.into()),
            (Self::Given { .. }, None) => Err(LatentPointError {
                text: place.to_string(),
                problem: "a point between codes needs a decoder, and codes in a file have none"
                    .to_owned(),
            }),
        }
    }
}

/// Says how all codes lie.
fn tell_figures(global: &Global, source: &Source) -> Done {
    let figures = EmbeddingFigures::of(source.cloud());
    if global.json {
        json_line(&json!({ "codes": source.words(), "figures": figures }))?;
        return Ok(ExitCode::SUCCESS);
    }
    line(&format!(
        "{}: {} operations, {} dimensions",
        source.words(),
        thousands(figures.operations as u64),
        figures.dimensions
    ))?;
    for overlap in &figures.overlap {
        line(&format!(
            "neighbourhood overlap@{}: {:.1} % of the {} nearest codes are among the {} nearest by Hamming \
             distance; chance {:.1} %",
            overlap.k,
            100.0 * overlap.share,
            overlap.k,
            overlap.k,
            100.0 * overlap.chance
        ))?;
    }
    line(&match figures.hierarchy {
        Some(found) => format!(
            "hierarchy: {found:+.4}, the rank correlation of a code's norm and its index's 3-adic valuation"
        ),
        None => "hierarchy: none, all codes have one norm".to_owned(),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Lists the neighbours of every operation or point that is given; without one, says how all codes lie.
pub fn run(global: &Global, args: &NeighborsArgs) -> Done {
    let Some(place) = &args.place else {
        return tell_figures(global, &Source::of(global, args)?);
    };
    let places: Vec<LatentPoint> = operations::read(place)?;
    let source = Source::of(global, args)?;
    let cloud = source.cloud();
    let metric = Metric::from(args.metric);
    // Some distances are ones of truth tables; codes come in only where a point is decoded.
    let tables_alone = !metric.needs_codes() && places.iter().all(|at| at.operation().is_some());
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
    let notes = !global.json && !global.quiet;
    for place in places {
        let located = source.locate(&place)?;
        let wrong = |problem: String| Failure::Input(format!("`{place}`: {problem}"));
        if let Some(problem) = located.centre.problem(cloud, metric) {
            let advice = match metric {
                Metric::Euclidean => "",
                _ => "; use --metric euclidean",
            };
            return Err(wrong(format!("{problem}{advice}")));
        }
        let found = nearest(cloud, &located.centre, &search);
        if found.iter().any(|found| !found.distance.is_finite()) {
            return Err(wrong(format!(
                "{} distances from it are no numbers: the codes of {} are too far out",
                metric.name(),
                source.origin()
            )));
        }
        if notes {
            tell_decoded(&place, &located);
            let kept = match &located.centre {
                Centre::Operation(operation) if among.is_none() && !tables_alone => {
                    preservation(cloud, *operation, metric, found.len())
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
                false => format!(", {}", source.words()),
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
