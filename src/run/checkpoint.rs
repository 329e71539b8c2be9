//! A checkpoint: a folder with weights, optimizer and everything else that resuming needs.

use std::path::{Path, PathBuf};

use burn::tensor::Bytes;
use burn_pack::{Reader, Scalar, Tensor, Writer};
use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::error::RunError;
use super::files;
use super::names::{OPTIMIZER, STATE, WEIGHTS};
use crate::model::{Architecture, MAX_FILE_BYTES, Weights};
use crate::training::{OptimizerState, Snapshot, TrainerState};

/// Version of the checkpoint's layout.
const VERSION: u32 = 1;
const MOMENTS: [&str; 2] = ["first_moment", "second_moment"];
const STEPS: &str = "steps";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    version: u32,
    config_digest: String,
    #[serde(rename = "trainer")]
    state: TrainerState,
}

/// Writes a checkpoint as a whole folder.
///
/// # Errors
/// [`RunError`]; nothing is at the destination then, or what was there before.
pub fn save(
    disk: &Disk,
    destination: &Path,
    replace: bool,
    snapshot: &Snapshot,
    config_digest: &str,
) -> Result<(), RunError> {
    disk.publish_folder(destination, replace, |folder| {
        let weights = snapshot
            .weights
            .to_bytes()
            .map_err(|source| RunError::Weights {
                path: folder.join(WEIGHTS),
                source,
            })?;
        disk.write(&folder.join(WEIGHTS), &weights)?;
        let optimizer = folder.join(OPTIMIZER);
        let bytes = optimizer_bytes(&snapshot.optimizer)
            .map_err(|problem| RunError::unusable(&optimizer, problem))?;
        disk.write(&optimizer, &bytes)?;
        let state = folder.join(STATE);
        let file = StateFile {
            version: VERSION,
            config_digest: config_digest.to_owned(),
            state: snapshot.state.clone(),
        };
        let text = serde_json::to_vec_pretty(&file)
            .map_err(|error| RunError::unusable(&state, error.to_string()))?;
        disk.write(&state, &text)
    })
}

/// Reads a checkpoint back.
///
/// # Errors
/// [`RunError`] names the file that is missing, damaged or made with another configuration.
pub fn load(folder: &Path, config_digest: &str) -> Result<Snapshot, RunError> {
    let weights = load_weights(&folder.join(WEIGHTS))?;
    let path = folder.join(OPTIMIZER);
    let optimizer = files::read(&path, 2 * MAX_FILE_BYTES).and_then(|bytes| {
        optimizer_state(bytes, weights.architecture)
            .map_err(|problem| RunError::unusable(&path, problem))
    })?;
    let path = folder.join(STATE);
    let file = state_file(&files::read(&path, MAX_FILE_BYTES)?, &path)?;
    if file.config_digest != config_digest {
        return Err(RunError::unusable(
            &path,
            format!(
                "made with configuration {}, the run has {config_digest}",
                file.config_digest
            ),
        ));
    }
    Ok(Snapshot {
        weights,
        optimizer,
        state: file.state,
    })
}

/// Epochs finished, and batches of the next one, as a checkpoint's state has them.
///
/// # Errors
/// [`RunError`] where the state, which lies at `path`, is damaged.
pub fn position(state: &[u8], path: &Path) -> Result<(u32, u32), RunError> {
    let state = state_file(state, path)?.state;
    Ok((state.epoch, state.batch))
}

fn state_file(bytes: &[u8], path: &Path) -> Result<StateFile, RunError> {
    let file: StateFile = serde_json::from_slice(bytes).map_err(|error| {
        RunError::unusable(path, format!("expected the state of a run, found: {error}"))
    })?;
    if file.version != VERSION {
        return Err(RunError::unusable(
            path,
            format!(
                "layout version {}; this program reads {VERSION}",
                file.version
            ),
        ));
    }
    Ok(file)
}

/// Reads a weights file.
///
/// # Errors
/// [`RunError`] says what is wrong with it.
pub fn load_weights(path: &Path) -> Result<Weights, RunError> {
    let bytes = files::read(path, MAX_FILE_BYTES)?;
    let weights = Weights::from_bytes(&bytes).map_err(|source| RunError::Weights {
        path: path.to_owned(),
        source,
    })?;
    if !weights.is_finite() {
        return Err(RunError::unusable(
            path,
            "holds numbers that are not finite: the run that made it diverged",
        ));
    }
    Ok(weights)
}

fn optimizer_bytes(state: &OptimizerState) -> Result<Vec<u8>, String> {
    let tensors = MOMENTS
        .iter()
        .zip(&state.moments)
        .map(|(name, numbers)| {
            let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
            Tensor::new(
                (*name).to_owned(),
                burn::tensor::DType::F32,
                [numbers.len()],
                None,
                Bytes::from_bytes_vec(bytes),
            )
        })
        .collect();
    let writer = Writer::new(tensors).with_scalar(STEPS, Scalar::from(u64::from(state.steps)));
    writer
        .into_bytes()
        .map(|bytes| bytes.to_vec())
        .map_err(|error| error.to_string())
}

fn optimizer_state(bytes: Vec<u8>, architecture: Architecture) -> Result<OptimizerState, String> {
    let wrong = |error: burn_pack::Error| format!("expected the optimizer's state, found: {error}");
    let reader = Reader::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(wrong)?;
    let steps = reader
        .scalars()
        .get(STEPS)
        .copied()
        .ok_or("no step count")?;
    let steps = u64::try_from(steps)
        .ok()
        .and_then(|steps| u32::try_from(steps).ok())
        .ok_or("no usable step count")?;
    let mut moments = [Vec::new(), Vec::new()];
    for (name, numbers) in MOMENTS.iter().zip(&mut moments) {
        let bytes = reader.tensor_data(name).map_err(wrong)?;
        *numbers = bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let [a, b, _] = architecture.counts();
        let expected = if steps == 0 { 0 } else { a + b };
        if numbers.len() != expected {
            return Err(format!(
                "{name} holds {} numbers instead of {expected}",
                numbers.len()
            ));
        }
    }
    Ok(OptimizerState { steps, moments })
}

/// Whether a folder is a checkpoint.
pub fn is_checkpoint(folder: &Path) -> bool {
    folder.join(WEIGHTS).is_file()
}

/// Name of the checkpoint after an epoch (counted from 0).
pub fn epoch_name(epoch: u32) -> String {
    format!("epoch-{epoch:04}")
}

/// The weights file in a checkpoint folder.
pub fn weights_path(folder: &Path) -> PathBuf {
    folder.join(WEIGHTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Controller;
    use proptest::prelude::*;

    fn snapshot(steps: u32) -> Snapshot {
        let moments = if steps == 0 {
            [Vec::new(), Vec::new()]
        } else {
            let [a, b, _] = Architecture::PUBLISHED.counts();
            [vec![0.25; a + b], vec![f32::MIN_POSITIVE; a + b]]
        };
        Snapshot {
            weights: Weights::fresh(3),
            optimizer: OptimizerState { steps, moments },
            state: TrainerState {
                epoch: 7,
                batch: 0,
                controller: Controller {
                    lambda1: 0.1 + 0.2,
                    ..Controller::default()
                },
                coverage: Some([1, 2]),
                best: None,
                stale: 3,
                rolled_back: 0,
                disruptions: Vec::new(),
                bests: Default::default(),
                edits: vec!["hold.rho=0.5".into()],
            },
        }
    }

    #[test]
    fn a_checkpoint_gives_back_every_bit() {
        let home = tempfile::tempdir().unwrap();
        for steps in [0, 12] {
            let place = home.path().join(format!("{steps}"));
            save(&Disk::default(), &place, false, &snapshot(steps), "digest").unwrap();
            assert_eq!(load(&place, "digest").unwrap(), snapshot(steps));
            assert!(
                load(&place, "other")
                    .unwrap_err()
                    .to_string()
                    .contains("configuration")
            );
        }
    }

    #[test]
    fn a_truncated_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("c");
        save(&Disk::default(), &place, false, &snapshot(1), "digest").unwrap();
        for name in [WEIGHTS, OPTIMIZER, STATE] {
            let path = place.join(name);
            let whole = std::fs::read(&path).unwrap();
            std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
            let error = load(&place, "digest").unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
            std::fs::write(&path, whole).unwrap();
        }
    }

    proptest! {
        #[test]
        fn a_damaged_optimizer_never_panics(position in 0usize..600, value: u8) {
            let mut bytes = optimizer_bytes(&snapshot(1).optimizer).unwrap();
            bytes[position] = value;
            let _ = optimizer_state(bytes, Architecture::PUBLISHED);
        }
    }
}
