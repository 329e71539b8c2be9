//! Reading several tensors at once.

use burn::tensor::{Tensor, Transaction};

use super::DeviceFailure;

/// The numbers of each of these tensors; the device is waited for once.
///
/// A tensor that could not be computed, for want of memory above all, is refused to whoever reads it. One
/// that was put together of others (`Tensor::cat`) is not: CubeCL 0.11.3 forgets the failure of a part with
/// the next part that it writes, and what is read there is whatever lay in memory. So what must not be
/// wrong is to be read by itself.
///
/// # Errors
/// The device's failure to compute one of them or to hand it over.
pub fn read_all(tensors: Vec<Tensor<1>>) -> Result<Vec<Vec<f64>>, DeviceFailure> {
    let all = tensors
        .into_iter()
        .fold(Transaction::default(), Transaction::register);
    let read = all.try_execute()?;
    Ok(read.iter().map(|data| data.iter().collect()).collect())
}
