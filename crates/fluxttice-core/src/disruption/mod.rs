//! Disruptions: what can be pushed off its schedule, how, and when by itself.

mod kind;
mod push;
mod rule;
mod shape;

pub use kind::DisruptionKind;
pub use push::{Disruption, DisruptionError};
pub use rule::{Condition, GRAMMAR, Rule, RuleError, watched};
pub use shape::Shape;
