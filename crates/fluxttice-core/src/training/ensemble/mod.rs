//! S members trained at once as one batched model.
//!
//! [`Core`](super::Core) for one, this for several of one architecture: a batch costs all of them as many
//! operations of the device as it costs one, which on a GPU is what a small model's batch costs. Every
//! member has its own configuration, λ, β, ρ, τ, balance scales, clipping, moments, StateNet and
//! controller, and is what it would be had it been trained alone, but for the order in which a device adds
//! numbers up.

mod kept;
#[cfg(test)]
mod tests;

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};

use super::controller::Controller;
use super::core::{Core, Noise};
use super::member::{Assessed, BatchReport, Member, StepError};
use super::observe::Seen;
use super::optimizer::{FlatGradients, Trained};
use super::reading::{ExamReading, Reading};
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{
    Architecture, Batches, Coupling, Each, Linears, Loss, LossWeights, Vaes, members_loss_graph,
};
use crate::schedule::Scheduled;
use crate::vae::Vae;
use kept::Kept;

/// What makes members that cannot be trained at once, or a batch that is not theirs.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EnsembleError {
    /// A term of the loss that only a model alone has.
    #[error(
        "member {member} sets `beyond.{key}`, which is not computed for several members at once: train it alone"
    )]
    Refused {
        /// The member, from 0.
        member: usize,
        /// The key.
        key: &'static str,
    },
    /// Networks of different shapes.
    #[error(
        "members must have one architecture: expected {expected:?}, found {found:?} in member {member}"
    )]
    Architecture {
        /// The member, from 0.
        member: usize,
        /// Member 0's.
        expected: Architecture,
        /// This one's.
        found: Architecture,
    },
    /// Not as many as there are members, or as a batch has rows.
    #[error("{what}: expected {expected}, found {found}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// There is no such member.
    #[error("no member {member}: there are {members}, from 0")]
    Absent {
        /// As asked.
        member: usize,
        /// How many there are.
        members: usize,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
}

/// S members of one architecture: their models, optimizers and controllers.
///
/// Terms of the loss that go beyond the published one and need codes or operations of their own
/// (`beyond.consistency`, `composition`, `certainty`, `evenness`) are refused; `align_spread` and
/// `statenet_rate` are not.
#[derive(Clone, Debug)]
pub struct Ensemble {
    members: Vec<Member>,
    trained: Trained,
    network: Vaes<Linears>,
    /// What the last step subtracted, where a StateNet is taught by it; an epoch's first batch does not look at it.
    last: Option<Tensor<2>>,
    numbers: Kept,
    device: Device,
    dtype: DType,
}

impl Ensemble {
    /// Puts members together that were alone, all on one device and of one type.
    ///
    /// # Errors
    /// [`EnsembleError`] where there are none, where their architectures differ, or where a configuration
    /// asks for what is not computed for several at once.
    pub fn of(cores: &[Core]) -> Result<Self, EnsembleError> {
        let none = || count("members of an ensemble", 1, 0);
        let first = cores.first().ok_or_else(none)?;
        let expected = first.trained.architecture();
        for (member, core) in cores.iter().enumerate() {
            refuse(member, &core.member.config)?;
            let found = core.trained.architecture();
            if found != expected {
                return Err(EnsembleError::Architecture {
                    member,
                    expected,
                    found,
                });
            }
        }
        let trained = Trained::joined(cores.iter().map(|core| core.trained.clone()).collect());
        let trained = trained.ok_or_else(none)?;
        let (device, dtype) = first.placement();
        Ok(Self {
            members: cores.iter().map(|core| core.member.clone()).collect(),
            network: trained.network(),
            last: lasts(cores),
            numbers: Kept::new(device, dtype),
            device: device.clone(),
            dtype,
            trained,
        })
    }

    /// The key of `beyond`, if any, by which a configuration asks for what only a model alone has.
    pub fn refused(config: &Config) -> Option<&'static str> {
        let beyond = &config.beyond;
        let terms = [
            ("consistency", beyond.consistency.is_some()),
            ("composition", beyond.composition.is_some()),
            ("certainty", beyond.certainty.is_some()),
            ("evenness", beyond.evenness.is_some()),
        ];
        let asked = terms.into_iter().find(|(_, asked)| *asked);
        asked.map(|(key, _)| key)
    }

    /// A member as it is now, to go on alone.
    ///
    /// # Errors
    /// [`EnsembleError::Absent`].
    pub fn core(&self, member: usize) -> Result<Core, EnsembleError> {
        let of_member = self.member(member)?.clone();
        let trained = self.trained.only(&[member]);
        let last = self.last.as_ref();
        Ok(Core {
            vaes: trained.network(),
            trained,
            last: last.map(|last| last.clone().narrow(0, member, 1)),
            member: of_member,
            device: self.device.clone(),
            dtype: self.dtype,
        })
    }

    /// These members alone, in this order.
    ///
    /// # Errors
    /// [`EnsembleError::Absent`], or [`EnsembleError::Count`] of none.
    pub fn only(&self, members: &[usize]) -> Result<Self, EnsembleError> {
        if members.is_empty() {
            return Err(count("members of an ensemble", 1, 0));
        }
        let these = members.iter().map(|member| self.member(*member).cloned());
        let these = these.collect::<Result<_, _>>()?;
        let trained = self.trained.only(members);
        let rows = |last: &Tensor<2>| {
            let rows = members.iter().map(|one| last.clone().narrow(0, *one, 1));
            Tensor::cat(rows.collect(), 0)
        };
        Ok(Self {
            members: these,
            network: trained.network(),
            trained,
            last: self.last.as_ref().map(rows),
            numbers: Kept::new(&self.device, self.dtype),
            ..self.clone()
        })
    }

    /// The device with autodiff on which batches and noise are expected, and their type.
    pub fn placement(&self) -> (&Device, DType) {
        (&self.device, self.dtype)
    }

    /// How many members there are.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// A member's controller.
    ///
    /// # Errors
    /// [`EnsembleError::Absent`].
    pub fn controller(&self, member: usize) -> Result<&Controller, EnsembleError> {
        self.member(member).map(|member| &member.controller)
    }

    /// A member's controller, to begin an epoch with.
    ///
    /// # Errors
    /// [`EnsembleError::Absent`].
    pub fn controller_mut(&mut self, member: usize) -> Result<&mut Controller, EnsembleError> {
        Ok(&mut self.member_mut(member)?.controller)
    }

    /// Takes over a member's changed configuration, from the next batch on.
    ///
    /// # Errors
    /// [`EnsembleError::Refused`] where it asks for what is not computed for several at once, and
    /// [`EnsembleError::Absent`]; nothing has changed then.
    pub fn set_config(&mut self, member: usize, config: &Config) -> Result<(), EnsembleError> {
        refuse(member, config)?;
        self.member_mut(member)?.config = config.clone();
        Ok(())
    }

    /// Teaches the StateNets by what their corrections of this epoch did, where a configuration asks for it:
    /// [`Core::teach_state_net`](super::Core::teach_state_net) of each member.
    pub fn teach_state_nets(&mut self) {
        for member in &mut self.members {
            member.teach_state_net();
        }
    }

    /// One step of every member on its batch; `first` marks an epoch's first batch. What a member does is
    /// what [`Core::train_batch`](super::Core::train_batch) does.
    ///
    /// A report for each member. One whose loss or gradient is not finite gets
    /// [`StepError::Diverged`]: it takes no step, nothing of it has changed, and the others know nothing
    /// of it. It may stay.
    ///
    /// # Errors
    /// [`EnsembleError::Count`] where there are not as many batches, numbers or schedules as members; nothing
    /// has changed then. [`EnsembleError::Device`] where the device fails, after which controllers may be a
    /// batch ahead of the numbers.
    pub fn train_batch(
        &mut self,
        batches: &Batches,
        noise: impl Into<Noise<3>>,
        scheduled: &[Scheduled],
        first: bool,
    ) -> Result<Vec<Result<BatchReport, StepError>>, EnsembleError> {
        let noise = noise.into();
        self.check(batches, scheduled)?;
        self.check_noise(batches, &noise)?;
        let weights = self.loss_weights(scheduled, Member::scales);
        let coupling = self.coupling(noise, scheduled);
        let forward = self.network.forward(batches.x.clone(), coupling);
        let numbers = &mut self.numbers;
        let graph = members_loss_graph(&forward, batches, &weights, |values| numbers.get(values));
        let gradients = graph.objective.backward();
        let (members, places) = (self.members.len(), self.trained.places());
        let gradient = FlatGradients::collect(&self.network, gradients, members, places);

        // The one point at which the device is waited for.
        let last = self.last.as_ref().filter(|_| !first);
        let reading = Reading::of(graph, &gradient, last, None)?;

        let readings = (0..members).map(|member| reading.part(member, members));
        let readings: Vec<Reading> = readings.collect();
        let of_members = self.members.iter().zip(&readings).zip(&weights);
        let assessed =
            of_members
                .zip(scheduled)
                .map(|(((member, reading), weights), scheduled)| {
                    match member.assess(reading, weights, places, scheduled.rho, first) {
                        Err(StepError::Device(failure)) => Err(failure),
                        assessed => Ok(assessed),
                    }
                });
        let assessed: Vec<Result<Assessed, StepError>> = assessed.collect::<Result<_, _>>()?;

        let mut strides = Vec::with_capacity(members);
        let mut reports = Vec::with_capacity(members);
        let of_members = self.members.iter_mut().zip(assessed).zip(&readings);
        for ((member, assessed), reading) in of_members {
            let report = assessed.map(|assessed| member.take_in(assessed, &reading.products));
            strides.push(report.as_ref().ok().map(|report| member.stride(report)));
            reports.push(report);
        }
        let update = self.trained.step(gradient, &strides)?;
        self.network = self.trained.network();
        self.last = self.members.iter().any(Member::teaches).then_some(update);
        Ok(reports)
    }

    /// The losses of one batch of each member in evaluation mode, and what the models make of its operations:
    /// [`Core::validate_batch`](super::Core::validate_batch) of each.
    ///
    /// The batches lie on the device without autodiff.
    ///
    /// # Errors
    /// [`EnsembleError::Count`] where there are not as many batches or schedules as members, or the device's
    /// failure.
    pub fn validate_batch(
        &self,
        batches: &Batches,
        scheduled: &[Scheduled],
    ) -> Result<Vec<(Loss, Seen)>, EnsembleError> {
        self.check(batches, scheduled)?;
        let plain = self.device.clone().without_autodiff();
        let each = |values| Each::new(values, (&plain, self.dtype));
        let weights = self.loss_weights(scheduled, |_| [1.0; 2]);
        let rho = each(scheduled.iter().map(|scheduled| scheduled.rho).collect());
        let network = self.network.valid();
        let forward = network.forward(batches.x.clone(), Coupling::at(rho));
        let graph = members_loss_graph(&forward, batches, &weights, each);
        let code = |which| forward.posterior[which as usize].mu.clone();
        let alone = Vae::BOTH.map(|which| network.decode::<3, 4>(which, code(which)));
        let exam = ExamReading::of(graph, alone, forward)?;
        let count = self.members.len();
        let of_members = weights.iter().enumerate();
        Ok(of_members
            .map(|(member, weights)| exam.part(member, count).judged(weights))
            .collect())
    }

    /// The weights of each member's loss; `scales` balances A and B.
    fn loss_weights(
        &self,
        scheduled: &[Scheduled],
        scales: fn(&Member) -> [f64; 2],
    ) -> Vec<LossWeights> {
        let of_members = self.members.iter().zip(scheduled);
        of_members
            .map(|(member, scheduled)| member.loss_weights(scheduled, scales(member)))
            .collect()
    }

    fn coupling(&mut self, noise: Noise<3>, scheduled: &[Scheduled]) -> Coupling<Each, 3> {
        let numbers = &mut self.numbers;
        let mut each = |of: fn(&Scheduled) -> f64| numbers.get(scheduled.iter().map(of).collect());
        let [noise_a, noise_b] = noise.epsilon;
        Coupling {
            rho: each(|scheduled| scheduled.rho),
            noise: Some([
                (noise_a, each(|scheduled| scheduled.temperature_a)),
                (noise_b, each(|scheduled| scheduled.temperature_b)),
            ]),
            jitter: noise.jitter,
        }
    }

    /// That there is a batch and a schedule for every member.
    fn check(&self, batches: &Batches, scheduled: &[Scheduled]) -> Result<(), EnsembleError> {
        let members = self.members.len();
        same("batches", members, batches.x.dims()[0])?;
        same("schedules", members, scheduled.len())
    }

    /// That there is noise for every row of every member.
    fn check_noise(&self, batches: &Batches, noise: &Noise<3>) -> Result<(), EnsembleError> {
        let [members, rows, _] = batches.x.dims();
        let jitter = noise.jitter.iter().flatten();
        for noise in noise.epsilon.iter().chain(jitter) {
            let [of, noisy, _] = noise.dims();
            same("members with noise", members, of)?;
            same("rows of noise", rows, noisy)?;
        }
        Ok(())
    }

    fn member(&self, member: usize) -> Result<&Member, EnsembleError> {
        let members = self.members.len();
        let absent = EnsembleError::Absent { member, members };
        self.members.get(member).ok_or(absent)
    }

    fn member_mut(&mut self, member: usize) -> Result<&mut Member, EnsembleError> {
        let members = self.members.len();
        let absent = EnsembleError::Absent { member, members };
        self.members.get_mut(member).ok_or(absent)
    }
}

/// Refuses a configuration whose loss has terms that are not computed for several members at once.
fn refuse(member: usize, config: &Config) -> Result<(), EnsembleError> {
    match Ensemble::refused(config) {
        Some(key) => Err(EnsembleError::Refused { member, key }),
        None => Ok(()),
    }
}

/// What the members' last steps subtracted, 0 of those that do not keep it; `None` where nobody does.
fn lasts(cores: &[Core]) -> Option<Tensor<2>> {
    let kept = cores.iter().find_map(|core| core.last.as_ref())?;
    let of = |core: &Core| core.last.clone().unwrap_or_else(|| kept.zeros_like());
    Some(Tensor::cat(cores.iter().map(of).collect(), 0))
}

fn same(what: &'static str, expected: usize, found: usize) -> Result<(), EnsembleError> {
    if expected == found {
        Ok(())
    } else {
        Err(count(what, expected, found))
    }
}

fn count(what: &'static str, expected: usize, found: usize) -> EnsembleError {
    EnsembleError::Count {
        what,
        expected,
        found,
    }
}
