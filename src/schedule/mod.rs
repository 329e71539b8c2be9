//! ρ, β, τ, λ3 and the learning rate as pure functions of configuration and epoch.

mod curves;
mod disruption;
mod kind;
mod scheduled;
mod shape;

pub use curves::Schedule;
pub use disruption::{Disruption, DisruptionError};
pub use kind::DisruptionKind;
pub use scheduled::Scheduled;
pub use shape::Shape;
