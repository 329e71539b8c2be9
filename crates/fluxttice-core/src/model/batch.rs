//! One batch as tensors.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::generated::Generated;
use super::related::Related;
use crate::space::{ENTRIES, Operation, VALUES};

/// One batch: the entries of the operations shown as numbers, and the classes of their targets as one-hot
/// vectors.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Entries of the operations shown, `[n, 9]`.
    pub x: Tensor<2>,
    /// Classes of the targets, `[n, 9, 3]`.
    pub one_hot: Tensor<3>,
    /// Operations whose codes a penalty relates; none in the published model.
    pub related: Related,
    /// Codes from the prior whose decoding is penalized; none in the published model.
    pub generated: Option<Generated>,
}

impl Batch {
    /// Places operations on a device, each as its own target.
    pub fn new(
        operations: impl ExactSizeIterator<Item = Operation>,
        device: &Device,
        dtype: DType,
    ) -> Self {
        Self::of_pairs(operations.map(|operation| [operation; 2]), device, dtype)
    }

    /// Places operations on a device, each with the target that it is to be decoded to.
    pub fn of_pairs(
        pairs: impl ExactSizeIterator<Item = [Operation; 2]>,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let n = pairs.len();
        let mut inputs = Vec::with_capacity(n);
        let mut one_hot = vec![0f32; n * ENTRIES * VALUES];
        for (row, [shown, target]) in pairs.enumerate() {
            inputs.push(shown);
            for (position, class) in target.classes().into_iter().enumerate() {
                one_hot[(row * ENTRIES + position) * VALUES + usize::from(class)] = 1.0;
            }
        }
        let one_hot = TensorData::new(one_hot, [n, ENTRIES, VALUES]).convert_dtype(dtype);
        Self {
            x: entries_tensor(inputs.into_iter(), device, dtype),
            one_hot: Tensor::from_data(one_hot, (device, dtype)),
            related: Related::default(),
            generated: None,
        }
    }
}

/// Places the entries of operations on a device, as numbers -1, 0 and 1, `[n, 9]`.
pub fn entries_tensor(
    operations: impl ExactSizeIterator<Item = Operation>,
    device: &Device,
    dtype: DType,
) -> Tensor<2> {
    let n = operations.len();
    let entries: Vec<f32> = operations
        .flat_map(|operation| operation.classes().map(|class| f32::from(class) - 1.0))
        .collect();
    let data = TensorData::new(entries, [n, ENTRIES]).convert_dtype(dtype);
    Tensor::from_data(data, (device, dtype))
}
