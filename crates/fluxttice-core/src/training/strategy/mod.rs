//! Two ways to train the batches of a run: alone, or at once with those of other runs.
//!
//! A run's [`Strategy`] holds all that training changes: model, optimizer and controller. A run of a group trains
//! an epoch with the others where it can, and alone where it cannot; the two differ in the time that a batch takes,
//! and in the order in which a device adds up, which the last of 32 bits show.

mod batched;
mod single;

use std::borrow::Cow;

use burn::tensor::{DType, Device};

use super::controller::Controller;
use super::evaluation::EvalOutputs;
use super::host_state::{BatchReport, StepError};
use super::learner::Learner;
use super::sampler::{BatchKey, BatchSampler};
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{DualVae, Loss};
use crate::random::Ahead;
use crate::schedule::Scheduled;
use crate::space::Operation;
pub use batched::GroupHandle;
pub(super) use batched::Shape;
use batched::{Batched, Submitted};
use single::Single;

/// A training batch, of which each strategy takes what it needs: tensors or numbers.
pub(super) struct TrainTask<'a> {
    pub(super) sampler: &'a BatchSampler,
    pub(super) config: &'a Config,
    /// Rows of the batch, in the order in which they are trained on.
    pub(super) rows: &'a [u32],
    pub(super) key: BatchKey,
    pub(super) scheduled: Scheduled,
    /// Noise that another core draws ahead.
    pub(super) ahead: &'a mut Option<Ahead>,
    /// True for the epoch's last training batch.
    pub(super) last: bool,
    /// True if validation follows the last training batch.
    pub(super) validates: bool,
}

/// A validation batch.
pub(super) struct EvalTask<'a> {
    pub(super) operations: &'a [Operation],
    pub(super) scheduled: Scheduled,
    /// True for the epoch's last validation batch.
    pub(super) last: bool,
    /// Model to be validated, on `placement`.
    pub(super) model: &'a DualVae,
    pub(super) placement: (&'a Device, DType),
}

/// Result of a step.
pub(super) enum Step<T> {
    /// The step is done.
    Done(T),
    /// Others, with whom the step is to be done, are not there yet: nothing has happened.
    Waiting,
}

/// Model, optimizer and controller of a run, and the way in which its batches are trained.
#[derive(Debug)]
pub(super) enum Strategy {
    /// Batches are trained alone.
    Single(Box<Single>),
    /// Batches of the current epoch are trained at once with those of others.
    Batched(Box<Batched>),
}

impl Strategy {
    /// Trains alone, with a handle on the group that an epoch can be trained with, if any.
    pub(super) fn new(learner: Learner, group: Option<GroupHandle>) -> Self {
        Self::Single(Box::new(Single { learner, group }))
    }

    /// Joins a group, to train epochs with it where that can be.
    pub(super) fn join(&mut self, group: Option<GroupHandle>) {
        if let Self::Single(single) = self {
            single.group = group;
        }
    }

    /// Goes on alone, from the next batch on. Returns the handle on the group; once it is dropped, the others no
    /// longer wait for this run.
    ///
    /// # Errors
    /// Returns the device's failure to hand over the model that was trained with the others.
    pub(super) fn leave(&mut self) -> Result<Option<GroupHandle>, DeviceFailure> {
        self.detach()?;
        Ok(match self {
            Self::Single(single) => single.group.take(),
            Self::Batched(_) => None,
        })
    }

    /// Begins an epoch: with the group, if all have come for it and have this shape; `None` begins it alone.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub(super) fn begin_epoch(&mut self, shape: Option<Shape>) -> Result<Step<()>, DeviceFailure> {
        self.end_epoch()?;
        let Self::Single(single) = self else {
            return Ok(Step::Done(()));
        };
        let Some(group) = &single.group else {
            return Ok(Step::Done(()));
        };
        let Some(shape) = shape else {
            group.opt_out()?;
            return Ok(Step::Done(()));
        };
        match group.begin(shape)? {
            Submitted::Done(()) => {}
            Submitted::Alone(_) => return Ok(Step::Done(())),
            Submitted::Waiting => return Ok(Step::Waiting),
        }
        if let Some(group) = single.group.take() {
            *self = Self::Batched(Box::new(Batched::new(group, &single.learner)));
        }
        Ok(Step::Done(()))
    }

    /// Ends an epoch: the next one is begun anew, alone or with others.
    ///
    /// # Errors
    /// Returns the device's failure to hand over the model that was trained with the others.
    pub(super) fn end_epoch(&mut self) -> Result<(), DeviceFailure> {
        if let Self::Batched(batched) = self {
            let learner = batched.learner()?;
            self.go_on_alone(learner);
        }
        Ok(())
    }

    /// Leaves the epoch of the others, and goes on with it alone.
    fn detach(&mut self) -> Result<(), DeviceFailure> {
        if let Self::Batched(batched) = self {
            let learner = batched.learner()?;
            batched.opt_out()?;
            self.go_on_alone(learner);
        }
        Ok(())
    }

    fn go_on_alone(&mut self, learner: Learner) {
        let group = match self {
            Self::Single(single) => single.group.take(),
            Self::Batched(batched) => batched.take_group(),
        };
        *self = Self::new(learner, group);
    }

    /// Returns true while batches are trained at once with those of others.
    pub(super) fn is_batched(&self) -> bool {
        matches!(self, Self::Batched(_))
    }

    /// Returns the number of runs whose batches were last trained on at once, this one included; 1 when alone.
    pub(super) fn at_once(&self) -> usize {
        match self {
            Self::Single(_) => 1,
            Self::Batched(batched) => batched.at_once(),
        }
    }

    /// Returns the controller: λ, gradient averages, phase and learning rate.
    pub(super) fn controller(&self) -> &Controller {
        match self {
            Self::Single(single) => single.learner.controller(),
            Self::Batched(batched) => batched.controller(),
        }
    }

    /// Returns the controller, to begin an epoch with or to replace it.
    pub(super) fn controller_mut(&mut self) -> &mut Controller {
        match self {
            Self::Single(single) => single.learner.controller_mut(),
            Self::Batched(batched) => batched.controller_mut(),
        }
    }

    /// Takes over a changed configuration, from the next batch on.
    pub(super) fn set_config(&mut self, config: &Config) {
        match self {
            Self::Single(single) => single.learner.set_config(config),
            Self::Batched(batched) => batched.set_config(config),
        }
    }

    /// Returns model, optimizer and controller as they are now.
    ///
    /// # Errors
    /// Returns the device's failure to hand over the model that is trained with others.
    pub(super) fn learner(&self) -> Result<Cow<'_, Learner>, DeviceFailure> {
        match self {
            Self::Single(single) => Ok(Cow::Borrowed(&single.learner)),
            Self::Batched(batched) => batched.learner().map(Cow::Owned),
        }
    }

    /// Returns the learner, to be changed before an epoch's first batch or before any training.
    ///
    /// # Errors
    /// Fails where the learner is with the group.
    pub(super) fn learner_mut(&mut self) -> Result<&mut Learner, DeviceFailure> {
        match self {
            Self::Single(single) => Ok(&mut single.learner),
            Self::Batched(batched) => batched.learner_mut(),
        }
    }

    /// Trains on a batch.
    ///
    /// # Errors
    /// Fails with the [`StepError`] of the batch.
    pub(super) fn train(
        &mut self,
        mut task: TrainTask<'_>,
    ) -> Result<Step<BatchReport>, StepError> {
        if self.is_batched() && Batched::refuses(task.config) {
            self.detach()?;
            *task.ahead = None;
        }
        if let Self::Batched(batched) = self {
            match batched.train(&task)? {
                Submitted::Done((report, learner)) => {
                    // A member whose step failed is in the group no longer.
                    if let (Err(_), Some(learner)) = (&report, learner) {
                        self.go_on_alone(*learner);
                    }
                    return Ok(Step::Done(report?));
                }
                Submitted::Waiting => return Ok(Step::Waiting),
                Submitted::Alone(learner) => {
                    let learner = batched.take_back(learner)?;
                    self.go_on_alone(learner);
                    // Noise that was drawn ahead for an epoch with others is not that of batches alone.
                    *task.ahead = None;
                }
            }
        }
        match self {
            Self::Single(single) => Ok(Step::Done(single.train(&mut task)?)),
            Self::Batched(_) => Ok(Step::Waiting),
        }
    }

    /// Validates a batch.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub(super) fn validate(
        &mut self,
        task: &EvalTask<'_>,
    ) -> Result<Step<(Loss, EvalOutputs)>, DeviceFailure> {
        if let Self::Batched(batched) = self {
            match batched.validate(task)? {
                Submitted::Done(outputs) => return Ok(Step::Done(*outputs)),
                Submitted::Waiting => return Ok(Step::Waiting),
                Submitted::Alone(learner) => {
                    let learner = batched.take_back(learner)?;
                    self.go_on_alone(learner);
                }
            }
        }
        match self {
            Self::Single(single) => Ok(Step::Done(single.validate(task)?)),
            Self::Batched(_) => Ok(Step::Waiting),
        }
    }
}
