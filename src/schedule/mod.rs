//! ρ, β, τ, λ3 and the learning rate as pure functions of configuration and epoch.

mod curves;
mod disruption;
mod scheduled;

pub use curves::Schedule;
pub use disruption::{DEFAULT_EPOCHS, Disruption, DisruptionError, DisruptionKind};
pub use scheduled::Scheduled;
