//! `devices`: lists the devices of this machine, and marks the one that `auto` takes.

use std::process::ExitCode;

use fluxttice_core::device::list;

use tracing::Level;

use super::{Done, json_line, line};
use crate::cli::Global;
use crate::logging::Logs;

/// Prints a line for each device.
pub fn run(global: &Global) -> Done {
    // Drivers print to standard error which of the things they look for they do not find.
    let aside = (global.log < Level::DEBUG).then(Logs::capture_stderr);
    let devices = list();
    drop(aside);
    let width = devices
        .iter()
        .map(|device| device.name.chars().count())
        .max()
        .unwrap_or(0);
    for device in &devices {
        if global.json {
            json_line(device)?;
        } else {
            let mark = if device.chosen { "→" } else { " " };
            let kind = format!("{:?}", device.kind).to_lowercase();
            line(&format!(
                "{mark} {:<9} {:<width$}  {kind:<10}  {:<7} {}",
                device.id, device.name, device.api, device.why
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
