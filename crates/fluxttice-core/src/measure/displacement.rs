//! Displacement of codes: which operations two latent spaces put elsewhere, once the clouds are aligned.

use nalgebra::DMatrix;

use super::neighbours::Cloud;
use crate::space::OPERATIONS;

/// Returns the distance of each operation's code in `from` from its code in `to`, operation 0 first. The unit
/// is the root-mean-square distance of codes from their mean.
///
/// A latent space keeps its meaning when it is turned, mirrored, moved or scaled as a whole. So both clouds
/// are centred, scaled to a root-mean-square norm of 1, and `from` is turned to lie as close as it can to
/// `to` (orthogonal Procrustes, Schönemann 1966); the remaining distances are relative to the other codes.
/// Unrelated clouds are about √2 apart, less what the turn finds by chance.
///
/// Returns `None` where the clouds differ in dimensions, are incomplete, not finite or one point.
pub fn displacements(from: &Cloud, to: &Cloud) -> Option<Vec<f64>> {
    let (from, to) = (standard(from)?, standard(to)?);
    if from.ncols() != to.ncols() {
        return None;
    }
    let svd = from.tr_mul(&to).svd(true, true);
    let turned = from * (svd.u? * svd.v_t?);
    let apart = turned - to;
    Some(apart.row_iter().map(|row| row.norm()).collect())
}

/// Returns the codes centred, with a root-mean-square norm of 1; each row is an operation.
fn standard(cloud: &Cloud) -> Option<DMatrix<f64>> {
    let codes = cloud.means();
    if !cloud.is_whole() || !codes.iter().all(|x| x.is_finite()) {
        return None;
    }
    let mut rows = DMatrix::from_row_slice(OPERATIONS, cloud.dimensions(), codes);
    for mut column in rows.column_iter_mut() {
        column.add_scalar_mut(-column.mean());
    }
    let norm = rows.norm() / (OPERATIONS as f64).sqrt();
    (norm > 0.0).then(|| rows / norm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Posteriors;

    const DIMENSIONS: usize = 3;

    fn cloud(code: impl Fn(usize) -> [f64; DIMENSIONS]) -> Cloud {
        let posteriors = Posteriors {
            mu: (0..OPERATIONS).flat_map(code).collect(),
            log_variance: vec![0.0; DIMENSIONS * OPERATIONS],
        };
        Cloud::new(posteriors, DIMENSIONS)
    }

    fn wave(i: usize) -> [f64; DIMENSIONS] {
        [1.1, 2.3, 3.7].map(|k| (i as f64 * k).sin() * k)
    }

    #[test]
    fn what_was_turned_mirrored_moved_and_scaled_as_a_whole_is_where_it_was() {
        let turned = cloud(|i| {
            let [x, y, z] = wave(i);
            let (sin, cos) = 2.0f64.sin_cos();
            [
                7.0 + 5.0 * (cos * x - sin * y),
                5.0 * (sin * x + cos * y),
                -5.0 * z - 1.0,
            ]
        });
        let apart = displacements(&cloud(wave), &turned).unwrap();
        assert!(apart.iter().all(|distance| *distance < 1e-9));
    }

    #[test]
    fn the_one_that_moved_is_the_one_that_is_apart() {
        let moved = cloud(|i| {
            if i == 4_711 {
                [9.0, -9.0, 9.0]
            } else {
                wave(i)
            }
        });
        let apart = displacements(&cloud(wave), &moved).unwrap();
        let norm = (wave(4_711).iter().zip([9.0, -9.0, 9.0]))
            .map(|(x, y)| (x - y).powi(2))
            .sum::<f64>()
            .sqrt();
        // Mean squares of the three waves.
        let rms = ([1.1, 2.3, 3.7]
            .map(|k: f64| k * k / 2.0)
            .iter()
            .sum::<f64>())
        .sqrt();
        assert!((apart[4_711] - norm / rms).abs() < 0.02, "{}", apart[4_711]);
        let others = (0..OPERATIONS).filter(|i| *i != 4_711);
        assert!(others.into_iter().all(|i| apart[i] < 0.02));
    }

    #[test]
    fn clouds_that_know_nothing_of_each_other_are_far_apart() {
        let other = cloud(|i| [5.9, 7.1, 8.3].map(|k| (i as f64 * k).cos() * k));
        let apart = displacements(&cloud(wave), &other).unwrap();
        let mean_square = apart.iter().map(|x| x * x).sum::<f64>() / OPERATIONS as f64;
        assert!((mean_square - 2.0).abs() < 0.05, "{mean_square}");
    }

    #[test]
    fn clouds_that_cannot_be_compared_are_not() {
        let flat = cloud(|_| [1.0; DIMENSIONS]);
        assert_eq!(displacements(&cloud(wave), &flat), None);
        assert_eq!(displacements(&Cloud::default(), &cloud(wave)), None);
        let other = Cloud::joined(&cloud(wave), &cloud(wave));
        assert_eq!(displacements(&cloud(wave), &other), None);
    }
}
