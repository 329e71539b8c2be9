//! The worker thread: requests in, outcomes and telemetry out.

mod error;
mod explore;
mod handle;
pub mod message;
mod plan;
mod worker;

pub use error::SessionError;
pub use handle::{Inlet, Session, Worker};
pub use plan::{Place, Plan};
