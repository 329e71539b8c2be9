//! Codes that a run had earlier, from the checkpoints that were kept, and points between codes.

use crate::vae::Scope;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{DType, Device};

use crate::measure::neighbours::{LatentPoint, LatentPointError};
use crate::model::{Architecture, DualVae, Weights};
use crate::run::{checkpoint, checkpoint_index};
use crate::session::SessionError;
use crate::session::message::{Codes, moment};
use crate::session::worker::codes;
use crate::{Located, locate};

/// A request for the codes of a run before or after some epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadCodes {
    /// The run's folder; `None` for the built-in model, of which only the initial weights are known.
    pub run: Option<PathBuf>,
    /// The run's seed; the weights before the first epoch are a function of it.
    pub seed: u64,
    /// Architecture of the run's network.
    pub architecture: Architecture,
    /// Finished epochs of the newest codes, which the asker has and nobody need load.
    pub now: u32,
    /// The checkpoint that is looked for.
    pub toward: Toward,
}

/// A direction in time from a number of finished epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// The last checkpoint before.
    Before(u32),
    /// The first checkpoint after.
    After(u32),
}

/// The answer to [`LoadCodes`].
#[derive(Clone, Debug)]
pub struct LoadedCodes {
    /// The request.
    pub asked: LoadCodes,
    /// Finished epochs of every checkpoint that can be loaded, in ascending order, with the newest codes;
    /// 0 is before training.
    pub kept: Vec<u32>,
    /// The codes that were asked for.
    pub found: FoundCodes,
}

/// The codes in the direction that was asked for.
#[derive(Clone, Debug)]
pub enum FoundCodes {
    /// Codes of a checkpoint.
    Codes(Arc<Codes>),
    /// The newest codes, which the asker has.
    Now,
    /// There is no checkpoint in that direction.
    Nowhere,
}

/// A request to decode a point of the latent space.
#[derive(Clone, Debug)]
pub struct LocatePoint {
    /// The point, as a sum of operations and dimensions.
    pub place: LatentPoint,
    /// Codes that the point is a sum of, with their weights; each is answered.
    pub codes: Vec<Arc<Codes>>,
    /// Latent spaces in which the point is looked for; each is answered.
    pub spaces: Vec<Scope>,
}

/// The answer to [`LocatePoint`].
#[derive(Clone, Debug)]
pub struct LocatedPoint {
    /// The point that was asked for.
    pub place: LatentPoint,
    /// Source of the codes, the space, and the point in it or why it is not there.
    pub found: Vec<(String, Scope, Result<Located, LatentPointError>)>,
}

/// Reason why a point between given codes cannot be gone to.
const NO_DECODER: &str = "a point between codes needs a decoder, and these codes have none";

/// Decodes a point with each of the codes' weights, in each space.
pub fn locate_point(asked: LocatePoint) -> LocatedPoint {
    let LocatePoint {
        place,
        codes,
        spaces,
    } = asked;
    let each = codes
        .iter()
        .flat_map(|codes| spaces.iter().map(move |space| (codes, *space)));
    let found = each
        .map(|(codes, space)| {
            let located = match (&codes.weights, place.operation()) {
                (Some(weights), _) => locate(weights, &codes.spaces, space, &place),
                (None, Some(operation)) => Ok(operation.into()),
                (None, None) => Err(place.error(NO_DECODER.to_owned())),
            };
            (codes.source.clone(), space, located)
        })
        .collect();
    LocatedPoint { place, found }
}

/// Finds the checkpoint, and encodes all operations with its weights.
pub(super) fn load(asked: &LoadCodes) -> Result<LoadedCodes, SessionError> {
    // A run that goes on may tidy a checkpoint away after it was listed: then there is a newer list.
    let early = (0..2).find_map(|_| found(asked).ok());
    early.map_or_else(|| found(asked), Ok)
}

fn found(asked: &LoadCodes) -> Result<LoadedCodes, SessionError> {
    let mut there = asked
        .run
        .as_deref()
        .map(checkpoint_index)
        .unwrap_or_default();
    // Before training, the weights are a function of the seed; now they are at hand.
    for known in [0, asked.now] {
        there.insert(known, PathBuf::new());
    }
    let next = match asked.toward {
        Toward::Before(epochs) => there.range(..epochs).next_back(),
        Toward::After(epochs) => there.range(epochs.saturating_add(1)..).next(),
    };
    let found = match next {
        None => FoundCodes::Nowhere,
        Some((epochs, _)) if *epochs == asked.now => FoundCodes::Now,
        Some((epochs, folder)) => FoundCodes::Codes(Arc::new(encoded(asked, *epochs, folder)?)),
    };
    Ok(LoadedCodes {
        asked: asked.clone(),
        kept: there.into_keys().collect(),
        found,
    })
}

fn encoded(asked: &LoadCodes, epochs: u32, folder: &Path) -> Result<Codes, SessionError> {
    let weights = match epochs {
        0 => Weights::start(asked.architecture, asked.seed),
        _ => checkpoint::Files::read(folder)?.weights()?,
    };
    let (device, dtype) = (Device::flex(), DType::F32);
    let model = DualVae::new(&weights, &device, dtype);
    codes(&model, &device, dtype, epochs, moment(epochs, 0))
}
