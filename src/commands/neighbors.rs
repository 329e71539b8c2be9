//! `neighbors`: the operations whose codes lie nearest to one operation's.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::measure::Evaluator;
use fluxttice_core::measure::neighbours::{Metric, Neighbour, nearest, preservation};
use fluxttice_core::model::{LATENT, Which};
use fluxttice_core::run::find_checkpoint;
use fluxttice_core::space::Operation;

use super::{Done, Failure, json_line, line, note, operations, setup};
use crate::cli::{Global, NeighborsArgs};

/// Runs the command.
pub fn run(global: &Global, args: &NeighborsArgs) -> Done {
    let operations = operations::read(&args.operation)?;
    let checkpoint = find_checkpoint(&setup::runs(global)?, args.checkpoint.as_deref())?;
    let which = Which::from(args.which);
    let everything: Vec<Operation> = Operation::all().collect();
    let codes = Evaluator::new(&checkpoint.weights).posteriors(which, &everything)?;
    let codes: Vec<f32> = codes.mu.into_iter().map(|x| x as f32).collect();
    let (metric, k) = (Metric::from(args.metric), usize::from(args.k));
    for operation in operations {
        if !global.json && !global.quiet {
            let kept =
                preservation(&codes, LATENT, operation, metric, k).map_or(String::new(), |share| {
                    format!(
                        ", {:.0} % of them among the {k} nearest by Hamming distance",
                        100.0 * share
                    )
                });
            note(&format!(
                "{}: {} nearest by {} distance, codes of {} from {}{kept}",
                operations::titled(operation),
                k,
                metric.name(),
                which.name().to_uppercase(),
                checkpoint.origin
            ));
        }
        for neighbour in nearest(&codes, LATENT, operation, metric, k) {
            tell(global, &neighbour)?;
        }
    }
    Ok(ExitCode::SUCCESS)
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
