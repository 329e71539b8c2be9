//! Decisions about a model's steps, whether it is trained alone or with others.

use super::controller::Controller;
use super::optimizer::{Clipped, ParamLayout, StepParams};
use super::readback::StepReadback;
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{Loss, LossWeights, StateNet};
use crate::record::StateNetAnswer;
use crate::schedule::Scheduled;

/// Results of one training batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchReport {
    /// The loss before the step.
    pub loss: Loss,
    /// Norms of the gradient, and the factor by which it was clipped.
    pub gradient: Clipped,
    /// StateNet's answer, on an epoch's first batch where StateNet is on.
    pub statenet: Option<StateNetAnswer>,
}

/// Reason for which a step was not taken. The parameters are as they were before the batch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// A figure is not finite.
    #[error("training diverged: {what} is {value} (loss {loss})")]
    Diverged {
        /// Name of the figure.
        what: &'static str,
        /// Value of the figure: NaN or infinite.
        value: f64,
        /// Loss of the batch.
        loss: f64,
    },
    /// The device failed while it computed.
    #[error(transparent)]
    Device(#[from] DeviceFailure),
}

/// Checks that a figure is finite.
pub(super) fn finite(what: &'static str, value: f64, loss: &Loss) -> Result<(), StepError> {
    if value.is_finite() {
        return Ok(());
    }
    let loss = loss.loss;
    Err(StepError::Diverged { what, value, loss })
}

/// One model in training, without its numbers on the device.
#[derive(Clone, Debug)]
pub(super) struct HostState {
    pub(super) config: Config,
    pub(super) controller: Controller,
    pub(super) state_net: StateNet,
    agreement: Agreement,
}

/// Findings about a batch, before its step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assessed {
    loss: Loss,
    gradient: Clipped,
    /// Set for an epoch's first batch.
    first: bool,
    /// Input and answer of StateNet.
    correction: Option<([f64; 9], [f32; 4])>,
}

impl HostState {
    pub(super) fn new(config: &Config, state_net: StateNet) -> Self {
        Self {
            config: config.clone(),
            controller: Controller::default(),
            state_net,
            agreement: Agreement::default(),
        }
    }

    /// Returns the factors that balance the losses of A and B while training.
    pub(super) fn scales(&self) -> [f64; 2] {
        self.controller.scales(&self.config.model)
    }

    /// Returns the weights of a batch's loss under these balance scales of A and B.
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

    /// Computes a batch's loss and the clipping of its gradient, and in an epoch's first batch StateNet's
    /// answer, where StateNet is on.
    ///
    /// # Errors
    /// Fails with [`StepError::Diverged`] where loss or gradient is not finite, and returns the device's
    /// failure.
    pub(super) fn assess(
        &self,
        reading: &StepReadback,
        weights: &LossWeights,
        places: &ParamLayout,
        rho: f64,
        first: bool,
    ) -> Result<Assessed, StepError> {
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
        Ok(Assessed {
            loss,
            gradient,
            first,
            correction,
        })
    }

    /// Takes in a batch, before its step; `products` are those of its gradient with the update before it.
    pub(super) fn take_in(&mut self, assessed: Assessed, products: &[Vec<f64>; 2]) -> BatchReport {
        let Assessed { loss, gradient, .. } = assessed;
        if assessed.first {
            self.agreement = Agreement::default();
        }
        self.agreement.add(products, gradient.norm);
        let statenet = assessed.correction.map(|(state, answer)| {
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

    /// Returns the factors of the step after that batch.
    pub(super) fn stride(&self, after: &BatchReport) -> StepParams {
        StepParams {
            coefficient: after.gradient.coefficient,
            learning_rate: self.controller.learning_rate,
            weight_decay: self.config.optimizer.weight_decay,
        }
    }

    /// Returns true if StateNet is taught by the effect of its corrections.
    pub(super) fn teaches(&self) -> bool {
        self.config.beyond.statenet_rate.is_some()
    }

    /// Teaches StateNet by the effect of its correction in this epoch, where the configuration asks for it.
    ///
    /// The signal is the hypergradient (Baydin et al., *Online learning rate adaptation with
    /// hypergradient descent*, 2018): where a gradient points along the update before it, a larger step
    /// would have lowered the loss further. The signal is a cosine, mean over the epoch's batches, so that
    /// its size does not depend on that of the loss. λ1..3 have no such signal and are not taught.
    pub(super) fn teach_state_net(&mut self) {
        let agreement = std::mem::take(&mut self.agreement);
        if let (Some(rate), Some(state)) = (self.config.beyond.statenet_rate, agreement.state) {
            let state_net = self.state_net.clone();
            self.state_net = state_net.taught(state, agreement.mean(), rate);
        }
    }
}

/// Agreement of gradients with the updates before them, within one epoch, as a sum of cosines.
#[derive(Clone, Debug, Default)]
struct Agreement {
    /// Input of StateNet in this epoch.
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
    use crate::model::Weights;
    use burn::tensor::Device;

    fn state_net() -> StateNet {
        StateNet::new(&Weights::fresh(3), &Device::flex().autodiff())
    }

    const STATE: [f64; 9] = [2.0, 2.5, 10.0, 9.0, 1.1, 0.2, 0.7, 0.6, 0.3];

    #[test]
    fn state_net_learns_in_the_direction_of_its_signal() {
        let before = state_net().correct(STATE).unwrap()[0];
        for signal in [0.5, -0.5] {
            let mut taught = state_net();
            for _ in 0..20 {
                taught = taught.taught(STATE, signal, 0.05);
            }
            let after = taught.correct(STATE).unwrap()[0];
            assert!(
                f64::from(after - before) * signal > 0.01,
                "{before} → {after} by {signal}"
            );
        }
        let untaught = state_net().taught(STATE, 0.0, 1.0).correct(STATE).unwrap();
        assert_eq!(untaught, state_net().correct(STATE).unwrap());
    }

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
