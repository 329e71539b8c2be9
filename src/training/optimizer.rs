//! Global-norm clipping and AdamW over one flat vector of all trained parameters.
//!
//! Burn's own optimizer clips each tensor by itself and keeps its state under random ids; the
//! model needs the norm over all parameters, and a state that can be stored under stable names.

use std::ops::Range;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};

use crate::device::{DeviceFailure, is_cpu};
use crate::model::{DualVae, Number, PIECE, TENSORS_TRAINED};

/// Decay of the first moment.
const BETA_1: f64 = 0.9;
/// Decay of the second moment.
const BETA_2: f64 = 0.999;
/// Keeps the division finite.
const EPSILON: f64 = 1e-8;
/// Added to the norm before the clip coefficient is formed, as PyTorch does.
const CLIP_EPSILON: f64 = 1e-6;

/// Gradients of both VAEs, VAE-A's first, as one vector.
#[derive(Clone, Debug)]
pub struct FlatGradient {
    flat: Tensor<1>,
    /// The first number of each parameter's gradient.
    witnesses: Vec<Tensor<1>>,
    /// Numbers in VAE-A's part and in VAE-B's.
    sizes: [usize; 2],
}

impl FlatGradient {
    /// Collects the gradients of a model's trained parameters; a parameter without one counts 0.
    pub fn collect(model: &DualVae, gradients: Gradients) -> Self {
        let mut collector = Collector {
            gradients,
            parts: Vec::with_capacity(TENSORS_TRAINED),
        };
        model.visit(&mut collector);
        let [a, b, _] = model.architecture().counts();
        let first = |part: &Tensor<1>| part.clone().narrow(0, 0, 1);
        Self {
            witnesses: collector.parts.iter().map(first).collect(),
            flat: Tensor::cat(collector.parts, 0),
            sizes: [a, b],
        }
    }

    /// A number of each parameter's gradient, `[1]` each: reading them fails where one of the gradients
    /// could not be computed, which reading the whole does not (see [`read_all`](crate::device::read_all)).
    pub fn witnesses(&self) -> &[Tensor<1>] {
        &self.witnesses
    }

    /// Sums of squares, of VAE-A's pieces first, then of VAE-B's.
    ///
    /// In pieces because Burn 0.22.1's reduction on wgpu gets long sums wrong: of 117,499 ones it
    /// made 65,533 on a software adapter (100,000 came out right).
    pub fn squares(&self) -> Tensor<1> {
        self.sums(&self.flat.clone().square())
    }

    /// Products with another direction and that direction's squares, in pieces: twice as many.
    pub fn products(&self, direction: &Tensor<1>) -> Tensor<1> {
        let products = self.flat.clone() * direction.clone();
        let squares = direction.clone().square();
        Tensor::cat(vec![self.sums(&products), self.sums(&squares)], 0)
    }

    /// Squared norms of VAE-A's and VAE-B's parts from their [`squares`](Self::squares).
    pub fn squared_norms(&self, squares: &[f64]) -> [f64; 2] {
        squared_norms(self.sizes, squares)
    }

    /// Sums over the pieces of a vector of all parameters.
    fn sums(&self, flat: &Tensor<1>) -> Tensor<1> {
        let sums =
            pieces(self.sizes).map(|piece| flat.clone().narrow(0, piece.start, piece.len()).sum());
        Tensor::cat(sums.collect(), 0)
    }
}

/// The pieces of VAE-A's part, then those of VAE-B's, of these sizes.
pub(super) fn pieces([a, b]: [usize; 2]) -> impl Iterator<Item = Range<usize>> {
    let of = |from: usize, to: usize| {
        let starts = (from..to).step_by(PIECE);
        starts.map(move |start| start..(start + PIECE).min(to))
    };
    of(0, a).chain(of(a, a + b))
}

/// Squared norms of VAE-A's and VAE-B's parts of these sizes from the sums of squares of their pieces.
pub(super) fn squared_norms(sizes: [usize; 2], squares: &[f64]) -> [f64; 2] {
    let of_a = sizes[0].div_ceil(PIECE);
    let (a, b) = squares.split_at(of_a.min(squares.len()));
    [a.iter().sum(), b.iter().sum()]
}

/// What clipping did to a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clipped {
    /// Norm over all parameters before clipping.
    pub norm: f64,
    /// Factor applied, at most 1.
    pub coefficient: f64,
    /// Norms of VAE-A's and VAE-B's parts after clipping.
    pub parts: [f64; 2],
}

impl Clipped {
    /// Clips a gradient with these squared part norms to the global norm `largest`.
    pub fn new(squared_norms: [f64; 2], largest: f64) -> Self {
        let norm = (squared_norms[0] + squared_norms[1]).sqrt();
        let coefficient = (largest / (norm + CLIP_EPSILON)).min(1.0);
        Self {
            norm,
            coefficient,
            parts: squared_norms.map(|squared| squared.sqrt() * coefficient),
        }
    }
}

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), ε outside the root as in PyTorch.
#[derive(Clone, Debug)]
pub struct AdamW {
    weight_decay: f64,
    steps: u32,
    moments: Option<Moments>,
    /// The last update, where it is kept for a comparison with the next gradient.
    last: Option<Tensor<1>>,
}

/// First and second moments of all trained parameters.
#[derive(Clone, Debug)]
enum Moments {
    /// Where the model is.
    Placed(Box<[Tensor<1>; 2]>),
    /// In reach of the processor, in 32 bits.
    Host([Vec<f32>; 2]),
}

/// What one step multiplies by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors<N = f64> {
    /// The gradient, in the first moment.
    pub(super) first: N,
    /// The gradient's square, in the second.
    pub(super) second: N,
    /// The root of the second moment.
    pub(super) root: N,
    /// The first moment.
    pub(super) rate: N,
}

impl Factors {
    /// Those of the step after `steps` others.
    pub(super) fn new(steps: u32, coefficient: f64, learning_rate: f64) -> Self {
        let correction = |beta: f64| 1.0 - beta.powf(f64::from(steps + 1));
        Self {
            first: (1.0 - BETA_1) * coefficient,
            second: (1.0 - BETA_2) * coefficient * coefficient,
            root: correction(BETA_2).sqrt().recip(),
            rate: learning_rate / correction(BETA_1),
        }
    }
}

/// The optimizer's state on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState {
    /// Steps taken.
    pub steps: u32,
    /// First and second moments of all trained parameters, or empty before the first step.
    pub moments: [Vec<f32>; 2],
}

impl AdamW {
    /// An optimizer that has taken no step.
    pub fn new(weight_decay: f64) -> Self {
        Self {
            weight_decay,
            steps: 0,
            moments: None,
            last: None,
        }
    }

    /// The update of the last step since [`forget_last`](Self::forget_last): what was subtracted.
    pub fn last(&self) -> Option<&Tensor<1>> {
        self.last.as_ref()
    }

    /// Begins anew: nothing of it is saved, so an epoch must not depend on the one before.
    pub fn forget_last(&mut self) {
        self.last = None;
    }

    /// Takes another weight decay, from the next step on.
    pub fn set_weight_decay(&mut self, weight_decay: f64) {
        self.weight_decay = weight_decay;
    }

    /// One step: a model whose trained parameters moved against a gradient scaled by `coefficient`.
    ///
    /// # Errors
    /// The device's failure to hand over the gradient.
    pub fn step(
        &mut self,
        model: DualVae,
        gradient: FlatGradient,
        coefficient: f64,
        learning_rate: f64,
    ) -> Result<DualVae, DeviceFailure> {
        let flat = gradient.flat;
        let factors = Factors::new(self.steps, coefficient, learning_rate);
        let moments = self.moments.get_or_insert_with(|| {
            let zeros = vec![0.0; flat.dims()[0]];
            Moments::new([zeros.clone(), zeros], &flat.device(), flat.dtype())
        });
        let update = match moments {
            Moments::Placed(moments) => placed_update(flat, moments, &factors),
            Moments::Host(moments) => host_update(flat, moments, &factors)?,
        };
        self.steps += 1;
        self.last = Some(update.clone());
        Ok(model.map(&mut Updater {
            update,
            taken: 0,
            tensors: 0,
            keep: 1.0 - learning_rate * self.weight_decay,
        }))
    }

    /// Reads the state back.
    ///
    /// # Errors
    /// The device's failure to hand the numbers over.
    pub fn state(&self) -> Result<OptimizerState, DeviceFailure> {
        let moments = match &self.moments {
            Some(Moments::Placed(moments)) => {
                let [m, v] = moments.as_ref().clone();
                [m.try_into_vec_as()?, v.try_into_vec_as()?]
            }
            Some(Moments::Host(moments)) => moments.clone(),
            None => Default::default(),
        };
        Ok(OptimizerState {
            steps: self.steps,
            moments,
        })
    }

    /// An optimizer that goes on from a state, on a device without autodiff.
    pub fn restore(
        weight_decay: f64,
        state: OptimizerState,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let begun = state.steps > 0;
        Self {
            weight_decay,
            steps: state.steps,
            moments: begun.then(|| Moments::new(state.moments, device, dtype)),
            last: None,
        }
    }
}

impl Moments {
    fn new(numbers: [Vec<f32>; 2], device: &Device, dtype: DType) -> Self {
        if is_cpu(device) && dtype == DType::F32 {
            return Self::Host(numbers);
        }
        let place = |numbers: Vec<f32>| {
            let length = numbers.len();
            let data = TensorData::new(numbers, [length]).convert_dtype(dtype);
            Tensor::from_data(data, (device, dtype))
        };
        Self::Placed(Box::new(numbers.map(place)))
    }
}

/// What is to be subtracted, and the moments brought up to date: of a vector, or of the rows of S members.
pub(super) fn placed_update<N: Number, const D: usize>(
    flat: Tensor<D>,
    moments: &mut [Tensor<D>; 2],
    by: &Factors<N>,
) -> Tensor<D> {
    let first = by.first.times(flat.clone());
    let second = by.second.times(flat.square());
    let [m, v] = moments.clone();
    let (m, v) = (m.mul_scalar(BETA_1) + first, v.mul_scalar(BETA_2) + second);
    let denominator = by.root.times(v.clone().sqrt()).add_scalar(EPSILON);
    let update = by.rate.times(m.clone()) / denominator;
    *moments = [m, v];
    update
}

/// The same in one pass over memory instead of a dozen; the same bits, for it is the same arithmetic.
fn host_update(
    flat: Tensor<1>,
    moments: &mut [Vec<f32>; 2],
    by: &Factors,
) -> Result<Tensor<1>, DeviceFailure> {
    let device = flat.device();
    let mut numbers: Vec<f32> = flat.try_into_vec_as()?;
    turn_into_update(&mut numbers, moments, by);
    let length = numbers.len();
    let data = TensorData::new(numbers, [length]);
    Ok(Tensor::from_data(data, (&device, DType::F32)))
}

/// A gradient becomes what is to be subtracted, and the moments are brought up to date.
pub(super) fn turn_into_update(
    gradient: &mut [f32],
    [first, second]: &mut [Vec<f32>; 2],
    by: &Factors,
) {
    let [beta_1, beta_2, epsilon] = [BETA_1, BETA_2, EPSILON].map(|factor| factor as f32);
    let [by_first, by_second] = [by.first, by.second].map(|factor| factor as f32);
    let [root, rate] = [by.root, by.rate].map(|factor| factor as f32);
    for ((number, m), v) in gradient.iter_mut().zip(first).zip(second) {
        *m = *m * beta_1 + *number * by_first;
        *v = *v * beta_2 + *number * *number * by_second;
        *number = *m * rate / (v.sqrt() * root + epsilon);
    }
}

struct Collector {
    gradients: Gradients,
    parts: Vec<Tensor<1>>,
}

impl ModuleVisitor for Collector {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.parts.len() == TENSORS_TRAINED {
            return;
        }
        let value = param.val();
        let gradient = value
            .grad_remove(&mut self.gradients)
            .unwrap_or_else(|| value.inner().zeros_like());
        let length = gradient.shape().num_elements();
        self.parts.push(gradient.reshape([length]));
    }
}

struct Updater {
    update: Tensor<1>,
    taken: usize,
    tensors: usize,
    keep: f64,
}

impl ModuleMapper for Updater {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.tensors += 1;
        if self.tensors > TENSORS_TRAINED {
            return param;
        }
        param.map(|value| {
            let value = value.inner();
            let shape = value.shape();
            let length = shape.num_elements();
            let update = self
                .update
                .clone()
                .narrow(0, self.taken, length)
                .reshape(shape);
            self.taken += length;
            Tensor::from_inner(value.mul_scalar(self.keep) - update).require_grad()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_over_memory_gives_the_bits_of_the_tensors() {
        let device = Device::flex();
        let numbers = |scale: f32| -> Vec<f32> {
            let wave = (0..1_000).map(|i| scale * (0.37 * i as f32).sin());
            wave.collect()
        };
        let place = |numbers: Vec<f32>| {
            Tensor::from_data(TensorData::new(numbers, [1_000]), (&device, DType::F32))
        };
        let mut host = [numbers(0.1), numbers(0.2).iter().map(|x| x * x).collect()];
        let mut placed = host.clone().map(place);
        for step in 1..4 {
            let by = Factors {
                first: 0.07 * f64::from(step),
                second: 3e-4,
                root: 1.9,
                rate: 1.3e-3,
            };
            let flat = place(numbers(step as f32));
            let one = host_update(flat.clone(), &mut host, &by).unwrap();
            let other = placed_update(flat, &mut placed, &by);
            let bits = |tensor: Tensor<1>| -> Vec<u32> {
                let numbers: Vec<f32> = tensor.try_into_vec_as().unwrap();
                numbers.into_iter().map(f32::to_bits).collect()
            };
            assert_eq!(bits(one), bits(other));
            for (host, placed) in host.iter().zip(&placed) {
                assert_eq!(bits(place(host.clone())), bits(placed.clone()));
            }
        }
    }

    #[test]
    fn a_small_gradient_is_left_alone_and_a_large_one_gets_the_largest_norm() {
        let small = Clipped::new([0.09, 0.16], 1.0);
        assert!((small.norm - 0.5).abs() < 1e-12);
        assert!((small.coefficient - 1.0).abs() < 1e-12);
        let large = Clipped::new([9.0, 16.0], 1.0);
        assert!((large.coefficient - 1.0 / 5.000_001).abs() < 1e-12);
        assert!((large.parts[0].hypot(large.parts[1]) - 1.0).abs() < 1e-6);
    }
}
