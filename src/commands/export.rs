//! `export`: writes the weights of a checkpoint for other programs.

use std::process::ExitCode;

use fluxttice_core::arrays::{Kind, to_npy, to_npz};
use fluxttice_core::model::{Architecture, Weights};
use fluxttice_core::run::{Checkpoint, as_pytorch};

use super::{Done, Failure, note, setup};
use crate::cli::{ExportArgs, Global};

/// A way of writing weights to a file.
type Format = fn(&Checkpoint) -> Result<Vec<u8>, Failure>;

/// Writes the weights in the format that the name of the file asks for.
pub fn run(global: &Global, args: &ExportArgs) -> Done {
    let ending = args.out.extension().and_then(|ending| ending.to_str());
    let format: Format = match ending {
        Some("pt" | "pth") => |checkpoint| Ok(as_pytorch(checkpoint)?),
        Some("safetensors") => |checkpoint| safetensors(&checkpoint.weights),
        Some("npz") => |checkpoint| npz(&checkpoint.weights),
        _ => {
            return Err(Failure::Usage(
                "--out: expected a name that ends with .pt, .pth, .safetensors or .npz".to_owned(),
            ));
        }
    };
    super::may_write(&args.out, args.force)?;
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    super::write(&args.out, &format(&checkpoint)?, args.force)?;
    if checkpoint.weights.architecture != Architecture::PUBLISHED && !global.quiet {
        note(
            "the network is not of the published architecture: the original's class does not take it",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn safetensors(weights: &Weights) -> Result<Vec<u8>, Failure> {
    let bytes = weights.to_bytes();
    bytes.map_err(|error| Failure::Output(std::io::Error::other(error)))
}

/// Each tensor under its name, in 32 bits.
fn npz(weights: &Weights) -> Result<Vec<u8>, Failure> {
    let arrays = weights.named().into_iter().map(|(name, shape, numbers)| {
        let numbers = numbers.iter().copied().map(f64::from);
        (name.to_owned(), to_npy(&shape, numbers, Kind::Single))
    });
    let mut arrays: Vec<_> = arrays.collect();
    if weights.architecture.skip_a {
        // No shape shows them.
        let one = to_npy(&[], [1.0].into_iter(), Kind::Index);
        arrays.push(("skip_a".to_owned(), one));
    }
    to_npz(&arrays).map_err(Failure::Output)
}
