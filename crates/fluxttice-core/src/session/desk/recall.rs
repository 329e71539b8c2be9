//! Codes that a run had earlier, from the checkpoints that were kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{DType, Device};

use crate::model::{Architecture, DualVae, Weights};
use crate::run::{checkpoint, moments};
use crate::session::SessionError;
use crate::session::message::{Codes, moment};
use crate::session::worker::codes;

/// A moment of a run that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// The run's folder; `None` for the built-in model, of which only the start is known.
    pub run: Option<PathBuf>,
    /// Its seed, of which the weights before the first epoch are a function.
    pub seed: u64,
    /// What its network looks like.
    pub architecture: Architecture,
    /// Epochs finished in the codes that are at hand without recalling any.
    pub now: u32,
    /// The moment.
    pub toward: Toward,
}

/// In which direction, from a number of finished epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// The last moment before.
    Before(u32),
    /// The first moment after.
    After(u32),
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// What was asked for.
    pub asked: Recall,
    /// Every moment by finished epochs, now included; 0 is before training.
    pub kept: Vec<u32>,
    /// The moment that was asked for.
    pub found: Moment,
}

/// What lies in the direction that was asked for.
#[derive(Clone, Debug)]
pub enum Moment {
    /// Codes of another moment.
    Codes(Arc<Codes>),
    /// Now.
    Now,
    /// Nothing.
    Nowhere,
}

/// Finds the moment, and encodes all operations with the weights of then.
pub(super) fn recall(asked: &Recall) -> Result<Recalled, SessionError> {
    // A run that goes on may tidy a checkpoint away after it was listed: then there is a newer list.
    let early = (0..2).find_map(|_| found(asked).ok());
    early.map_or_else(|| found(asked), Ok)
}

fn found(asked: &Recall) -> Result<Recalled, SessionError> {
    let mut there = asked.run.as_deref().map(moments).unwrap_or_default();
    // Before training, the weights are a function of the seed; now they are at hand.
    for known in [0, asked.now] {
        there.insert(known, PathBuf::new());
    }
    let next = match asked.toward {
        Toward::Before(epochs) => there.range(..epochs).next_back(),
        Toward::After(epochs) => there.range(epochs.saturating_add(1)..).next(),
    };
    let found = match next {
        None => Moment::Nowhere,
        Some((epochs, _)) if *epochs == asked.now => Moment::Now,
        Some((epochs, folder)) => Moment::Codes(Arc::new(encoded(asked, *epochs, folder)?)),
    };
    Ok(Recalled {
        asked: asked.clone(),
        kept: there.into_keys().collect(),
        found,
    })
}

fn encoded(asked: &Recall, epochs: u32, folder: &Path) -> Result<Codes, SessionError> {
    let weights = match epochs {
        0 => Weights::start(asked.architecture, asked.seed),
        _ => checkpoint::Files::read(folder)?.weights()?,
    };
    let (device, dtype) = (Device::flex(), DType::F32);
    let model = DualVae::new(&weights, &device, dtype);
    codes(&model, &device, dtype, epochs, moment(epochs, 0))
}
