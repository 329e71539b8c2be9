//! Steps of an epoch that a trainer does together with others.

use std::borrow::Cow;

use super::Trainer;
use crate::device::DeviceFailure;
use crate::model::{Architecture, Loss};
use crate::random::Purpose;
use crate::training::core::Core;
use crate::training::ensemble::Ensemble;
use crate::training::lesson::At;
use crate::training::member::{BatchReport, StepError};
use crate::training::observe::Seen;
use crate::training::together::{Exam, Lesson, Seat, Shape, Together};

impl Trainer {
    /// Takes a seat, to train batches at once with those of others at the same table, where they can be.
    #[must_use]
    pub fn beside(mut self, seat: Option<Seat>) -> Self {
        self.seat = seat;
        self
    }

    /// Goes on alone, from the next batch on. Returns the seat, to be taken again; once it is dropped, the
    /// others no longer wait for this run.
    ///
    /// # Errors
    /// Returns the device's failure to hand over what was trained with the others.
    pub fn leave_the_others(&mut self) -> Result<Option<Seat>, DeviceFailure> {
        self.come_apart()?;
        Ok(self.seat.take())
    }

    /// Returns the number of runs whose batches were last trained on at once, this one included; 1 when
    /// alone.
    pub fn at_once(&self) -> usize {
        if self.together { self.at_once } else { 1 }
    }

    /// Goes on alone where the epoch is trained with others.
    fn come_apart(&mut self) -> Result<(), DeviceFailure> {
        if let Some(seat) = self.seat.as_ref().filter(|_| self.together) {
            let core = seat.look()?;
            seat.stay_away()?;
            self.apart(core);
        }
        Ok(())
    }

    /// Returns the core that the last batch with others left, with this trainer's controller and
    /// configuration.
    fn as_of_now(&self, mut core: Core) -> Core {
        *core.controller_mut() = self.core.controller().clone();
        core.set_config(&self.config);
        core
    }

    /// Returns model, optimizer and controller as they are now.
    pub(super) fn core_now(&self) -> Result<Cow<'_, Core>, DeviceFailure> {
        let Some(seat) = self.seat.as_ref().filter(|_| self.together) else {
            return Ok(Cow::Borrowed(&self.core));
        };
        Ok(match seat.look()? {
            Some(core) => Cow::Owned(self.as_of_now(*core)),
            None => Cow::Borrowed(&self.core),
        })
    }

    /// Returns true if the next epoch can begin: alone, or with the others, who have come for it too.
    pub(super) fn others_are_there(&mut self) -> Result<bool, DeviceFailure> {
        self.together = false;
        let Some(seat) = &self.seat else {
            return Ok(true);
        };
        if Ensemble::refused(&self.next).is_some() {
            seat.stay_away()?;
            return Ok(true);
        }
        let come = seat.begin(Shape {
            architecture: Architecture::from(&self.next),
            rows: self.lessons.rows(&self.next, self.epoch),
            batch_size: self.next.batch_size,
            validation: self.split.validation.len(),
        })?;
        self.together = matches!(come, Together::Done(()));
        Ok(!matches!(come, Together::Waiting))
    }

    pub(super) fn train_together(
        &mut self,
        rows: &[u32],
        at: At,
    ) -> Result<Together<BatchReport>, StepError> {
        if self.together && Ensemble::refused(&self.config).is_some() {
            self.come_apart()?;
        }
        let Some(seat) = self.seat.as_ref().filter(|_| self.together) else {
            return Ok(Together::Alone(None));
        };
        let normals = |purpose| at.normal_numbers(purpose, rows.len());
        let scheduled = self.scheduled();
        let jitters = scheduled.latent_noise > 0.0;
        let answer = seat.train(Lesson {
            core: (at.batch == 0).then(|| Box::new(self.core.clone())),
            config: self.config.clone(),
            controller: self.core.controller().clone(),
            pairs: self.lessons.pairs(&self.config.beyond, rows, at),
            epsilon: [Purpose::NoiseA, Purpose::NoiseB].map(normals),
            jitter: jitters.then(|| [Purpose::JitterA, Purpose::JitterB].map(normals)),
            scheduled,
            last: at.batch + 1 == self.batches(),
            validates: !self.split.validation.is_empty(),
        })?;
        match answer {
            Together::Done(learned) => {
                *self.core.controller_mut() = learned.controller;
                self.at_once = learned.of;
                if let Some(core) = learned.core {
                    self.core = self.as_of_now(*core);
                }
                self.together &= learned.report.is_ok();
                Ok(Together::Done(learned.report?))
            }
            Together::Waiting => Ok(Together::Waiting),
            Together::Alone(core) => {
                self.apart(core);
                Ok(Together::Alone(None))
            }
        }
    }

    pub(super) fn validate_together(
        &mut self,
        from: usize,
        to: usize,
    ) -> Result<Together<(Loss, Seen)>, DeviceFailure> {
        let Some(seat) = self.seat.as_ref().filter(|_| self.together) else {
            return Ok(Together::Alone(None));
        };
        let answer = seat.validate(Exam {
            operations: self.split.validation[from..to].to_vec(),
            scheduled: self.scheduled(),
            last: to == self.split.validation.len(),
        })?;
        Ok(match answer {
            Together::Done(seen) => Together::Done(*seen),
            Together::Waiting => Together::Waiting,
            Together::Alone(core) => {
                self.apart(core);
                Together::Alone(None)
            }
        })
    }

    /// Goes on alone, with this core if there is one: the state that the training with others left.
    fn apart(&mut self, core: Option<Box<Core>>) {
        if let Some(core) = core {
            self.core = self.as_of_now(*core);
        }
        // What was drawn for an epoch with others has no noise for batches alone.
        self.current.ahead = None;
        self.together = false;
    }
}
