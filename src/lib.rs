//! The engine of fluxttice-explorer: the space of ternary operations, the Ternary VAE v5.5, its
//! training and its honest measurement. It knows no terminal.

mod api;
pub mod certificate;
pub mod config;
pub mod device;
pub mod disruption;
pub mod experiment;
mod files;
mod listing;
pub mod measure;
pub mod model;
pub mod plot;
pub mod random;
pub mod record;
pub mod run;
pub mod schedule;
pub mod session;
pub mod shown;
pub mod space;
pub mod statistics;
pub mod study;
pub mod threads;
pub mod training;
pub mod tui;
mod typing;
pub mod validation;
pub mod words;

pub use api::{Code, Decoded, Located, coverage_report, decode, encode, locate};
