//! The worker from within: requests, outcomes, telemetry, and the run it leaves behind.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "session/controls.rs"]
mod controls;
#[path = "session/own.rs"]
mod own;
#[path = "session/past.rs"]
mod past;
#[path = "session/requests.rs"]
mod requests;
#[path = "session/runs.rs"]
mod runs;
#[path = "session/shuffled.rs"]
mod shuffled;
#[path = "session/steering.rs"]
mod steering;
#[path = "support/session.rs"]
mod support;
