//! Trains the published model for some epochs, and prints the coverage of each with its ceiling.
//!
//! `cargo run --release --example basic_training -- 3`; a second argument is the share of the operations that is trained
//! on, such as 0.02 for a quick look.

use std::error::Error;

use fluxttice_core::config::{Config, Source};
use fluxttice_core::device::{DType, DeviceSpec, choose};
use fluxttice_core::training::{Advance, Trainer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let epochs: u32 = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let share: f64 = arguments.next().map_or(Ok(0.8), |text| text.parse())?;
    let changes = [
        format!("train_split={share}"),
        format!("val_split={}", share / 8.0),
        format!("test_split={}", 1.0 - share - share / 8.0),
    ];
    let config = Config::load(Source::BuiltIn, &changes)?.config;
    let cpu = choose(DeviceSpec::Cpu)?;
    let mut trainer = Trainer::new(&config, &cpu.device, DType::F32);
    while trainer.epoch() < epochs {
        // One step of many: a batch, a tile of validation or of counting. Between two, anything can be done.
        let Advance::Epoch(report) = trainer.advance()? else {
            continue;
        };
        let record = &report.record;
        print!("epoch {}: loss {:.3}", record.epoch, record.train.loss);
        if let Some(coverage) = record.coverage {
            let (a, b) = (coverage.a.argmax, coverage.b.argmax);
            print!(
                ", A {} and B {} distinct operations of {} samples; a uniform generator {:.0}",
                a.unique, b.unique, a.samples, a.ceiling
            );
        }
        println!();
    }
    Ok(())
}
