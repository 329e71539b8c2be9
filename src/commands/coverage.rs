//! `coverage`: how many operations a checkpoint generates, counted in 64 bits on the CPU.

use std::process::ExitCode;

use burn::tensor::{DType, Device};
use serde::Serialize;

use fluxttice_core::measure::{CoverageTask, Samples};
use fluxttice_core::model::{DualVae, Which};
use fluxttice_core::record::Unique;
use fluxttice_core::run::find_checkpoint;
use fluxttice_core::space::{OPERATIONS, OperationSet};

use super::{Done, Failure, json_line, line, note, setup};
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
    let checkpoint = find_checkpoint(&setup::runs(global)?, args.checkpoint.as_deref())?;
    let device = Device::flex();
    let model = DualVae::new(&checkpoint.weights, &device, DType::F64);
    let seed = global.seed.unwrap_or(0);
    if !global.json && !global.quiet {
        note(&format!(
            "{}, seed {seed}, 64 bits on the CPU",
            checkpoint.origin
        ));
    }
    let wanted = |draw: Draw| args.draw.is_none_or(|asked| asked == draw);
    let whiches = Which::BOTH.into_iter().filter(|which| match args.which {
        None => true,
        Some(WhichArg::A) => *which == Which::A,
        Some(WhichArg::B) => *which == Which::B,
    });
    for which in whiches {
        for samples in &args.samples {
            let task = Samples {
                categorical: if wanted(Draw::Categorical) {
                    *samples
                } else {
                    0
                },
                argmax: *samples,
            };
            let mut task = CoverageTask::new(which, task, seed, 0);
            while !task.tile(&model, &device, DType::F64)? {}
            let covered = task.finish();
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
                tell(
                    global,
                    &answer(
                        "categorical",
                        covered.coverage.categorical,
                        &covered.categorical,
                    ),
                )?;
            }
            if wanted(Draw::Argmax) {
                tell(
                    global,
                    &answer("argmax", covered.coverage.argmax, &covered.argmax),
                )?;
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
