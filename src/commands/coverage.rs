//! `coverage`: how many operations a checkpoint generates, counted in 64 bits on the CPU.

use std::process::ExitCode;

use serde::Serialize;

use fluxttice_core::measure::{Evaluator, Scale, generator_figures, measure_prior};
use fluxttice_core::record::Unique;
use fluxttice_core::space::{OPERATIONS, OperationSet};

use super::progress::Bar;
use super::{Done, Failure, figure_line, json_line, line, note, setup};
use crate::cli::{CoverageArgs, Draw, Global, WhichArg};

/// One answer.
#[derive(Serialize)]
struct Answer {
    which: &'static str,
    draw: &'static str,
    samples: u32,
    seed: u64,
    unique: u32,
    percent: f64,
    ceiling_percent: f64,
    decode_entropy: f64,
    digest: String,
}

/// Runs the command.
pub fn run(global: &Global, args: &CoverageArgs) -> Done {
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let evaluator = Evaluator::new(&checkpoint.weights);
    let seed = global.seed.unwrap_or(0);
    if !global.json && !global.quiet {
        note(&format!(
            "{}, seed {seed}, 64 bits on the CPU",
            checkpoint.origin
        ));
    }
    let scale = Scale {
        seed,
        samples: args.samples.clone(),
        probability_codes: args.probabilities.unwrap_or(0),
    };
    let wanted = |draw: Draw| args.draw.is_none_or(|asked| asked == draw);
    let bar = Bar::new(global);
    for which in WhichArg::asked(args.which) {
        let found = measure_prior(&evaluator, &scale, which, &|progress| bar.show(progress))?;
        bar.clear();
        for covered in &found.covered {
            let answer = |draw, unique: Unique, set: &OperationSet| Answer {
                which: which.name(),
                draw,
                samples: unique.samples,
                seed,
                unique: unique.unique,
                percent: percent(f64::from(unique.unique)),
                ceiling_percent: percent(unique.ceiling),
                decode_entropy: covered.coverage.decode_entropy,
                digest: set.digest(),
            };
            if wanted(Draw::Categorical) {
                let unique = covered.coverage.categorical;
                tell(global, &answer("categorical", unique, &covered.categorical))?;
            }
            if wanted(Draw::Argmax) {
                let unique = covered.coverage.argmax;
                tell(global, &answer("argmax", unique, &covered.argmax))?;
            }
        }
        for figure in found
            .generator
            .iter()
            .flat_map(|generator| generator_figures(which, seed, generator))
        {
            if global.json {
                json_line(&figure)?;
            } else {
                line(&figure_line(&figure))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn percent(operations: f64) -> f64 {
    100.0 * operations / OPERATIONS as f64
}

fn tell(global: &Global, answer: &Answer) -> Result<(), Failure> {
    if global.json {
        return json_line(answer);
    }
    line(&format!(
        "{} {:<11} {:>8} samples  {:>6} distinct  {:6.2} % of {:6.2} % possible  decode entropy {:.3} nats  {}",
        answer.which.to_uppercase(),
        answer.draw,
        answer.samples,
        answer.unique,
        answer.percent,
        answer.ceiling_percent,
        answer.decode_entropy,
        answer.digest
    ))
}
