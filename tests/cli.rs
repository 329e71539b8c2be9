//! The command line end to end: the real program, its output, its files, its exit codes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "cli/arrays.rs"]
mod arrays;
#[cfg(unix)]
#[path = "cli/attaching.rs"]
mod attaching;
#[path = "cli/benching.rs"]
mod benching;
#[cfg(unix)]
#[path = "cli/border.rs"]
mod border;
#[path = "cli/devices.rs"]
mod devices;
#[path = "cli/evidence.rs"]
mod evidence;
#[path = "cli/foreign.rs"]
mod foreign;
#[path = "cli/killing.rs"]
mod killing;
#[path = "cli/machines.rs"]
mod machines;
#[path = "cli/measuring.rs"]
mod measuring;
#[path = "cli/operations.rs"]
mod operations;
#[path = "cli/population.rs"]
mod population;
#[path = "support/program.rs"]
mod program;
#[cfg(unix)]
#[path = "cli/repairing.rs"]
mod repairing;
#[path = "cli/resuming.rs"]
mod resuming;
#[cfg(unix)]
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/steering.rs"]
mod steering;
#[path = "cli/studying.rs"]
mod studying;
#[path = "cli/training.rs"]
mod training;
#[cfg(unix)]
#[path = "cli/trash.rs"]
mod trash;
#[path = "cli/validating.rs"]
mod validating;
#[path = "cli/wrong.rs"]
mod wrong;
