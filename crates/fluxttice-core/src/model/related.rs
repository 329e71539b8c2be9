//! Penalties on the codes of related operations.

use burn::tensor::Tensor;

use super::network::{Encoder, Vaes};
use crate::vae::Vae;

/// Operations whose codes are to be related, entries as numbers `[m, 9]`.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// Operations, and views of them with one entry changed, whose codes are to lie near each other.
    pub views: Option<[Tensor<2>; 2]>,
    /// Operations a and b and their sum modulo 3, whose codes are to add up.
    pub sums: Option<[Tensor<2>; 3]>,
}

impl Related {
    /// Returns the weighted penalties of A and B, summed, mean over the related operations, in squared latent
    /// units: `consistency · |μ(x) - μ(view)|² + composition · |μ(a) + μ(b) - μ(a ⊕ b)|²`, `[1]`.
    ///
    /// Returns `None` where nothing is related.
    pub fn penalty(&self, vaes: &Vaes, consistency: f64, composition: f64) -> Option<Tensor<1>> {
        let near = self.views.as_ref().map(|[x, view]| {
            let apart = residual(vaes, &[x], view);
            apart.mul_scalar(consistency)
        });
        let additive = self.sums.as_ref().map(|[a, b, sum]| {
            let apart = residual(vaes, &[a, b], sum);
            apart.mul_scalar(composition)
        });
        match (near, additive) {
            (Some(near), Some(additive)) => Some(near + additive),
            (one, other) => one.or(other),
        }
    }
}

/// Returns the squared distance of the sum of some codes from another code, mean over rows, summed over A and
/// B.
fn residual(vaes: &Vaes, summands: &[&Tensor<2>], sum: &Tensor<2>) -> Tensor<1> {
    let [rows, _] = sum.dims();
    let of = |encoder: &Encoder| {
        let code = |x: &Tensor<2>| encoder.forward(x.clone()).mu;
        let apart = summands.iter().fold(-code(sum), |apart, x| apart + code(x));
        apart.square().sum().div_scalar(rows as f64)
    };
    of(vaes.encoder(Vae::A)) + of(vaes.encoder(Vae::B))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device, TensorData};

    use super::*;
    use crate::model::{DualVae, LATENT, Weights};
    use crate::space::Operation;

    /// Against the same from the codes, in plain arithmetic.
    #[test]
    fn penalties_are_squared_distances_of_codes() {
        let weights = Weights::fresh(5);
        let device = Device::flex();
        let vaes = DualVae::new(&weights, &device, DType::F64).vaes;
        let operations = [100, 4_000, 19_000].map(|index| Operation::new(index).unwrap());
        let [a, b, c] = operations.map(|operation| {
            let data = TensorData::new(operation.entries().map(f64::from).to_vec(), [1, 9]);
            Tensor::<2>::from_data(data, (&device, DType::F64))
        });
        let rows = Tensor::cat(vec![a.clone(), b.clone(), c.clone()], 0);
        let (mut near, mut additive) = (0.0, 0.0);
        for encoder in Vae::BOTH.map(|which| vaes.encoder(which)) {
            let mu = encoder.forward(rows.clone()).mu;
            let mu: Vec<f64> = mu.try_into_vec_as().unwrap();
            for i in 0..LATENT {
                let [a, b, c] = [0, 1, 2].map(|row| mu[row * LATENT + i]);
                near += (a - b).powi(2);
                additive += (a + b - c).powi(2);
            }
        }
        let related = Related {
            views: Some([a.clone(), b.clone()]),
            sums: Some([a, b, c]),
        };
        for (consistency, composition) in [(1.0, 0.0), (0.0, 1.0), (0.25, 3.0)] {
            let penalty = related.penalty(&vaes, consistency, composition).unwrap();
            let found: f64 = penalty.try_into_vec_as::<f64>().unwrap()[0];
            let expected = consistency * near + composition * additive;
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        assert!(Related::default().penalty(&vaes, 1.0, 1.0).is_none());
    }
}
