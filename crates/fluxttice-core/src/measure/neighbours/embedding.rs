//! An embedding: codes of any number of dimensions for some operations, made by any program; and what can be said
//! of one as a whole.

use rayon::prelude::*;
use serde::Serialize;

use super::{Cloud, Metric, preservation};
use crate::arrays::Array;
use crate::measure::mean_preservation;
use crate::space::{OPERATIONS, Operation};

/// Neighbourhood sizes for which overlap is measured.
const SIZES: [usize; 2] = [10, 100];

/// Figures of the codes of some operations, as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmbeddingFigures {
    /// Operations that have a code.
    pub operations: usize,
    /// Numbers in a code.
    pub dimensions: usize,
    /// Neighbourhood overlap for each size that there are enough operations for.
    pub overlap: Vec<Overlap>,
    /// Rank correlation of the codes' norms and the 3-adic valuations of the indices ([`Cloud::hierarchy`]);
    /// `None` where all norms are alike.
    pub hierarchy: Option<f64>,
}

/// Share of the k nearest codes that are also among the k nearest operations by Hamming distance, mean over
/// the operations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Overlap {
    /// Number of neighbours.
    pub k: usize,
    /// Share, 0 to 1.
    pub share: f64,
    /// Share that codes have which have nothing to do with truth tables.
    pub chance: f64,
}

/// Makes a cloud of arrays: codes of the shape [rows, dimensions], and the operation of each row; all operations
/// in the order of their indices where none are given.
///
/// # Errors
/// Says what was expected and what was found.
pub fn embedding(codes: &Array, operations: Option<Vec<Operation>>) -> Result<Cloud, String> {
    let (rows, dimensions, numbers) = codes.table()?;
    if rows == 0 || dimensions == 0 {
        return Err(format!(
            "expected codes, found an array of {rows} rows and {dimensions} columns"
        ));
    }
    let operations = match operations {
        Some(operations) if operations.len() == rows => operations,
        Some(operations) => {
            let found = operations.len();
            return Err(format!(
                "expected as many operations as codes, found {found} and {rows}"
            ));
        }
        None if rows == OPERATIONS => Operation::all().collect(),
        None => {
            return Err(format!(
                "expected {OPERATIONS} rows, one for each operation, found {rows}; codes of some \
                 operations need --operations"
            ));
        }
    };
    Cloud::embedding(&operations, &numbers, dimensions)
}

impl EmbeddingFigures {
    /// Measures the codes of a cloud; overlap is by Euclidean distance.
    pub fn of(cloud: &Cloud) -> Self {
        let operations: Vec<Operation> = cloud.operations().collect();
        let cloud = &cloud.in_units_of_its_largest();
        let sizes = SIZES.into_iter().filter(|k| *k < operations.len());
        let sizes: Vec<usize> = sizes.collect();
        let shares = match cloud.is_whole() {
            true => mean_preservation(cloud.means(), cloud.dimensions(), &sizes),
            false => sizes
                .iter()
                .map(|k| mean_overlap(cloud, &operations, *k))
                .collect(),
        };
        let overlap = sizes.into_iter().zip(shares).map(|(k, share)| Overlap {
            k,
            share,
            chance: k as f64 / (operations.len() - 1) as f64,
        });
        Self {
            operations: operations.len(),
            dimensions: cloud.dimensions(),
            overlap: overlap.collect(),
            hierarchy: Some(cloud.hierarchy()).filter(|found| found.is_finite()),
        }
    }
}

fn mean_overlap(cloud: &Cloud, operations: &[Operation], k: usize) -> f64 {
    let share = |operation| preservation(cloud, operation, Metric::Euclidean, k).unwrap_or(0.0);
    let shares: Vec<f64> = operations
        .par_iter()
        .map(|operation| share(*operation))
        .collect();
    // Added up in order: the same on any number of threads.
    shares.iter().sum::<f64>() / operations.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrays::Numbers;

    fn array(shape: [usize; 2], numbers: Vec<f64>) -> Array {
        Array {
            shape: shape.to_vec(),
            numbers: Numbers::Floats(numbers),
        }
    }

    fn every(step: usize) -> Vec<Operation> {
        Operation::all().step_by(step).collect()
    }

    /// Entries as codes: Euclidean distance then orders operations as the sum of squared differences does.
    fn entries(operations: &[Operation]) -> Vec<f64> {
        operations
            .iter()
            .flat_map(|operation| operation.entries().map(f64::from))
            .collect()
    }

    #[test]
    fn some_operations_in_any_order_have_the_codes_of_their_rows() {
        let mut some = every(97);
        some.reverse();
        let codes = array([some.len(), 9], entries(&some));
        let cloud = embedding(&codes, Some(some.clone())).unwrap();
        assert!(!cloud.is_whole() && !cloud.has_spread());
        assert_eq!(cloud.operations().count(), some.len());
        for operation in &some {
            let expected: Vec<f64> = operation.entries().map(f64::from).to_vec();
            assert_eq!(cloud.code(*operation).unwrap().mu, expected);
        }
        assert!(cloud.code(Operation::new(1).unwrap()).is_none());
    }

    #[test]
    fn the_whole_embedding_and_its_parts_are_measured_alike() {
        let all = every(1);
        let whole = embedding(&array([OPERATIONS, 9], entries(&all)), None).unwrap();
        let figures = EmbeddingFigures::of(&whole);
        assert_eq!((figures.operations, figures.dimensions), (OPERATIONS, 9));
        let direct = preservation(&whole, all[4_711], Metric::Euclidean, 10).unwrap();
        assert!(direct > 0.3 && figures.overlap[0].share > 0.3);
        // Of few operations, by the way that is slower.
        let some = every(97);
        let part = embedding(&array([some.len(), 9], entries(&some)), Some(some.clone())).unwrap();
        let shares = some.iter().map(|centre| {
            let mut by_hamming: Vec<u32> = some
                .iter()
                .filter(|it| *it != centre)
                .map(|it| it.hamming(*centre))
                .collect();
            by_hamming.sort_unstable();
            let border = by_hamming[9];
            let inside = by_hamming.iter().filter(|it| **it < border).count();
            let at_border = by_hamming.iter().filter(|it| **it == border).count();
            let near = super::super::nearest(
                &part,
                &super::super::Centre::Operation(*centre),
                &super::super::Search::nearest(Metric::Euclidean, 10),
            );
            let kept = near.iter().map(|found| match found.hamming.cmp(&border) {
                std::cmp::Ordering::Less => 1.0,
                std::cmp::Ordering::Equal => (10 - inside) as f64 / at_border as f64,
                std::cmp::Ordering::Greater => 0.0,
            });
            kept.sum::<f64>() / 10.0
        });
        let expected = shares.sum::<f64>() / some.len() as f64;
        let found = EmbeddingFigures::of(&part).overlap[0].share;
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn hierarchy_is_minus_one_where_norms_fall_as_valuations_rise() {
        let first = Operation::new(0).unwrap();
        let radius = |operation: &Operation| 10.0 - f64::from(operation.valuation(first));
        let codes = every(1).iter().flat_map(|it| [radius(it), 0.0]).collect();
        let cloud = embedding(&array([OPERATIONS, 2], codes), None).unwrap();
        assert!((cloud.hierarchy() + 1.0).abs() < 1e-12);
        let alike = embedding(&array([OPERATIONS, 2], vec![1.0; 2 * OPERATIONS]), None).unwrap();
        assert_eq!(EmbeddingFigures::of(&alike).hierarchy, None);
        for unit in [2f64.powi(660), 2f64.powi(-660)] {
            let codes = every(1)
                .iter()
                .flat_map(|it| [unit * radius(it), 0.0])
                .collect();
            let far = embedding(&array([OPERATIONS, 2], codes), None).unwrap();
            let found = EmbeddingFigures::of(&far);
            assert_eq!(found, EmbeddingFigures::of(&cloud), "{unit}");
        }
    }

    #[test]
    fn what_is_no_embedding_is_refused_in_a_sentence() {
        let two = vec![Operation::new(5).unwrap(); 2];
        for (shape, numbers, operations, problem) in [
            ([2, 1], vec![0.0; 2], None, "--operations"),
            ([2, 1], vec![0.0; 2], Some(two.clone()), "rows 0 and 1"),
            ([2, 0], vec![], Some(two.clone()), "0 columns"),
            ([1, 1], vec![0.0], Some(two.clone()), "found 2 and 1"),
            (
                [1, 1],
                vec![f64::NAN],
                Some(two[..1].to_vec()),
                "row 0: expected finite",
            ),
        ] {
            let error = embedding(&array(shape, numbers), operations).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
        let flat = Array {
            shape: vec![3],
            numbers: Numbers::Whole(vec![1, 2, 3]),
        };
        assert!(
            embedding(&flat, None)
                .unwrap_err()
                .contains("[rows, columns]")
        );
    }
}
