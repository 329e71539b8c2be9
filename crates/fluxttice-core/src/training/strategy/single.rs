//! Training alone: one learner, batch by batch.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::{EvalTask, GroupHandle, TrainTask};
use crate::device::DeviceFailure;
use crate::model::{Batch, LATENT, Loss};
use crate::random::Purpose;
use crate::training::evaluation::EvalOutputs;
use crate::training::host_state::{BatchReport, StepError};
use crate::training::learner::{Learner, Noise};

/// A learner of its own.
#[derive(Debug)]
pub(in crate::training) struct Single {
    pub(super) learner: Learner,
    /// Handle on the group that an epoch can be trained with.
    pub(super) group: Option<GroupHandle>,
}

impl Single {
    pub(super) fn train(&mut self, task: &mut TrainTask<'_>) -> Result<BatchReport, StepError> {
        let place = self.learner.placement();
        let epsilon =
            [Purpose::NoiseA, Purpose::NoiseB].map(|purpose| epsilon(task, purpose, place));
        let (rows, key, scheduled) = (task.rows, task.key, task.scheduled);
        let jitter = (scheduled.latent_noise > 0.0).then(|| {
            [Purpose::JitterA, Purpose::JitterB].map(|purpose| {
                let normals = key.normals(purpose, rows.len(), place);
                normals.mul_scalar(scheduled.latent_noise)
            })
        });
        let batch = task.sampler.batch(&task.config.beyond, rows, key, place);
        let noise = Noise { epsilon, jitter };
        let first = key.batch == 0;
        let report = self.learner.train_batch(&batch, noise, &scheduled, first)?;
        if task.last {
            self.learner.teach_state_net();
        }
        Ok(report)
    }

    pub(super) fn validate(
        &self,
        task: &EvalTask<'_>,
    ) -> Result<(Loss, EvalOutputs), DeviceFailure> {
        let (device, dtype) = task.placement;
        let batch = Batch::new(task.operations.iter().copied(), device, dtype);
        self.learner
            .validate_batch(task.model, &batch, &task.scheduled)
    }
}

/// Returns ε of a batch, `[rows, 16]`: the same numbers, drawn ahead by another core or drawn now.
fn epsilon(task: &mut TrainTask<'_>, purpose: Purpose, place: (&Device, DType)) -> Tensor<2> {
    let (rows, key) = (task.rows.len(), task.key);
    let ahead = task.ahead.as_mut();
    match ahead.and_then(|ahead| ahead.take(key.stream(purpose))) {
        Some(numbers) => Tensor::from_data(TensorData::new(numbers, [rows, LATENT]), place),
        None => key.normals(purpose, rows, place),
    }
}
