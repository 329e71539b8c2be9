//! Tests with inputs that the model was never shown: the original planned such tests and built none.
//!
//! An operation of another arity does not fit into nine inputs, and a table with an entry missing has nothing
//! to infer it from: over all operations the entries are independent. The questions left are whether noise is
//! undone, and whether an input that is no value spoils the eight others.

use super::Trial;
use super::finding::{Bound, Group, Measured, Method, Test};
use super::lab::{Choice, Lab, Past};
use super::statistics::{clustered, share};
use crate::device::DeviceFailure;
use crate::measure::Evaluator;
use crate::numbers::{count16, exponent};
use crate::random::{Stream, pick};
use crate::space::{ENTRIES, Operation, VALUES};
use crate::vae::{PerVae, Vae};

/// Probabilities with which an entry is changed.
pub const RATES: [f64; 3] = [0.05, 0.1, 0.2];
/// Number of operations that are shown changed.
const SHOWN: u32 = 5_000;
/// Input halfway between 0 and +1.
const NO_VALUE: f64 = 0.5;

const COPY: &str = "a perfect copy of what is shown";

const fn denoising(name: &'static str) -> Test {
    Test {
        name,
        group: Group::Shift,
        unit: "share",
        definition: "operations given back in all nine entries, ρ = 0, when each entry is shown with another value with this probability",
        baseline: COPY,
        bound: Bound::AtLeast(0.5),
        source: "ours: half of them; the original named no bound",
        margin: 0.1,
        interval: Method::Wilson,
    }
}

pub(super) static TRIALS: &[Trial] = &[
    Trial {
        test: denoising("input noise of 5 %"),
        measure: |lab| denoised(lab, 0),
        chance: |_| PerVae::both(copied(RATES[0])),
    },
    Trial {
        test: denoising("input noise of 10 %"),
        measure: |lab| denoised(lab, 1),
        chance: |_| PerVae::both(copied(RATES[1])),
    },
    Trial {
        test: denoising("input noise of 20 %"),
        measure: |lab| denoised(lab, 2),
        chance: |_| PerVae::both(copied(RATES[2])),
    },
    Trial {
        test: Test {
            name: "an entry that is no value",
            group: Group::Shift,
            unit: "share",
            definition: "operations whose other eight entries are given back, ρ = 0, when one entry is shown as 0.5",
            baseline: "a decoder that ignores its code",
            bound: Bound::AtLeast(0.9),
            source: "ours: nine of ten; the original named no bound",
            margin: 0.5,
            interval: Method::Wilson,
        },
        measure: |lab| lab.off_grid,
        // One operation of 3^8 agrees in eight entries.
        chance: |_| PerVae::both(1.0 / (VALUES as f64).powi(exponent(ENTRIES - 1))),
    },
];

fn denoised(lab: &Lab, rate: usize) -> PerVae<Measured> {
    PerVae::from_fn(|vae| lab.denoised[vae][rate])
}

/// Returns the share of tables that noise leaves unchanged.
fn copied(rate: f64) -> f64 {
    (1.0 - rate).powi(exponent(ENTRIES))
}

/// Shares that a VAE reconstructs of changed inputs.
pub(super) struct Shown {
    pub(super) entries: Measured,
    pub(super) denoised: Vec<Measured>,
    pub(super) off_grid: Measured,
}

impl Shown {
    pub(super) fn new(
        evaluator: &Evaluator,
        which: Vae,
        past: &Past,
        seed: u64,
    ) -> Result<Self, DeviceFailure> {
        let rates = RATES.iter().enumerate();
        Ok(Self {
            entries: entries(evaluator, which, past)?,
            denoised: rates
                .map(|(place, rate)| noise(evaluator, which, seed, place, *rate))
                .collect::<Result<_, _>>()?,
            off_grid: off_grid(evaluator, which, seed)?,
        })
    }
}

fn numbers(operations: &[Operation]) -> Vec<f64> {
    let entries = operations
        .iter()
        .map(|operation| operation.entries().map(f64::from));
    entries.flatten().collect()
}

/// Returns operations chosen at random.
fn sampled(stream: Stream) -> Vec<Operation> {
    let rows = 0..SHOWN;
    rows.map(|row| Lab::operation(stream.uniform(row, 0)))
        .collect()
}

fn entries(evaluator: &Evaluator, which: Vae, past: &Past) -> Result<Measured, DeviceFailure> {
    let held: Vec<Operation> = past.test.iter().collect();
    let found = evaluator.reconstruct(which, &numbers(&held))?;
    let right = |wrong: u32| 1.0 - f64::from(wrong) / ENTRIES as f64;
    let shares = held
        .iter()
        .zip(found)
        .map(|(held, found)| right(held.hamming(found)));
    Ok(clustered(&shares.collect::<Vec<_>>()))
}

fn noise(
    evaluator: &Evaluator,
    which: Vae,
    seed: u64,
    place: usize,
    rate: f64,
) -> Result<Measured, DeviceFailure> {
    let stream = Choice::Shift.stream(seed);
    let clean = sampled(stream);
    let noisy: Vec<Operation> = (0..)
        .zip(&clean)
        .map(|(row, operation)| {
            let first = 1 + place * ENTRIES;
            operation.noisy(rate, |entry| stream.uniform(row, count16(first + entry)))
        })
        .collect();
    let found = evaluator.reconstruct(which, &numbers(&noisy))?;
    let right = clean
        .iter()
        .zip(&found)
        .filter(|(clean, found)| clean == found);
    Ok(share(right.count(), clean.len()))
}

fn off_grid(evaluator: &Evaluator, which: Vae, seed: u64) -> Result<Measured, DeviceFailure> {
    let stream = Choice::OffGrid.stream(seed);
    let clean = sampled(stream);
    let entry = |row: u32| pick(stream.uniform(row, 1), ENTRIES);
    let mut shown = numbers(&clean);
    for (row, table) in (0..).zip(shown.chunks_exact_mut(ENTRIES)) {
        table[entry(row)] = NO_VALUE;
    }
    let found = evaluator.reconstruct(which, &shown)?;
    let right = (0..)
        .zip(clean.iter().zip(&found))
        .filter(|(row, (clean, found))| {
            let (clean, found) = (clean.classes(), found.classes());
            (0..ENTRIES).all(|i| i == entry(*row) || clean[i] == found[i])
        });
    Ok(share(right.count(), clean.len()))
}
