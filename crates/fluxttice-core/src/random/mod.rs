//! Every random number of a run: a counter-based generator, never hidden state.
//!
//! A number is a function of seed, purpose, epoch, batch and row, so draws do not depend on batch
//! size, thread count or history, and resuming, replaying and comparing with the same noise need
//! nothing saved. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, *Parallel random
//! numbers: as easy as 1, 2, 3*, SC'11).

mod ahead;

use crate::numbers::count32;

pub use ahead::{Ahead, Rows, draw_ahead};

/// Purpose of a stream of random numbers. Streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Purpose {
    /// Fresh weights, at the start and for mixing into the decoders.
    Weights = 0,
    /// The train / validation / test split.
    Split = 1,
    /// The order of the training operations in an epoch.
    Shuffle = 2,
    /// Posterior noise of VAE-A.
    NoiseA = 3,
    /// Posterior noise of VAE-B.
    NoiseB = 4,
    /// Prior codes for VAE-A.
    PriorA = 5,
    /// Prior codes for VAE-B.
    PriorB = 6,
    /// Categorical draws from VAE-A's decoder.
    DrawA = 7,
    /// Categorical draws from VAE-B's decoder.
    DrawB = 8,
    /// Noise that a disruption adds to VAE-A's codes.
    JitterA = 9,
    /// Noise that a disruption adds to VAE-B's codes.
    JitterB = 10,
    /// Random choices of a validation test.
    Validation = 11,
    /// Permutation of the targets, where targets are shuffled.
    Targets = 12,
    /// Renaming and noise of the training operations, where they are shown so.
    Shown = 13,
    /// Views of the training operations, to which their codes are related.
    View = 14,
    /// Prior codes that VAE-A is trained on.
    GeneratedA = 15,
    /// Prior codes that VAE-B is trained on.
    GeneratedB = 16,
}

/// The random numbers of one purpose, epoch and batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    purpose: u32,
    epoch: u32,
    batch: u32,
}

impl Stream {
    /// Returns the stream for this purpose in this epoch and batch.
    pub fn new(seed: u64, purpose: Purpose, epoch: u32, batch: u32) -> Self {
        Self {
            key: halves(seed),
            purpose: purpose as u32,
            epoch,
            batch,
        }
    }

    /// Returns two uniform numbers in [0, 1) of 53 bits: the pair number `pair` of a row.
    fn uniform_pair(&self, row: u32, pair: u16) -> [f64; 2] {
        let counter = [
            row,
            self.purpose << 16 | u32::from(pair),
            self.batch,
            self.epoch,
        ];
        let [a, b, c, d] = philox(counter, self.key);
        let unit = |high: u32, low: u32| {
            ((u64::from(high) << 32 | u64::from(low)) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
        };
        [unit(a, b), unit(c, d)]
    }

    /// Returns the uniform number in [0, 1) at this row and column.
    pub fn uniform(&self, row: u32, column: u16) -> f64 {
        self.uniform_pair(row, column / 2)[usize::from(column % 2)]
    }

    /// Fills `out` with a row's uniform numbers in [0, 1), columns from 0.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a row has fewer pairs than 2¹⁶"
    )]
    pub fn uniforms(&self, row: u32, out: &mut [f64]) {
        for (pair, out) in out.chunks_mut(2).enumerate() {
            out.copy_from_slice(&self.uniform_pair(row, pair as u16)[..out.len()]);
        }
    }

    /// Fills `out` with a row's standard normal numbers, columns from 0 (Box and Muller 1958).
    ///
    /// Logarithm, sine and cosine come from the `libm` crate, so the numbers are the same on
    /// every machine.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a row has fewer pairs than 2¹⁶"
    )]
    pub fn normals(&self, row: u32, out: &mut [f64]) {
        for (pair, out) in out.chunks_mut(2).enumerate() {
            let [u, v] = self.uniform_pair(row, pair as u16);
            // 1 - u lies in (0, 1]: the logarithm is finite.
            let radius = (-2.0 * libm::log(1.0 - u)).sqrt();
            let (sine, cosine) = libm::sincos(std::f64::consts::TAU * v);
            out.copy_from_slice(&[radius * cosine, radius * sine][..out.len()]);
        }
    }

    /// Returns a permutation of 0..n (Fisher and Yates, with Lemire's multiply-and-shift bound).
    pub fn permutation(&self, n: usize) -> Vec<u32> {
        let n = count32(n);
        let mut order: Vec<u32> = (0..n).collect();
        for i in (1..n).rev() {
            let j = pick(self.uniform(i, 0), i as usize + 1);
            order.swap(i as usize, j);
        }
        order
    }
}

/// Returns a number below `count`, selected by a uniform number in [0, 1).
///
/// A uniform number is at most 1 - 2⁻⁵³, so that its product with a count is rounded to less than the count.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the whole part of a product that is not negative selects"
)]
pub fn pick(uniform: f64, count: usize) -> usize {
    (uniform * count as f64) as usize
}

/// Returns the lower and the upper half of a number's bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half is cut out")]
fn halves(bits: u64) -> [u32; 2] {
    [bits as u32, (bits >> 32) as u32]
}

/// Computes Philox4x32 with ten rounds.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIER: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    for _ in 0..10 {
        let [low0, high0] = halves(MULTIPLIER[0] * u64::from(counter[0]));
        let [low1, high1] = halves(MULTIPLIER[1] * u64::from(counter[2]));
        counter = [
            high1 ^ counter[1] ^ key[0],
            low1,
            high0 ^ counter[3] ^ key[1],
            low0,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_uniform_number_picks_the_last() {
        let largest = 1.0 - f64::EPSILON / 2.0;
        for count in (1..2_000).chain([19_682, 19_683, 1 << 32]) {
            assert_eq!(pick(largest, count), count - 1);
        }
    }

    #[test]
    fn philox_gives_the_published_known_answers() {
        // kat_vectors of the Random123 distribution, philox4x32, 10 rounds.
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn normals_have_the_moments_of_a_normal() {
        const ROWS: u32 = 20_000;
        let stream = Stream::new(3, Purpose::PriorA, 0, 0);
        let mut row = [0.0; 16];
        let (mut sum, mut squares, mut fourths) = (0.0, 0.0, 0.0);
        for i in 0..ROWS {
            stream.normals(i, &mut row);
            for x in row {
                sum += x;
                squares += x * x;
                fourths += x * x * x * x;
            }
        }
        let n = f64::from(ROWS) * 16.0;
        // Five standard errors each: 1/√n, √(2/n), √(96/n).
        assert!((sum / n).abs() < 5.0 / n.sqrt());
        assert!((squares / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
        assert!((fourths / n - 3.0).abs() < 5.0 * (96.0 / n).sqrt());
    }

    #[test]
    fn a_number_depends_on_every_part_of_its_address() {
        let base = Stream::new(1, Purpose::NoiseA, 2, 3).uniform(4, 5);
        let others = [
            Stream::new(2, Purpose::NoiseA, 2, 3).uniform(4, 5),
            Stream::new(1 << 32 | 1, Purpose::NoiseA, 2, 3).uniform(4, 5),
            Stream::new(1, Purpose::NoiseB, 2, 3).uniform(4, 5),
            Stream::new(1, Purpose::NoiseA, 3, 3).uniform(4, 5),
            Stream::new(1, Purpose::NoiseA, 2, 4).uniform(4, 5),
            Stream::new(1, Purpose::NoiseA, 2, 3).uniform(5, 5),
            Stream::new(1, Purpose::NoiseA, 2, 3).uniform(4, 6),
        ];
        assert!(
            others.iter().all(|other| other.to_bits() != base.to_bits()),
            "{base} {others:?}"
        );
    }

    #[test]
    fn a_permutation_holds_every_number_once_and_moves_them() {
        let order = Stream::new(42, Purpose::Shuffle, 0, 0).permutation(1_000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..1_000));
        let fixed = order.iter().zip(0..).filter(|(x, i)| **x == *i).count();
        assert!(
            fixed < 10,
            "{fixed} of 1000 stayed in place; one is expected"
        );
    }
}
