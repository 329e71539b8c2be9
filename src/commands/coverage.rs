//! `coverage`: counts the operations that a checkpoint generates, in 64 bits on the CPU.

use std::process::ExitCode;

use serde::Serialize;

use fluxttice_core::measure::given::Given;
use fluxttice_core::measure::{
    Evaluator, FREEDOM, Generator, MeasurementPlan, deviation, generator_figures, measure_prior,
};
use fluxttice_core::numbers::rounded;
use fluxttice_core::record::Unique;
use fluxttice_core::space::{OperationSet, percent_of_all};
use fluxttice_core::words::thousands;

use super::progress::Bar;
use super::{Done, Failure, figure_line, json_line, line, note, operations, setup};
use crate::cli::{CoverageArgs, Draw, Global, WhichArg};

/// Coverage of one VAE for one sample size and way of drawing.
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
    /// χ² statistic of the draw counts of all operations, against equal shares.
    chi_squared: f64,
    degrees_of_freedom: f64,
    chi_squared_deviation: f64,
    digest: String,
}

/// Coverage of samples that were given. Who drew them, and how, is not known.
#[derive(Serialize)]
struct AnswerForGiven {
    /// Where they were read from.
    given: String,
    samples: u32,
    unique: u32,
    percent: f64,
    ceiling_percent: f64,
    chi_squared: f64,
    degrees_of_freedom: f64,
    chi_squared_deviation: f64,
    digest: String,
}

/// Counts coverage for each VAE, sample size and way of drawing that is asked for.
pub fn run(global: &Global, args: &CoverageArgs) -> Done {
    if let Some(file) = &args.samples_from {
        return given(global, file);
    }
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let evaluator = Evaluator::new(&checkpoint.weights);
    let seed = global.seed.unwrap_or(0);
    if !global.json && !global.quiet {
        note(&format!(
            "{}, seed {seed}, 64 bits on the CPU",
            checkpoint.origin
        ));
    }
    let scale = MeasurementPlan {
        seed,
        samples: args.samples.clone(),
        probability_codes: args.probabilities.unwrap_or(0),
    };
    let wanted = |draw: Draw| args.draw.is_none_or(|asked| asked == draw);
    let bar = Bar::new(global);
    for which in WhichArg::asked(args.which) {
        let found = measure_prior(&evaluator, &scale, which, &|progress| bar.show(progress))?;
        bar.clear();
        for (covered, evenness) in found.covered.iter().zip(&found.evenness) {
            let answer = |draw, unique: Unique, set: &OperationSet, chi_squared: f64| Answer {
                which: which.name(),
                draw,
                samples: unique.samples,
                seed,
                unique: unique.unique,
                percent: percent_of_all(f64::from(unique.unique)),
                ceiling_percent: percent_of_all(unique.ceiling),
                decode_entropy: covered.coverage.decode_entropy,
                chi_squared,
                degrees_of_freedom: FREEDOM,
                chi_squared_deviation: deviation(chi_squared),
                digest: set.digest(),
            };
            if wanted(Draw::Categorical) {
                let unique = covered.coverage.categorical;
                let set = &covered.categorical;
                tell(
                    global,
                    &answer("categorical", unique, set, evenness.categorical),
                )?;
            }
            if wanted(Draw::Argmax) {
                let unique = covered.coverage.argmax;
                let set = &covered.argmax;
                tell(global, &answer("argmax", unique, set, evenness.argmax))?;
            }
        }
        let none_stands_out = |generator: &Generator| generator.rare().is_empty();
        if !global.json && !global.quiet && found.generator.as_ref().is_some_and(none_stands_out) {
            note(&format!(
                "{}: no operation stands out as rare among {} codes",
                which.title(),
                thousands(scale.probability_codes.into())
            ));
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

/// Counts the samples in a file.
fn given(global: &Global, file: &str) -> Done {
    let samples = operations::samples(file)?;
    let name = operations::source_name(file);
    let Some(found) = Given::count(&samples) else {
        return Err(Failure::Input(format!("{name}: there is no sample in it")));
    };
    let unique = found.unique;
    let answer = AnswerForGiven {
        given: name,
        samples: unique.samples,
        unique: unique.unique,
        percent: percent_of_all(f64::from(unique.unique)),
        ceiling_percent: percent_of_all(unique.ceiling),
        chi_squared: found.chi_squared,
        degrees_of_freedom: FREEDOM,
        chi_squared_deviation: deviation(found.chi_squared),
        digest: found.set.digest(),
    };
    if global.json {
        json_line(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    line(&format!(
        "{}: {} {}, given and not drawn here  {}  {}",
        answer.given,
        thousands(answer.samples.into()),
        if answer.samples == 1 {
            "sample"
        } else {
            "samples"
        },
        distinct(answer.unique, answer.percent, answer.ceiling_percent),
        evenness(answer.chi_squared, &answer.digest),
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn tell(global: &Global, answer: &Answer) -> Result<(), Failure> {
    if global.json {
        return json_line(answer);
    }
    line(&format!(
        "{} {:<11} {:>9} samples  {}  decode entropy {:.3} nats  {}",
        answer.which.to_uppercase(),
        answer.draw,
        thousands(answer.samples.into()),
        distinct(answer.unique, answer.percent, answer.ceiling_percent),
        answer.decode_entropy,
        evenness(answer.chi_squared, &answer.digest),
    ))
}

fn distinct(unique: u32, percent: f64, ceiling_percent: f64) -> String {
    format!(
        "{:>6} distinct  {percent:6.2} %, {ceiling_percent:6.2} % expected of a uniform generator",
        thousands(unique.into())
    )
}

fn evenness(chi_squared: f64, digest: &str) -> String {
    format!(
        "χ² {} of {} (z {:.1})  {digest}",
        thousands(rounded(chi_squared)),
        thousands(rounded(FREEDOM)),
        deviation(chi_squared)
    )
}
