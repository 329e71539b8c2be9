//! Coverage: the number of distinct operations among N generated from the prior, and the decode entropy.

use std::ops::Range;

use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

use super::covered::Covered;
use super::decoding::{Decoding, most_likely};
use super::estimate::BLOCKS;
use super::factors::Factors;
use super::generator::{Block, Generator, block_of};
use crate::device::{DeviceFailure, is_cpu};
use crate::model::{DualVae, LATENT, codes_tensor};
use crate::random::{Purpose, Rows, Stream};
use crate::space::{ENTRIES, OperationSet, VALUES};
use crate::vae::Vae;

/// Number of codes decoded at a time: small enough to be interrupted within a few hundredths of a second.
pub const TILE: u32 = 16_384;

/// Number of codes that one core decodes at a time.
const PIECE: u32 = 256;
/// Number of codes whose probabilities are added up at a time.
const SHARE: u32 = 1_024;

/// Numbers of codes for the two ways of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples {
    /// Number of codes decoded by one categorical draw per entry.
    pub categorical: u32,
    /// Number of codes decoded by the most likely value per entry; their decode entropy is measured too.
    pub argmax: u32,
}

/// A coverage measurement, done tile by tile.
/// Code and draw number i are functions of seed, epoch and i alone, so that tile size
/// and threads do not matter.
/// not matter.
#[derive(Debug)]
pub struct CoverageTask {
    which: Vae,
    samples: Samples,
    prior: Stream,
    /// Prior codes that the caller has drawn; empty where there are none.
    drawn: Vec<f32>,
    draws: Stream,
    done: u32,
    entropy: f64,
    categorical: OperationSet,
    argmax: OperationSet,
    /// Probabilities of all operations over all codes, where I(z; x) is measured; else empty.
    blocks: Vec<Block>,
}

/// Results of decoding some codes.
#[derive(Debug, Default)]
struct Piece {
    categorical: OperationSet,
    argmax: OperationSet,
    /// H(x | z) of each code decoded by argmax, in nats.
    entropies: Vec<f64>,
    /// Contributions of the codes to their blocks.
    parts: Vec<Part>,
}

/// Contribution of some codes to one block.
#[derive(Debug)]
struct Part {
    number: usize,
    block: Block,
    factors: Factors<f32>,
}

impl Piece {
    /// Adds a code of this block, which is the last part's block or a later one.
    fn weigh(&mut self, number: usize, decoding: &Decoding) {
        let mut parts = self.parts.pop_if(|part| part.number == number);
        let part = parts.get_or_insert_with(|| Part {
            number,
            block: Block::empty(),
            factors: Factors::with_capacity(SHARE as usize),
        });
        let (entropy, likeliest) = decoding.entropy_at_once();
        part.block.told(entropy, likeliest);
        part.factors.push(&decoding.probabilities());
        self.parts.extend(parts);
    }
}

impl Part {
    fn add_up(&mut self) -> Result<(), DeviceFailure> {
        let factors = std::mem::take(&mut self.factors);
        factors.add_to(self.block.sums(), &Device::flex(), DType::F32)
    }
}

impl CoverageTask {
    /// Makes a measurement of A's or B's decoder; `epoch` is 0 outside of training.
    pub fn new(which: Vae, samples: Samples, seed: u64, epoch: u32) -> Self {
        let (prior, draw) = match which {
            Vae::A => (Purpose::PriorA, Purpose::DrawA),
            Vae::B => (Purpose::PriorB, Purpose::DrawB),
        };
        Self {
            which,
            samples,
            prior: Stream::new(seed, prior, epoch, 0),
            drawn: Vec::new(),
            draws: Stream::new(seed, draw, epoch, 0),
            done: 0,
            entropy: 0.0,
            categorical: OperationSet::default(),
            argmax: OperationSet::default(),
            blocks: Vec::new(),
        }
    }

    /// Lets the measurement also collect the probabilities that I(z; x) needs.
    #[must_use]
    pub fn with_information(mut self) -> Self {
        self.blocks = vec![Block::empty(); BLOCKS];
        self
    }

    /// Returns the generator of all codes that were decoded, once every tile is done;
    /// `None` without `with_information`.
    pub(super) fn generator(&self) -> Option<Generator> {
        let asked = !self.blocks.is_empty();
        asked.then(|| Generator::new(self.blocks.clone()))
    }

    /// Returns the stream, number and width of the prior codes that the measurement takes.
    pub(super) fn prior(&self) -> Rows {
        Rows {
            stream: self.prior,
            rows: self.total(),
            columns: LATENT,
        }
    }

    /// Takes prior codes that the caller has drawn.
    pub(super) fn take_codes(&mut self, drawn: Vec<f32>) {
        self.drawn = drawn;
    }

    /// Returns true if no tile is left.
    pub(super) fn is_done(&self) -> bool {
        self.done == self.total()
    }

    /// Returns the number of tiles in all.
    pub fn tiles(&self) -> u32 {
        self.total().div_ceil(TILE)
    }

    /// Returns the number of tiles that are done.
    pub fn tiles_done(&self) -> u32 {
        self.done.div_ceil(TILE)
    }

    fn total(&self) -> u32 {
        self.samples.categorical.max(self.samples.argmax)
    }

    /// Decodes the next tile, on all cores where the tensors are on the CPU; returns true when none is left.
    ///
    /// `model` must be without autodiff, on `device` in `dtype`.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn tile(
        &mut self,
        model: &DualVae,
        device: &Device,
        dtype: DType,
    ) -> Result<bool, DeviceFailure> {
        let end = (self.done + TILE).min(self.total());
        // A GPU needs many codes at once, a core as many as stay in its cache.
        let piece = if is_cpu(device) { PIECE } else { TILE };
        let share = if self.blocks.is_empty() {
            piece
        } else {
            piece.max(SHARE)
        };
        let starts: Vec<u32> = (self.done..end).step_by(share as usize).collect();
        let decoded = |model: &mut DualVae, start: u32| {
            let share = start..(start + share).min(end);
            let mut found = Piece::default();
            for start in share.clone().step_by(piece as usize) {
                let rows = start..(start + piece).min(share.end);
                let codes = self.codes(rows.clone(), device, dtype);
                let logits = model.decode(self.which, codes);
                self.take(&mut found, rows, &logits.try_into_vec_as()?);
            }
            found.parts.iter_mut().try_for_each(Part::add_up)?;
            Ok(found)
        };
        let pieces: Vec<Piece> = starts
            .into_par_iter()
            .map_init(|| model.clone(), decoded)
            .collect::<Result<_, DeviceFailure>>()?;
        for piece in pieces {
            self.categorical = self.categorical.union(&piece.categorical);
            self.argmax = self.argmax.union(&piece.argmax);
            // One by one and in order: the sum must not depend on how the codes were split.
            self.entropy = piece.entropies.iter().fold(self.entropy, |sum, h| sum + h);
            for part in &piece.parts {
                self.blocks[part.number].join(&part.block);
            }
        }
        self.done = end;
        Ok(self.is_done())
    }

    /// Adds the operations that the codes of these rows were decoded to; logits are row-major `[rows, 27]`.
    fn take(&self, found: &mut Piece, rows: Range<u32>, logits: &[f64]) {
        for (row, logits) in rows.zip(logits.chunks_exact(ENTRIES * VALUES)) {
            let decoding = Decoding::new(logits);
            if row < self.samples.argmax {
                found.argmax.insert(most_likely(logits));
                found.entropies.push(decoding.entropy());
            }
            if row < self.samples.categorical {
                let mut uniforms = [0.0; ENTRIES];
                self.draws.uniforms(row, &mut uniforms);
                found.categorical.insert(decoding.draw(&uniforms));
            }
            if !self.blocks.is_empty() {
                found.weigh(block_of(self.total(), row), &decoding);
            }
        }
    }

    /// Returns the prior codes of these rows, `[rows, 16]`.
    fn codes(&self, rows: Range<u32>, device: &Device, dtype: DType) -> Tensor<2> {
        let within = LATENT * rows.start as usize..LATENT * rows.end as usize;
        if let (DType::F32, Some(drawn)) = (dtype, self.drawn.get(within)) {
            let data = TensorData::new(drawn.to_vec(), [rows.len(), LATENT]);
            return Tensor::from_data(data, (device, dtype));
        }
        let mut codes = vec![0.0; rows.len() * LATENT];
        for (row, code) in rows.zip(codes.chunks_exact_mut(LATENT)) {
            self.prior.normals(row, code);
        }
        codes_tensor(codes, device, dtype)
    }

    /// Returns the figures, once every tile is done.
    pub fn finish(self) -> Covered {
        let Samples {
            categorical,
            argmax,
        } = self.samples;
        Covered::new(
            (self.categorical, categorical),
            (self.argmax, argmax),
            self.entropy,
        )
    }
}
