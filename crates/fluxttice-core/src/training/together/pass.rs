//! An epoch that members train together.

use burn::tensor::{Tensor, TensorData};

use super::{Answer, Exam, Learned, Lesson};
use crate::device::DeviceFailure;
use crate::model::{Batches, LATENT};
use crate::schedule::Scheduled;
use crate::space::Operation;
use crate::training::core::{Core, Noise};
use crate::training::{Ensemble, EnsembleError};

/// Reason for which something could not be done for all at once.
#[derive(Debug)]
pub(super) enum Problem {
    Device(DeviceFailure),
    /// The members can do it each alone; the text says why not together.
    Apart(String),
}

impl From<EnsembleError> for Problem {
    fn from(error: EnsembleError) -> Self {
        match error {
            EnsembleError::Device(failure) => Self::Device(failure),
            other => Self::Apart(other.to_string()),
        }
    }
}

#[derive(Debug)]
pub(super) struct Pass {
    /// Seats of the members, in the order of the ensemble.
    members: Vec<usize>,
    /// True for each of them who still takes part.
    stays: Vec<bool>,
    /// `None` before the first batch.
    ensemble: Option<Ensemble>,
    /// Set once nothing of the epoch is left to be done together.
    pub(super) over: bool,
}

impl Pass {
    pub(super) fn new(seats: Vec<usize>) -> Self {
        Self {
            stays: vec![true; seats.len()],
            members: seats,
            ensemble: None,
            over: false,
        }
    }

    /// Returns the seats of the members that still take part, in order.
    pub(super) fn seats(&self) -> Vec<usize> {
        let both = self.members.iter().zip(&self.stays);
        both.filter(|(_, stays)| **stays)
            .map(|(seat, _)| *seat)
            .collect()
    }

    /// Returns a member's core as it is now; `None` before the first batch.
    pub(super) fn core(&self, seat: usize) -> Option<Box<Core>> {
        let member = self.members.iter().position(|other| *other == seat)?;
        let core = self.ensemble.as_ref()?.core(member);
        core.ok().map(Box::new)
    }

    /// Goes on without a member; the others are not affected.
    pub(super) fn drop_out(&mut self, seat: usize) {
        if let Some(member) = self.members.iter().position(|other| *other == seat) {
            self.stays[member] = false;
        }
    }

    /// Takes the members out of the ensemble that have dropped out since the last batch.
    fn close_ranks(&mut self) -> Result<(), Problem> {
        if self.stays.iter().all(|stays| *stays) {
            return Ok(());
        }
        if let Some(ensemble) = &mut self.ensemble {
            let members: Vec<usize> = (0..self.members.len())
                .filter(|one| self.stays[*one])
                .collect();
            *ensemble = ensemble.only(&members)?;
        }
        self.members = self.seats();
        self.stays = vec![true; self.members.len()];
        Ok(())
    }

    /// Trains every member on its batch.
    pub(super) fn train(&mut self, mut lessons: Vec<Lesson>) -> Result<Vec<Answer>, Problem> {
        self.close_ranks()?;
        let (first, ensemble) = match &mut self.ensemble {
            Some(ensemble) => (false, ensemble),
            none => {
                let cores = lessons.iter_mut().filter_map(|lesson| lesson.core.take());
                let cores: Vec<Core> = cores.map(|core| *core).collect();
                (true, none.insert(Ensemble::of(&cores)?))
            }
        };
        for (member, lesson) in lessons.iter().enumerate() {
            ensemble.set_config(member, &lesson.config)?;
            *ensemble.controller_mut(member)? = lesson.controller.clone();
        }
        let pairs = lessons.iter_mut();
        let pairs = pairs.map(|lesson| std::mem::take(&mut lesson.pairs));
        let batches = batches(ensemble, &pairs.collect::<Vec<_>>())?;
        let noise = noise(ensemble, &lessons);
        let scheduled: Vec<Scheduled> = lessons.iter().map(|lesson| lesson.scheduled).collect();
        let reports = ensemble.train_batch(&batches, noise, &scheduled, first)?;

        let last = lessons.iter().any(|lesson| lesson.last);
        if last {
            ensemble.teach_state_nets();
        }
        let of = reports.len();
        let mut answers = Vec::with_capacity(of);
        for (member, report) in reports.into_iter().enumerate() {
            let leaves = report.is_err();
            self.stays[member] = !leaves;
            let core = (last || leaves)
                .then(|| ensemble.core(member))
                .transpose()?;
            answers.push(Answer::Learned(Box::new(Learned {
                report,
                of,
                controller: ensemble.controller(member)?.clone(),
                core: core.map(Box::new),
            })));
        }
        self.over = last && !lessons.iter().any(|lesson| lesson.validates);
        Ok(answers)
    }

    /// Validates a batch of every member.
    pub(super) fn examine(&mut self, mut exams: Vec<Exam>) -> Result<Vec<Answer>, Problem> {
        self.close_ranks()?;
        let Some(ensemble) = &self.ensemble else {
            return Err(Problem::Apart("nothing has been trained".to_owned()));
        };
        let pairs = exams.iter_mut().map(|exam| {
            let operations = std::mem::take(&mut exam.operations);
            operations.into_iter().map(|one| [one; 2]).collect()
        });
        let batches = batches(ensemble, &pairs.collect::<Vec<_>>())?;
        let scheduled: Vec<Scheduled> = exams.iter().map(|exam| exam.scheduled).collect();
        let seen = ensemble.validate_batch(&batches.inner(), &scheduled)?;
        self.over = exams.iter().any(|exam| exam.last);
        let answer = |seen| Answer::Examined(Box::new(seen));
        Ok(seen.into_iter().map(answer).collect())
    }
}

/// Places the batches of all members on their device.
fn batches(ensemble: &Ensemble, pairs: &[Vec<[Operation; 2]>]) -> Result<Batches, Problem> {
    let (device, dtype) = ensemble.placement();
    Batches::of_pairs(pairs, device, dtype).map_err(|ragged| Problem::Apart(ragged.to_string()))
}

/// Places the random numbers of all members on their device, `[S, n, 16]`.
fn noise(ensemble: &Ensemble, lessons: &[Lesson]) -> Noise<3> {
    let (device, dtype) = ensemble.placement();
    let place = |rows: Vec<f64>| -> Tensor<3> {
        let each = rows.len() / (LATENT * lessons.len()).max(1);
        let data = TensorData::new(rows, [lessons.len(), each, LATENT]);
        Tensor::from_data(data.convert_dtype(dtype), (device, dtype))
    };
    let epsilon = |which: usize| {
        let rows = lessons
            .iter()
            .map(|lesson| lesson.epsilon[which].as_slice());
        place(rows.collect::<Vec<_>>().concat())
    };
    let jitter = |which: usize| {
        let rows = lessons.iter().flat_map(|lesson| {
            let normals = lesson.jitter.as_ref().unwrap_or(&lesson.epsilon);
            let scale = lesson
                .jitter
                .as_ref()
                .map_or(0.0, |_| lesson.scheduled.latent_noise);
            normals[which].iter().map(move |number| scale * number)
        });
        place(rows.collect())
    };
    let jitters = lessons.iter().any(|lesson| lesson.jitter.is_some());
    Noise {
        epsilon: [0, 1].map(epsilon),
        jitter: jitters.then(|| [0, 1].map(jitter)),
    }
}
