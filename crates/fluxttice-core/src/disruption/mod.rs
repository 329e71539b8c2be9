//! Disruptions: the quantities that can be pushed, the course of a push, and the rules that start one.

mod kind;
mod push;
mod rule;
mod shape;

pub use kind::DisruptionKind;
pub use push::{Disruption, DisruptionError, MAX_EPOCHS};
pub use rule::{Condition, GRAMMAR, Rule, RuleError, watched};
pub use shape::Shape;
