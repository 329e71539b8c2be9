//! An epoch that members train together.

use burn::tensor::{Tensor, TensorData};

use super::group::{Answer, EvalRequest, TrainReply, TrainRequest};
use crate::device::DeviceFailure;
use crate::model::{Batches, LATENT};
use crate::schedule::Scheduled;
use crate::space::Operation;
use crate::training::learner::{Learner, Noise};
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
pub(super) struct EpochPass {
    /// Numbers of the members, in the order of the ensemble.
    members: Vec<usize>,
    /// True for each of them who still takes part.
    stays: Vec<bool>,
    /// `None` before the first batch.
    ensemble: Option<Ensemble>,
    /// Set once nothing of the epoch is left to be done together.
    pub(super) over: bool,
}

impl EpochPass {
    pub(super) fn new(members: Vec<usize>) -> Self {
        Self {
            stays: vec![true; members.len()],
            members,
            ensemble: None,
            over: false,
        }
    }

    /// Returns the numbers of the members that still take part, in order.
    pub(super) fn members(&self) -> Vec<usize> {
        let both = self.members.iter().zip(&self.stays);
        both.filter(|(_, stays)| **stays)
            .map(|(member, _)| *member)
            .collect()
    }

    /// Returns a member's learner as it is now; `None` before the first batch.
    pub(super) fn learner(&self, member: usize) -> Option<Box<Learner>> {
        let place = self.members.iter().position(|other| *other == member)?;
        let learner = self.ensemble.as_ref()?.learner(place);
        learner.ok().map(Box::new)
    }

    /// Goes on without a member; the others are not affected.
    pub(super) fn drop_out(&mut self, member: usize) {
        if let Some(place) = self.members.iter().position(|other| *other == member) {
            self.stays[place] = false;
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
        self.members = self.members();
        self.stays = vec![true; self.members.len()];
        Ok(())
    }

    /// Trains every member on its batch.
    pub(super) fn train(
        &mut self,
        mut requests: Vec<TrainRequest>,
    ) -> Result<Vec<Answer>, Problem> {
        self.close_ranks()?;
        let (first, ensemble) = match &mut self.ensemble {
            Some(ensemble) => (false, ensemble),
            none => {
                let learners = requests
                    .iter_mut()
                    .filter_map(|request| request.learner.take());
                let learners: Vec<Learner> = learners.map(|learner| *learner).collect();
                (true, none.insert(Ensemble::of(&learners)?))
            }
        };
        for (member, request) in requests.iter().enumerate() {
            ensemble.set_config(member, &request.config)?;
            *ensemble.controller_mut(member)? = request.controller.clone();
        }
        let pairs = requests.iter_mut();
        let pairs = pairs.map(|request| std::mem::take(&mut request.pairs));
        let batches = batches(ensemble, &pairs.collect::<Vec<_>>())?;
        let noise = noise(ensemble, &requests);
        let scheduled: Vec<Scheduled> = requests.iter().map(|request| request.scheduled).collect();
        let reports = ensemble.train_batch(&batches, noise, &scheduled, first)?;

        let last = requests.iter().any(|request| request.last);
        if last {
            ensemble.teach_state_nets();
        }
        let of = reports.len();
        let mut answers = Vec::with_capacity(of);
        for (member, report) in reports.into_iter().enumerate() {
            let leaves = report.is_err();
            self.stays[member] = !leaves;
            let learner = (last || leaves)
                .then(|| ensemble.learner(member))
                .transpose()?;
            answers.push(Answer::Trained(Box::new(TrainReply {
                report,
                of,
                controller: ensemble.controller(member)?.clone(),
                learner: learner.map(Box::new),
            })));
        }
        self.over = last && !requests.iter().any(|request| request.validates);
        Ok(answers)
    }

    /// Validates a batch of every member.
    pub(super) fn evaluate(
        &mut self,
        mut requests: Vec<EvalRequest>,
    ) -> Result<Vec<Answer>, Problem> {
        self.close_ranks()?;
        let Some(ensemble) = &self.ensemble else {
            return Err(Problem::Apart("nothing has been trained".to_owned()));
        };
        let pairs = requests.iter_mut().map(|request| {
            let operations = std::mem::take(&mut request.operations);
            operations.into_iter().map(|one| [one; 2]).collect()
        });
        let batches = batches(ensemble, &pairs.collect::<Vec<_>>())?;
        let scheduled: Vec<Scheduled> = requests.iter().map(|request| request.scheduled).collect();
        let outputs = ensemble.validate_batch(&batches.inner(), &scheduled)?;
        self.over = requests.iter().any(|request| request.last);
        let answer = |outputs| Answer::Evaluated(Box::new(outputs));
        Ok(outputs.into_iter().map(answer).collect())
    }
}

/// Places the batches of all members on their device.
fn batches(ensemble: &Ensemble, pairs: &[Vec<[Operation; 2]>]) -> Result<Batches, Problem> {
    let (device, dtype) = ensemble.placement();
    Batches::of_pairs(pairs, device, dtype).map_err(|ragged| Problem::Apart(ragged.to_string()))
}

/// Places the random numbers of all members on their device, `[S, n, 16]`.
fn noise(ensemble: &Ensemble, requests: &[TrainRequest]) -> Noise<3> {
    let (device, dtype) = ensemble.placement();
    let place = |rows: Vec<f64>| -> Tensor<3> {
        let each = rows.len() / (LATENT * requests.len()).max(1);
        let data = TensorData::new(rows, [requests.len(), each, LATENT]);
        Tensor::from_data(data.convert_dtype(dtype), (device, dtype))
    };
    let epsilon = |which: usize| {
        let rows = requests
            .iter()
            .map(|request| request.epsilon[which].as_slice());
        place(rows.collect::<Vec<_>>().concat())
    };
    let jitter = |which: usize| {
        let rows = requests.iter().flat_map(|request| {
            let normals = request.jitter.as_ref().unwrap_or(&request.epsilon);
            let scale = request
                .jitter
                .as_ref()
                .map_or(0.0, |_| request.scheduled.latent_noise);
            normals[which].iter().map(move |number| scale * number)
        });
        place(rows.collect())
    };
    let jitters = requests.iter().any(|request| request.jitter.is_some());
    Noise {
        epsilon: [0, 1].map(epsilon),
        jitter: jitters.then(|| [0, 1].map(jitter)),
    }
}
