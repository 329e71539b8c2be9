//! The engine of fluxttice-explorer: the Ternary VAE v5.5, its training, its steering and its honest
//! measurement, on the space of all ternary operations. It knows no terminal and no command line.
//!
//! Trains two epochs on a fiftieth of the operations and prints their coverage:
//!
//! ```
//! use fluxttice_core::config::{Config, Source};
//! use fluxttice_core::device::{DType, DeviceSpec, choose};
//! use fluxttice_core::training::{Advance, Trainer};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let changes = ["train_split=0.02", "val_split=0.01", "test_split=0.97", "eval_num_samples=2000"];
//!     let config = Config::load(Source::BuiltIn, &changes.map(String::from))?.config;
//!     let cpu = choose(DeviceSpec::Cpu)?;
//!     let mut trainer = Trainer::new(&config, &cpu.device, DType::F32);
//!     while trainer.epoch() < 2 {
//!         let Advance::Epoch(report) = trainer.advance()? else {
//!             continue;
//!         };
//!         if let Some(coverage) = report.record.coverage {
//!             let found = coverage.a.argmax;
//!             println!("A covers {} operations of {} samples", found.unique, found.samples);
//!         }
//!     }
//!     Ok(())
//! }
//! ```

mod api;
pub mod arrays;
pub mod certificate;
pub mod config;
pub mod device;
pub mod disruption;
pub mod experiment;
mod files;
pub mod import;
mod lenient;
pub mod listing;
pub mod measure;
pub mod metrics;
pub mod model;
pub mod numbers;
pub mod plot;
pub mod protocol;
pub mod random;
pub mod record;
mod refusal;
pub mod request;
pub mod run;
pub mod schedule;
pub mod session;
pub mod shown;
pub mod statistics;
pub mod study;
pub mod threads;
pub mod training;
pub mod vae;
pub mod validation;
pub mod words;

pub use fluxttice_space as space;
pub use fluxttice_space::digest;

pub use api::{Code, Decoded, Located, coverage_report, decode, encode, locate};
pub use refusal::Refusal;
