//! The worker thread: requests in, outcomes and telemetry out; and the threads of the jobs beside it.

mod beside;
mod device_check;
mod error;
mod explore;
mod follow;
mod followed;
mod hand_over;
mod handle;
mod jobs;
pub mod message;
mod open_run;
mod plan;
mod population;
mod publisher;
mod requests;
mod saving;
mod tail;
mod worker;

pub use error::SessionError;
pub use hand_over::{Estate, Successor};
pub use handle::{Inlet, Session, Worker};
pub use jobs::{
    Content, Estimates, FoundCodes, JobError, JobEvent, JobRequest, JobSender, Jobs, LoadCodes,
    LoadedCodes, LocatePoint, LocatedPoint, Measurement, Misleading, QuickJob, RunEntry, RunGlance,
    Runs, Toward, VaeEstimates, locate_point,
};
pub use plan::{Plan, RunLocation};
pub use population::{MOST_MEMBERS, plans};
pub use publisher::Meeting;
