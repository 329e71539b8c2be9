//! `devices`: what there is, and what `auto` takes.

use std::process::ExitCode;

use fluxttice_core::device::list;

use super::{Done, json_line, line};
use crate::cli::Global;

/// Runs the command.
pub fn run(global: &Global) -> Done {
    let devices = list();
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
