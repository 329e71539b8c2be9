//! S members trained at once as one batched model.
//!
//! [`Learner`](super::Learner) trains one model, [`Ensemble`] several of one architecture. A batch takes as many
//! operations of the device for all of them as for one, and on a GPU their number is the cost of a small
//! model's batch. Every member has its own configuration, λ, β, ρ, τ, balance scales, clipping, moments,
//! StateNet and controller. A member is what it would be had it been trained alone, but for the order in
//! which a device adds numbers up.

mod kept;
#[cfg(test)]
mod tests;

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};

use super::controller::Controller;
use super::evaluation::EvalOutputs;
use super::host_state::{Assessed, BatchReport, HostState, StepError};
use super::learner::{Learner, Noise};
use super::optimizer::{FlatGradients, ParamStore};
use super::readback::{EvalReadback, StepReadback};
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{
    Architecture, Batches, Coupling, Each, Linears, Loss, LossWeights, Vaes, members_loss_graph,
};
use crate::schedule::Scheduled;
use crate::vae::Vae;
use kept::Kept;

/// Reason for which members cannot be trained at once, or a batch does not fit them.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EnsembleError {
    /// A configuration has a term of the loss that is only computed for a model alone.
    #[error(
        "member {member} sets `beyond.{key}`, which is not computed for several members at once: train it alone"
    )]
    Refused {
        /// Number of the member, from 0.
        member: usize,
        /// Key of that term below `beyond`.
        key: &'static str,
    },
    /// The networks have different shapes.
    #[error(
        "members must have one architecture: expected {expected:?}, found {found:?} in member {member}"
    )]
    Architecture {
        /// Number of the member, from 0.
        member: usize,
        /// Architecture of member 0.
        expected: Architecture,
        /// Architecture of this member.
        found: Architecture,
    },
    /// A count does not match the number of members, or the rows of a batch.
    #[error("{what}: expected {expected}, found {found}")]
    Count {
        /// Name of what was counted.
        what: &'static str,
        /// Number that there should be.
        expected: usize,
        /// Number that there is.
        found: usize,
    },
    /// There is no such member.
    #[error("no member {member}: there are {members}, from 0")]
    Absent {
        /// Number of the member, as asked for.
        member: usize,
        /// Number of members in the ensemble.
        members: usize,
    },
    /// The device failed while it computed.
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
    members: Vec<HostState>,
    trained: ParamStore,
    network: Vaes<Linears>,
    /// Updates that the last step subtracted, `[S, P]`; kept where a StateNet is taught by them. An epoch's
    /// first batch does not use them.
    last: Option<Tensor<2>>,
    numbers: Kept,
    device: Device,
    dtype: DType,
}

impl Ensemble {
    /// Joins models that were trained alone, all on one device and of one type.
    ///
    /// # Errors
    /// Fails where there are none, where their architectures differ, or where a configuration asks for a term
    /// of the loss that is not computed for several at once.
    pub fn of(learners: &[Learner]) -> Result<Self, EnsembleError> {
        let none = || count("members of an ensemble", 1, 0);
        let first = learners.first().ok_or_else(none)?;
        let expected = first.trained.architecture();
        for (member, learner) in learners.iter().enumerate() {
            refuse(member, &learner.member.config)?;
            let found = learner.trained.architecture();
            if found != expected {
                return Err(EnsembleError::Architecture {
                    member,
                    expected,
                    found,
                });
            }
        }
        let trained = ParamStore::joined(
            learners
                .iter()
                .map(|learner| learner.trained.clone())
                .collect(),
        );
        let trained = trained.ok_or_else(none)?;
        let (device, dtype) = first.placement();
        Ok(Self {
            members: learners
                .iter()
                .map(|learner| learner.member.clone())
                .collect(),
            network: trained.network(),
            last: lasts(learners),
            numbers: Kept::new(device, dtype),
            device: device.clone(),
            dtype,
            trained,
        })
    }

    /// Returns the key below `beyond`, if any, by which a configuration asks for a term of the loss that is
    /// only computed for a model alone.
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

    /// Returns a member as it is now, to be trained alone.
    ///
    /// # Errors
    /// Fails with [`EnsembleError::Absent`] where there is no such member.
    pub fn learner(&self, member: usize) -> Result<Learner, EnsembleError> {
        let of_member = self.member(member)?.clone();
        let trained = self.trained.only(&[member]);
        let last = self.last.as_ref();
        Ok(Learner {
            vaes: trained.network(),
            trained,
            last: last.map(|last| last.clone().narrow(0, member, 1)),
            member: of_member,
            device: self.device.clone(),
            dtype: self.dtype,
        })
    }

    /// Returns an ensemble of these members alone, in this order.
    ///
    /// # Errors
    /// Fails with [`EnsembleError::Absent`] where there is no such member, and with [`EnsembleError::Count`]
    /// where none is asked for.
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

    /// Returns the device with autodiff on which batches and noise are expected, and their type.
    pub fn placement(&self) -> (&Device, DType) {
        (&self.device, self.dtype)
    }

    /// Returns the number of members.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// Returns a member's controller.
    ///
    /// # Errors
    /// Fails with [`EnsembleError::Absent`] where there is no such member.
    pub fn controller(&self, member: usize) -> Result<&Controller, EnsembleError> {
        self.member(member).map(|member| &member.controller)
    }

    /// Returns a member's controller, to begin an epoch with.
    ///
    /// # Errors
    /// Fails with [`EnsembleError::Absent`] where there is no such member.
    pub fn controller_mut(&mut self, member: usize) -> Result<&mut Controller, EnsembleError> {
        Ok(&mut self.member_mut(member)?.controller)
    }

    /// Takes over a member's changed configuration, from the next batch on.
    ///
    /// # Errors
    /// Fails with [`EnsembleError::Refused`] where it asks for a term of the loss that is not computed for
    /// several at once, and with [`EnsembleError::Absent`] where there is no such member; nothing has changed
    /// then.
    pub fn set_config(&mut self, member: usize, config: &Config) -> Result<(), EnsembleError> {
        refuse(member, config)?;
        self.member_mut(member)?.config = config.clone();
        Ok(())
    }

    /// Teaches each member's StateNet by the effect of its correction in this epoch, where the configuration
    /// asks for it, as [`Learner::teach_state_net`](super::Learner::teach_state_net) does.
    pub fn teach_state_nets(&mut self) {
        for member in &mut self.members {
            member.teach_state_net();
        }
    }

    /// Takes one step of every member on its batch, as [`Learner::train_batch`](super::Learner::train_batch) does;
    /// `first` marks an epoch's first batch.
    ///
    /// Returns a report for each member. A member whose loss or gradient is not finite gets
    /// [`StepError::Diverged`]: it takes no step, nothing of it has changed, and the others are not affected.
    /// This member may stay in the ensemble.
    ///
    /// # Errors
    /// Fails with [`EnsembleError::Count`] where batches, noise or schedules do not match the members or
    /// their rows; nothing has changed then. Fails with [`EnsembleError::Device`] where the device fails,
    /// after which controllers may be a batch ahead of the parameters.
    pub fn train_batch(
        &mut self,
        batches: &Batches,
        noise: impl Into<Noise<3>>,
        scheduled: &[Scheduled],
        first: bool,
    ) -> Result<Vec<Result<BatchReport, StepError>>, EnsembleError> {
        let noise = noise.into();
        self.check(batches, scheduled)?;
        Self::check_noise(batches, &noise)?;
        let weights = self.loss_weights(scheduled, HostState::scales);
        let coupling = self.coupling(noise, scheduled);
        let forward = self.network.forward(batches.x.clone(), coupling);
        let numbers = &mut self.numbers;
        let graph = members_loss_graph(&forward, batches, &weights, |values| numbers.get(values));
        let gradients = graph.objective.backward();
        let (members, places) = (self.members.len(), self.trained.places());
        let gradient = FlatGradients::collect(&self.network, gradients, members, places);

        // The one point at which the device is waited for.
        let last = self.last.as_ref().filter(|_| !first);
        let reading = StepReadback::of(graph, &gradient, last, None)?;

        let readings = (0..members).map(|member| reading.part(member, members));
        let readings: Vec<StepReadback> = readings.collect();
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
        self.last = self
            .members
            .iter()
            .any(HostState::teaches)
            .then_some(update);
        Ok(reports)
    }

    /// Computes the loss of one batch of each member in evaluation mode, as
    /// [`Learner::validate_batch`](super::Learner::validate_batch) does. Also returns the logits and posterior
    /// means of the operations.
    ///
    /// The batches lie on the device without autodiff.
    ///
    /// # Errors
    /// Fails with [`EnsembleError::Count`] where there are not as many batches or schedules as members, and
    /// returns the device's failure.
    pub fn validate_batch(
        &self,
        batches: &Batches,
        scheduled: &[Scheduled],
    ) -> Result<Vec<(Loss, EvalOutputs)>, EnsembleError> {
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
        let exam = EvalReadback::of(graph, alone, forward)?;
        let count = self.members.len();
        let of_members = weights.iter().enumerate();
        Ok(of_members
            .map(|(member, weights)| exam.part(member, count).judged(weights))
            .collect())
    }

    /// Returns the weights of each member's loss; `scales` returns the factors that balance A and B.
    fn loss_weights(
        &self,
        scheduled: &[Scheduled],
        scales: fn(&HostState) -> [f64; 2],
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

    /// Checks that there is a batch and a schedule for every member.
    fn check(&self, batches: &Batches, scheduled: &[Scheduled]) -> Result<(), EnsembleError> {
        let members = self.members.len();
        same("batches", members, batches.x.dims()[0])?;
        same("schedules", members, scheduled.len())
    }

    /// Checks that there is noise for every row of every member.
    fn check_noise(batches: &Batches, noise: &Noise<3>) -> Result<(), EnsembleError> {
        let [members, rows, _] = batches.x.dims();
        let jitter = noise.jitter.iter().flatten();
        for noise in noise.epsilon.iter().chain(jitter) {
            let [of, noisy, _] = noise.dims();
            same("members with noise", members, of)?;
            same("rows of noise", rows, noisy)?;
        }
        Ok(())
    }

    fn member(&self, member: usize) -> Result<&HostState, EnsembleError> {
        let members = self.members.len();
        let absent = EnsembleError::Absent { member, members };
        self.members.get(member).ok_or(absent)
    }

    fn member_mut(&mut self, member: usize) -> Result<&mut HostState, EnsembleError> {
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

/// Returns the updates that the last steps subtracted, 0 for members that do not keep theirs; `None` where no
/// member does.
fn lasts(learners: &[Learner]) -> Option<Tensor<2>> {
    let kept = learners.iter().find_map(|learner| learner.last.as_ref())?;
    let of = |learner: &Learner| learner.last.clone().unwrap_or_else(|| kept.zeros_like());
    Some(Tensor::cat(learners.iter().map(of).collect(), 0))
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
