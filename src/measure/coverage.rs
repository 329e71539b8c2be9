//! Coverage: distinct operations among N generated from the prior, and the decode entropy.

use std::ops::Range;

use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

use super::decoding::{Decoding, most_likely};
use super::prior::Covered;
use crate::device::{DeviceFailure, is_cpu};
use crate::model::{DualVae, LATENT, Which, codes_tensor};
use crate::random::{Purpose, Rows, Stream};
use crate::space::{ENTRIES, OPERATIONS, OperationSet, VALUES};

/// Codes decoded at a time: small enough to look up from within a few hundredths of a second.
pub const TILE: u32 = 16_384;

/// Codes that one core decodes at a time.
const PIECE: u32 = 256;

/// Distinct operations that `samples` draws of a perfectly uniform generator hit on average,
/// `M · (1 - (1 - 1/M)^N)` with M = 19,683.
pub fn ceiling(samples: u32) -> f64 {
    let m = OPERATIONS as f64;
    -m * (f64::from(samples) * (-1.0 / m).ln_1p()).exp_m1()
}

/// How entries are drawn, and from how many codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples {
    /// Codes decoded by one categorical draw per entry.
    pub categorical: u32,
    /// Codes decoded by the most likely value per entry; their decode entropy is measured too.
    pub argmax: u32,
}

/// A coverage measurement, done tile by tile.
///
/// Code and draw number i are functions of seed, epoch and i alone: tile size and threads do
/// not matter.
#[derive(Debug)]
pub struct CoverageTask {
    which: Which,
    samples: Samples,
    prior: Stream,
    /// Prior codes that somebody else has drawn, if any.
    drawn: Vec<f32>,
    draws: Stream,
    done: u32,
    entropy: f64,
    categorical: OperationSet,
    argmax: OperationSet,
}

/// What some codes were decoded to.
#[derive(Debug, Default)]
struct Piece {
    categorical: OperationSet,
    argmax: OperationSet,
    /// H(x | z) of each code decoded by argmax.
    entropies: Vec<f64>,
}

impl CoverageTask {
    /// A measurement of A's or B's decoder; `epoch` is 0 outside of training.
    pub fn new(which: Which, samples: Samples, seed: u64, epoch: u32) -> Self {
        let (prior, draw) = match which {
            Which::A => (Purpose::PriorA, Purpose::DrawA),
            Which::B => (Purpose::PriorB, Purpose::DrawB),
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
        }
    }

    /// The prior codes that it takes.
    pub(super) fn prior(&self) -> Rows {
        Rows {
            stream: self.prior,
            rows: self.total(),
            columns: LATENT,
        }
    }

    /// Takes its prior codes from somebody who has drawn them.
    pub(super) fn take_codes(&mut self, drawn: Vec<f32>) {
        self.drawn = drawn;
    }

    /// Whether there is no tile left.
    pub(super) fn is_done(&self) -> bool {
        self.done == self.total()
    }

    /// Tiles in all.
    pub fn tiles(&self) -> u32 {
        self.total().div_ceil(TILE)
    }

    /// Tiles done.
    pub fn tiles_done(&self) -> u32 {
        self.done.div_ceil(TILE)
    }

    fn total(&self) -> u32 {
        self.samples.categorical.max(self.samples.argmax)
    }

    /// Decodes the next tile, on all cores where the tensors are on the CPU; true when there is none left.
    ///
    /// `model` must be without autodiff, on `device` in `dtype`.
    ///
    /// # Errors
    /// The device's failure.
    pub fn tile(
        &mut self,
        model: &DualVae,
        device: &Device,
        dtype: DType,
    ) -> Result<bool, DeviceFailure> {
        let end = (self.done + TILE).min(self.total());
        // A GPU wants much at once, a core what stays in its cache.
        let piece = if is_cpu(device) { PIECE } else { TILE };
        let starts: Vec<u32> = (self.done..end).step_by(piece as usize).collect();
        let decoded = |model: &mut DualVae, start: u32| {
            let rows = start..(start + piece).min(end);
            self.decoded(rows, model, device, dtype)
        };
        let pieces: Vec<Piece> = starts
            .into_par_iter()
            .map_init(|| model.clone(), decoded)
            .collect::<Result<_, _>>()?;
        for piece in pieces {
            self.categorical = self.categorical.union(&piece.categorical);
            self.argmax = self.argmax.union(&piece.argmax);
            // One by one and in order: the sum must not depend on how the codes were split.
            self.entropy = piece.entropies.iter().fold(self.entropy, |sum, h| sum + h);
        }
        self.done = end;
        Ok(self.is_done())
    }

    fn decoded(
        &self,
        rows: Range<u32>,
        model: &DualVae,
        device: &Device,
        dtype: DType,
    ) -> Result<Piece, DeviceFailure> {
        let codes = self.codes(rows.clone(), device, dtype);
        let logits = model.decode(self.which, codes);
        let logits: Vec<f64> = logits.try_into_vec_as()?;
        let mut piece = Piece::default();
        for (row, logits) in rows.zip(logits.chunks_exact(ENTRIES * VALUES)) {
            let decoding = Decoding::new(logits);
            if row < self.samples.argmax {
                piece.argmax.insert(most_likely(logits));
                piece.entropies.push(decoding.entropy());
            }
            if row < self.samples.categorical {
                let mut uniforms = [0.0; ENTRIES];
                self.draws.uniforms(row, &mut uniforms);
                piece.categorical.insert(decoding.draw(&uniforms));
            }
        }
        Ok(piece)
    }

    /// Prior codes of these rows, `[rows, 16]`.
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

    /// The figures, once every tile is done.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_the_known_ones() {
        for (samples, percent) in [(10_000, 39.83), (50_000, 92.12), (100_000, 99.38)] {
            assert!(
                (100.0 * ceiling(samples) / OPERATIONS as f64 - percent).abs() < 0.005,
                "{samples}"
            );
        }
        assert!((100.0 * ceiling(195_000) / OPERATIONS as f64 - 99.995).abs() < 0.001);
        assert!((ceiling(1) - 1.0).abs() < 1e-9);
    }
}
