//! Fine-tunes a checkpoint with another configuration: a run branches off after some epochs, with its weights, its
//! optimizer and its schedule, and goes on with a lower learning rate and a firmer hand on β.
//!
//! `cargo run --release --example transfer_learning -- FOLDER 2 2`: a new folder for both runs, and epochs before and after.

use std::error::Error;
use std::path::PathBuf;

use fluxttice_core::config::{Config, Source};
use fluxttice_core::device::DeviceSpec;
use fluxttice_core::run::{Disk, LATEST, finished_epochs, read_metrics};
use fluxttice_core::session::message::Event;
use fluxttice_core::session::{Plan, RunLocation, Session};

/// Settings that make an epoch short.
const SMALL: [&str; 4] = [
    "train_split=0.02",
    "val_split=0.01",
    "test_split=0.97",
    "eval_num_samples=2000",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a new folder for the runs")?);
    let before: u32 = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let after: u32 = arguments.next().map_or(Ok(2), |text| text.parse())?;

    let config = Config::load(Source::BuiltIn, &SMALL.map(String::from))?.config;
    let first = folder.join("first");
    train(
        RunLocation::NewAt(first.clone(), Box::new(config.clone())),
        before,
    )?;

    let tuned = config.with(&[
        "hold.learning_rate=0.0002".to_owned(),
        "hold.beta_b=0.5".to_owned(),
    ])?;
    let second = folder.join("tuned");
    let branch = RunLocation::Branch {
        epochs: finished_epochs(&first, LATEST)?,
        from: first,
        runs: folder,
        to: Some(second.clone()),
        config: Box::new(tuned),
    };
    train(branch, after)?;
    for record in read_metrics(&second)? {
        println!(
            "epoch {}: learning rate {:.1e}, β_B {:.2}, loss {:.3}",
            record.epoch, record.learning_rate.corrected, record.beta_b, record.train.loss
        );
    }
    Ok(())
}

/// Trains a session to its end.
fn train(place: RunLocation, epochs: u32) -> Result<(), Box<dyn Error>> {
    let mut session = Session::train(Plan {
        disk: Disk::default(),
        device: DeviceSpec::Cpu,
        place,
        config_name: "example".to_owned(),
        ineffective: Vec::new(),
        epochs: Some(epochs),
        planned: Vec::new(),
        meeting: None,
        replay: false,
        until: None,
        paused: false,
    })?;
    while let Some(event) = session.events.blocking_recv() {
        if let Event::Ended(end) = event {
            println!("{}", end.message);
            break;
        }
    }
    drop(session.inlet);
    session.worker.join()?;
    Ok(())
}
