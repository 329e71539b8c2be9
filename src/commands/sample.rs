//! `sample`: generates operations from the prior.

use std::fmt::Write as _;
use std::process::ExitCode;

use fluxttice_core::measure::{Evaluator, samples};
use fluxttice_core::space::Operation;

use super::encode::indices;
use super::{Done, Failure, line, setup};
use crate::cli::{Draw, Global, SampleArgs};

/// Number of operations generated at a time.
const TILE: u32 = 16_384;

/// Prints the indices of the generated operations, one a line, or writes them to a file.
pub fn run(global: &Global, args: &SampleArgs) -> Done {
    if let Some(out) = &args.out {
        super::may_write(out, args.force)?;
        if out.extension().is_none_or(|ending| ending != "npy") {
            let problem = "--out: expected a name that ends with .npy";
            return Err(Failure::Usage(problem.to_owned()));
        }
    }
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let evaluator = Evaluator::new(&checkpoint.weights);
    let seed = global.seed.unwrap_or(0);
    let mut all: Vec<Operation> = Vec::new();
    for start in (0..args.samples).step_by(TILE as usize) {
        let rows = start..start.saturating_add(TILE).min(args.samples);
        let drawn = samples(&evaluator, args.which.into(), seed, rows)?;
        let drawn = drawn.into_iter().map(|drawn| match args.draw {
            Draw::Categorical => drawn.categorical,
            Draw::Argmax => drawn.argmax,
        });
        if args.out.is_some() {
            all.extend(drawn);
            continue;
        }
        let mut text = String::new();
        for operation in drawn {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", operation.index());
        }
        line(text.trim_end())?;
    }
    if let Some(out) = &args.out {
        super::write(out, &indices(&all), args.force)?;
    }
    Ok(ExitCode::SUCCESS)
}
