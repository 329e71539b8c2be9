//! What an optimizer step changes of S members: parameters and both moments, one row for each member.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, DType, Device, Gradients, Tensor, TensorData};

use crate::device::{DeviceFailure, is_cpu};
use crate::model::{Architecture, Each, Linears, Number, TENSORS_TRAINED, Vaes};
use crate::training::optimizer::{
    Factors, OptimizerState, pieces, placed_update, squared_norms, turn_into_update,
};

/// Gradients of S members, `[S, P]`, in each row VAE-A's first.
pub(super) struct FlatGradients {
    pub(super) flat: Tensor<2>,
    /// The first number of each parameter's gradient.
    witnesses: Vec<Tensor<1>>,
    sizes: [usize; 2],
}

impl FlatGradients {
    /// Collects the gradients of members with so many numbers in VAE-A and in VAE-B; a parameter without a
    /// gradient counts 0.
    pub(super) fn collect(vaes: &Vaes<Linears>, gradients: Gradients, sizes: [usize; 2]) -> Self {
        let mut collector = Collector {
            gradients,
            parts: Vec::with_capacity(TENSORS_TRAINED),
        };
        vaes.visit(&mut collector);
        let first = |part: &Tensor<2>| part.clone().slice([0..1, 0..1]).reshape([1]);
        Self {
            witnesses: collector.parts.iter().map(first).collect(),
            flat: Tensor::cat(collector.parts, 1),
            sizes,
        }
    }

    /// A number of each parameter's gradient, `[1]` each: reading them fails where one of the gradients
    /// could not be computed, which reading the whole does not.
    pub(super) fn witnesses(&self) -> &[Tensor<1>] {
        &self.witnesses
    }

    /// Sums of squares of the pieces of each member's gradient, `[S · pieces]`.
    pub(super) fn squares(&self) -> Tensor<1> {
        self.sums(&self.flat.clone().square())
    }

    /// Products with other directions, and those directions' squares, in pieces, `[S · pieces]` each.
    pub(super) fn products(&self, directions: &Tensor<2>) -> [Tensor<1>; 2] {
        let products = self.flat.clone() * directions.clone();
        [products, directions.clone().square()].map(|numbers| self.sums(&numbers))
    }

    /// Squared norms of VAE-A's and VAE-B's parts of a member from its [`squares`](Self::squares).
    pub(super) fn squared_norms(&self, squares: &[f64]) -> [f64; 2] {
        squared_norms(self.sizes, squares)
    }

    fn sums(&self, numbers: &Tensor<2>) -> Tensor<1> {
        let sums = pieces(self.sizes).map(|piece| {
            let numbers = numbers.clone().narrow(1, piece.start, piece.len());
            numbers.sum_dim(1)
        });
        Tensor::cat(sums.collect(), 1).flatten(0, 1)
    }
}

struct Collector {
    gradients: Gradients,
    parts: Vec<Tensor<2>>,
}

impl ModuleVisitor for Collector {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let gradient = value
            .grad_remove(&mut self.gradients)
            .unwrap_or_else(|| value.inner().zeros_like());
        let members = gradient.dims()[0];
        let length = gradient.shape().num_elements() / members.max(1);
        self.parts.push(gradient.reshape([members, length]));
    }
}

/// What a member's step is taken with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride {
    /// By which its gradient is clipped.
    pub(super) coefficient: f64,
    pub(super) learning_rate: f64,
    pub(super) weight_decay: f64,
}

/// Parameters, first and second moments of S members.
#[derive(Clone, Debug)]
pub(super) struct Trained {
    architecture: Architecture,
    /// With autodiff.
    device: Device,
    dtype: DType,
    /// Steps that each member has taken.
    steps: Vec<u32>,
    numbers: Numbers,
}

#[derive(Clone, Debug)]
enum Numbers {
    /// Where the model is, `[S, P]` each.
    Placed(Box<[Tensor<2>; 3]>),
    /// In reach of the processor, in 32 bits, of each member.
    Host(Vec<[Vec<f32>; 3]>),
}

impl Trained {
    /// Members with these parameters that have taken no step; `device` with autodiff.
    pub(super) fn new(
        architecture: Architecture,
        parameters: Vec<Vec<f32>>,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let members = parameters.len();
        let plain = device.clone().without_autodiff();
        let numbers = if is_cpu(&plain) && dtype == DType::F32 {
            let zeros = |numbers: &Vec<f32>| vec![0.0; numbers.len()];
            let of = |numbers: Vec<f32>| {
                let [first, second] = [zeros(&numbers), zeros(&numbers)];
                [numbers, first, second]
            };
            Numbers::Host(parameters.into_iter().map(of).collect())
        } else {
            let length = parameters.first().map_or(0, Vec::len);
            let data = TensorData::new(parameters.concat(), [members, length]);
            let parameters = Tensor::from_data(data.convert_dtype(dtype), (&plain, dtype));
            let zeros = || Tensor::zeros([members, length], (&plain, dtype));
            Numbers::Placed(Box::new([parameters, zeros(), zeros()]))
        };
        Self {
            architecture,
            device: device.clone(),
            dtype,
            steps: vec![0; members],
            numbers,
        }
    }

    /// Numbers in VAE-A and in VAE-B.
    pub(super) fn sizes(&self) -> [usize; 2] {
        let [a, b, _] = self.architecture.counts();
        [a, b]
    }

    /// The network of these parameters, ready to collect gradients.
    pub(super) fn network(&self) -> Vaes<Linears> {
        let members = self.steps.len();
        let mut taken = 0;
        Vaes::of_members(self.architecture, |[inputs, outputs]| {
            let length = inputs * outputs;
            let place = taken..taken + length;
            taken += length;
            let shape = [members, inputs, outputs];
            match &self.numbers {
                Numbers::Placed(all) => {
                    let rows = all[0].clone().narrow(1, place.start, length);
                    Tensor::from_inner(rows.reshape(shape))
                }
                Numbers::Host(rows) => {
                    let mut numbers = Vec::with_capacity(members * length);
                    for [parameters, ..] in rows {
                        numbers.extend_from_slice(&parameters[place.clone()]);
                    }
                    let data = TensorData::new(numbers, shape);
                    Tensor::from_data(data, (&self.device, self.dtype))
                }
            }
        })
    }

    /// One step of every member that has a stride; the others stay as they are, bit for bit. What was
    /// subtracted, `[S, P]`, 0 of those others.
    pub(super) fn step(
        &mut self,
        gradient: Tensor<2>,
        strides: &[Option<Stride>],
    ) -> Result<Tensor<2>, DeviceFailure> {
        let factors = |(steps, stride): (&u32, &Option<Stride>)| {
            stride.map(|stride| Factors::new(*steps, stride.coefficient, stride.learning_rate))
        };
        let factors: Vec<Option<Factors>> = self.steps.iter().zip(strides).map(factors).collect();
        let keep = |stride: &Option<Stride>| {
            stride.map_or(1.0, |by| 1.0 - by.learning_rate * by.weight_decay)
        };
        let keep: Vec<f64> = strides.iter().map(keep).collect();
        let update = match &mut self.numbers {
            Numbers::Placed(all) => placed_step(gradient, all, &factors, keep),
            Numbers::Host(rows) => host_step(gradient, rows, &factors, &keep)?,
        };
        for (steps, stride) in self.steps.iter_mut().zip(strides) {
            *steps += u32::from(stride.is_some());
        }
        Ok(update)
    }

    /// Parameters and moments of a member.
    fn rows(&self, member: usize) -> Result<[Vec<f32>; 3], DeviceFailure> {
        match &self.numbers {
            Numbers::Placed(all) => {
                let row = |numbers: &Tensor<2>| numbers.clone().narrow(0, member, 1);
                let [parameters, first, second] = all.as_ref().each_ref().map(row);
                Ok([
                    parameters.try_into_vec_as()?,
                    first.try_into_vec_as()?,
                    second.try_into_vec_as()?,
                ])
            }
            Numbers::Host(rows) => Ok(rows[member].clone()),
        }
    }

    fn set_row(&mut self, which: usize, member: usize, numbers: Vec<f32>) {
        match &mut self.numbers {
            Numbers::Placed(all) => {
                let [_, length] = all[which].dims();
                let data = TensorData::new(numbers, [1, length]).convert_dtype(self.dtype);
                let plain = self.device.clone().without_autodiff();
                let row = Tensor::from_data(data, (&plain, self.dtype));
                let assigned = all[which].clone();
                all[which] = assigned.slice_assign([member..member + 1, 0..length], row);
            }
            Numbers::Host(rows) => rows[member][which] = numbers,
        }
    }

    /// A member's parameters.
    pub(super) fn parameters(&self, member: usize) -> Result<Vec<f32>, DeviceFailure> {
        let [parameters, ..] = self.rows(member)?;
        Ok(parameters)
    }

    /// Gives a member other parameters; its moments stay as they are.
    pub(super) fn set_parameters(&mut self, member: usize, parameters: Vec<f32>) {
        self.set_row(0, member, parameters);
    }

    /// A member's optimizer.
    pub(super) fn optimizer(&self, member: usize) -> Result<OptimizerState, DeviceFailure> {
        let steps = self.steps[member];
        if steps == 0 {
            return Ok(OptimizerState::default());
        }
        let [_, first, second] = self.rows(member)?;
        Ok(OptimizerState {
            steps,
            moments: [first, second],
        })
    }

    /// Gives a member the optimizer of a checkpoint.
    pub(super) fn set_optimizer(&mut self, member: usize, state: OptimizerState) {
        let length = self.sizes().iter().sum();
        self.steps[member] = state.steps;
        for (which, mut moment) in (1..).zip(state.moments) {
            // Before the first step there are none.
            moment.resize(length, 0.0);
            self.set_row(which, member, moment);
        }
    }
}

fn placed_step(
    gradient: Tensor<2>,
    all: &mut [Tensor<2>; 3],
    factors: &[Option<Factors>],
    keep: Vec<f64>,
) -> Tensor<2> {
    let (device, dtype) = (gradient.device(), gradient.dtype());
    let each = |of: fn(&Factors) -> f64| {
        let of = |factors: &Option<Factors>| factors.as_ref().map_or(0.0, of);
        Each::new(factors.iter().map(of).collect(), (&device, dtype))
    };
    let by = Factors {
        first: each(|by| by.first),
        second: each(|by| by.second),
        root: each(|by| by.root),
        rate: each(|by| by.rate),
    };
    let before = all.clone();
    let [parameters, first, second] = all.clone();
    let mut moments = [first, second];
    let update = placed_update(gradient, &mut moments, &by);
    let keep = Each::new(keep, (&device, dtype));
    let moved = keep.times(parameters) - update.clone();
    let [first, second] = moments;
    *all = [moved, first, second];

    if factors.iter().all(Option::is_some) {
        return update;
    }
    // Not by factors of 0: what has diverged is no number, and 0 times that is none either.
    let rests: Vec<bool> = factors.iter().map(Option::is_none).collect();
    let data = TensorData::new(rests, [factors.len(), 1]);
    let rests: Tensor<2, Bool> = Tensor::from_data(data, &device);
    let rests: Tensor<2, Bool> = rests.expand(update.dims());
    for (after, before) in all.iter_mut().zip(before) {
        *after = after.clone().mask_where(rests.clone(), before);
    }
    update.mask_fill(rests, 0.0)
}

/// The same in one pass over memory for each member.
fn host_step(
    gradient: Tensor<2>,
    rows: &mut [[Vec<f32>; 3]],
    factors: &[Option<Factors>],
    keep: &[f64],
) -> Result<Tensor<2>, DeviceFailure> {
    let (device, [members, length]) = (gradient.device(), gradient.dims());
    let mut numbers: Vec<f32> = gradient.try_into_vec_as()?;
    let of_members = numbers.chunks_exact_mut(length).zip(rows);
    for ((gradient, row), (factors, keep)) in of_members.zip(factors.iter().zip(keep)) {
        let Some(by) = factors else {
            gradient.fill(0.0);
            continue;
        };
        let [parameters, first, second] = row;
        let mut moments = [std::mem::take(first), std::mem::take(second)];
        turn_into_update(gradient, &mut moments, by);
        [*first, *second] = moments;
        let keep = *keep as f32;
        for (parameter, update) in parameters.iter_mut().zip(gradient) {
            *parameter = *parameter * keep - *update;
        }
    }
    let data = TensorData::new(numbers, [members, length]);
    Ok(Tensor::from_data(data, (&device, DType::F32)))
}
