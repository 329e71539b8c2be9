//! The configuration of a run: its keys, their meaning, and the problems of a file.
//!
//! The schema is the published YAML file, key by key. Data flows one way:
//!
//! ```text
//! Source ─ source ─▶ text ─ parse ─▶ Value ─ shape ─▶ Config ─ validate ─▶ Loaded
//!                                      ▲
//!                      --set a.b=c ─ overrides
//! ```
//!
//! [`KEYS`] describes every key once; types, bounds, messages, documentation and the notes about
//! keys without effect all come from it.

mod defaults;
mod docs;
mod error;
mod idle;
mod keys;
mod live;
mod load;
mod locate;
mod overrides;
mod parse;
mod path;
mod schema;
mod shape;
mod source;
mod suggest;
mod validate;
mod write;

#[cfg(test)]
pub(crate) mod tests;

pub use docs::{idle_beside, markdown_table};
pub use error::{ConfigError, Fault, Problem, SourceSpan};
pub use keys::{Bound, Effect, KEYS, KeyInfo, Range, SafePoint, find_key};
pub use live::{Changed, DifferentKey, live_keys, written};
pub use load::{IneffectiveKey, Loaded};
pub use schema::{
    Beyond, Config, Controller, Hold, InformationEvery, LearningRateStep, Model, Optimizer,
    OptimizerKind, PhaseTransitions, StopBy, Stopping, TernaryDataset, VaeA, VaeB,
};
pub use source::{BUILT_IN, NAMED, SIZE_LIMIT, Source};
