//! One optimizer step and one validation step, given everything they depend on.

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};

use super::controller::Controller;
use super::evaluation::EvalOutputs;
use super::host_state::{BatchReport, HostState, StepError};
use super::memory::keep_freed;
use super::optimizer::{FlatGradients, OptimizerState, ParamStore};
use super::readback::{EvalReadback, StepReadback};
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{
    Batch, Coupling, DualVae, GeneratedWeights, Loss, StateNet, Vaes, Weights, flattened,
    loss_graph, unflattened,
};
use crate::numbers::single;
use crate::schedule::Scheduled;
use crate::vae::Vae;

/// Model, optimizer and controller: all that training changes.
#[derive(Clone, Debug)]
pub struct Learner {
    /// Network made of `trained`, on a device with autodiff.
    pub(super) vaes: Vaes,
    pub(super) trained: ParamStore,
    /// Update that the last step subtracted; kept where StateNet is taught by it. An epoch's first batch does
    /// not use it.
    pub(super) last: Option<Tensor<2>>,
    pub(super) member: HostState,
    pub(super) device: Device,
    pub(super) dtype: DType,
}

/// Random numbers of one training batch, of one model or of S members at once.
#[derive(Clone, Debug)]
pub struct Noise<const D: usize = 2> {
    /// Posterior noise ε of A and B, `[n, 16]` or `[S, n, 16]`.
    pub epsilon: [Tensor<D>; 2],
    /// Noise added to the codes of A and B, of the same shape; `None` unless a disruption adds any.
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

impl Learner {
    /// Places weights on a device (given without autodiff).
    pub fn new(config: &Config, weights: &Weights, device: &Device, dtype: DType) -> Self {
        keep_freed();
        let device = device.clone().autodiff();
        let architecture = weights.architecture;
        let trained = ParamStore::new(architecture, vec![flattened(weights)], &device, dtype);
        // On the processor, whatever the device: one answer an epoch is not worth waiting for a GPU.
        let state_net = StateNet::new(weights, &Device::flex().autodiff());
        Self {
            vaes: trained.network(),
            trained,
            last: None,
            member: HostState::new(config, state_net),
            device,
            dtype,
        }
    }

    /// Returns the device with autodiff on which batches and noise are expected, and their type.
    pub fn placement(&self) -> (&Device, DType) {
        (&self.device, self.dtype)
    }

    /// Returns the controller: λ, gradient averages, phase and learning rate.
    pub fn controller(&self) -> &Controller {
        &self.member.controller
    }

    /// Returns the controller, to begin an epoch with or to replace it.
    pub fn controller_mut(&mut self) -> &mut Controller {
        &mut self.member.controller
    }

    /// Returns the configuration in effect.
    pub fn config(&self) -> &Config {
        &self.member.config
    }

    /// Takes over a changed configuration, from the next batch on.
    pub fn set_config(&mut self, config: &Config) {
        self.member.config = config.clone();
    }

    /// Teaches StateNet by the effect of its correction in this epoch, where the configuration asks for it.
    pub fn teach_state_net(&mut self) {
        self.member.teach_state_net();
    }

    /// Mixes a share of other weights into both decoders: w ← (1 - share) · w + share · fresh.
    ///
    /// The optimizer's moments stay as they are.
    ///
    /// # Errors
    /// Returns the device's failure to hand the weights over.
    pub fn mix_decoders(&mut self, fresh: &Weights, share: f64) -> Result<(), DeviceFailure> {
        let mixed = self.weights()?.with_decoders_mixed(fresh, share);
        self.place(&mixed);
        Ok(())
    }

    /// Multiplies the logits of both decoders, through the weights of their last layers.
    ///
    /// # Errors
    /// Returns the device's failure to hand the weights over.
    pub fn scale_logits(&mut self, factor: f64) -> Result<(), DeviceFailure> {
        let scaled = self.weights()?.with_logits_scaled(factor);
        self.place(&scaled);
        Ok(())
    }

    /// Replaces the parameters of both VAEs.
    pub(super) fn place(&mut self, weights: &Weights) {
        self.trained.set_parameters(0, flattened(weights));
        self.vaes = self.trained.network();
    }

    /// Reads the weights back from the device, in the original's layout.
    ///
    /// # Errors
    /// Returns the device's failure to hand the numbers over.
    pub fn weights(&self) -> Result<Weights, DeviceFailure> {
        let architecture = self.trained.architecture();
        let mut tensors = unflattened(&self.trained.parameters(0)?, architecture);
        tensors.extend(self.member.state_net.tensors()?);
        Ok(Weights {
            architecture,
            tensors,
            gradient_emas: self.controller().gradient_emas.map(single),
        })
    }

    /// Reads the optimizer's state back from the device, as a checkpoint keeps it.
    ///
    /// # Errors
    /// Returns the device's failure to hand the numbers over.
    pub fn optimizer(&self) -> Result<OptimizerState, DeviceFailure> {
        self.trained.optimizer(0)
    }

    /// Goes on with the optimizer of a checkpoint.
    pub fn set_optimizer(&mut self, state: OptimizerState) {
        self.trained.set_optimizer(0, state);
    }

    /// Takes one step on one batch; `first` marks an epoch's first batch.
    ///
    /// The loss is formed with λ as they are; StateNet's correction on the first batch then sets
    /// the learning rate of this very step and the λ of the next.
    ///
    /// # Errors
    /// Fails with [`StepError::Diverged`] where a figure is not finite; nothing has changed then. Fails with
    /// [`StepError::Device`] where the device fails, after which the controller may be a batch ahead of the
    /// parameters.
    pub fn train_batch(
        &mut self,
        batch: &Batch,
        noise: impl Into<Noise>,
        scheduled: &Scheduled,
        first: bool,
    ) -> Result<BatchReport, StepError> {
        let weights = self.member.loss_weights(scheduled, self.member.scales());
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
        let forward = self.vaes.forward(batch.x.clone(), coupling);
        let graph = loss_graph(&forward, batch, &weights);
        let penalty = self.penalty(batch);
        let objective = match &penalty {
            Some(penalty) => graph.objective.clone() + penalty.clone(),
            None => graph.objective.clone(),
        };
        let places = self.trained.places();
        let gradient = FlatGradients::collect(&self.vaes, objective.backward(), 1, places);

        // The one point at which the device is waited for.
        let last = self.last.as_ref().filter(|_| !first);
        let penalty = penalty.map(Tensor::inner);
        let reading = StepReadback::of(graph, &gradient, last, penalty)?;

        let rho = scheduled.rho;
        let assessed = self.member.assess(&reading, &weights, places, rho, first)?;
        let report = self.member.take_in(assessed, &reading.products);
        let stride = self.member.stride(&report);
        let update = self.trained.step(gradient, &[Some(stride)])?;
        self.last = self.member.teaches().then_some(update);
        self.vaes = self.trained.network();
        Ok(report)
    }

    /// Returns the penalties that go beyond the published loss, `[1]`; `None` where there are none.
    fn penalty(&self, batch: &Batch) -> Option<Tensor<1>> {
        let beyond = &self.member.config.beyond;
        let weight = |weight: Option<f64>| weight.unwrap_or(0.0);
        let (consistency, composition) = (weight(beyond.consistency), weight(beyond.composition));
        let related = batch.related.penalty(&self.vaes, consistency, composition);
        let weights = GeneratedWeights {
            certainty: weight(beyond.certainty),
            evenness: weight(beyond.evenness),
            blur: weight(beyond.blur),
        };
        let generated = batch.generated.as_ref();
        let generated = generated.map(|generated| generated.penalty(&self.vaes, weights));
        related
            .into_iter()
            .chain(generated)
            .reduce(|one, other| one + other)
    }

    /// Returns the model as it is, with autodiff.
    pub fn model(&self) -> DualVae {
        let state_net = self.member.state_net.clone();
        DualVae::of_parts(self.vaes.clone(), state_net, self.trained.architecture())
    }

    /// Returns the model as it is, without autodiff.
    pub fn inference_model(&self) -> DualVae {
        self.model().valid()
    }

    /// Computes the loss of one batch in evaluation mode: z = μ, no balance scales, no step. Also returns the
    /// logits and posterior means of its operations.
    ///
    /// `model` is the [`inference_model`](Self::inference_model).
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn validate_batch(
        &self,
        model: &DualVae,
        batch: &Batch,
        scheduled: &Scheduled,
    ) -> Result<(Loss, EvalOutputs), DeviceFailure> {
        let weights = self.member.loss_weights(scheduled, [1.0; 2]);
        let forward = model.forward(batch.x.clone(), Coupling::at(scheduled.rho));
        let graph = loss_graph(&forward, batch, &weights);
        let code = |which| forward.posterior[which as usize].mu.clone();
        let alone = Vae::BOTH.map(|which| model.decode(which, code(which)));
        Ok(EvalReadback::of(graph, alone, forward)?.judged(&weights))
    }
}
