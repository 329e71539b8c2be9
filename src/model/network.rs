//! The two coupled VAEs and StateNet as Burn modules.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::relu;
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};

use serde::{Deserialize, Serialize};

use super::generated::Generated;
use super::layout::{Architecture, LATENT, PARAMETERS, Parameter, TENSORS_TRAINED};
use super::related::Related;
use super::weights::Weights;
use crate::device::DeviceFailure;
use crate::space::{ENTRIES, Operation, VALUES};

/// Epsilon of StateNet's LayerNorm, PyTorch's default.
const LAYER_NORM_EPSILON: f64 = 1e-5;

/// Operations `[n, 9]` → parameters of the posterior, `[n, 16]` each.
#[derive(Module, Debug)]
pub struct Encoder {
    hidden1: Linear,
    hidden2: Linear,
    hidden3: Linear,
    mu: Linear,
    log_variance: Linear,
}

impl Encoder {
    /// μ and log σ² of the operations `x`, entries as numbers.
    pub fn forward(&self, x: Tensor<2>) -> Posterior {
        let h = relu(self.hidden1.forward(x));
        let h = relu(self.hidden2.forward(h));
        let h = relu(self.hidden3.forward(h));
        Posterior {
            mu: self.mu.forward(h.clone()),
            log_variance: self.log_variance.forward(h),
        }
    }
}

/// A diagonal Gaussian for each of n operations.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Means, `[n, 16]`.
    pub mu: Tensor<2>,
    /// Logarithms of the variances, `[n, 16]`.
    pub log_variance: Tensor<2>,
}

impl Posterior {
    /// `μ + ε · exp(½ log σ²) · τ` for standard normal `noise` ε `[n, 16]`.
    pub fn sample(&self, noise: Tensor<2>, temperature: f64) -> Tensor<2> {
        let deviation = self.log_variance.clone().mul_scalar(0.5).exp();
        self.mu.clone() + noise * deviation.mul_scalar(temperature)
    }
}

/// VAE-A's decoder: codes `[n, 16]` → logits `[n, 27]`, entry by entry three values.
#[derive(Module, Debug)]
pub struct DecoderA {
    hidden1: Linear,
    hidden2: Linear,
    out: Linear,
    /// Whether each hidden layer also passes its input on.
    #[module(skip)]
    skip: bool,
}

impl DecoderA {
    fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        let h = relu(self.layer(&self.hidden1, z));
        let h = relu(self.layer(&self.hidden2, h));
        self.out.forward(h)
    }

    /// A hidden layer; with skip connections its input is added to its first outputs (He, Zhang, Ren
    /// and Sun, *Deep residual learning for image recognition*, 2016, their shortcut A: no parameters).
    fn layer(&self, layer: &Linear, x: Tensor<2>) -> Tensor<2> {
        let out = layer.forward(x.clone());
        if !self.skip {
            return out;
        }
        let ([n, outputs], [_, inputs]) = (out.dims(), x.dims());
        let rest = Tensor::zeros([n, outputs - inputs], (&x.device(), x.dtype()));
        out + Tensor::cat(vec![x, rest], 1)
    }
}

/// VAE-B's decoder: two residual blocks.
#[derive(Module, Debug)]
pub struct DecoderB {
    input: Linear,
    block1_in: Linear,
    block1_out: Linear,
    block2_in: Linear,
    block2_out: Linear,
    out: Linear,
}

impl DecoderB {
    fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        let h = relu(self.input.forward(z));
        let h = h.clone() + self.block1_out.forward(relu(self.block1_in.forward(h)));
        let h = relu(h);
        let h = h.clone() + self.block2_out.forward(relu(self.block2_in.forward(h)));
        self.out.forward(h)
    }
}

/// The controller network: nine figures of the run → four corrections in (-1, 1).
#[derive(Module, Debug)]
pub struct StateNet {
    input: Linear,
    norm: LayerNorm,
    code: Linear,
    hidden: Linear,
    out: Linear,
}

impl StateNet {
    /// Corrections of learning rate, λ1, λ2, λ3 for the state
    /// [H_A, H_B, KL_A, KL_B, gradient ratio, ρ, λ1, λ2, λ3].
    ///
    /// Always in 32 bits, as in the original.
    ///
    /// # Errors
    /// The device's failure to compute or to hand over the answer.
    pub fn correct(&self, state: [f64; 9]) -> Result<[f32; 4], DeviceFailure> {
        let values: Vec<f32> = self.answer(state).inner().try_into_vec_as()?;
        Ok([values[0], values[1], values[2], values[3]])
    }

    /// The four corrections `[1, 4]` with their graph.
    fn answer(&self, state: [f64; 9]) -> Tensor<2> {
        let device = self.input.weight.val().device();
        let data = TensorData::new(state.map(|value| value as f32).to_vec(), [1, 9]);
        let x = Tensor::<2>::from_data(data, (&device, DType::F32));
        let h = self.norm.forward(self.input.forward(x)).tanh();
        let h = relu(self.hidden.forward(self.code.forward(h)));
        self.out.forward(h).tanh()
    }

    /// One step of plain gradient ascent on `signal · δ_lr(state)`: where the signal is positive the
    /// network corrects the learning rate further up in a state like this one.
    #[must_use]
    pub fn taught(self, state: [f64; 9], signal: f64, rate: f64) -> Self {
        let delta_lr = self.answer(state).narrow(1, 0, 1).sum();
        let gradients = delta_lr.mul_scalar(signal).backward();
        self.map(&mut Ascent { gradients, rate })
    }
}

/// Moves every parameter along its gradient.
struct Ascent {
    gradients: Gradients,
    rate: f64,
}

impl ModuleMapper for Ascent {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| match value.grad(&self.gradients) {
            Some(gradient) => {
                let moved = value.inner() + gradient.mul_scalar(self.rate);
                Tensor::from_inner(moved).require_grad()
            }
            None => value,
        })
    }
}

/// Which of the two VAEs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// VAE-A, the explorer.
    A,
    /// VAE-B, the consolidator.
    B,
}

impl Which {
    /// Both, A first.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// `a` or `b`.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// The whole model.
#[derive(Module, Debug)]
pub struct DualVae {
    /// VAE-A's encoder.
    pub encoder_a: Encoder,
    /// VAE-A's decoder.
    pub decoder_a: DecoderA,
    /// VAE-B's encoder.
    pub encoder_b: Encoder,
    /// VAE-B's decoder.
    pub decoder_b: DecoderB,
    /// The controller network.
    pub state_net: StateNet,
    #[module(skip)]
    architecture: Architecture,
}

/// What a forward pass does beside running the layers.
#[derive(Clone, Debug)]
pub struct Coupling {
    /// Permeability ρ of the cross-injection.
    pub rho: f64,
    /// Posterior noise and temperature of A and B; `None` in evaluation (z = μ).
    pub noise: Option<[(Tensor<2>, f64); 2]>,
    /// Added to the codes of A and B, `[n, 16]`; only a disruption adds anything.
    pub jitter: Option<[Tensor<2>; 2]>,
}

impl Coupling {
    /// Evaluation at this permeability: z = μ.
    pub fn at(rho: f64) -> Self {
        Self {
            rho,
            noise: None,
            jitter: None,
        }
    }
}

/// What a forward pass computes for n operations.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Posteriors of A and B.
    pub posterior: [Posterior; 2],
    /// Codes before the injection, `[n, 16]`.
    pub z: [Tensor<2>; 2],
    /// Codes after the injection, `[n, 16]`.
    pub injected: [Tensor<2>; 2],
    /// Logits `[n, 9, 3]`.
    pub logits: [Tensor<3>; 2],
}

impl DualVae {
    /// Places weights on a device; the two VAEs in `dtype`, StateNet always in 32 bits.
    ///
    /// On a device with autodiff the weights are leaves that collect gradients.
    pub fn new(weights: &Weights, device: &Device, dtype: DType) -> Self {
        let mut place = Placement {
            weights,
            device,
            dtype,
            next: 0,
        };
        Self {
            encoder_a: place.encoder(),
            decoder_a: DecoderA {
                hidden1: place.linear(),
                hidden2: place.linear(),
                out: place.linear(),
                skip: weights.architecture.skip_a,
            },
            encoder_b: place.encoder(),
            decoder_b: DecoderB {
                input: place.linear(),
                block1_in: place.linear(),
                block1_out: place.linear(),
                block2_in: place.linear(),
                block2_out: place.linear(),
                out: place.linear(),
            },
            state_net: StateNet {
                input: place.linear(),
                norm: place.layer_norm(),
                code: place.linear(),
                hidden: place.linear(),
                out: place.linear(),
            },
            architecture: weights.architecture,
        }
    }

    /// What the network looks like.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The encoder of A or B.
    pub fn encoder(&self, which: Which) -> &Encoder {
        match which {
            Which::A => &self.encoder_a,
            Which::B => &self.encoder_b,
        }
    }

    /// Codes `[n, 16]` → logits `[n, 9, 3]` of A or B alone, without cross-injection.
    pub fn decode(&self, which: Which, z: Tensor<2>) -> Tensor<3> {
        let logits = match which {
            Which::A => self.decoder_a.forward(z),
            Which::B => self.decoder_b.forward(z),
        };
        let [n, _] = logits.dims();
        logits.reshape([n, ENTRIES, VALUES])
    }

    /// Operations `[n, 9]` through both VAEs with stop-gradient cross-injection.
    pub fn forward(&self, x: Tensor<2>, coupling: Coupling) -> Forward {
        let posterior = [self.encoder_a.forward(x.clone()), self.encoder_b.forward(x)];
        let z = match coupling.noise {
            Some([(noise_a, tau_a), (noise_b, tau_b)]) => [
                posterior[0].sample(noise_a, tau_a),
                posterior[1].sample(noise_b, tau_b),
            ],
            None => [posterior[0].mu.clone(), posterior[1].mu.clone()],
        };
        let z = match (z, coupling.jitter) {
            ([z_a, z_b], Some([a, b])) => [z_a + a, z_b + b],
            (z, None) => z,
        };
        let inject = |own: usize, other: usize| {
            z[own].clone().mul_scalar(1.0 - coupling.rho)
                + z[other].clone().detach().mul_scalar(coupling.rho)
        };
        let injected = [inject(0, 1), inject(1, 0)];
        let logits = [
            self.decode(Which::A, injected[0].clone()),
            self.decode(Which::B, injected[1].clone()),
        ];
        Forward {
            posterior,
            z,
            injected,
            logits,
        }
    }

    /// Reads the weights back in the original's layout.
    ///
    /// `gradient_emas` travel with the weights in the file.
    ///
    /// # Errors
    /// The device's failure to hand the numbers over.
    pub fn weights(&self, gradient_emas: [f32; 2]) -> Result<Weights, DeviceFailure> {
        let mut reader = Reader {
            tensors: Vec::with_capacity(PARAMETERS.len()),
            failure: None,
        };
        self.visit(&mut reader);
        match reader.failure {
            Some(failure) => Err(failure),
            None => Ok(Weights {
                architecture: self.architecture,
                tensors: reader.tensors,
                gradient_emas,
            }),
        }
    }
}

/// Parameters: in all, VAE-A, VAE-B, StateNet.
pub fn parameter_counts(architecture: Architecture, use_statenet: bool) -> [usize; 4] {
    let [a, b, state_net] = architecture.counts();
    let state_net = if use_statenet { state_net } else { 0 };
    [a + b + state_net, a, b, state_net]
}

/// Hands out the tensors of [`PARAMETERS`] one after another, as modules ask for them.
struct Placement<'a> {
    weights: &'a Weights,
    device: &'a Device,
    dtype: DType,
    next: usize,
}

impl Placement<'_> {
    fn take(&mut self) -> (&'static Parameter, TensorData, DType) {
        let number = self.next;
        self.next += 1;
        let parameter = &PARAMETERS[number];
        let data = TensorData::new(
            self.weights.tensors[number].clone(),
            parameter.shape_in(self.weights.architecture),
        );
        let dtype = if number < TENSORS_TRAINED {
            self.dtype
        } else {
            DType::F32
        };
        (parameter, data.convert_dtype(dtype), dtype)
    }

    fn vector(&mut self) -> Param<Tensor<1>> {
        let (_, data, dtype) = self.take();
        Param::from_tensor(Tensor::from_data(data, (self.device, dtype)))
    }

    /// The original keeps `[out, in]`, Burn `[in, out]`.
    fn linear(&mut self) -> Linear {
        let (parameter, data, dtype) = self.take();
        debug_assert_eq!(parameter.shape.len(), 2, "{} is no matrix", parameter.name);
        let plain = self.device.clone().without_autodiff();
        let transposed = Tensor::<2>::from_data(data, (&plain, dtype))
            .transpose()
            .into_data();
        let weight = Param::from_tensor(Tensor::from_data(transposed, (self.device, dtype)));
        Linear {
            weight,
            bias: Some(self.vector()),
        }
    }

    fn encoder(&mut self) -> Encoder {
        Encoder {
            hidden1: self.linear(),
            hidden2: self.linear(),
            hidden3: self.linear(),
            mu: self.linear(),
            log_variance: self.linear(),
        }
    }

    fn layer_norm(&mut self) -> LayerNorm {
        let config =
            LayerNormConfig::new(PARAMETERS[self.next].shape[0]).with_epsilon(LAYER_NORM_EPSILON);
        let mut norm = config.init(self.device);
        norm.gamma = self.vector();
        norm.beta = Some(self.vector());
        norm
    }
}

/// Collects every parameter in the order of [`PARAMETERS`].
struct Reader {
    tensors: Vec<Vec<f32>>,
    failure: Option<DeviceFailure>,
}

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().inner();
        let value = if D == 2 { value.transpose() } else { value };
        match value.try_into_vec_as::<f32>() {
            Ok(numbers) => self.tensors.push(numbers),
            Err(error) => self.failure = Some(error.into()),
        }
    }
}

/// The entries of operations as numbers, and the classes of what they are to be decoded to as one-hot
/// vectors.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Entries, `[n, 9]`.
    pub x: Tensor<2>,
    /// Classes, `[n, 9, 3]`.
    pub one_hot: Tensor<3>,
    /// Operations whose codes a penalty relates; none in the published model.
    pub related: Related,
    /// Codes from the prior whose decoding is penalized; none in the published model.
    pub generated: Option<Generated>,
}

impl Batch {
    /// Places operations on a device.
    pub fn new(
        operations: impl ExactSizeIterator<Item = Operation>,
        device: &Device,
        dtype: DType,
    ) -> Self {
        Self::of_pairs(operations.map(|operation| [operation; 2]), device, dtype)
    }

    /// Places operations on a device, each with the one that it is to be decoded to.
    pub fn of_pairs(
        pairs: impl ExactSizeIterator<Item = [Operation; 2]>,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let n = pairs.len();
        let mut inputs = Vec::with_capacity(n);
        let mut one_hot = vec![0f32; n * ENTRIES * VALUES];
        for (row, [shown, target]) in pairs.enumerate() {
            inputs.push(shown);
            for (position, class) in target.classes().into_iter().enumerate() {
                one_hot[(row * ENTRIES + position) * VALUES + usize::from(class)] = 1.0;
            }
        }
        let one_hot = TensorData::new(one_hot, [n, ENTRIES, VALUES]).convert_dtype(dtype);
        Self {
            x: entries_tensor(inputs.into_iter(), device, dtype),
            one_hot: Tensor::from_data(one_hot, (device, dtype)),
            related: Related::default(),
            generated: None,
        }
    }
}

/// The entries of operations as numbers, `[n, 9]`.
pub fn entries_tensor(
    operations: impl ExactSizeIterator<Item = Operation>,
    device: &Device,
    dtype: DType,
) -> Tensor<2> {
    let n = operations.len();
    let entries: Vec<f32> = operations
        .flat_map(|operation| operation.classes().map(|class| f32::from(class) - 1.0))
        .collect();
    let data = TensorData::new(entries, [n, ENTRIES]).convert_dtype(dtype);
    Tensor::from_data(data, (device, dtype))
}

/// Rows of standard normal or other numbers `[rows, 16]` as a tensor.
pub fn codes_tensor(numbers: Vec<f64>, device: &Device, dtype: DType) -> Tensor<2> {
    let rows = numbers.len() / LATENT;
    let data = TensorData::new(numbers, [rows, LATENT]).convert_dtype(dtype);
    Tensor::from_data(data, (device, dtype))
}
