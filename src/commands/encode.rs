//! `encode`: encodes operations to codes.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::arrays::{Kind, to_npy, to_npz};
use fluxttice_core::model::LATENT;
use fluxttice_core::space::Operation;
use fluxttice_core::vae::Vae;
use fluxttice_core::{Code, encode};

use super::{Done, Failure, json_line, line, operations, setup};
use crate::cli::{EncodeArgs, Global, WhichArg};

/// Word that means all operations, in the order of their indices.
const ALL: &str = "all";

/// Codes of some operations by each VAE that was asked for.
type Codes = Vec<(Vae, Vec<Code>)>;

/// A way of writing codes to a file: they are those of the operations beside them.
type Format = fn(&[Operation], &Codes) -> std::io::Result<Vec<u8>>;

/// Prints the codes of the operations, by each VAE that is asked for, or writes them to a file.
pub fn run(global: &Global, args: &EncodeArgs) -> Done {
    let format = match &args.out {
        None => None,
        Some(out) => {
            super::may_write(out, args.force)?;
            Some((out, format(out)?))
        }
    };
    let asked = match args.operation.as_str() {
        ALL => Operation::all().collect(),
        named => operations::read(named)?,
    };
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let codes: Codes = WhichArg::asked(args.which)
        .into_iter()
        .map(|which| Ok((which, encode(&checkpoint.weights, which, &asked)?)))
        .collect::<Result<_, Failure>>()?;
    if let Some((out, format)) = format {
        let bytes = format(&asked, &codes).map_err(Failure::Output)?;
        super::write(out, &bytes, args.force)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (which, codes) in &codes {
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

/// Returns the format that the ending of a name asks for.
fn format(out: &std::path::Path) -> Result<Format, Failure> {
    match out.extension().and_then(|ending| ending.to_str()) {
        Some("npy") => Ok(|asked, codes| Ok(npy(asked, codes))),
        Some("npz") => Ok(npz),
        Some("csv") => Ok(|asked, codes| Ok(csv(asked, codes))),
        _ => Err(Failure::Usage(
            "--out: expected a name that ends with .npy, .npz or .csv".to_owned(),
        )),
    }
}

/// The means: a row for each operation, A's 16 numbers before B's where both were asked for.
fn npy(asked: &[Operation], codes: &Codes) -> Vec<u8> {
    let shape = [asked.len(), codes.len() * LATENT];
    let means =
        (0..asked.len()).flat_map(|row| codes.iter().flat_map(move |(_, codes)| codes[row].mu));
    to_npy(&shape, means, Kind::Double)
}

/// Means and log-variances of each VAE by name, and the indices of the operations.
fn npz(asked: &[Operation], codes: &Codes) -> std::io::Result<Vec<u8>> {
    let shape = [asked.len(), LATENT];
    let mut arrays = vec![("operations".to_owned(), indices(asked))];
    for (which, codes) in codes {
        let name = which.name();
        let means = codes.iter().flat_map(|code| code.mu);
        arrays.push((format!("mu_{name}"), to_npy(&shape, means, Kind::Double)));
        let logs = codes.iter().flat_map(|code| code.log_variance);
        arrays.push((
            format!("log_variance_{name}"),
            to_npy(&shape, logs, Kind::Double),
        ));
    }
    to_npz(&arrays)
}

/// A line for each operation and VAE.
fn csv(asked: &[Operation], codes: &Codes) -> Vec<u8> {
    let numbered = |name: &str| -> String { (0..LATENT).map(|d| format!(",{name}_{d}")).collect() };
    let mut text = format!(
        "operation,which{}{}\n",
        numbered("mu"),
        numbered("log_variance")
    );
    for (which, codes) in codes {
        for (operation, code) in asked.iter().zip(codes) {
            let numbers = code.mu.iter().chain(&code.log_variance);
            let numbers: String = numbers.map(|number| format!(",{number}")).collect();
            text += &format!("{},{}{numbers}\n", operation.index(), which.name());
        }
    }
    text.into_bytes()
}

/// The indices of operations as an array.
pub fn indices(operations: &[Operation]) -> Vec<u8> {
    let indices = operations.iter().map(|operation| operation.index() as f64);
    to_npy(&[operations.len()], indices, Kind::Index)
}
