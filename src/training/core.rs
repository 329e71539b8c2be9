//! One optimizer step and one validation step, given everything they depend on.

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};

use super::controller::Controller;
use super::observe::Seen;
use super::optimizer::{Clipped, FlatGradients, OptimizerState, Stride, Trained};
use crate::config::Config;
use crate::device::{DeviceFailure, read_all};
use crate::model::{
    Batch, Coupling, DualVae, GeneratedWeights, Loss, LossWeights, StateNet, Weights, Which,
    flattened, loss_graph, unflattened,
};
use crate::record::StateNetAnswer;
use crate::schedule::Scheduled;

/// Model, optimizer and controller: all that training changes.
#[derive(Clone, Debug)]
pub struct Core {
    /// On a device with autodiff; its two VAEs are those of what is trained.
    pub(super) model: DualVae,
    pub(super) trained: Trained,
    /// What the last step since an epoch's first batch subtracted, where StateNet is taught by it.
    pub(super) last: Option<Tensor<2>>,
    /// The controller.
    pub controller: Controller,
    pub(super) agreement: Agreement,
    pub(super) device: Device,
    pub(super) dtype: DType,
    pub(super) config: Config,
}

/// How far gradients point along the updates before them, within one epoch.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreement {
    /// What StateNet saw in this epoch.
    pub(super) state: Option<[f64; 9]>,
    cosines: f64,
    batches: u32,
}

impl Agreement {
    /// Takes in products of a gradient with the last update, and that update's squares.
    pub(super) fn add(&mut self, products: &[f64], norm: f64) {
        let (products, squares) = products.split_at(products.len() / 2);
        let size = squares.iter().sum::<f64>().sqrt() * norm;
        if size > 0.0 {
            self.cosines += products.iter().sum::<f64>() / size;
            self.batches += 1;
        }
    }

    fn mean(&self) -> f64 {
        self.cosines / f64::from(self.batches.max(1))
    }

    /// StateNet after this epoch, where the configuration teaches it.
    pub(super) fn teach(&mut self, state_net: &mut StateNet, config: &Config) {
        let agreement = std::mem::take(self);
        if let (Some(rate), Some(state)) = (config.beyond.statenet_rate, agreement.state) {
            *state_net = state_net.clone().taught(state, agreement.mean(), rate);
        }
    }
}

/// Random numbers of one training batch, of one model or of S members at once.
#[derive(Clone, Debug)]
pub struct Noise<const D: usize = 2> {
    /// ε of A and B, `[n, 16]` or `[S, n, 16]`.
    pub epsilon: [Tensor<D>; 2],
    /// Added to the codes of A and B, of the same shape; only a disruption adds anything.
    pub jitter: Option<[Tensor<D>; 2]>,
}

impl<const D: usize> From<[Tensor<D>; 2]> for Noise<D> {
    fn from(epsilon: [Tensor<D>; 2]) -> Self {
        Self {
            epsilon,
            jitter: None,
        }
    }
}

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

impl Core {
    /// Places weights on a device (given without autodiff).
    pub fn new(config: &Config, weights: &Weights, device: &Device, dtype: DType) -> Self {
        let device = device.clone().autodiff();
        let architecture = weights.architecture;
        let trained = Trained::new(architecture, vec![flattened(weights)], &device, dtype);
        // On the processor, whatever the device: one answer an epoch is not worth waiting for a GPU.
        let state_net = StateNet::new(weights, &Device::flex().autodiff());
        Self {
            model: DualVae::of_parts(trained.network(), state_net, architecture),
            trained,
            last: None,
            controller: Controller::default(),
            agreement: Agreement::default(),
            device,
            dtype,
            config: config.clone(),
        }
    }

    /// The device with autodiff on which batches and noise are expected, and their type.
    pub fn placement(&self) -> (&Device, DType) {
        (&self.device, self.dtype)
    }

    /// Takes over a changed configuration, from the next batch on.
    pub fn set_config(&mut self, config: &Config) {
        self.config = config.clone();
    }

    /// Teaches StateNet by what its correction of this epoch did, where the configuration asks for it.
    ///
    /// The signal is the hypergradient (Baydin et al., *Online learning rate adaptation with
    /// hypergradient descent*, 2018): where a gradient points along the update before it, a larger step
    /// would have lowered the loss further. It is taken as a cosine, mean over the epoch's batches, so that
    /// its size is that of no loss. λ1..3 have no such signal and are left to what they were.
    pub fn teach_state_net(&mut self) {
        self.agreement
            .teach(&mut self.model.state_net, &self.config);
    }

    /// Mixes a share of other weights into both decoders: w ← (1 - share) · w + share · fresh.
    ///
    /// The optimizer's moments stay as they are.
    ///
    /// # Errors
    /// The device's failure to hand the weights over.
    pub fn mix_decoders(&mut self, fresh: &Weights, share: f64) -> Result<(), DeviceFailure> {
        let mixed = self.weights()?.with_decoders_mixed(fresh, share);
        self.place(&mixed);
        Ok(())
    }

    /// Multiplies the logits of both decoders, by their last layers' weights.
    ///
    /// # Errors
    /// The device's failure to hand the weights over.
    pub fn scale_logits(&mut self, factor: f64) -> Result<(), DeviceFailure> {
        let scaled = self.weights()?.with_logits_scaled(factor);
        self.place(&scaled);
        Ok(())
    }

    /// Other numbers for both VAEs.
    pub(super) fn place(&mut self, weights: &Weights) {
        self.trained.set_parameters(0, flattened(weights));
        self.model.vaes = self.trained.network();
    }

    /// The weights in the original's layout, read back from the device.
    ///
    /// # Errors
    /// The device's failure to hand the numbers over.
    pub fn weights(&self) -> Result<Weights, DeviceFailure> {
        let architecture = self.model.architecture();
        let mut tensors = unflattened(&self.trained.parameters(0)?, architecture);
        tensors.extend(self.model.state_net.tensors()?);
        Ok(Weights {
            architecture,
            tensors,
            gradient_emas: self.controller.gradient_emas.map(|ema| ema as f32),
        })
    }

    /// The optimizer, as a checkpoint keeps it.
    ///
    /// # Errors
    /// The device's failure to hand the numbers over.
    pub fn optimizer(&self) -> Result<OptimizerState, DeviceFailure> {
        self.trained.optimizer(0)
    }

    /// Goes on with the optimizer of a checkpoint.
    pub fn set_optimizer(&mut self, state: OptimizerState) {
        self.trained.set_optimizer(0, state);
    }

    /// One step on one batch; `first` marks an epoch's first batch.
    ///
    /// The loss is formed with λ as they are; StateNet's correction on the first batch then sets
    /// the learning rate of this very step and the λ of the next.
    ///
    /// # Errors
    /// [`StepError`] where a figure is not finite or the device fails; nothing has changed then.
    pub fn train_batch(
        &mut self,
        batch: &Batch,
        noise: impl Into<Noise>,
        scheduled: &Scheduled,
        first: bool,
    ) -> Result<BatchReport, StepError> {
        let scales = self.controller.scales(&self.config.model);
        let weights = loss_weights(&self.config, &self.controller, scheduled, scales);
        let Noise {
            epsilon: [noise_a, noise_b],
            jitter,
        } = noise.into();
        let coupling = Coupling {
            rho: scheduled.rho,
            noise: Some([
                (noise_a, scheduled.temperature_a),
                (noise_b, scheduled.temperature_b),
            ]),
            jitter,
        };
        let forward = self.model.forward(batch.x.clone(), coupling);
        let graph = loss_graph(&forward, batch, &weights);
        let penalty = self.penalty(batch);
        let objective = match &penalty {
            Some(penalty) => graph.objective.clone() + penalty.clone(),
            None => graph.objective.clone(),
        };
        let gradients = objective.backward();
        let gradient =
            FlatGradients::collect(&self.model.vaes, gradients, 1, self.trained.places());

        // The one point at which the device is waited for.
        let teaches = self.config.beyond.statenet_rate.is_some();
        if first {
            self.last = None;
            self.agreement = Agreement::default();
        }
        let products = self.last.as_ref().map(|last| gradient.products(last));
        let penalty = penalty.map(Tensor::inner);
        let (compares, penalizes) = (products.is_some(), penalty.is_some());
        let asked = graph.figures().into_iter().chain([gradient.squares()]);
        let asked = asked.chain(products.into_iter().flatten()).chain(penalty);
        let asked = asked.chain(gradient.witnesses().iter().cloned());
        let mut read = read_all(asked.collect())?.into_iter();
        let mut next = || read.next().unwrap_or_default();
        let figures = std::array::from_fn(|_| next());
        let squares = next();
        let products = if compares {
            [next(), next()].concat()
        } else {
            Vec::new()
        };
        let penalty = if penalizes { next() } else { Vec::new() };

        let squared_norms = gradient.squared_norms(&squares);
        let clipped = Clipped::new(squared_norms, self.config.grad_clip);
        let mut loss = Loss::from_figures(&figures, &weights);
        loss.penalty = penalty.iter().sum();
        loss.loss += loss.penalty;
        finite("the loss", loss.loss, loss.loss)?;
        finite("the gradient norm", clipped.norm, loss.loss)?;
        self.agreement.add(&products, clipped.norm);

        let statenet = if first && self.config.model.use_statenet {
            Some(self.correct(&loss, scheduled.rho)?)
        } else {
            None
        };
        self.controller.observe_gradient(clipped.parts);
        let stride = Stride {
            coefficient: clipped.coefficient,
            learning_rate: self.controller.learning_rate,
            weight_decay: self.config.optimizer.weight_decay,
        };
        let update = self.trained.step(gradient, &[Some(stride)])?;
        self.last = teaches.then_some(update);
        self.model.vaes = self.trained.network();
        Ok(BatchReport {
            loss,
            gradient: clipped,
            statenet,
        })
    }

    /// What goes beyond the published loss, `[1]`.
    fn penalty(&self, batch: &Batch) -> Option<Tensor<1>> {
        let beyond = &self.config.beyond;
        let weight = |weight: Option<f64>| weight.unwrap_or(0.0);
        let (consistency, composition) = (weight(beyond.consistency), weight(beyond.composition));
        let related = batch.related.penalty(&self.model, consistency, composition);
        let weights = GeneratedWeights {
            certainty: weight(beyond.certainty),
            evenness: weight(beyond.evenness),
            blur: weight(beyond.blur),
        };
        let generated = batch.generated.as_ref();
        let generated = generated.map(|generated| generated.penalty(&self.model, weights));
        related
            .into_iter()
            .chain(generated)
            .reduce(|one, other| one + other)
    }

    fn correct(&mut self, loss: &Loss, rho: f64) -> Result<StateNetAnswer, DeviceFailure> {
        let state = self.controller.state(loss, rho);
        self.agreement.state = Some(state);
        let answer = self.model.state_net.correct(state)?;
        Ok(self.controller.correct(answer, &self.config))
    }

    /// The model as it is.
    pub fn model(&self) -> &DualVae {
        &self.model
    }

    /// The same without autodiff.
    pub fn inference_model(&self) -> DualVae {
        self.model.valid()
    }

    /// The loss of one batch in evaluation mode: z = μ, no balance scales, no step; and what the model
    /// makes of its operations.
    ///
    /// `model` is the [`inference_model`](Self::inference_model).
    ///
    /// # Errors
    /// The device's failure.
    pub fn validate_batch(
        &self,
        model: &DualVae,
        batch: &Batch,
        scheduled: &Scheduled,
    ) -> Result<(Loss, Seen), DeviceFailure> {
        let weights = loss_weights(&self.config, &self.controller, scheduled, [1.0; 2]);
        let forward = model.forward(batch.x.clone(), Coupling::at(scheduled.rho));
        let figures = loss_graph(&forward, batch, &weights).figures();
        let [mu_a, mu_b] = forward.posterior.map(|posterior| posterior.mu);
        let alone = [
            model.decode(Which::A, mu_a.clone()),
            model.decode(Which::B, mu_b.clone()),
        ];
        let logits = alone.into_iter().chain(forward.logits);
        let asked = figures
            .into_iter()
            .chain(logits.map(|logits| logits.flatten(0, 2)))
            .chain([mu_a.flatten(0, 1), mu_b.flatten(0, 1)]);
        let mut read = read_all(asked.collect())?.into_iter();
        let mut next = |_| read.next().unwrap_or_default();
        let loss = Loss::from_figures(&std::array::from_fn(&mut next), &weights);
        let seen = Seen {
            alone: std::array::from_fn(&mut next),
            coupled: std::array::from_fn(&mut next),
            mu: std::array::from_fn(&mut next),
        };
        Ok((loss, seen))
    }
}

/// The weights of a batch's loss under these balance scales of A and B.
pub(super) fn loss_weights(
    config: &Config,
    controller: &Controller,
    scheduled: &Scheduled,
    [scale_a, scale_b]: [f64; 2],
) -> LossWeights {
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

/// That a figure is a number.
pub(super) fn finite(what: &'static str, value: f64, loss: f64) -> Result<(), StepError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(StepError::Diverged { what, value, loss })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_net() -> StateNet {
        let device = Device::flex().autodiff();
        DualVae::new(&Weights::fresh(3), &device, DType::F32).state_net
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
        agreement.add(&[6.0, 4.0], 3.0);
        agreement.add(&[0.0, 4.0], 3.0);
        // The first batch of an epoch has nothing to be compared with.
        agreement.add(&[], 3.0);
        assert!((agreement.mean() - 0.5).abs() < 1e-12);
    }
}
