//! Exact neighbours of one operation among the codes of all of them. No tensors here.

use std::cmp::Ordering;

use crate::space::{ENTRIES, Operation};

/// How far apart two operations are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Straight line between the codes.
    #[default]
    Euclidean,
    /// 1 - cos of the angle between the codes; 1 where a code is the origin and has no direction.
    Cosine,
    /// Entries in which the truth tables differ; knows nothing of codes.
    Hamming,
}

impl Metric {
    /// Every metric, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Euclidean, Self::Cosine, Self::Hamming];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
            Self::Hamming => "hamming",
        }
    }
}

/// One neighbour of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Place in the order by (distance, index), from 1; the operation itself has none.
    pub rank: u32,
    /// The neighbour.
    pub operation: Operation,
    /// Distance in the chosen metric.
    pub distance: f64,
    /// Entries in which it differs.
    pub hamming: u32,
    /// Place in the order by (entries that differ, index), from 1.
    pub hamming_rank: u32,
}

/// The `k` operations nearest to `centre`, nearest first, without `centre` itself; ties by index.
///
/// `codes` holds one row of `dimensions` values for each operation, operation 0 first. A code that
/// is not a number is farther than all others. Operations without a complete row are left out, so
/// an empty slice has neighbours by no metric but Hamming.
pub fn nearest(
    codes: &[f32],
    dimensions: usize,
    centre: Operation,
    metric: Metric,
    k: usize,
) -> Vec<Neighbour> {
    let ranks = HammingRanks::around(centre);
    let mut distances = distances(codes, dimensions, centre, metric);
    if distances.len() > k && k > 0 {
        distances.select_nth_unstable_by(k - 1, order);
    }
    distances.truncate(k);
    distances.sort_unstable_by(order);
    distances
        .into_iter()
        .zip(1..)
        .map(|((distance, operation), rank)| {
            let hamming = centre.hamming(operation);
            Neighbour {
                rank,
                operation,
                distance,
                hamming,
                hamming_rank: ranks.of(operation),
            }
        })
        .collect()
}

/// How much of an operation's neighbourhood the codes preserve: the share of its `k` nearest codes
/// that are also among the `k` nearest by Hamming distance.
///
/// Many operations tie in Hamming distance; those at the border count at their expected share under
/// random tie-breaking. `None` where there are no neighbours.
pub fn preservation(
    codes: &[f32],
    dimensions: usize,
    centre: Operation,
    metric: Metric,
    k: usize,
) -> Option<f64> {
    let neighbours = nearest(codes, dimensions, centre, metric, k);
    if neighbours.is_empty() {
        return None;
    }
    let mut at = [0usize; ENTRIES + 1];
    for operation in Operation::all().filter(|operation| *operation != centre) {
        at[centre.hamming(operation) as usize] += 1;
    }
    // Share of each Hamming distance's operations that fit into the k nearest.
    let mut room = neighbours.len();
    let shares = at.map(|count| {
        let taken = room.min(count);
        room -= taken;
        if count == 0 {
            0.0
        } else {
            taken as f64 / count as f64
        }
    });
    let kept: f64 = neighbours
        .iter()
        .map(|neighbour| shares[neighbour.hamming as usize])
        .sum();
    Some(kept / neighbours.len() as f64)
}

fn order(a: &(f64, Operation), b: &(f64, Operation)) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// Distances from `centre` to every other operation that has a code.
fn distances(
    codes: &[f32],
    dimensions: usize,
    centre: Operation,
    metric: Metric,
) -> Vec<(f64, Operation)> {
    let others = Operation::all().filter(|operation| *operation != centre);
    if metric == Metric::Hamming {
        return others
            .map(|operation| (f64::from(centre.hamming(operation)), operation))
            .collect();
    }
    let row = |operation: Operation| {
        let start = operation.index().checked_mul(dimensions)?;
        codes
            .get(start..start.checked_add(dimensions)?)
            .filter(|row| !row.is_empty())
    };
    let Some(origin) = row(centre) else {
        return Vec::new();
    };
    let distance = |code: &[f32]| {
        let value = match metric {
            Metric::Cosine => cosine(origin, code),
            _ => euclidean(origin, code),
        };
        // A NaN may carry a sign, which total_cmp would sort to the front.
        if value.is_nan() { f64::INFINITY } else { value }
    };
    others
        .filter_map(|operation| row(operation).map(|code| (distance(code), operation)))
        .collect()
}

fn euclidean(a: &[f32], b: &[f32]) -> f64 {
    let squares = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    squares.sum::<f64>().sqrt()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    let norms = (aa * bb).sqrt();
    if norms == 0.0 { 1.0 } else { 1.0 - dot / norms }
}

/// Places in the order by (Hamming distance, index) around one operation.
struct HammingRanks {
    centre: Operation,
    /// Place before the first operation of each distance.
    before: [u32; ENTRIES + 1],
    /// Place of each operation among those of its own distance.
    within: Vec<u32>,
}

impl HammingRanks {
    fn around(centre: Operation) -> Self {
        let mut count = [0u32; ENTRIES + 1];
        let within = Operation::all()
            .map(|operation| {
                let place = &mut count[centre.hamming(operation) as usize];
                *place += 1;
                *place
            })
            .collect();
        let mut before = [0u32; ENTRIES + 1];
        // Distance 0 is the operation itself, which has no rank.
        for distance in 2..=ENTRIES {
            before[distance] = before[distance - 1] + count[distance - 1];
        }
        Self {
            centre,
            before,
            within,
        }
    }

    fn of(&self, operation: Operation) -> u32 {
        let place = self
            .within
            .get(operation.index())
            .copied()
            .unwrap_or_default();
        self.before[self.centre.hamming(operation) as usize] + place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::OPERATIONS;

    /// Codes in which the distances are easy to see: the index itself, on a line.
    fn line() -> Vec<f32> {
        (0..OPERATIONS).map(|index| index as f32).collect()
    }

    /// Codes in two dimensions that look random but are not.
    fn cloud() -> Vec<f32> {
        (0..2 * OPERATIONS)
            .map(|n| ((n * 7_919 % 10_007) as f32 / 5_003.5) - 1.0)
            .collect()
    }

    fn operation(index: usize) -> Operation {
        Operation::new(index).unwrap()
    }

    #[test]
    fn ties_go_to_the_smaller_index() {
        let found = nearest(&line(), 1, operation(100), Metric::Euclidean, 4);
        let order: Vec<usize> = found
            .iter()
            .map(|neighbour| neighbour.operation.index())
            .collect();
        assert_eq!(order, [99, 101, 98, 102]);
        assert_eq!(
            found
                .iter()
                .map(|neighbour| neighbour.rank)
                .collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
    }

    #[test]
    fn agrees_with_sorting_everything() {
        let codes = cloud();
        for metric in Metric::ALL {
            let centre = operation(7_153);
            let mut all = distances(&codes, 2, centre, metric);
            assert_eq!(all.len(), OPERATIONS - 1);
            all.sort_by(order);
            let mut by_hamming: Vec<_> =
                Operation::all().filter(|other| *other != centre).collect();
            by_hamming.sort_by_key(|other| (centre.hamming(*other), other.index()));
            for (found, expected) in nearest(&codes, 2, centre, metric, 50).iter().zip(&all) {
                assert_eq!((found.distance, found.operation), *expected, "{metric:?}");
                assert_eq!(by_hamming[found.hamming_rank as usize - 1], found.operation);
            }
        }
    }

    #[test]
    fn hamming_neighbours_are_wholly_preserved_in_expectation() {
        // 18 operations differ in one entry: the 18 nearest by Hamming are exactly those.
        let share = preservation(&[], 0, operation(5), Metric::Hamming, 18).unwrap();
        assert!((share - 1.0).abs() < 1e-12);
        // The 9 nearest are any 9 of the 18, each with chance 1/2.
        let share = preservation(&[], 0, operation(5), Metric::Hamming, 9).unwrap();
        assert!((share - 0.5).abs() < 1e-12);
    }

    #[test]
    fn cosine_is_one_minus_cos() {
        assert!(cosine(&[1.0, 0.0], &[0.0, 2.0]) - 1.0 < 1e-12);
        assert!(cosine(&[1.0, 1.0], &[3.0, 3.0]).abs() < 1e-12);
        assert!((cosine(&[1.0, 0.0], &[-5.0, 0.0]) - 2.0).abs() < 1e-12);
        assert!((cosine(&[0.0, 0.0], &[1.0, 0.0]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn broken_codes_are_far_away_and_missing_ones_absent() {
        let mut codes = line();
        codes[99] = -f32::NAN;
        let found = nearest(&codes, 1, operation(100), Metric::Euclidean, OPERATIONS);
        assert_eq!(found.last().unwrap().operation.index(), 99);
        assert_eq!(
            nearest(&codes[..10], 1, operation(100), Metric::Euclidean, 5),
            []
        );
        assert_eq!(
            nearest(&codes[..10], 1, operation(5), Metric::Euclidean, 50).len(),
            9
        );
        assert_eq!(nearest(&codes, 1, operation(5), Metric::Euclidean, 0), []);
        assert_eq!(
            nearest(&codes, usize::MAX, operation(5), Metric::Euclidean, 3),
            []
        );
    }
}
