//! The worker thread: requests in, outcomes and telemetry out; and the desk beside it.

mod desk;
mod error;
mod explore;
mod handle;
mod lab;
pub mod message;
mod open_run;
mod other_device;
mod plan;
mod population;
mod requests;
mod saving;
mod worker;

pub use desk::{
    Chore, Content, Desk, DeskEvent, DeskInlet, DeskRequest, Estimates, Measurement, Misleading,
    Moment, Recall, Recalled, RunEntry, Runs, Toward, VaeEstimates,
};
pub use error::SessionError;
pub use handle::{Inlet, Session, Worker};
pub use plan::{Place, Plan};
pub use population::{MOST_MEMBERS, plans};
