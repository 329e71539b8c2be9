//! A checkpoint: a folder with weights, optimizer and everything else that resuming needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Bytes;
use burn_pack::{Reader, Scalar, Tensor, Writer};
use serde::{Deserialize, Serialize};

use super::digests::{Digests, HistoryDigests};
use super::disk::Disk;
use super::error::RunError;
use super::files;
use super::names::{DIGESTS, OPTIMIZER, STATE, WEIGHTS};
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

/// Writes a checkpoint as a whole folder; `run` has the digests of its run's own files.
///
/// # Errors
/// Returns a [`RunError`]; nothing is at the destination then, or what was there before.
pub fn save(
    disk: &Disk,
    destination: &Path,
    replace: bool,
    snapshot: &Snapshot,
    config_digest: &str,
    run: Option<HistoryDigests>,
) -> Result<(), RunError> {
    disk.publish_folder(destination, replace, |folder| {
        let unusable =
            |name: &str, problem: String| RunError::unusable(&folder.join(name), problem);
        let weights = snapshot.weights.to_bytes();
        let weights = weights.map_err(|source| RunError::Weights {
            path: folder.join(WEIGHTS),
            source,
        })?;
        let optimizer = optimizer_bytes(&snapshot.optimizer);
        let optimizer = optimizer.map_err(|problem| unusable(OPTIMIZER, problem))?;
        let state = serde_json::to_vec_pretty(&StateFile {
            version: VERSION,
            config_digest: config_digest.to_owned(),
            state: snapshot.state.clone(),
        });
        let state = state.map_err(|error| unusable(STATE, error.to_string()))?;
        let files = [
            (WEIGHTS, &weights[..]),
            (OPTIMIZER, &optimizer),
            (STATE, &state),
        ];
        for (name, bytes) in files {
            disk.write(&folder.join(name), bytes)?;
        }
        // Last: the digests are there only where all the files are.
        let digests = folder.join(DIGESTS);
        let bytes = Digests::of(files.into_iter(), run).to_bytes(&digests)?;
        disk.write(&digests, &bytes)
    })
}

/// Files of a checkpoint, each of them verified against its digest.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
    contents: BTreeMap<&'static str, Vec<u8>>,
    /// Digests that the files were verified against; `None` where version 0.1.0 made the checkpoint.
    pub digests: Option<Digests>,
}

impl Files {
    /// Reads the files of a checkpoint and verifies them against its digests.
    ///
    /// # Errors
    /// Returns a [`RunError`] that names the file that is missing or is not what was saved.
    pub fn read(folder: &Path) -> Result<Self, RunError> {
        let digests = Digests::read(folder)?;
        let mut files = BTreeMap::new();
        for (name, limit) in [
            (WEIGHTS, MAX_FILE_BYTES),
            (OPTIMIZER, 2 * MAX_FILE_BYTES),
            (STATE, MAX_FILE_BYTES),
        ] {
            let path = folder.join(name);
            let bytes = files::is_there(&path).then(|| files::read(&path, limit));
            let bytes = bytes.transpose()?;
            if let Some(digests) = &digests {
                digests.check(&path, name, bytes.as_deref())?;
            }
            files.extend(bytes.map(|bytes| (name, bytes)));
        }
        Ok(Self {
            folder: folder.to_owned(),
            contents: files,
            digests,
        })
    }

    fn file(&self, name: &str) -> Result<(&[u8], PathBuf), RunError> {
        let path = self.folder.join(name);
        match self.contents.get(name) {
            Some(bytes) => Ok((bytes, path)),
            None => Err(RunError::unusable(&path, "is missing")),
        }
    }

    /// Decodes the weights.
    ///
    /// # Errors
    /// Returns a [`RunError`] that says what is wrong with them.
    pub fn weights(&self) -> Result<Weights, RunError> {
        let (bytes, path) = self.file(WEIGHTS)?;
        weights(bytes, &path)
    }

    /// Returns the epochs finished, and the batches of the next one; `None` where there is no state.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the state is damaged.
    pub fn moment(&self) -> Result<Option<(u32, u32)>, RunError> {
        if !self.contents.contains_key(STATE) {
            return Ok(None);
        }
        let (bytes, path) = self.file(STATE)?;
        position(bytes, &path).map(Some)
    }

    /// Decodes the whole state: weights, optimizer and trainer.
    ///
    /// # Errors
    /// Returns a [`RunError`] that names the file that is missing, damaged or made with another
    /// configuration.
    pub fn snapshot(&self, config_digest: &str) -> Result<Snapshot, RunError> {
        let weights = self.weights()?;
        let (bytes, path) = self.file(OPTIMIZER)?;
        let optimizer = optimizer_state(bytes.to_vec(), weights.architecture)
            .map_err(|problem| RunError::unusable(&path, problem))?;
        Ok(Snapshot {
            weights,
            optimizer,
            state: self.state(config_digest)?,
        })
    }

    /// Returns the SHA-256 of the configuration that the run was made with.
    ///
    /// # Errors
    /// Returns a [`RunError`] where the state is missing or damaged.
    pub fn config_digest(&self) -> Result<String, RunError> {
        let (bytes, path) = self.file(STATE)?;
        Ok(state_file(bytes, &path)?.config_digest)
    }

    /// Decodes the state of the trainer.
    ///
    /// # Errors
    /// Returns a [`RunError`] where it is missing, damaged or of another configuration.
    pub fn state(&self, config_digest: &str) -> Result<TrainerState, RunError> {
        let (bytes, path) = self.file(STATE)?;
        let file = state_file(bytes, &path)?;
        if file.config_digest != config_digest {
            let made = file.config_digest;
            let problem = format!("made with configuration {made}, the run has {config_digest}");
            return Err(RunError::unusable(&path, problem));
        }
        Ok(file.state)
    }
}

/// Reads a checkpoint back by itself, whatever run it lies in.
///
/// # Errors
/// Returns a [`RunError`] that names the file that is missing, damaged or made with another configuration.
pub fn load(folder: &Path, config_digest: &str) -> Result<Snapshot, RunError> {
    Files::read(folder)?.snapshot(config_digest)
}

/// Reads the epochs finished, and the batches of the next one, from a checkpoint's state.
///
/// # Errors
/// Returns a [`RunError`] where the state, which lies at `path`, is damaged.
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

/// Reads a weights file by itself, whatever folder it lies in.
///
/// # Errors
/// Returns a [`RunError`] that says what is wrong with it.
pub fn load_weights(path: &Path) -> Result<Weights, RunError> {
    weights(&files::read(path, MAX_FILE_BYTES)?, path)
}

fn weights(bytes: &[u8], path: &Path) -> Result<Weights, RunError> {
    let weights = Weights::from_bytes(bytes).map_err(|source| RunError::Weights {
        path: path.to_owned(),
        source,
    })?;
    finite(weights, path)
}

/// Passes weights of a file on whose numbers are finite.
///
/// # Errors
/// Returns a [`RunError`] where one is not.
pub fn finite(weights: Weights, path: &Path) -> Result<Weights, RunError> {
    match weights.is_finite() {
        true => Ok(weights),
        false => Err(RunError::unusable(
            path,
            "holds numbers that are not finite: the run that made it diverged",
        )),
    }
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

/// Returns true if a folder is a checkpoint or snapshot, which has a weights file.
pub fn is_checkpoint(folder: &Path) -> bool {
    folder.join(WEIGHTS).is_file()
}

/// Returns the name of the checkpoint after an epoch (counted from 0), such as `epoch-0050`.
pub fn epoch_name(epoch: u32) -> String {
    format!("epoch-{epoch:04}")
}

/// Returns the epoch (counted from 0) after which a checkpoint of this name was saved; `None` for any other
/// name.
pub fn epoch_of(name: &str) -> Option<u32> {
    let epoch = name.strip_prefix("epoch-")?.parse().ok()?;
    (epoch_name(epoch) == name).then_some(epoch)
}

/// Returns the path of the weights file in a checkpoint folder.
pub fn weights_path(folder: &Path) -> PathBuf {
    folder.join(WEIGHTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{Bests, Controller};
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
                bests: Bests::default(),
                edits: vec!["hold.rho=0.5".into()],
            },
        }
    }

    #[test]
    fn a_checkpoint_gives_back_every_bit() {
        let home = tempfile::tempdir().unwrap();
        for steps in [0, 12] {
            let place = home.path().join(format!("{steps}"));
            save(
                &Disk::default(),
                &place,
                false,
                &snapshot(steps),
                "digest",
                None,
            )
            .unwrap();
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
        save(
            &Disk::default(),
            &place,
            false,
            &snapshot(1),
            "digest",
            None,
        )
        .unwrap();
        for digests in [true, false] {
            for name in [WEIGHTS, OPTIMIZER, STATE] {
                let path = place.join(name);
                let whole = std::fs::read(&path).unwrap();
                std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
                let error = load(&place, "digest").unwrap_err().to_string();
                assert!(error.contains(name), "{error}");
                assert_eq!(error.contains("SHA-256"), digests, "{error}");
                std::fs::write(&path, whole).unwrap();
            }
            // Without digests, as version 0.1.0 left it, the files speak for themselves.
            let _ = std::fs::remove_file(place.join(DIGESTS));
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
