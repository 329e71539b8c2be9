//! `encode`: encodes operations to codes.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::encode;

use super::{Done, json_line, line, operations, setup};
use crate::cli::{EncodeArgs, Global, WhichArg};

/// Prints the codes of the operations, by each VAE that is asked for.
pub fn run(global: &Global, args: &EncodeArgs) -> Done {
    let asked = operations::read(&args.operation)?;
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    for which in WhichArg::asked(args.which) {
        let codes = encode(&checkpoint.weights, which, &asked)?;
        for (operation, code) in asked.iter().zip(codes) {
            if global.json {
                json_line(&json!({
                    "operation": operation.index(),
                    "which": which.name(),
                    "mu": code.mu,
                    "log_variance": code.log_variance,
                }))?;
            } else {
                let numbers = code.mu.map(|x| format!("{x:>8.4}")).join(" ");
                let name = which.title();
                line(&format!(
                    "{name} {:<32}{numbers}",
                    operations::titled(*operation)
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
