//! The worker from within: requests, outcomes, telemetry, and the run it leaves behind.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "session/attached.rs"]
mod attached;
#[path = "session/behind_a_driver.rs"]
mod behind_a_driver;
#[path = "session/controls.rs"]
mod controls;
#[path = "session/diverging.rs"]
mod diverging;
#[path = "session/own.rs"]
mod own;
#[path = "session/past.rs"]
mod past;
#[path = "session/population.rs"]
mod population;
#[cfg(unix)]
#[path = "session/power_cut.rs"]
mod power_cut;
#[path = "session/refusing_disk.rs"]
mod refusing_disk;
#[path = "session/requests.rs"]
mod requests;
#[path = "session/runs.rs"]
mod runs;
#[path = "session/schemas.rs"]
mod schemas;
#[path = "session/shuffled.rs"]
mod shuffled;
#[path = "session/steering.rs"]
mod steering;
