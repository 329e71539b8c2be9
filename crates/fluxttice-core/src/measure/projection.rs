//! Projection of a latent space onto its two principal components, turned to look as
//! similar as possible to an earlier one.

use nalgebra::{DMatrix, Matrix2, SymmetricEigen, Vector2};

use super::neighbours::Cloud;
use crate::space::{OPERATIONS, Operation};

/// The codes on the plane of the two directions in which they vary most (principal
/// component analysis, Pearson 1901).
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Coordinates of each operation on the plane, operation 0 first; the mean code is the origin. NaN for an
    /// operation without a code.
    pub points: Vec<[f64; 2]>,
    /// Share of all variance along the first and the second direction, before any turn.
    pub explained: [f64; 2],
    /// Mean code, which is subtracted before the projection.
    mean: Vec<f64>,
    axes: [Vec<f64>; 2],
}

impl Projection {
    /// Projects the codes; `None` where there are too few, some are not finite or all are alike.
    pub fn new(cloud: &Cloud) -> Option<Self> {
        let codes = cloud.means();
        let operations: Vec<Operation> = cloud.operations().collect();
        let rows = operations.len();
        let is_flat = rows < 2 || cloud.dimensions() < 2;
        if is_flat
            || codes.len() != rows * cloud.dimensions()
            || !codes.iter().all(|x| x.is_finite())
        {
            return None;
        }
        let mut centred = DMatrix::from_row_slice(rows, cloud.dimensions(), codes);
        let mut mean = Vec::with_capacity(cloud.dimensions());
        for mut column in centred.column_iter_mut() {
            mean.push(column.mean());
            column.add_scalar_mut(-column.mean());
        }
        let covariance = centred.tr_mul(&centred) / rows as f64;
        let total = covariance.trace();
        let eigen = SymmetricEigen::new(covariance);
        let mut order: Vec<usize> = (0..cloud.dimensions()).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let [first, second] = [*order.first()?, *order.get(1)?];
        if total <= 0.0 {
            return None;
        }
        // An eigenvector is one up to its sign: the largest loading is made positive.
        let along = |component: usize| {
            let axis = eigen.eigenvectors.column(component);
            let sign = if axis[axis.iamax()] < 0.0 { -1.0 } else { 1.0 };
            axis * sign
        };
        let axes = [along(first), along(second)];
        let [x, y] = axes.each_ref().map(|axis| &centred * axis);
        let mut points = vec![[f64::NAN; 2]; OPERATIONS];
        for (operation, (x, y)) in operations.iter().zip(x.iter().zip(y.iter())) {
            points[operation.index()] = [*x, *y];
        }
        Some(Self {
            points,
            explained: [first, second].map(|i| eigen.eigenvalues[i] / total),
            mean,
            axes: axes.map(|axis| axis.iter().copied().collect()),
        })
    }

    /// Returns the projection turned and mirrored to lie as close as it can to another (orthogonal
    /// Procrustes, Schönemann 1966). Distances within the picture do not change.
    #[must_use]
    pub fn aligned(mut self, reference: &Self) -> Self {
        let mut overlap = Matrix2::zeros();
        let pairs = self.points.iter().zip(&reference.points);
        for (own, other) in pairs.filter(|(own, other)| is_there(**own) && is_there(**other)) {
            overlap += Vector2::from(*own) * Vector2::from(*other).transpose();
        }
        let svd = overlap.svd(true, true);
        if let (Some(u), Some(v_t)) = (svd.u, svd.v_t) {
            let turn = (u * v_t).transpose();
            let turned = |point: [f64; 2]| -> [f64; 2] { (turn * Vector2::from(point)).into() };
            for point in &mut self.points {
                *point = turned(*point);
            }
            let [across, up] = &mut self.axes;
            for (x, y) in across.iter_mut().zip(up) {
                [*x, *y] = turned([*x, *y]);
            }
        }
        self
    }

    /// Returns the position of a point of the latent space; `None` where it has a
    /// different number of dimensions.
    pub fn place(&self, code: &[f64]) -> Option<[f64; 2]> {
        let along = |axis: &Vec<f64>| {
            let centred = code.iter().zip(&self.mean).map(|(x, mean)| x - mean);
            centred.zip(axis).map(|(x, axis)| x * axis).sum()
        };
        (code.len() == self.mean.len()).then(|| self.axes.each_ref().map(along))
    }

    /// Returns the largest distance of a point from the origin along either axis.
    pub fn extent(&self) -> f64 {
        let far = self.points.iter().flatten().map(|x| x.abs());
        far.fold(0.0, f64::max)
    }
}

/// Returns true if an operation has a point on the plane.
pub fn is_there(point: [f64; 2]) -> bool {
    point.iter().all(|x| x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Posteriors;
    use crate::space::Operation;

    /// A cloud that varies most along (1, 1, 0), then along the third axis, then along (1, -1, 0).
    fn cloud(signs: [f64; 3]) -> Cloud {
        let wave = |i: usize, k: f64| (i as f64 * k).sin();
        let mu = (0..OPERATIONS).flat_map(|i| {
            let [far, middle, near] = [5.0 * wave(i, 1.1), 3.0 * wave(i, 2.3), wave(i, 3.7)];
            let [far, middle, near] = [far * signs[0], middle * signs[1], near * signs[2]];
            [far + near, far - near, middle + 100.0]
        });
        let posteriors = Posteriors {
            mu: mu.collect(),
            log_variance: vec![0.0; 3 * OPERATIONS],
        };
        Cloud::new(posteriors, 3)
    }

    #[test]
    fn the_plane_is_that_of_most_variance() {
        let projection = Projection::new(&cloud([1.0; 3])).unwrap();
        // Variances 2·12.5, 4.5 and 2·0.5 of 30.5.
        for (found, expected) in projection.explained.iter().zip([25.0, 4.5]) {
            assert!((found - expected / 30.5).abs() < 0.01, "{found}");
        }
        for (i, [x, y]) in projection.points.iter().enumerate().step_by(997) {
            let far = 5.0 * (i as f64 * 1.1).sin() * 2f64.sqrt();
            let middle = 3.0 * (i as f64 * 2.3).sin();
            assert!(
                (x - far).abs() < 0.1 && (y - middle).abs() < 0.1,
                "{i}: {x} {y}"
            );
        }
    }

    /// The picture turned by an angle and mirrored.
    fn turned_by(projection: &Projection, angle: f64) -> Projection {
        let (sin, cos) = angle.sin_cos();
        let turn = |[x, y]: &[f64; 2]| [cos * x - sin * y, -(sin * x + cos * y)];
        Projection {
            points: projection.points.iter().map(turn).collect(),
            ..projection.clone()
        }
    }

    #[test]
    fn a_picture_that_was_turned_is_turned_back() {
        let before = Projection::new(&cloud([1.0; 3])).unwrap();
        let back = turned_by(&before, 2.0).aligned(&before);
        for (found, expected) in back.points.iter().zip(&before.points) {
            assert!((found[0] - expected[0]).abs() < 1e-9);
            assert!((found[1] - expected[1]).abs() < 1e-9);
        }
        // Its directions are turned with it.
        let cloud = cloud([1.0; 3]);
        let code = cloud.code(Operation::new(77).unwrap()).unwrap().mu;
        let back = Projection::new(&cloud)
            .unwrap()
            .aligned(&turned_by(&before, 1.0));
        for (found, expected) in back.place(code).unwrap().iter().zip(back.points[77]) {
            assert!((found - expected).abs() < 1e-9);
        }
        assert_eq!(back.place(&code[1..]), None);
    }

    #[test]
    fn a_model_whose_axes_have_flipped_looks_as_before() {
        let before = Projection::new(&cloud([1.0; 3])).unwrap();
        let flipped = Projection::new(&cloud([-1.0, 1.0, -1.0])).unwrap();
        let back = flipped.aligned(&before);
        for (found, expected) in back.points.iter().zip(&before.points) {
            assert!((found[0] - expected[0]).abs() < 1e-9);
            assert!((found[1] - expected[1]).abs() < 1e-9);
        }
    }

    #[test]
    fn codes_that_say_nothing_have_no_plane() {
        assert_eq!(Projection::new(&Cloud::default()), None);
        // Every other operation has a code: the plane is that of these alone.
        let some: Vec<Operation> = Operation::all().step_by(2).collect();
        let codes: Vec<f64> = (0..some.len()).flat_map(|i| [i as f64, 0.0, 1.0]).collect();
        let plane = Projection::new(&Cloud::embedding(&some, &codes, 3).unwrap()).unwrap();
        assert!(is_there(plane.points[2]) && !is_there(plane.points[1]));
        assert!((plane.points[4][0] - plane.points[2][0] - 1.0).abs() < 1e-9);
        assert!((plane.explained[0] - 1.0).abs() < 1e-12 && plane.extent() > 4_000.0);
        let again = plane.clone().aligned(&plane);
        assert!((again.points[4][0] - plane.points[4][0]).abs() < 1e-9);
        assert_eq!(Projection::new(&cloud([0.0; 3])), None);
        assert_eq!(Projection::new(&cloud([f64::NAN; 3])), None);
    }
}
