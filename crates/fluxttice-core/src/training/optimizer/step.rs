//! One step of AdamW: with tensors where the model is on a device, and in one pass over memory where it is
//! on the processor.

use burn::tensor::{Bool, Tensor, TensorData};

use pulp::Arch;

use super::{BETA_1, BETA_2, EPSILON, StepParams};
use crate::model::{Each, Number};
use crate::numbers::single;

/// Factors of one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors<N = f64> {
    /// Factor of the gradient in the first moment.
    first: N,
    /// Factor of the gradient's square in the second moment.
    second: N,
    /// Factor of the root of the second moment.
    root: N,
    /// Factor of the first moment in the update.
    rate: N,
    /// Factor of the parameters, below 1 with weight decay.
    keep: N,
}

impl Factors {
    /// Returns the factors of the step after `steps` others.
    pub(super) fn new(steps: u32, by: &StepParams) -> Self {
        let correction = |beta: f64| 1.0 - beta.powf(f64::from(steps + 1));
        Self {
            first: (1.0 - BETA_1) * by.coefficient,
            second: (1.0 - BETA_2) * by.coefficient * by.coefficient,
            root: correction(BETA_2).sqrt().recip(),
            rate: by.learning_rate / correction(BETA_1),
            keep: 1.0 - by.learning_rate * by.weight_decay,
        }
    }
}

/// Takes a step of the members that have factors, of parameters, first and second moments, `[S, P]` each; the
/// others stay as they are, bit for bit. Returns the update that was subtracted, 0 for those others.
pub(super) fn placed_step(
    gradient: Tensor<2>,
    all: &mut [Tensor<2>; 3],
    factors: &[Option<Factors>],
) -> Tensor<2> {
    if let [Some(alone)] = factors {
        return placed_update(gradient, all, alone);
    }
    let place = (gradient.device(), gradient.dtype());
    let each = |of: fn(&Factors) -> f64| {
        let of = |factors: &Option<Factors>| factors.as_ref().map_or(0.0, of);
        Each::new(factors.iter().map(of).collect(), (&place.0, place.1))
    };
    let by = Factors {
        first: each(|by| by.first),
        second: each(|by| by.second),
        root: each(|by| by.root),
        rate: each(|by| by.rate),
        keep: each(|by| by.keep),
    };
    let before = all.clone();
    let update = placed_update(gradient, all, &by);
    if factors.iter().all(Option::is_some) {
        return update;
    }
    // Not by factors of 0: diverged numbers are infinite or NaN, and 0 times those is NaN.
    let rests: Vec<bool> = factors.iter().map(Option::is_none).collect();
    let data = TensorData::new(rests, [factors.len(), 1]);
    let rests: Tensor<2, Bool> = Tensor::from_data(data, &place.0);
    let rests: Tensor<2, Bool> = rests.expand(update.dims());
    for (after, before) in all.iter_mut().zip(before) {
        *after = after.clone().mask_where(rests.clone(), before);
    }
    update.mask_fill(rests, 0.0)
}

fn placed_update<N: Number>(
    gradient: Tensor<2>,
    all: &mut [Tensor<2>; 3],
    by: &Factors<N>,
) -> Tensor<2> {
    let first = by.first.times(gradient.clone());
    let second = by.second.times(gradient.square());
    let [parameters, m, v] = all.clone();
    let (m, v) = (m.mul_scalar(BETA_1) + first, v.mul_scalar(BETA_2) + second);
    let denominator = by.root.times(v.clone().sqrt()).add_scalar(EPSILON);
    let update = by.rate.times(m.clone()) / denominator;
    *all = [by.keep.times(parameters) - update.clone(), m, v];
    update
}

/// Takes the step of one member on the host; the arithmetic of [`placed_step`] gives the same bits. The
/// gradient is overwritten by the update that was subtracted.
pub(super) fn host_step(gradient: &mut [f32], all: &mut [Vec<f32>; 3], by: &Factors) {
    // With the widest vectors that the processor has.
    Arch::new().dispatch(|| one_pass(gradient, all, by));
}

#[expect(
    clippy::inline_always,
    reason = "within the closure it is compiled for the widest vectors"
)]
#[inline(always)]
fn one_pass(gradient: &mut [f32], all: &mut [Vec<f32>; 3], by: &Factors) {
    let [beta_1, beta_2, epsilon] = [BETA_1, BETA_2, EPSILON].map(single);
    let [by_first, by_second] = [by.first, by.second].map(single);
    let [root, rate, keep] = [by.root, by.rate, by.keep].map(single);
    let [parameters, first, second] = all;
    let moments = first.iter_mut().zip(second);
    for ((number, parameter), (m, v)) in gradient.iter_mut().zip(parameters).zip(moments) {
        *m = *m * beta_1 + *number * by_first;
        *v = *v * beta_2 + *number * *number * by_second;
        *number = *m * rate / (v.sqrt() * root + epsilon);
        *parameter = *parameter * keep - *number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device};

    #[test]
    fn one_pass_over_memory_gives_the_bits_of_the_tensors() {
        let device = Device::flex();
        let numbers = |scale: f32| -> Vec<f32> {
            let wave = (0..1_000).map(|i| scale * (0.37 * i as f32).sin());
            wave.collect()
        };
        let place = |numbers: Vec<f32>| -> Tensor<2> {
            Tensor::from_data(TensorData::new(numbers, [1, 1_000]), (&device, DType::F32))
        };
        let squares = numbers(0.2).iter().map(|x| x * x).collect();
        let mut host = [numbers(0.7), numbers(0.1), squares];
        let mut placed = host.clone().map(place);
        for step in 1..4 {
            let by = StepParams {
                coefficient: 0.7 * f64::from(step),
                learning_rate: 1.3e-3,
                weight_decay: 0.02,
            };
            let by = Factors::new(step, &by);
            let mut one = numbers(step as f32);
            let other = placed_step(place(one.clone()), &mut placed, &[Some(by)]);
            host_step(&mut one, &mut host, &by);
            let bits = |tensor: Tensor<2>| -> Vec<u32> {
                let numbers: Vec<f32> = tensor.try_into_vec_as().unwrap();
                numbers.into_iter().map(f32::to_bits).collect()
            };
            assert_eq!(bits(place(one)), bits(other));
            for (host, placed) in host.iter().zip(&placed) {
                assert_eq!(bits(place(host.clone())), bits(placed.clone()));
            }
        }
    }
}
