//! `decode`: decodes codes to operations with their probabilities.

use std::path::Path;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::json;

use fluxttice_core::arrays::Array;
use fluxttice_core::decode;
use fluxttice_core::model::LATENT;
use fluxttice_core::numbers::single;
use fluxttice_core::run::read_file;
use fluxttice_core::shown::shown;
use fluxttice_core::vae::Vae;

use super::{Done, Failure, json_line, line, operations, setup};
use crate::cli::{DecodeArgs, Global};

/// Number of codes decoded at a time.
const TILE: usize = 4_096;
/// Largest array that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// A line of `encode --json`, as far as decoding needs it.
#[derive(Deserialize)]
struct Encoded {
    which: String,
    mu: [f64; LATENT],
}

/// Decodes the codes on standard input, one a line, or those of an array.
pub fn run(global: &Global, args: &DecodeArgs) -> Done {
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let mut codes: Vec<(Vae, [f64; LATENT])> = Vec::new();
    if args.codes == "-" {
        operations::each_line(|text| {
            codes.push(code(text, args.which.into())?);
            Ok(())
        })?;
    } else {
        let path = Path::new(&args.codes);
        let bytes = read_file(path, LARGEST)?;
        let found = in_array(&bytes, args.which.into());
        codes = found.map_err(|problem| Failure::Input(format!("{}: {problem}", shown(path))))?;
    }
    // Neighbouring codes of one decoder go together; the order stays.
    for tile in codes
        .chunk_by(|a, b| a.0 == b.0)
        .flat_map(|run| run.chunks(TILE))
    {
        let which = tile[0].0;
        let numbers: Vec<[f64; LATENT]> = tile.iter().map(|(_, code)| *code).collect();
        for decoded in decode(&checkpoint.weights, which, &numbers)? {
            if global.json {
                json_line(&json!({
                    "operation": decoded.operation.index(),
                    "trits": decoded.operation.to_string(),
                    "which": which.name(),
                    "probability": decoded.probability,
                    "entropy": decoded.entropy,
                    "entropies": decoded.entropies,
                    "probabilities": decoded.probabilities,
                }))?;
            } else {
                line(&format!(
                    "{} {:<32}probability {:.4}  entropy {:.3} nats",
                    which.title(),
                    operations::titled(decoded.operation),
                    decoded.probability,
                    decoded.entropy
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Description of the numbers that a code may hold: with larger ones the decoder's
/// would not be finite in 64 bits.
const SINGLE: &str = "that is finite in single precision (at most 3.4e38)";

fn is_single(number: f64) -> bool {
    single(number).is_finite()
}

/// Reads the codes of an array: 16 numbers a row, or A's 16 and then B's.
fn in_array(bytes: &[u8], which: Vae) -> Result<Vec<(Vae, [f64; LATENT])>, String> {
    let array = Array::parse(bytes).map_err(|error| error.to_string())?;
    let codes: Vec<(Vae, [f64; LATENT])> = match array.rows::<{ 2 * LATENT }>() {
        Ok(rows) => Vae::BOTH
            .into_iter()
            .enumerate()
            .flat_map(|(place, which)| {
                let own = move |row: &[f64; 2 * LATENT]| (which, row.as_chunks().0[place]);
                rows.iter().map(own).collect::<Vec<_>>()
            })
            .collect(),
        Err(_) => {
            let rows = array.rows();
            let rows =
                rows.map_err(|problem| format!("{problem}; also taken: {} columns", 2 * LATENT))?;
            rows.into_iter().map(|row| (which, row)).collect()
        }
    };
    let vast = codes
        .iter()
        .position(|(_, code)| code.iter().any(|number| !is_single(*number)));
    match vast {
        None => Ok(codes),
        Some(row) => Err(format!("row {row}: expected numbers {SINGLE}")),
    }
}

/// Reads a line of 16 numbers, or an object as `encode --json` prints it.
fn code(text: &str, which: Vae) -> Result<(Vae, [f64; LATENT]), String> {
    if text.trim_start().starts_with('{') {
        let encoded: Encoded = serde_json::from_str(text)
            .map_err(|error| format!("expected what `encode --json` prints, found: {error}"))?;
        let named = Vae::BOTH
            .into_iter()
            .find(|which| which.name() == encoded.which);
        let which = named.ok_or_else(|| format!("`which` is `{}`, not a or b", encoded.which))?;
        let vast = encoded.mu.into_iter().find(|number| !is_single(*number));
        return match vast {
            None => Ok((which, encoded.mu)),
            Some(number) => Err(format!("expected numbers {SINGLE}, found {number:e}")),
        };
    }
    let numbers = text
        .split(|c: char| c.is_whitespace() || "[],;".contains(c))
        .filter(|word| !word.is_empty())
        .map(|word| {
            let number = word.parse::<f64>().ok().filter(|number| is_single(*number));
            number.ok_or_else(|| format!("expected a number {SINGLE}, found `{word}`"))
        })
        .collect::<Result<Vec<f64>, String>>()?;
    let found = numbers.len();
    let numbers = numbers.try_into();
    numbers
        .map(|code| (which, code))
        .map_err(|_| format!("expected {LATENT} numbers, found {found}"))
}
