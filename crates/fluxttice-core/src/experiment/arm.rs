//! One arm of an experiment: some epochs trained from a given state.

use burn::tensor::{DType, Device};
use serde::{Deserialize, Serialize};

use super::error::ExperimentError;
use crate::config::Config;
use crate::record::EpochRecord;
use crate::training::{Advance, Agenda, Planned, Snapshot, Trainer};

/// Result of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// SHA-256 of the weights after its last epoch.
    pub weights: String,
    /// Records of the trained epochs, in order.
    pub records: Vec<EpochRecord>,
}

/// Two arms with the same batches, noise and prior codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Key of their random numbers; the run's seed in the first pair.
    pub key: u64,
    /// The arm with the disruption.
    pub treated: Arm,
    /// The arm without it.
    pub control: Arm,
}

/// State from which both arms start.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) config: Config,
    /// Checkpoint to start from; `None` before the first epoch.
    pub(super) snapshot: Option<Snapshot>,
    /// Changes that the run itself made in the epoch that is begun; both arms make them.
    pub(super) before: Vec<Planned>,
    pub(super) device: Device,
}

/// Parameters of one arm: the key of its random numbers, and its treatment beyond `before`.
pub(super) struct Course<'a> {
    pub(super) name: &'static str,
    pub(super) repetition: u32,
    pub(super) key: u64,
    pub(super) treatment: Option<&'a Planned>,
    /// First epoch that is no longer trained.
    pub(super) until: u32,
}

impl Start {
    /// Trains an arm; `seen` takes each finished epoch and returns false to cancel.
    pub(super) fn arm(
        &self,
        course: &Course<'_>,
        seen: &(dyn Fn(&EpochRecord) -> bool + Sync),
    ) -> Result<Arm, ExperimentError> {
        let (device, dtype) = (&self.device, DType::F32);
        let trainer = match self.snapshot.clone() {
            Some(snapshot) => Trainer::resume(&self.config, snapshot, device, dtype)
                .map_err(|refusal| ExperimentError::Unusable(refusal.into()))?,
            None => Trainer::new(&self.config, device, dtype),
        };
        let mut trainer = trainer.with_noise(course.key);
        let steps = self.before.iter().chain(course.treatment).cloned();
        let mut agenda = Agenda::new(steps.collect());
        let mut records = Vec::new();
        while trainer.epoch() < course.until {
            for mut steer in agenda.due(trainer.epoch(), trainer.batch()) {
                trainer
                    .steer(&mut steer)
                    .map_err(|refusal| ExperimentError::Unusable(refusal.into()))?;
            }
            let advance = trainer.advance().map_err(|source| ExperimentError::Step {
                arm: course.name,
                repetition: course.repetition,
                source,
            })?;
            if let Advance::Epoch(report) = advance {
                if !seen(&report.record) {
                    return Err(ExperimentError::Cancelled);
                }
                records.push(report.record.as_ref().clone());
            }
        }
        if let Some(waiting) = agenda.waiting().first() {
            return Err(ExperimentError::Unusable(format!(
                "epoch {} has no batch {}",
                waiting.epoch, waiting.batch
            )));
        }
        let weights = trainer.snapshot()?.weights.digest();
        let weights = weights.map_err(|error| ExperimentError::Unusable(error.to_string()))?;
        Ok(Arm { weights, records })
    }
}
