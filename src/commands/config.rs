//! `config`: checks, shows and explains configurations.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::config::{KEYS, Source, idle_beside};
use fluxttice_core::shown::shown;

use super::{Done, Failure, json_line, line, setup};
use crate::cli::{ConfigCommand, Global};

/// Checks a file, prints the effective configuration, or lists the keys.
pub fn run(global: &Global, command: &ConfigCommand) -> Done {
    match command {
        ConfigCommand::Check { file } => check(global, file.clone()),
        ConfigCommand::Show => show(global),
        ConfigCommand::Keys => keys(global),
    }
}

fn check(global: &Global, file: std::path::PathBuf) -> Done {
    let as_given = shown(&file);
    let source = Source::at(file);
    let name = match &source {
        Source::Input => source.name(),
        _ => as_given,
    };
    let loaded = setup::load(source, &global.set)?;
    let digest = loaded.config.digest()?;
    if global.json {
        let without_effect: Vec<_> = loaded
            .ineffective
            .iter()
            .map(|key| json!({"key": key.key, "reason": key.reason}))
            .collect();
        json_line(
            &json!({"ok": true, "file": name, "digest": digest, "without_effect": without_effect}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    line(&format!("{name}: valid, {digest}"))?;
    for key in &loaded.ineffective {
        line(&format!("  {key}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(global: &Global) -> Done {
    let config = setup::config(global)?.config;
    if global.json {
        json_line(&config)?;
    } else {
        line(config.to_yaml()?.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn keys(global: &Global) -> Result<ExitCode, Failure> {
    for key in &KEYS {
        if global.json {
            json_line(key)?;
            continue;
        }
        line(&format!(
            "{}  {} · {} · default {}",
            key.key,
            key.kind(),
            key.range_text(),
            key.default
        ))?;
        line(&format!("    {}", key.meaning))?;
        if let Some(point) = key.live {
            line(&format!(
                "    can be changed while training, from the {point} on"
            ))?;
        }
        if let Some(reason) = key.no_effect() {
            line(&format!("    no effect: {reason}"))?;
        }
        if let Some(cases) = idle_beside(key) {
            line(&format!("    no effect where {cases}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
