//! Measurements against truth: known generators, dense integration, plain arithmetic.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "measures/plain.rs"]
mod plain;
#[path = "measures/ranking.rs"]
mod ranking;
#[path = "measures/reproducible.rs"]
mod reproducible;
#[path = "measures/sketch.rs"]
mod sketch;
#[path = "measures/truth.rs"]
mod truth;
