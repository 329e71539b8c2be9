//! Coverage: distinct operations among N generated from the prior, and the decode entropy.

use burn::tensor::{DType, Device};

use crate::device::DeviceFailure;
use crate::model::{DualVae, LATENT, Which, codes_tensor};
use crate::random::{Purpose, Stream};
use crate::record::{Coverage, Unique};
use crate::space::{ENTRIES, OPERATIONS, Operation, OperationSet, VALUES};

/// Codes decoded at a time: small enough to look up from within a few hundredths of a second.
pub const TILE: u32 = 4_096;

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
#[derive(Clone, Debug)]
pub struct CoverageTask {
    which: Which,
    samples: Samples,
    prior: Stream,
    draws: Stream,
    done: u32,
    entropy: f64,
    categorical: OperationSet,
    argmax: OperationSet,
}

/// A finished coverage measurement.
#[derive(Clone, Debug)]
pub struct Covered {
    /// The figures.
    pub coverage: Coverage,
    /// The operations found by categorical draws.
    pub categorical: OperationSet,
    /// The operations found by argmax.
    pub argmax: OperationSet,
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
            draws: Stream::new(seed, draw, epoch, 0),
            done: 0,
            entropy: 0.0,
            categorical: OperationSet::default(),
            argmax: OperationSet::default(),
        }
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

    /// Decodes the next tile; true when there is none left.
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
        let rows = self.done..(self.done + TILE).min(self.total());
        let mut codes = vec![0.0; rows.len() * LATENT];
        for (row, code) in rows.clone().zip(codes.chunks_exact_mut(LATENT)) {
            self.prior.normals(row, code);
        }
        let logits = model.decode(self.which, codes_tensor(codes, device, dtype));
        let logits: Vec<f64> = logits.try_into_vec_as()?;
        for (row, logits) in rows.clone().zip(logits.chunks_exact(ENTRIES * VALUES)) {
            self.count(row, logits);
        }
        self.done = rows.end;
        Ok(self.done == self.total())
    }

    fn count(&mut self, row: u32, logits: &[f64]) {
        if row < self.samples.argmax {
            self.argmax.insert(most_likely(logits));
            self.entropy += entropy(logits);
        }
        if row < self.samples.categorical {
            let mut uniforms = [0.0; ENTRIES];
            self.draws.uniforms(row, &mut uniforms);
            self.categorical.insert(draw(logits, &uniforms));
        }
    }

    /// The figures, once every tile is done.
    pub fn finish(self) -> Covered {
        let unique = |set: &OperationSet, samples: u32| Unique {
            unique: set.len() as u32,
            samples,
            ceiling: ceiling(samples),
        };
        let coverage = Coverage {
            categorical: unique(&self.categorical, self.samples.categorical),
            argmax: unique(&self.argmax, self.samples.argmax),
            decode_entropy: self.entropy / f64::from(self.samples.argmax),
        };
        Covered {
            coverage,
            categorical: self.categorical,
            argmax: self.argmax,
        }
    }
}

/// The operation with the largest logit in every entry; the first of equals.
pub fn most_likely(logits: &[f64]) -> Operation {
    Operation::from_classes(std::array::from_fn(|position| {
        let entry = &logits[VALUES * position..][..VALUES];
        let larger = |best: usize, value: usize| {
            if entry[value] > entry[best] {
                value
            } else {
                best
            }
        };
        (1..VALUES).fold(0, larger) as u8
    }))
}

/// One categorical draw per entry with these uniform numbers.
fn draw(logits: &[f64], uniforms: &[f64; ENTRIES]) -> Operation {
    Operation::from_classes(std::array::from_fn(|position| {
        let [a, b, c] = exponentials(&logits[VALUES * position..][..VALUES]);
        let target = uniforms[position] * (a + b + c);
        if target < a {
            0
        } else if target < a + b {
            1
        } else {
            2
        }
    }))
}

/// H(x | z) of one code in nats: the entropies of its nine softmaxes, summed.
fn entropy(logits: &[f64]) -> f64 {
    logits
        .chunks_exact(VALUES)
        .map(|entry| {
            let weights = exponentials(entry);
            let sum: f64 = weights.iter().sum();
            let largest = largest(entry);
            // -Σ p ln p with ln p = (l - max) - ln Σ.
            let mean: f64 = weights
                .iter()
                .zip(entry)
                .map(|(weight, logit)| weight * (logit - largest))
                .sum();
            libm::log(sum) - mean / sum
        })
        .sum()
}

fn largest(entry: &[f64]) -> f64 {
    entry.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// exp(logit - largest) of one entry; from `libm`, the same on every machine.
fn exponentials(entry: &[f64]) -> [f64; VALUES] {
    let largest = largest(entry);
    std::array::from_fn(|value| libm::exp(entry[value] - largest))
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
        assert!((ceiling(1) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn one_entry_decides_its_own_digit() {
        let mut logits = [0.0; 27];
        logits[2] = 5.0;
        logits[3 * 8 + 1] = 5.0;
        assert_eq!(most_likely(&logits).index(), 2 + 6_561);
    }

    #[test]
    fn draws_follow_the_probabilities() {
        // One entry with probabilities 0.2, 0.3, 0.5; the others certain.
        let mut logits = [0.0; 27];
        for entry in 1..9 {
            logits[3 * entry] = 60.0;
        }
        (logits[0], logits[1], logits[2]) = (0.2f64.ln(), 0.3f64.ln(), 0.5f64.ln());
        let class = |uniform: f64| draw(&logits, &[uniform; 9]).index();
        assert_eq!(
            [
                class(0.0),
                class(0.19),
                class(0.21),
                class(0.49),
                class(0.51),
                class(0.99)
            ],
            [0, 0, 1, 1, 2, 2]
        );
    }

    #[test]
    fn entropy_of_known_distributions() {
        assert!((entropy(&[0.0; 27]) - 9.0 * 3f64.ln()).abs() < 1e-12);
        let certain: Vec<f64> = (0..27)
            .map(|i| if i % 3 == 0 { 1_000.0 } else { 0.0 })
            .collect();
        assert!(entropy(&certain).abs() < 1e-12);
    }
}
