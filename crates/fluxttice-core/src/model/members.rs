//! S members of one architecture as one network: an implementation of [`Layer`] with a leading dimension S.
//!
//! Members share nothing. A batch takes as many operations of the device for all of them as for one.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor};
use thiserror::Error;

use super::batch::Batch;
use super::layout::{Architecture, PARAMETERS, Parameter, TENSORS_TRAINED};
use super::network::{Affine, Layer, leaf};
use super::weights::Weights;
use crate::space::{ENTRIES, Operation, VALUES};

/// An affine layer of each of S members.
#[derive(Module, Debug)]
pub struct Linears {
    /// `[S, in, out]`.
    weight: Param<Tensor<3>>,
    /// `[S, 1, out]`.
    bias: Param<Tensor<3>>,
}

impl Layer<3> for Linears {
    fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        x.matmul(self.weight.val()) + self.bias.val()
    }
}

impl Affine for Linears {
    fn of_rows([inputs, outputs]: [usize; 2], weight: Tensor<2>, bias: Tensor<2>) -> Self {
        let members = weight.dims()[0];
        Self {
            weight: leaf(weight.reshape([members, inputs, outputs])),
            bias: leaf(bias.reshape([members, 1, outputs])),
        }
    }
}

/// Returns the parameters of the two VAEs.
fn trained() -> impl Iterator<Item = &'static Parameter> {
    PARAMETERS.iter().take(TENSORS_TRAINED)
}

/// Flattens the parameters of both VAEs into the order of the flat gradient: VAE-A's first, matrices
/// `[in, out]`.
pub fn flattened(weights: &Weights) -> Vec<f32> {
    let of_both = trained().zip(&weights.tensors);
    of_both
        .flat_map(|(parameter, numbers)| {
            let [inputs, outputs] = parameter.sizes_in(weights.architecture);
            transposed(numbers, outputs, inputs)
        })
        .collect()
}

/// Restores the tensors of both VAEs in the original's layout from their [`flattened`] numbers.
pub fn unflattened(numbers: &[f32], architecture: Architecture) -> Vec<Vec<f32>> {
    let mut rest = numbers;
    trained()
        .map(|parameter| {
            let [inputs, outputs] = parameter.sizes_in(architecture);
            let (tensor, after) = rest.split_at((inputs * outputs).min(rest.len()));
            rest = after;
            transposed(tensor, inputs, outputs)
        })
        .collect()
}

/// Exchanges rows and columns of a row-major matrix.
fn transposed(numbers: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let column = |column: usize| numbers.iter().skip(column).step_by(columns).take(rows);
    (0..columns).flat_map(column).copied().collect()
}

/// Batches of S members, one for each, all with the same number of rows.
#[derive(Clone, Debug)]
pub struct Batches {
    /// Entries of the operations shown, `[S, n, 9]`.
    pub x: Tensor<3>,
    /// Classes of the target operations as one-hot vectors, `[S, n, 9, 3]`.
    pub one_hot: Tensor<4>,
}

/// Error for batches with different numbers of rows, which cannot be trained on at once.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "batches of members must have as many rows: expected {expected}, found {found} in that of member {member}"
)]
pub struct Ragged {
    member: usize,
    expected: usize,
    found: usize,
}

impl Batches {
    /// Places each member's operations on a device, each with the target that it is to be decoded to.
    ///
    /// # Errors
    /// Fails with [`Ragged`] where one batch has more rows than another.
    pub fn of_pairs(
        members: &[Vec<[Operation; 2]>],
        device: &Device,
        dtype: DType,
    ) -> Result<Self, Ragged> {
        let rows = even(members.iter().map(Vec::len))?;
        let pairs: Vec<[Operation; 2]> = members.concat();
        // One transfer for all of them.
        let Batch { x, one_hot, .. } = Batch::of_pairs(pairs.into_iter(), device, dtype);
        Ok(Self {
            x: x.reshape([members.len(), rows, ENTRIES]),
            one_hot: one_hot.reshape([members.len(), rows, ENTRIES, VALUES]),
        })
    }

    /// Returns these batches without autodiff.
    #[must_use]
    pub fn inner(self) -> Self {
        Self {
            x: self.x.inner(),
            one_hot: self.one_hot.inner(),
        }
    }

    /// Stacks batches that are on the device already; their operations and codes for penalties are left out.
    ///
    /// # Errors
    /// Fails with [`Ragged`] where one batch has more rows than another.
    pub fn stacked(members: &[Batch]) -> Result<Self, Ragged> {
        even(members.iter().map(|batch| batch.x.dims()[0]))?;
        let x = members.iter().map(|batch| batch.x.clone()).collect();
        let one_hot = members.iter().map(|batch| batch.one_hot.clone()).collect();
        Ok(Self {
            x: Tensor::stack(x, 0),
            one_hot: Tensor::stack(one_hot, 0),
        })
    }
}

/// Returns the number of rows that every batch has; 0 without a batch.
fn even(mut rows: impl Iterator<Item = usize>) -> Result<usize, Ragged> {
    let expected = rows.next().unwrap_or_default();
    match (1..).zip(rows).find(|(_, found)| *found != expected) {
        Some((member, found)) => Err(Ragged {
            member,
            expected,
            found,
        }),
        None => Ok(expected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_numbers_are_those_of_the_network_and_come_back() {
        let weights = Weights::fresh(11);
        let flat = flattened(&weights);
        let tensors = unflattened(&flat, weights.architecture);
        assert_eq!(tensors, weights.tensors[..TENSORS_TRAINED]);
        // Row 1 of the first matrix, `[256, 9]`, is column 1 of what is flat.
        assert_eq!(flat[1], weights.tensors[0][9]);
        assert_eq!(flat[256], weights.tensors[0][1]);
    }

    #[test]
    fn uneven_batches_are_refused() {
        let device = Device::flex();
        let some = |n: usize| Operation::all().take(n).map(|one| [one; 2]).collect();
        let error = Batches::of_pairs(&[some(3), some(2)], &device, DType::F32).unwrap_err();
        let told = error.to_string();
        assert!(
            told.ends_with("expected 3, found 2 in that of member 1"),
            "{told}"
        );
        let both = Batches::of_pairs(&[some(3), some(3)], &device, DType::F32).unwrap();
        assert_eq!(both.one_hot.dims(), [2, 3, 9, 3]);
    }
}
