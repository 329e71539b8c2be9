//! Training at once with others: each member of a group submits its batch, and one thread trains them all.
//!
//! An epoch begins for all of them together. A member that is late, that has another shape than most, or a
//! configuration that an [`Ensemble`] does not take, trains that epoch alone; all meet again at the next one.

mod coordinator;
mod group;
mod pass;

use super::{EvalTask, TrainTask};
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::Loss;
use crate::random::Purpose;
use crate::training::controller::Controller;
use crate::training::ensemble::Ensemble;
use crate::training::evaluation::EvalOutputs;
use crate::training::host_state::{BatchReport, StepError};
use crate::training::learner::Learner;
pub use group::GroupHandle;
use group::{EvalRequest, TrainRequest};
pub(in crate::training) use group::{Shape, Submitted};

/// A member of a group within an epoch that is trained with the others.
#[derive(Debug)]
pub(in crate::training) struct Batched {
    /// Handle on the group, until the member goes on alone.
    group: Option<GroupHandle>,
    controller: Controller,
    config: Config,
    /// Learner of the member, up to date but for controller and configuration; `None` while the group's is newer.
    own: Option<Box<Learner>>,
    at_once: usize,
}

/// Report of a batch, and the learner where the member leaves the group with it.
type Trained = (Result<BatchReport, StepError>, Option<Box<Learner>>);

fn alone() -> DeviceFailure {
    DeviceFailure::new("a run that trains alone was taken for one of a group")
}

impl Batched {
    /// A member whose learner is as the epoch begins.
    pub(super) fn new(group: GroupHandle, learner: &Learner) -> Self {
        Self {
            group: Some(group),
            controller: learner.controller().clone(),
            config: learner.config().clone(),
            own: Some(Box::new(learner.clone())),
            at_once: 1,
        }
    }

    /// Returns true if a group cannot train with this configuration.
    pub(super) fn refuses(config: &Config) -> bool {
        Ensemble::refused(config).is_some()
    }

    fn group(&self) -> Result<&GroupHandle, DeviceFailure> {
        self.group.as_ref().ok_or_else(alone)
    }

    pub(super) fn take_group(&mut self) -> Option<GroupHandle> {
        self.group.take()
    }

    pub(super) fn opt_out(&self) -> Result<(), DeviceFailure> {
        self.group()?.opt_out()
    }

    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    pub(super) fn controller(&self) -> &Controller {
        &self.controller
    }

    pub(super) fn controller_mut(&mut self) -> &mut Controller {
        &mut self.controller
    }

    pub(super) fn set_config(&mut self, config: &Config) {
        self.config = config.clone();
    }

    /// Returns a learner with this member's controller and configuration.
    fn with_own_state(&self, mut learner: Learner) -> Learner {
        *learner.controller_mut() = self.controller.clone();
        learner.set_config(&self.config);
        learner
    }

    /// Returns model, optimizer and controller as they are now.
    pub(super) fn learner(&self) -> Result<Learner, DeviceFailure> {
        let learner = match &self.own {
            Some(own) => own.clone(),
            None => self.group()?.read()?.ok_or_else(alone)?,
        };
        Ok(self.with_own_state(*learner))
    }

    pub(super) fn learner_mut(&mut self) -> Result<&mut Learner, DeviceFailure> {
        self.own.as_deref_mut().ok_or_else(alone)
    }

    /// Returns the learner to go on with alone: the group's, or where that has trained nothing, the own one.
    pub(super) fn take_back(
        &mut self,
        learner: Option<Box<Learner>>,
    ) -> Result<Learner, DeviceFailure> {
        let learner = learner.or(self.own.take()).ok_or_else(alone)?;
        Ok(self.with_own_state(*learner))
    }

    pub(super) fn train(
        &mut self,
        task: &TrainTask<'_>,
    ) -> Result<Submitted<Trained>, DeviceFailure> {
        let (rows, key, scheduled) = (task.rows, task.key, task.scheduled);
        let normals = |purpose| key.normal_numbers(purpose, rows.len());
        let jitters = scheduled.latent_noise > 0.0;
        let request = TrainRequest {
            learner: self.own.clone().filter(|_| key.batch == 0),
            config: task.config.clone(),
            controller: self.controller.clone(),
            pairs: task.sampler.pairs(&task.config.beyond, rows, key),
            epsilon: [Purpose::NoiseA, Purpose::NoiseB].map(normals),
            jitter: jitters.then(|| [Purpose::JitterA, Purpose::JitterB].map(normals)),
            scheduled,
            last: task.last,
            validates: task.validates,
        };
        Ok(match self.group()?.train(request)? {
            Submitted::Done(reply) => {
                self.controller = reply.controller;
                self.at_once = reply.of;
                let learner = reply.learner.map(|learner| self.with_own_state(*learner));
                self.own = learner.map(Box::new);
                let leaves = reply.report.is_err();
                Submitted::Done((reply.report, self.own.take_if(|_| leaves)))
            }
            Submitted::Waiting => Submitted::Waiting,
            Submitted::Alone(learner) => Submitted::Alone(learner),
        })
    }

    pub(super) fn validate(
        &self,
        task: &EvalTask<'_>,
    ) -> Result<Submitted<Box<(Loss, EvalOutputs)>>, DeviceFailure> {
        self.group()?.validate(EvalRequest {
            operations: task.operations.to_vec(),
            scheduled: task.scheduled,
            last: task.last,
        })
    }
}
