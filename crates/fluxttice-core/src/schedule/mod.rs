//! ρ, β, τ, λ3 and the learning rate as pure functions of configuration and epoch.

mod curves;
mod scheduled;

pub use curves::Schedule;
pub use scheduled::Scheduled;
