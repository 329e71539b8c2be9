//! A prototype of counting coverage where a bitmap no longer fits: docs/results/scaling.md.

use fluxttice_core::measure::{Evaluator, samples};
use fluxttice_core::numbers::rounded;
use fluxttice_core::random::{Purpose, Stream};
use fluxttice_core::run::built_in;
use fluxttice_core::space::OperationSet;
use fluxttice_core::vae::Vae;

/// Bits of a hash that choose a register.
const INDEX: u32 = 14;
/// Registers; the standard error is 1.04 / √REGISTERS, 0.8 %.
const REGISTERS: usize = 1 << INDEX;

/// Counts distinct keys among any number of them in 16 KiB (Flajolet, Fusy, Gandouet
/// and Meunier, *HyperLogLog*, 2007).
struct Sketch(Vec<u8>);

impl Sketch {
    fn new() -> Self {
        Self(vec![0; REGISTERS])
    }

    fn insert(&mut self, key: u64) {
        let hash = mixed(key);
        let register = &mut self.0[(hash >> (64 - INDEX)) as usize];
        let rank = (hash << INDEX).leading_zeros().min(64 - INDEX) + 1;
        *register = (*register).max(u8::try_from(rank).unwrap());
    }

    /// A union is the larger of each register: sketches of several cores, or of A and B, add up.
    fn union(&self, other: &Self) -> Self {
        let larger = self.0.iter().zip(&other.0).map(|(a, b)| *a.max(b));
        Self(larger.collect())
    }

    fn estimate(&self) -> f64 {
        let m = REGISTERS as f64;
        let empty = self.0.iter().filter(|rank| matches!(rank, 0)).count() as f64;
        let sum: f64 = self.0.iter().map(|rank| 0.5f64.powi((*rank).into())).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        if raw <= 2.5 * m && empty > 0.0 {
            return m * (m / empty).ln();
        }
        raw
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): every bit of a key reaches every bit.
fn mixed(key: u64) -> u64 {
    let key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// Four standard errors.
const MARGIN: f64 = 4.0 * 1.04 / 128.0;

fn near(found: f64, expected: f64) {
    let off = found / expected - 1.0;
    assert!(off.abs() < MARGIN, "{found} of {expected}: {off:+.4}");
}

/// Compares both counts at a size where the bitmap fits.
#[test]
fn a_sketch_counts_what_the_bitmap_counts() {
    let evaluator = Evaluator::new(&built_in().unwrap().weights);
    let mut both: Vec<(Sketch, OperationSet)> = Vec::new();
    for which in Vae::BOTH {
        let (mut sketch, mut bitmap) = (Sketch::new(), OperationSet::default());
        let drawn = samples(&evaluator, which, 7, 0..40_000).unwrap();
        for (n, operation) in (1..).zip(drawn.iter().map(|drawn| drawn.categorical)) {
            sketch.insert(operation.index() as u64);
            bitmap.insert(operation);
            if [100, 1_000, 10_000, 40_000].contains(&n) {
                near(sketch.estimate(), bitmap.len() as f64);
            }
        }
        both.push((sketch, bitmap));
    }
    let union = both[0].0.union(&both[1].0);
    near(union.estimate(), both[0].1.union(&both[1].1).len() as f64);
}

/// Three-input ternary tables: 3^27 = 7.6 · 10^12, a bitmap of 953 GB.
#[test]
fn a_sketch_counts_where_no_bitmap_fits() {
    let all = 3f64.powi(27);
    let stream = Stream::new(42, Purpose::DrawA, 0, 0);
    // A generator of every table, and one that knows but a hundred-thousandth of a millionth of them.
    let (mut everything, mut few) = (Sketch::new(), Sketch::new());
    let known = 76_256.0;
    for row in 0..1_000_000 {
        let mut uniform = [0.0; 1];
        stream.uniforms(row, &mut uniform);
        everything.insert(rounded((uniform[0] * all).floor()));
        few.insert(rounded((uniform[0] * known).floor()));
    }
    near(everything.estimate(), 1e6);
    near(few.estimate(), known);
}
