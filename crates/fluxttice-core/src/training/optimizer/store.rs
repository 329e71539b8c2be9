//! State that an optimizer step changes: parameters and both moments, one row for each member.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::gradient::FlatGradients;
use super::layout::ParamLayout;
use super::step::{Factors, host_step, placed_step};
use super::{OptimizerState, StepParams};
use crate::device::{DeviceFailure, is_cpu};
use crate::model::{Affine, Architecture, Vaes};

/// Parameters, first and second moments of S members.
/// Methods panic where there is no such member, or where none is asked for, as a slice does.
#[derive(Clone, Debug)]
pub struct ParamStore {
    architecture: Architecture,
    places: ParamLayout,
    /// Device without autodiff.
    device: Device,
    dtype: DType,
    /// Number of steps that each member has taken.
    steps: Vec<u32>,
    numbers: Numbers,
}

#[derive(Clone, Debug)]
enum Numbers {
    /// Tensors on the model's device, `[S, P]` each.
    Placed(Box<[Tensor<2>; 3]>),
    /// Rows in the processor's memory, in 32 bits, for each member.
    Host(Vec<[Vec<f32>; 3]>),
}

impl ParamStore {
    /// Takes members with these parameters, [`flattened`](crate::model::flattened), that have taken no step.
    pub fn new(
        architecture: Architecture,
        parameters: Vec<Vec<f32>>,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let device = device.clone().without_autodiff();
        let places = ParamLayout::on(&device, architecture);
        Self::at(places, architecture, parameters, (device, dtype))
    }

    fn at(
        places: ParamLayout,
        architecture: Architecture,
        parameters: Vec<Vec<f32>>,
        (device, dtype): (Device, DType),
    ) -> Self {
        let (members, length) = (parameters.len(), places.length());
        let rows = parameters.into_iter().map(|numbers| places.spread(numbers));
        let numbers = if is_cpu(&device) && dtype == DType::F32 {
            let of = |parameters| [parameters, vec![0.0; length], vec![0.0; length]];
            Numbers::Host(rows.map(of).collect())
        } else {
            let zeros = || Tensor::zeros([members, length], (&device, dtype));
            let parameters = tensor(rows.flatten().collect(), length, (&device, dtype));
            Numbers::Placed(Box::new([parameters, zeros(), zeros()]))
        };
        Self {
            architecture,
            places,
            device,
            dtype,
            steps: vec![0; members],
            numbers,
        }
    }

    /// Joins members of one architecture, on one device and of one type; `None` without a member.
    pub fn joined(members: Vec<Self>) -> Option<Self> {
        let mut members = members.into_iter();
        let mut all = members.next()?;
        let mut placed = Vec::new();
        for member in members {
            all.steps.extend(member.steps);
            match (&mut all.numbers, member.numbers) {
                (Numbers::Host(rows), Numbers::Host(others)) => rows.extend(others),
                (Numbers::Placed(_), Numbers::Placed(others)) => placed.push(others),
                // One device and one type have one kind.
                _ => return None,
            }
        }
        if let Numbers::Placed(first) = &mut all.numbers {
            for (which, rows) in first.iter_mut().enumerate() {
                let others = placed.iter().map(|rows| rows[which].clone());
                *rows = Tensor::cat([rows.clone()].into_iter().chain(others).collect(), 0);
            }
        }
        Some(all)
    }

    /// Returns these members alone, in this order.
    #[must_use]
    pub fn only(&self, members: &[usize]) -> Self {
        let numbers = match &self.numbers {
            Numbers::Placed(all) => {
                let rows = |all: &Tensor<2>| {
                    let rows = members.iter().map(|one| all.clone().narrow(0, *one, 1));
                    Tensor::cat(rows.collect(), 0)
                };
                Numbers::Placed(Box::new(all.as_ref().each_ref().map(rows)))
            }
            Numbers::Host(rows) => {
                Numbers::Host(members.iter().map(|one| rows[*one].clone()).collect())
            }
        };
        Self {
            steps: members.iter().map(|one| self.steps[*one]).collect(),
            numbers,
            architecture: self.architecture,
            places: self.places.clone(),
            device: self.device.clone(),
            dtype: self.dtype,
        }
    }

    /// Returns the architecture that all members' networks have.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Returns the places of the tensors' numbers in a row.
    pub fn places(&self) -> &ParamLayout {
        &self.places
    }

    /// Builds the network of these parameters, ready to collect gradients.
    pub fn network<L: Affine>(&self) -> Vaes<L> {
        let mut places = self.places.tensors().iter().cloned();
        Vaes::of_rows(self.architecture, || {
            let place = places.next().unwrap_or_default();
            match &self.numbers {
                Numbers::Placed(all) => all[0].clone().narrow(1, place.start, place.len()),
                Numbers::Host(rows) => {
                    let mut numbers = Vec::with_capacity(rows.len() * place.len());
                    for [parameters, ..] in rows {
                        numbers.extend_from_slice(&parameters[place.clone()]);
                    }
                    tensor(numbers, place.len(), (&self.device, self.dtype))
                }
            }
        })
    }

    /// Takes one step of every member that has a stride, `strides` in their order; the others stay as they
    /// are, bit for bit. Returns the update that was subtracted, `[S, P]`, 0 for those others.
    ///
    /// # Errors
    /// Returns the device's failure to hand over the gradient; nothing has changed then.
    pub fn step(
        &mut self,
        gradient: FlatGradients,
        strides: &[Option<StepParams>],
    ) -> Result<Tensor<2>, DeviceFailure> {
        let strides = strides.iter().chain(std::iter::repeat(&None));
        let both = self.steps.iter().zip(strides.clone());
        let factors: Vec<Option<Factors>> = both
            .map(|(steps, stride)| stride.map(|stride| Factors::new(*steps, &stride)))
            .collect();
        let update = match &mut self.numbers {
            Numbers::Placed(all) => placed_step(gradient.flat, all, &factors),
            Numbers::Host(rows) => {
                let length = self.places.length();
                let mut numbers: Vec<f32> = gradient.flat.try_into_vec_as()?;
                let of_members = numbers.chunks_exact_mut(length).zip(rows).zip(&factors);
                for ((gradient, row), factors) in of_members {
                    match factors {
                        Some(by) => host_step(gradient, row, by),
                        None => gradient.fill(0.0),
                    }
                }
                tensor(numbers, length, (&self.device, self.dtype))
            }
        };
        for (steps, stride) in self.steps.iter_mut().zip(strides) {
            *steps += u32::from(stride.is_some());
        }
        Ok(update)
    }

    /// Reads parameters and both moments of a member, the numbers of each one after another.
    fn rows(&self, member: usize) -> Result<[Vec<f32>; 3], DeviceFailure> {
        let [parameters, first, second] = match &self.numbers {
            Numbers::Placed(all) => {
                let row = |numbers: &Tensor<2>| numbers.clone().narrow(0, member, 1);
                let [parameters, first, second] = all.as_ref().each_ref().map(row);
                [
                    parameters.try_into_vec_as()?,
                    first.try_into_vec_as()?,
                    second.try_into_vec_as()?,
                ]
            }
            Numbers::Host(rows) => rows[member].clone(),
        };
        Ok([parameters, first, second].map(|row| self.places.gathered(row)))
    }

    fn set_row(&mut self, which: usize, member: usize, numbers: Vec<f32>) {
        let row = self.places.spread(numbers);
        match &mut self.numbers {
            Numbers::Placed(all) => {
                let length = row.len();
                let row = tensor(row, length, (&self.device, self.dtype));
                let assigned = all[which].clone();
                all[which] = assigned.slice_assign([member..member + 1, 0..length], row);
            }
            Numbers::Host(rows) => rows[member][which] = row,
        }
    }

    /// Reads a member's parameters, one after another.
    ///
    /// # Errors
    /// Returns the device's failure to hand the numbers over.
    pub fn parameters(&self, member: usize) -> Result<Vec<f32>, DeviceFailure> {
        let [parameters, ..] = self.rows(member)?;
        Ok(parameters)
    }

    /// Gives a member other parameters; its moments stay as they are.
    pub fn set_parameters(&mut self, member: usize, parameters: Vec<f32>) {
        self.set_row(0, member, parameters);
    }

    /// Reads the state of a member's optimizer; no moments before the first step.
    ///
    /// # Errors
    /// Returns the device's failure to hand the numbers over.
    pub fn optimizer(&self, member: usize) -> Result<OptimizerState, DeviceFailure> {
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
    pub fn set_optimizer(&mut self, member: usize, state: OptimizerState) {
        self.steps[member] = state.steps;
        for (which, moment) in (1..).zip(state.moments) {
            self.set_row(which, member, moment);
        }
    }
}

/// Places numbers on a device, in rows of `length`.
fn tensor(numbers: Vec<f32>, length: usize, (device, dtype): (&Device, DType)) -> Tensor<2> {
    let rows = numbers.len() / length.max(1);
    let data = TensorData::new(numbers, [rows, length]).convert_dtype(dtype);
    Tensor::from_data(data, (device, dtype))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Weights, flattened};
    use crate::training::optimizer::layout::ALIGNED;
    use crate::vae::Vae;
    use burn::nn::Linear;

    /// Squared norms of the first gradient, then the parameters and moments after three steps.
    fn course(aligned: usize) -> ([f64; 2], [Vec<f32>; 3]) {
        let (weights, device) = (Weights::fresh(7), Device::flex());
        let architecture = weights.architecture;
        let places = ParamLayout::new(architecture, aligned);
        let parameters = vec![flattened(&weights)];
        let place = (device.clone(), DType::F64);
        let mut trained = ParamStore::at(places.clone(), architecture, parameters, place);
        let mut norms = [0.0; 2];
        for step in 0..3 {
            let network: Vaes<Linear> = trained.network();
            let z = Tensor::ones([2, 16], (&device.clone().autodiff(), DType::F64));
            let [a, b] = Vae::BOTH.map(|which| network.decode::<2, 3>(which, z.clone()));
            let loss = a.square().sum() + b.square().sum();
            let gradient = FlatGradients::collect(&network, loss.backward(), 1, &places);
            if step == 0 {
                let squares: Vec<f64> = gradient.squares().try_into_vec_as().unwrap();
                norms = places.squared_norms(&squares);
            }
            let stride = StepParams {
                coefficient: 0.5,
                learning_rate: 1e-3,
                weight_decay: 0.1,
            };
            trained.step(gradient, &[Some(stride)]).unwrap();
        }
        (norms, trained.rows(0).unwrap())
    }

    #[test]
    fn gaps_between_tensors_change_nothing() {
        let ((norms, rows), (with_gaps, rows_with_gaps)) = (course(1), course(ALIGNED));
        assert!(norms[0] > 1e-3 && norms[1] > 1e-3);
        for (one, other) in norms.into_iter().zip(with_gaps) {
            assert!((one - other).abs() < 1e-9 * one);
        }
        assert!(rows == rows_with_gaps);
        assert!(rows[0] != flattened(&Weights::fresh(7)));
    }
}
