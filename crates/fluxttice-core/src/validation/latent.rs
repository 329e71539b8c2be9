//! The published tests of the latent space.

use nalgebra::{DMatrix, SymmetricEigen};

use super::Trial;
use super::finding::{Bound, Group, Measured, Method, Test};
use super::lab::Lab;
use super::statistics::exact;
use crate::measure::variances;
use crate::model::LATENT;
use crate::space::OPERATIONS;
use crate::vae::PerVae;

const COLLAPSED: &str = "an encoder that gives every operation the same code";

pub(super) static TRIALS: &[Trial] = &[
    Trial {
        test: Test {
            name: "latent variance",
            group: Group::Latent,
            unit: "",
            definition: "the smallest variance that μ has over all operations in any dimension",
            baseline: COLLAPSED,
            bound: Bound::AtLeast(0.1),
            source: "published: more than 0.1",
            margin: 0.05,
            interval: Method::None,
        },
        measure: variance,
        chance: |_| PerVae::both(0.0),
    },
    Trial {
        test: Test {
            name: "effective dimensions",
            group: Group::Latent,
            unit: "dimensions of 16",
            definition: "participation ratio (Σλ)² / Σλ² of the eigenvalues of μ's covariance over all operations",
            baseline: "the nine entries of the table as its code",
            bound: Bound::AtLeast(8.0),
            source: "published: more than 8",
            margin: 1.0,
            interval: Method::None,
        },
        measure: effective,
        // The nine entries of all tables are independent and vary alike.
        chance: |_| PerVae::both(9.0),
    },
];

fn variance(lab: &Lab) -> PerVae<Measured> {
    PerVae::from_fn(|vae| {
        let least = variances(&lab.posteriors[vae].mu, LATENT)
            .into_iter()
            .fold(f64::INFINITY, f64::min);
        exact(least, OPERATIONS)
    })
}

fn effective(lab: &Lab) -> PerVae<Measured> {
    PerVae::from_fn(|vae| exact(participation(&lab.posteriors[vae].mu, LATENT), OPERATIONS))
}

/// Returns the participation ratio of row-major codes.
fn participation(codes: &[f64], dimensions: usize) -> f64 {
    let mut rows = DMatrix::from_row_slice(codes.len() / dimensions, dimensions, codes);
    for mut column in rows.column_iter_mut() {
        column.add_scalar_mut(-column.mean());
    }
    let eigenvalues = SymmetricEigen::new(rows.tr_mul(&rows)).eigenvalues;
    eigenvalues.sum().powi(2) / eigenvalues.norm_squared()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Operation;

    #[test]
    fn dimensions_that_vary_alike_all_count_and_one_alone_counts_once() {
        let entries = Operation::all().flat_map(|operation| operation.entries().map(f64::from));
        let tables: Vec<f64> = entries.collect();
        assert!((participation(&tables, 9) - 9.0).abs() < 1e-9);
        let line: Vec<f64> = (0..100)
            .flat_map(|i| [f64::from(i), 2.0 * f64::from(i)])
            .collect();
        assert!((participation(&line, 2) - 1.0).abs() < 1e-9);
    }
}
