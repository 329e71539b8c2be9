//! Numbers that the network or its loss depends on: a scalar for a model alone, or one number for each of S
//! members that are computed at once, in a leading dimension.
//!
//! Code that is generic over [`Number`] holds for both. A model alone multiplies by scalars and sums over all
//! dimensions. Members multiply by `[S, 1, …]`, and each sums only its own numbers, so that no member affects
//! another.

use std::fmt::Debug;

use burn::tensor::{DType, Device, Tensor, TensorData};

/// Most numbers summed at a time. Burn 0.22.1's reduction on wgpu gets sums of more than 65,535 wrong.
pub(crate) const PIECE: usize = 32_768;

/// A scalar for a model alone (`f64`), or one number for each member ([`Each`]).
pub trait Number: Clone + Debug {
    /// Dimension that runs over a batch's rows.
    const ROWS: usize;

    /// Multiplies `x` by the number.
    fn times<const D: usize>(&self, x: Tensor<D>) -> Tensor<D>;

    /// Raises `x` to the number where `x` is less; a number that is not positive raises nothing.
    fn floor_of<const D: usize>(&self, x: Tensor<D>) -> Tensor<D>;

    /// Returns 1 minus the number.
    #[must_use]
    fn complement(&self) -> Self;

    /// Sums over all dimensions of a model: `[1]`, or `[S]`.
    fn sum<const D: usize>(x: Tensor<D>) -> Tensor<1>;

    /// Averages over all dimensions of a model: `[1]`, or `[S]`.
    fn mean<const D: usize>(x: Tensor<D>) -> Tensor<1>;
}

impl Number for f64 {
    const ROWS: usize = 0;

    fn times<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        x.mul_scalar(*self)
    }

    fn floor_of<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if *self > 0.0 { x.clamp_min(*self) } else { x }
    }

    fn complement(&self) -> Self {
        1.0 - self
    }

    fn sum<const D: usize>(x: Tensor<D>) -> Tensor<1> {
        x.sum()
    }

    fn mean<const D: usize>(x: Tensor<D>) -> Tensor<1> {
        x.mean()
    }
}

/// One number for each of S members.
#[derive(Clone, Debug)]
pub struct Each {
    values: Vec<f64>,
    /// The values on the members' device, `[S]`.
    placed: Tensor<1>,
}

impl Each {
    /// Places the members' numbers on their device.
    pub fn new(values: Vec<f64>, (device, dtype): (&Device, DType)) -> Self {
        let data = TensorData::new(values.clone(), [values.len()]).convert_dtype(dtype);
        Self {
            placed: Tensor::from_data(data, (device, dtype)),
            values,
        }
    }

    /// Returns the numbers on the host, in the order of the members.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns a tensor `[S, 1, …]` that is broadcast over all dimensions of a member.
    fn column<const D: usize>(&self) -> Tensor<D> {
        let mut shape = [1; D];
        shape[0] = self.values.len();
        self.placed.clone().reshape(shape)
    }

    /// Returns the number that all members have in common; `None` where they differ.
    fn shared(&self) -> Option<f64> {
        let (first, rest) = self.values.split_first()?;
        rest.iter().all(|value| value == first).then_some(*first)
    }
}

impl Number for Each {
    const ROWS: usize = 1;

    fn times<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        x * self.column()
    }

    fn floor_of<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if let Some(floor) = self.shared() {
            return floor.floor_of(x);
        }
        let none = |floor: &f64| {
            if *floor > 0.0 {
                *floor
            } else {
                f64::NEG_INFINITY
            }
        };
        let floors = self.values.iter().map(none).collect();
        let floors: Tensor<D> = Self::new(floors, (&x.device(), x.dtype())).column();
        let floors: Tensor<D> = floors.expand(x.dims());
        let below = x.clone().lower(floors.clone());
        x.mask_where(below, floors)
    }

    fn complement(&self) -> Self {
        let rest = self.values.iter().map(|value| 1.0 - value).collect();
        Self::new(rest, (&self.placed.device(), self.placed.dtype()))
    }

    fn sum<const D: usize>(x: Tensor<D>) -> Tensor<1> {
        let members = x.dims()[0];
        let count = x.shape().num_elements() / members.max(1);
        let x: Tensor<2> = if D > 1 && count > PIECE {
            let rows = x.dims()[1];
            let of_rows: Tensor<3> = x.reshape([members, rows, count / rows]).sum_dim(2);
            of_rows.reshape([members, rows])
        } else {
            x.reshape([members, count])
        };
        x.sum_dim(1).reshape([members])
    }

    fn mean<const D: usize>(x: Tensor<D>) -> Tensor<1> {
        let count = x.shape().num_elements() / x.dims()[0].max(1);
        Self::sum(x).div_scalar(count as f64)
    }
}
