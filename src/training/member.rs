//! What decides a model's steps, be it trained alone or among others.

use super::controller::Controller;
use super::optimizer::{Clipped, Places, Stride};
use super::reading::Reading;
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{Loss, LossWeights, StateNet};
use crate::record::StateNetAnswer;
use crate::schedule::Scheduled;

/// What one training batch gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchReport {
    /// The loss before the step.
    pub loss: Loss,
    /// The gradient.
    pub gradient: Clipped,
    /// StateNet's answer, on an epoch's first batch where StateNet is on.
    pub statenet: Option<StateNetAnswer>,
}

/// Why a step was not taken. The model is as it was before the batch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// A figure is not finite.
    #[error("training diverged: {what} is {value} (loss {loss})")]
    Diverged {
        /// Which figure.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The batch's loss.
        loss: f64,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
}

/// That a figure is a number.
pub(super) fn finite(what: &'static str, value: f64, loss: &Loss) -> Result<(), StepError> {
    if value.is_finite() {
        return Ok(());
    }
    let loss = loss.loss;
    Err(StepError::Diverged { what, value, loss })
}

/// One model in training, but for its numbers on the device.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) config: Config,
    pub(super) controller: Controller,
    pub(super) state_net: StateNet,
    agreement: Agreement,
}

/// What a batch is found to be, before its step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    loss: Loss,
    gradient: Clipped,
    /// An epoch's first.
    first: bool,
    /// What StateNet saw and answered.
    correction: Option<([f64; 9], [f32; 4])>,
}

impl Member {
    pub(super) fn new(config: &Config, state_net: StateNet) -> Self {
        Self {
            config: config.clone(),
            controller: Controller::default(),
            state_net,
            agreement: Agreement::default(),
        }
    }

    /// Factors that balance the losses of A and B while training.
    pub(super) fn scales(&self) -> [f64; 2] {
        self.controller.scales(&self.config.model)
    }

    /// The weights of a batch's loss under these balance scales of A and B.
    pub(super) fn loss_weights(
        &self,
        scheduled: &Scheduled,
        [scale_a, scale_b]: [f64; 2],
    ) -> LossWeights {
        let (config, controller) = (&self.config, &self.controller);
        LossWeights {
            beta_a: scheduled.beta_a,
            beta_b: scheduled.beta_b,
            lambda1: controller.lambda1,
            lambda2: controller.lambda2,
            lambda3: controller.lambda3,
            free_bits: config.free_bits,
            entropy_weight: config.vae_b.entropy_weight,
            repulsion_weight: config.vae_b.repulsion_weight,
            align_spread: config.beyond.align_spread.unwrap_or(false),
            scale_a,
            scale_b,
        }
    }

    /// The loss of what was read of a batch, its gradient clipped, and in an epoch's first batch what StateNet
    /// answers, where it is on.
    ///
    /// # Errors
    /// [`StepError::Diverged`] where loss or gradient is no number, or the device's failure.
    pub(super) fn judge(
        &self,
        reading: &Reading,
        weights: &LossWeights,
        places: &Places,
        rho: f64,
        first: bool,
    ) -> Result<Judged, StepError> {
        let loss = reading.loss(weights);
        let norms = places.squared_norms(&reading.squares);
        let gradient = Clipped::new(norms, self.config.grad_clip);
        finite("the loss", loss.loss, &loss)?;
        finite("the gradient norm", gradient.norm, &loss)?;
        let correction = if first && self.config.model.use_statenet {
            let state = self.controller.state(&loss, rho);
            Some((state, self.state_net.correct(state)?))
        } else {
            None
        };
        Ok(Judged {
            loss,
            gradient,
            first,
            correction,
        })
    }

    /// Takes in a batch, before its step; `products` are those of its gradient with the step before it.
    pub(super) fn take_in(&mut self, judged: Judged, products: &[Vec<f64>; 2]) -> BatchReport {
        let Judged { loss, gradient, .. } = judged;
        if judged.first {
            self.agreement = Agreement::default();
        }
        self.agreement.add(products, gradient.norm);
        let statenet = judged.correction.map(|(state, answer)| {
            self.agreement.state = Some(state);
            self.controller.correct(answer, &self.config)
        });
        self.controller.observe_gradient(gradient.parts);
        BatchReport {
            loss,
            gradient,
            statenet,
        }
    }

    /// The step after that batch.
    pub(super) fn stride(&self, after: &BatchReport) -> Stride {
        Stride {
            coefficient: after.gradient.coefficient,
            learning_rate: self.controller.learning_rate,
            weight_decay: self.config.optimizer.weight_decay,
        }
    }

    /// Whether StateNet is taught by what its corrections did.
    pub(super) fn teaches(&self) -> bool {
        self.config.beyond.statenet_rate.is_some()
    }

    /// Teaches StateNet at an epoch's end, where the configuration asks for it.
    pub(super) fn teach_state_net(&mut self) {
        let agreement = std::mem::take(&mut self.agreement);
        if let (Some(rate), Some(state)) = (self.config.beyond.statenet_rate, agreement.state) {
            let state_net = self.state_net.clone();
            self.state_net = state_net.taught(state, agreement.mean(), rate);
        }
    }
}

/// How far gradients point along the updates before them, within one epoch.
#[derive(Clone, Debug, Default)]
struct Agreement {
    /// What StateNet saw in this epoch.
    state: Option<[f64; 9]>,
    cosines: f64,
    batches: u32,
}

impl Agreement {
    /// Takes in products of a gradient with the last update, and that update's squares.
    fn add(&mut self, [products, squares]: &[Vec<f64>; 2], norm: f64) {
        let size = squares.iter().sum::<f64>().sqrt() * norm;
        if size > 0.0 {
            self.cosines += products.iter().sum::<f64>() / size;
            self.batches += 1;
        }
    }

    fn mean(&self) -> f64 {
        self.cosines / f64::from(self.batches.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_the_mean_cosine() {
        let mut agreement = Agreement::default();
        assert_eq!(agreement.mean(), 0.0);
        // Along the update, then across it.
        agreement.add(&[vec![6.0], vec![4.0]], 3.0);
        agreement.add(&[vec![0.0], vec![4.0]], 3.0);
        // The first batch of an epoch has nothing to be compared with.
        agreement.add(&[vec![], vec![]], 3.0);
        assert!((agreement.mean() - 0.5).abs() < 1e-12);
    }
}
