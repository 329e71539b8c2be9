//! `sample`: generates operations from the prior.

use std::fmt::Write as _;
use std::process::ExitCode;

use fluxttice_core::measure::{Evaluator, samples};

use super::{Done, line, setup};
use crate::cli::{Draw, Global, SampleArgs};

/// Number of operations generated at a time.
const TILE: u32 = 16_384;

/// Prints the indices of the generated operations, one a line.
pub fn run(global: &Global, args: &SampleArgs) -> Done {
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let evaluator = Evaluator::new(&checkpoint.weights);
    let seed = global.seed.unwrap_or(0);
    for start in (0..args.samples).step_by(TILE as usize) {
        let rows = start..start.saturating_add(TILE).min(args.samples);
        let mut text = String::new();
        for drawn in samples(&evaluator, args.which.into(), seed, rows)? {
            let operation = match args.draw {
                Draw::Categorical => drawn.categorical,
                Draw::Argmax => drawn.argmax,
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", operation.index());
        }
        line(text.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
