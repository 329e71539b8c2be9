//! A pass over codes from the prior: coverage at several sample sizes, generator probabilities.

use std::ops::Range;

use rayon::prelude::*;

use super::covered::Covered;
use super::decoding::{Decoding, Drawn, most_likely};
use super::estimate::BLOCKS;
use super::evaluator::Evaluator;
use super::factors::Factors;
use super::generator::{Block, Generator, block_start};
use crate::device::DeviceFailure;
use crate::model::LATENT;
use crate::numbers::count32;
use crate::random::{Purpose, Stream};
use crate::space::{ENTRIES, OPERATIONS, Operation, OperationSet, VALUES};
use crate::vae::Vae;

/// Largest number of codes that one thread takes at a time.
const PIECE: u32 = 16_384;

/// Number of codes decoded at a time: as many as fit into a core's cache.
const TILE: u32 = 512;

/// Parameters of a pass over prior codes. Code i is the same in every question with the same seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorQuestion {
    /// VAE whose decoder is used.
    pub which: Vae,
    /// Seed of codes and draws.
    pub seed: u64,
    /// Sample sizes at which coverage is counted, each over the first N codes.
    pub samples: Vec<u32>,
    /// Number of codes over which generator probabilities are averaged; 0 for none.
    pub probability_codes: u32,
}

/// Results of a pass over prior codes.
#[derive(Clone, Debug)]
pub struct PriorAnswer {
    /// Coverage at each sample size, in the order of the question.
    pub covered: Vec<Covered>,
    /// Operations found by rounding every entry's expectation, for each sample size. This figure once misled,
    /// and is kept to show that it does.
    pub rounded_expectation: Vec<OperationSet>,
    /// Evenness of the samples over all operations, for each sample size.
    pub evenness: Vec<Evenness>,
    /// Generator probabilities; `None` where the question asks for none.
    pub generator: Option<Generator>,
}

/// χ² statistic of the draw counts of all operations, against equal shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evenness {
    /// Statistic of the categorical draws.
    pub categorical: f64,
    /// Statistic of the argmax operations.
    pub argmax: f64,
}

/// Degrees of freedom of [`Evenness`].
pub const FREEDOM: f64 = OPERATIONS as f64 - 1.0;

/// Returns the distance of a χ² statistic from its mean under equal shares, in standard
/// deviations of √(2 · degrees of freedom).
pub fn deviation(chi_squared: f64) -> f64 {
    (chi_squared - FREEDOM) / (2.0 * FREEDOM).sqrt()
}

pub(super) fn chi_squared(drawn: impl Iterator<Item = Operation>) -> f64 {
    let mut counts = vec![0u32; OPERATIONS];
    let mut samples = 0.0;
    for operation in drawn {
        counts[operation.index()] += 1;
        samples += 1.0;
    }
    let squares: f64 = counts.iter().map(|count| f64::from(*count).powi(2)).sum();
    squares * OPERATIONS as f64 / samples - samples
}

/// Contribution of one piece of the pass.
struct Piece {
    drawn: Vec<Drawn>,
    /// Sum of p(x | z) for every operation; empty where none is asked for.
    probabilities: Vec<f64>,
}

/// Decodes prior codes on all cores, and calls `tick` with the number of codes that each step has done.
///
/// The pass is cut into pieces at places that do not depend on the sample sizes or on the number of threads,
/// and everything is added up in order. So equal questions have equal answers, bit for bit, on one machine,
/// whatever other sizes are asked for along with them.
///
/// # Errors
/// Returns the device's failure.
pub fn sample_prior(
    evaluator: &Evaluator,
    question: &PriorQuestion,
    tick: &(dyn Fn(u32) + Sync),
) -> Result<PriorAnswer, DeviceFailure> {
    let cuts = cuts(question);
    let rows: Vec<Range<u32>> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let pieces: Vec<Piece> = rows
        .par_iter()
        .map_init(
            || evaluator.clone(),
            |evaluator, rows| piece(evaluator, question, rows.clone(), tick),
        )
        .collect::<Result<_, _>>()?;
    let drawn = || pieces.iter().flat_map(|piece| &piece.drawn);
    let codes = question.probability_codes;
    let mut generator = None;
    if codes > 0 {
        let mut all = drawn();
        let blocks = (0..BLOCKS).map(|number| {
            let block = block_start(codes, number)..block_start(codes, number + 1);
            let mut sums = vec![0.0; OPERATIONS];
            let inside = rows.iter().zip(&pieces);
            for (_, piece) in inside.filter(|(rows, _)| block.contains(&rows.start)) {
                for (sum, piece) in sums.iter_mut().zip(&piece.probabilities) {
                    *sum += piece;
                }
            }
            Block::new(sums, all.by_ref().take(block.len()))
        });
        generator = Some(Generator::new(blocks.collect()));
    }
    let first = |samples: &u32| drawn().take(*samples as usize);
    let covered = |samples: &u32| {
        let first = || first(samples);
        let categorical = first().map(|drawn| drawn.categorical).collect();
        let argmax = first().map(|drawn| drawn.argmax).collect();
        let entropy = first().map(|drawn| drawn.entropy).sum();
        Covered::new((categorical, *samples), (argmax, *samples), entropy)
    };
    Ok(PriorAnswer {
        covered: question.samples.iter().map(covered).collect(),
        rounded_expectation: question
            .samples
            .iter()
            .map(|samples| first(samples).map(|drawn| drawn.rounded).collect())
            .collect(),
        evenness: question
            .samples
            .iter()
            .map(|samples| Evenness {
                categorical: chi_squared(first(samples).map(|drawn| drawn.categorical)),
                argmax: chi_squared(first(samples).map(|drawn| drawn.argmax)),
            })
            .collect(),
        generator,
    })
}

/// Returns samples number `rows` of a seed, in order. They are equal to the samples that coverage counts.
///
/// # Errors
/// Returns the device's failure.
pub fn samples(
    evaluator: &Evaluator,
    which: Vae,
    seed: u64,
    rows: Range<u32>,
) -> Result<Vec<Drawn>, DeviceFailure> {
    let question = PriorQuestion {
        which,
        seed,
        samples: Vec::new(),
        probability_codes: 0,
    };
    Ok(piece(evaluator, &question, rows, &|_| {})?.drawn)
}

/// Returns the number of codes that a question takes.
pub fn codes_needed(question: &PriorQuestion) -> u32 {
    let most = question.samples.iter().copied().max().unwrap_or(0);
    most.max(question.probability_codes)
}

/// Returns the borders of the pieces: at every block, and at least every [`PIECE`] codes.
fn cuts(question: &PriorQuestion) -> Vec<u32> {
    let total = codes_needed(question);
    let mut cuts: Vec<u32> = (0..=BLOCKS)
        .map(|number| block_start(question.probability_codes, number))
        .chain((0..total).step_by(PIECE as usize))
        .chain([total])
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

fn piece(
    evaluator: &Evaluator,
    question: &PriorQuestion,
    rows: Range<u32>,
    tick: &(dyn Fn(u32) + Sync),
) -> Result<Piece, DeviceFailure> {
    let (prior, draw) = match question.which {
        Vae::A => (Purpose::PriorA, Purpose::DrawA),
        Vae::B => (Purpose::PriorB, Purpose::DrawB),
    };
    let prior = Stream::new(question.seed, prior, 0, 0);
    let draws = Stream::new(question.seed, draw, 0, 0);
    let weighing = rows.start < question.probability_codes;
    let mut found = Piece {
        drawn: Vec::with_capacity(rows.len()),
        probabilities: vec![0.0; if weighing { OPERATIONS } else { 0 }],
    };
    for start in rows.clone().step_by(TILE as usize) {
        let tile = start..(start + TILE).min(rows.end);
        let mut codes = vec![0.0; tile.len() * LATENT];
        for (row, code) in tile.clone().zip(codes.chunks_exact_mut(LATENT)) {
            prior.normals(row, code);
        }
        let logits = evaluator.logits(question.which, codes)?;
        let mut factors = Factors::<f64>::with_capacity(if weighing { tile.len() } else { 0 });
        for (row, logits) in tile.clone().zip(logits.chunks_exact(ENTRIES * VALUES)) {
            let decoding = Decoding::new(logits);
            let mut uniforms = [0.0; ENTRIES];
            draws.uniforms(row, &mut uniforms);
            found.drawn.push(Drawn {
                categorical: decoding.draw(&uniforms),
                argmax: most_likely(logits),
                rounded: decoding.rounded_expectation(),
                entropy: decoding.entropy(),
                likeliest: decoding.likeliest(),
            });
            if weighing {
                factors.push(&decoding.probabilities());
            }
        }
        if weighing {
            evaluator.add(factors, &mut found.probabilities)?;
        }
        tick(count32(tile.len()));
    }
    Ok(found)
}
