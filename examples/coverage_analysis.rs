//! Measures what a model generates, beside untrained weights: coverage alone says little, so that each figure stands with
//! its sample size, its ceiling and what weights reach that have learned nothing.
//!
//! `cargo run --release --example coverage_analysis -- 50000`; a second argument names a weights file.

use std::error::Error;
use std::path::Path;

use fluxttice_core::coverage_report;
use fluxttice_core::measure::MeasurementPlan;
use fluxttice_core::run::{built_in, find_checkpoint};
use fluxttice_core::vae::Vae;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let samples: u32 = arguments.next().map_or(Ok(50_000), |text| text.parse())?;
    let runs = Path::new("runs");
    let model = match arguments.next() {
        Some(named) => find_checkpoint(runs, Some(&named))?,
        None => built_in()?,
    };
    let untrained = find_checkpoint(runs, Some("untrained"))?;
    let plan = MeasurementPlan {
        seed: 0,
        samples: vec![samples],
        probability_codes: 0,
    };
    for checkpoint in [&model, &untrained] {
        let report = coverage_report(&checkpoint.weights, &plan)?;
        println!("{}, seed {}:", checkpoint.origin, plan.seed);
        for which in Vae::BOTH {
            let found = &report.prior[which].covered[0].coverage;
            println!(
                "  {}: argmax {} distinct of {}, categorical {}; a uniform generator {:.0}; decode entropy {:.3} nats",
                which.title(),
                found.argmax.unique,
                found.argmax.samples,
                found.categorical.unique,
                found.argmax.ceiling,
                found.decode_entropy
            );
        }
    }
    Ok(())
}
