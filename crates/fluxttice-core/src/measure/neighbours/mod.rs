//! Exact neighbours of an operation, or of a point of the latent space, among the codes
//! of all operations. Uses no tensors.

mod cloud;
mod embedding;
mod hamming;
mod metric;
mod place;
mod spaces;

pub use cloud::{Cloud, Code};
pub use embedding::{EmbeddingFigures, Overlap, embedding};
pub use metric::Metric;
pub use place::{LatentPoint, LatentPointError};
pub use spaces::Spaces;

use std::cmp::Ordering;

use super::preservation::{hamming_shares, shares_of};
use crate::space::{ENTRIES, Operation, OperationSet};
use hamming::HammingRanks;

/// A neighbour of a centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Rank in the order of all operations by (distance, index), from 1; the centre itself has none.
    pub rank: u32,
    /// Operation that is the neighbour.
    pub operation: Operation,
    /// Distance in the chosen metric.
    pub distance: f64,
    /// Hamming distance from the centre, or from the operation that the centre decodes to.
    pub hamming: u32,
    /// Rank in the order by (Hamming distance, index), from 1; 0 for the operation that
    /// the centre decodes to.
    pub hamming_rank: u32,
}

/// Origin of a search for neighbours.
#[derive(Clone, Debug, PartialEq)]
pub enum Centre {
    /// The code of an operation.
    Operation(Operation),
    /// A point of the latent space.
    Point {
        /// Coordinates of the point.
        mu: Vec<f64>,
        /// Operation that the decoder makes of the point.
        decoded: Operation,
    },
}

impl Centre {
    /// Returns the reason why a metric says nothing from this centre; `None` where it does.
    pub fn problem(&self, cloud: &Cloud, metric: Metric) -> Option<String> {
        if metric.needs_spread() && !cloud.has_spread() {
            return Some(format!(
                "{} compares posteriors, and these codes have no variances",
                metric.name()
            ));
        }
        let mu = match self {
            Self::Operation(operation) => match cloud.code(*operation) {
                Some(code) => code.mu,
                None if cloud.dimensions() > 0 && metric.needs_codes() => {
                    return Some("it is none of the operations that have a code".to_owned());
                }
                None => return None,
            },
            Self::Point { .. } if metric.needs_spread() => {
                return Some(format!(
                    "{} compares posteriors, and a point has none",
                    metric.name()
                ));
            }
            Self::Point { mu, .. } => mu,
        };
        // A subnormal length has lost digits, and a zero or infinite one all of them.
        let length: f64 = mu.iter().map(|x| x * x).sum();
        (metric == Metric::Cosine && !length.is_normal())
            .then(|| "cosine compares directions, and the origin has none".to_owned())
    }
}

/// Parameters of a search for neighbours.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// Metric by which distance is measured.
    pub metric: Metric,
    /// Largest number of neighbours.
    pub k: usize,
    /// Largest distance of a neighbour.
    pub radius: f64,
    /// Restricts the neighbours to these operations; ranks are still those among all.
    pub among: Option<&'a OperationSet>,
}

impl Search<'_> {
    /// Searches the k nearest among all operations.
    pub fn nearest(metric: Metric, k: usize) -> Self {
        Self {
            metric,
            k,
            radius: f64::INFINITY,
            among: None,
        }
    }
}

/// Returns the operations nearest to a centre, nearest first, without the centre
/// itself; ties are ordered by index.
///
/// A code that is not a number is farther than all others. An operation without a code has distances
/// by its truth table only, so that an empty cloud has neighbours by those metrics alone. A point has no neighbours by a metric
/// that needs a spread.
pub fn nearest(cloud: &Cloud, centre: &Centre, search: &Search<'_>) -> Vec<Neighbour> {
    let origin = match centre {
        Centre::Operation(operation) => *operation,
        Centre::Point { decoded, .. } => *decoded,
    };
    let ranks = HammingRanks::around(origin);
    let mut distances = distances(cloud, centre, search.metric, &ranks, origin);
    let within = |(distance, operation): &(f64, Operation)| {
        *distance <= search.radius && search.among.is_none_or(|set| set.contains(*operation))
    };
    if search.among.is_none() && distances.len() > search.k && search.k > 0 {
        distances.select_nth_unstable_by(search.k - 1, order);
        distances.truncate(search.k);
    }
    distances.sort_unstable_by(order);
    let ranked = (1..).zip(distances);
    ranked
        .filter(|(_, found)| within(found))
        .take(search.k)
        .map(|(rank, (distance, operation))| Neighbour {
            rank,
            operation,
            distance,
            hamming: ranks.distance(operation),
            hamming_rank: ranks.of(operation),
        })
        .collect()
}

/// Returns the share of an operation's `k` nearest codes that are also among its `k`
/// nearest operations by Hamming distance, of those that have a code.
///
/// Many operations tie in Hamming distance; those at the border count at their expected share under random
/// tie-breaking. Returns `None` where there are no neighbours.
pub fn preservation(cloud: &Cloud, centre: Operation, metric: Metric, k: usize) -> Option<f64> {
    let search = Search::nearest(metric, k);
    let neighbours = nearest(cloud, &Centre::Operation(centre), &search);
    let shares = match cloud.is_whole() || !metric.needs_codes() {
        true => hamming_shares(neighbours.len()),
        false => {
            let mut counts = [0; ENTRIES + 1];
            for other in cloud.operations().filter(|other| *other != centre) {
                counts[centre.hamming(other) as usize] += 1;
            }
            shares_of(counts, neighbours.len())
        }
    };
    let kept = neighbours
        .iter()
        .map(|found| shares[found.hamming as usize]);
    (!neighbours.is_empty()).then(|| kept.sum::<f64>() / neighbours.len() as f64)
}

fn order(a: &(f64, Operation), b: &(f64, Operation)) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// Returns the distance of every operation that has a code, without the centre itself.
fn distances(
    cloud: &Cloud,
    centre: &Centre,
    metric: Metric,
    ranks: &HammingRanks,
    origin: Operation,
) -> Vec<(f64, Operation)> {
    let own = match centre {
        Centre::Operation(operation) => Some(*operation),
        Centre::Point { .. } => None,
    };
    let others = Operation::all().filter(|operation| Some(*operation) != own);
    if !metric.needs_codes() {
        let distance = |operation: Operation| match metric {
            Metric::ThreeAdic => (0..origin.valuation(operation)).fold(1.0, |it, _| it / 3.0),
            _ => f64::from(ranks.distance(operation)),
        };
        return others.map(|other| (distance(other), other)).collect();
    }
    let code = match centre {
        Centre::Operation(operation) => cloud.code(*operation),
        Centre::Point { mu, .. } => (mu.len() == cloud.dimensions() && !metric.needs_spread())
            .then_some(Code { mu, deviation: &[] }),
    };
    let Some(code) = code else {
        return Vec::new();
    };
    let measured = |operation| Some((metric.between(code, cloud.code(operation)?), operation));
    others.filter_map(measured).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Posteriors;
    use crate::space::OPERATIONS;

    fn of_means(mu: Vec<f64>, dimensions: usize) -> Cloud {
        let log_variance = (0..mu.len()).map(|i| (i % 7) as f64 - 3.0).collect();
        Cloud::new(Posteriors { mu, log_variance }, dimensions)
    }

    /// Codes in which the distances are easy to see: the index itself, on a line.
    fn line() -> Vec<f64> {
        (0..OPERATIONS).map(|index| index as f64).collect()
    }

    /// Codes in two dimensions that look random but are not.
    fn cloud() -> Cloud {
        let numbers = (0..2 * OPERATIONS).map(|n| ((n * 7_919 % 10_007) as f64 / 5_003.5) - 1.0);
        of_means(numbers.collect(), 2)
    }

    fn operation(index: usize) -> Operation {
        Operation::new(index).unwrap()
    }

    fn indices(found: &[Neighbour]) -> Vec<usize> {
        found.iter().map(|found| found.operation.index()).collect()
    }

    fn around(cloud: &Cloud, index: usize, k: usize) -> Vec<Neighbour> {
        let centre = Centre::Operation(operation(index));
        nearest(cloud, &centre, &Search::nearest(Metric::Euclidean, k))
    }

    #[test]
    fn ties_go_to_the_smaller_index() {
        let found = around(&of_means(line(), 1), 100, 4);
        assert_eq!(indices(&found), [99, 101, 98, 102]);
        let ranks: Vec<u32> = found.iter().map(|found| found.rank).collect();
        assert_eq!(ranks, [1, 2, 3, 4]);
    }

    #[test]
    fn agrees_with_sorting_everything() {
        let cloud = cloud();
        let centre = operation(7_153);
        let mut by_hamming: Vec<_> = Operation::all().filter(|other| *other != centre).collect();
        by_hamming.sort_by_key(|other| (centre.hamming(*other), other.index()));
        for metric in Metric::ALL {
            let mut all: Vec<(f64, Operation)> = by_hamming
                .iter()
                .map(|other| {
                    let distance = match metric {
                        Metric::Hamming => f64::from(centre.hamming(*other)),
                        Metric::ThreeAdic => {
                            let mut difference = centre.index().abs_diff(other.index());
                            let mut distance = 1.0;
                            while difference.is_multiple_of(3) {
                                (difference, distance) = (difference / 3, distance / 3.0);
                            }
                            distance
                        }
                        metric => {
                            metric.between(cloud.code(centre).unwrap(), cloud.code(*other).unwrap())
                        }
                    };
                    (distance, *other)
                })
                .collect();
            all.sort_by(order);
            let search = Search::nearest(metric, 50);
            let found = nearest(&cloud, &Centre::Operation(centre), &search);
            assert_eq!(found.len(), 50);
            for (found, expected) in found.iter().zip(&all) {
                assert_eq!((found.distance, found.operation), *expected, "{metric:?}");
                assert_eq!(by_hamming[found.hamming_rank as usize - 1], found.operation);
                assert_eq!(found.hamming, centre.hamming(found.operation));
            }
        }
    }

    #[test]
    fn a_radius_and_a_choice_leave_ranks_as_they_are() {
        let cloud = of_means(line(), 1);
        let even: OperationSet = Operation::all().filter(|o| o.index() % 2 == 0).collect();
        let search = Search {
            radius: 5.0,
            among: Some(&even),
            ..Search::nearest(Metric::Euclidean, 100)
        };
        let found = nearest(&cloud, &Centre::Operation(operation(100)), &search);
        assert_eq!(indices(&found), [98, 102, 96, 104]);
        let ranks: Vec<u32> = found.iter().map(|found| found.rank).collect();
        assert_eq!(ranks, [3, 4, 7, 8]);
    }

    #[test]
    fn a_point_has_neighbours_by_distances_that_need_no_spread() {
        let cloud = of_means(line(), 1);
        let centre = Centre::Point {
            mu: vec![100.2],
            decoded: operation(5),
        };
        let found = nearest(&cloud, &centre, &Search::nearest(Metric::Euclidean, 3));
        assert_eq!(indices(&found), [100, 101, 99]);
        assert_eq!(found[0].hamming, operation(5).hamming(operation(100)));
        let found = nearest(&cloud, &centre, &Search::nearest(Metric::Hamming, 1));
        assert_eq!(
            (found[0].operation, found[0].hamming_rank),
            (operation(5), 0)
        );
        assert_eq!(
            nearest(&cloud, &centre, &Search::nearest(Metric::Jeffreys, 3)),
            []
        );
    }

    #[test]
    fn the_origin_has_no_direction_and_a_point_no_spread() {
        let cloud = cloud();
        let at = |x: f64| Centre::Point {
            mu: vec![x, 0.0],
            decoded: operation(5),
        };
        for (x, metric, fits) in [
            (0.0, Metric::Cosine, false),
            (1e-160, Metric::Cosine, false),
            (1e-9, Metric::Cosine, true),
            (0.0, Metric::Euclidean, true),
            (1.0, Metric::Wasserstein, false),
            (1.0, Metric::Jeffreys, false),
            (1.0, Metric::Hamming, true),
        ] {
            assert_eq!(
                at(x).problem(&cloud, metric).is_none(),
                fits,
                "{x} {metric:?}"
            );
        }
        let code = Centre::Operation(operation(5));
        assert_eq!(code.problem(&cloud, Metric::Jeffreys), None);
    }

    #[test]
    fn hamming_neighbours_are_wholly_preserved_in_expectation() {
        let share = |k| preservation(&Cloud::default(), operation(5), Metric::Hamming, k).unwrap();
        // 18 operations differ in one entry: the 18 nearest by Hamming are exactly those.
        assert!((share(18) - 1.0).abs() < 1e-12);
        // The 9 nearest are any 9 of the 18, each with chance 1/2.
        assert!((share(9) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn broken_codes_are_far_away_and_missing_ones_absent() {
        let mut codes = line();
        codes[99] = -f64::NAN;
        let found = around(&of_means(codes, 1), 100, OPERATIONS);
        assert_eq!(found.last().unwrap().operation.index(), 99);
        let short = of_means(line()[..10].to_vec(), 1);
        assert_eq!(around(&short, 100, 5), []);
        assert_eq!(around(&short, 5, 50).len(), 9);
        assert_eq!(around(&of_means(line(), 1), 5, 0), []);
        assert_eq!(around(&of_means(line(), usize::MAX), 5, 3), []);
    }
}
