//! Reads several tensors at once.

use burn::tensor::{Tensor, Transaction};

use super::DeviceFailure;

/// Returns the numbers of each of these tensors; the device is waited for once.
///
/// Reading a tensor that could not be computed, mostly for lack of memory, fails. Reading one that was
/// concatenated from others (`Tensor::cat`) does not: CubeCL 0.11.3 forgets the failure of a part with the
/// next part that it writes, and the numbers read there are arbitrary memory. So a tensor that must not be
/// wrong is to be read by itself.
///
/// # Errors
/// Fails where the device could not compute one of them or hand it over.
pub fn read_all(tensors: Vec<Tensor<1>>) -> Result<Vec<Vec<f64>>, DeviceFailure> {
    let all = tensors
        .into_iter()
        .fold(Transaction::default(), Transaction::register);
    let read = all.try_execute()?;
    Ok(read.iter().map(|data| data.iter().collect()).collect())
}
