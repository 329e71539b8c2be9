//! The two coupled VAEs and StateNet as Burn modules.

use super::layout::{Architecture, LATENT, PARAMETERS, Parameter, TENSORS_TRAINED};
use super::number::Number;
use super::weights::Weights;
use crate::device::DeviceFailure;
use crate::numbers::single;
use crate::space::{ENTRIES, VALUES};
use crate::vae::Vae;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::relu;
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};

/// Epsilon of StateNet's LayerNorm, PyTorch's default.
const LAYER_NORM_EPSILON: f64 = 1e-5;

/// An affine layer on tensors of rank `D`: of one model on rows `[n, in]`, of S members at once on
/// `[S, n, in]`.
pub trait Layer<const D: usize>: Module {
    /// Applies the layer to rows `x`: `[n, in]` to `[n, out]`, or `[S, n, in]` to `[S, n, out]`.
    fn apply(&self, x: Tensor<D>) -> Tensor<D>;
}

impl Layer<2> for Linear {
    fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        self.forward(x)
    }
}

/// A layer that can be built from rows of numbers.
pub trait Affine: Module {
    /// Builds the layer from weights `[S, in · out]` and biases `[S, out]`, a row for each member, given
    /// without autodiff. They become leaves that collect gradients; `sizes` are `[in, out]`.
    fn of_rows(sizes: [usize; 2], weight: Tensor<2>, bias: Tensor<2>) -> Self;
}

impl Affine for Linear {
    fn of_rows(sizes: [usize; 2], weight: Tensor<2>, bias: Tensor<2>) -> Self {
        Self {
            weight: leaf(weight.reshape(sizes)),
            bias: Some(leaf(bias.reshape([sizes[1]]))),
        }
    }
}

/// Returns a parameter that collects gradients.
pub(super) fn leaf<const D: usize>(numbers: Tensor<D>) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_inner(numbers))
}

/// Encoder: operations `[n, 9]` → parameters of the posterior, `[n, 16]` each.
#[derive(Module, Debug)]
pub struct Encoder<L: Module = Linear> {
    hidden1: L,
    hidden2: L,
    hidden3: L,
    mu: L,
    log_variance: L,
}

impl<L: Module> Encoder<L> {
    fn place(next: &mut impl FnMut() -> L) -> Self {
        Self {
            hidden1: next(),
            hidden2: next(),
            hidden3: next(),
            mu: next(),
            log_variance: next(),
        }
    }

    /// Returns μ and log σ² of the operations `x`, whose entries are given as numbers.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Posterior<D>
    where
        L: Layer<D>,
    {
        let h = relu(self.hidden1.apply(x));
        let h = relu(self.hidden2.apply(h));
        let h = relu(self.hidden3.apply(h));
        Posterior {
            mu: self.mu.apply(h.clone()),
            log_variance: self.log_variance.apply(h),
        }
    }
}

/// A diagonal Gaussian for each of n operations, of one model or of S members at once.
#[derive(Clone, Debug)]
pub struct Posterior<const D: usize = 2> {
    /// Means, `[n, 16]` or `[S, n, 16]`.
    pub mu: Tensor<D>,
    /// Logarithms of the variances, of the same shape.
    pub log_variance: Tensor<D>,
}

impl<const D: usize> Posterior<D> {
    /// Samples codes `μ + ε · exp(½ log σ²) · τ` for standard normal `noise` ε of the same shape.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a temperature is given by value, as numbers are"
    )]
    pub fn sample(&self, noise: Tensor<D>, temperature: impl Number) -> Tensor<D> {
        let deviation = self.log_variance.clone().mul_scalar(0.5).exp();
        self.mu.clone() + noise * temperature.times(deviation)
    }
}

/// VAE-A's decoder: codes `[n, 16]` → logits `[n, 27]`, entry by entry three values.
#[derive(Module, Debug)]
pub struct DecoderA<L: Module = Linear> {
    hidden1: L,
    hidden2: L,
    out: L,
    /// True if each hidden layer has a skip connection.
    #[module(skip)]
    skip: bool,
}

impl<L: Module> DecoderA<L> {
    fn place(next: &mut impl FnMut() -> L, skip: bool) -> Self {
        Self {
            hidden1: next(),
            hidden2: next(),
            out: next(),
            skip,
        }
    }

    fn forward<const D: usize>(&self, z: Tensor<D>) -> Tensor<D>
    where
        L: Layer<D>,
    {
        let h = relu(self.layer(&self.hidden1, z));
        let h = relu(self.layer(&self.hidden2, h));
        self.out.apply(h)
    }

    /// Applies a hidden layer. A skip connection adds the input to the first outputs (He, Zhang, Ren and Sun,
    /// *Deep residual learning for image recognition*, 2016, their shortcut A: no parameters).
    fn layer<const D: usize>(&self, layer: &L, x: Tensor<D>) -> Tensor<D>
    where
        L: Layer<D>,
    {
        let out = layer.apply(x.clone());
        if !self.skip {
            return out;
        }
        let mut rest = out.dims();
        rest[D - 1] -= x.dims()[D - 1];
        let rest = Tensor::zeros(rest, (&x.device(), x.dtype()));
        out + Tensor::cat(vec![x, rest], D - 1)
    }
}

/// VAE-B's decoder: two residual blocks.
#[derive(Module, Debug)]
pub struct DecoderB<L: Module = Linear> {
    input: L,
    block1_in: L,
    block1_out: L,
    block2_in: L,
    block2_out: L,
    out: L,
}

impl<L: Module> DecoderB<L> {
    fn place(next: &mut impl FnMut() -> L) -> Self {
        Self {
            input: next(),
            block1_in: next(),
            block1_out: next(),
            block2_in: next(),
            block2_out: next(),
            out: next(),
        }
    }

    fn forward<const D: usize>(&self, z: Tensor<D>) -> Tensor<D>
    where
        L: Layer<D>,
    {
        let h = relu(self.input.apply(z));
        let h = h.clone() + self.block1_out.apply(relu(self.block1_in.apply(h)));
        let h = relu(h);
        let h = h.clone() + self.block2_out.apply(relu(self.block2_in.apply(h)));
        self.out.apply(h)
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
    /// Places the last tensors of [`PARAMETERS`] on a device, in 32 bits.
    pub fn new(weights: &Weights, device: &Device) -> Self {
        let mut place = Placement {
            weights,
            device,
            dtype: DType::F32,
            next: TENSORS_TRAINED,
        };
        Self {
            input: place.linear(),
            norm: place.layer_norm(),
            code: place.linear(),
            hidden: place.linear(),
            out: place.linear(),
        }
    }

    /// Returns corrections of learning rate, λ1, λ2 and λ3, each in (-1, 1), for the state
    /// `[H_A, H_B, KL_A, KL_B, gradient ratio, ρ, λ1, λ2, λ3]`.
    ///
    /// The computation is in 32 bits, as in the original.
    ///
    /// # Errors
    /// Returns the device's failure to compute or to hand over the answer.
    pub fn correct(&self, state: [f64; 9]) -> Result<[f32; 4], DeviceFailure> {
        let answer = self.answer(state);
        let values: Vec<f32> = answer.clone().inner().try_into_vec_as()?;
        // A graph that nothing goes back through is kept as long as the network is, and each step of training
        // looks through all that is kept. Without autodiff the last bits would differ.
        if answer.is_tracked() {
            drop(answer.sum().backward());
        }
        Ok([values[0], values[1], values[2], values[3]])
    }

    /// Returns the four corrections `[1, 4]` with their graph.
    fn answer(&self, state: [f64; 9]) -> Tensor<2> {
        let device = self.input.weight.val().device();
        let data = TensorData::new(state.map(single).to_vec(), [1, 9]);
        let x = Tensor::<2>::from_data(data, (&device, DType::F32));
        let h = self.norm.forward(self.input.forward(x)).tanh();
        let h = relu(self.hidden.forward(self.code.forward(h)));
        self.out.forward(h).tanh()
    }

    /// Reads StateNet's tensors back in the original's layout, the last of [`PARAMETERS`].
    ///
    /// # Errors
    /// Returns the device's failure to hand the numbers over.
    pub fn tensors(&self) -> Result<Vec<Vec<f32>>, DeviceFailure> {
        read_back(self)
    }

    /// Takes one step of plain gradient ascent on `signal · δ_lr(state)`: where the signal is positive, the
    /// network then corrects the learning rate further up in a state like this one.
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

/// Both VAEs: all that is trained by the loss.
#[derive(Module, Debug)]
pub struct Vaes<L: Module = Linear> {
    encoder_a: Encoder<L>,
    decoder_a: DecoderA<L>,
    encoder_b: Encoder<L>,
    decoder_b: DecoderB<L>,
}

impl<L: Module> Vaes<L> {
    /// Builds the network from layers that are taken in the order of [`PARAMETERS`].
    pub(super) fn place(architecture: Architecture, mut next: impl FnMut() -> L) -> Self {
        Self {
            encoder_a: Encoder::place(&mut next),
            decoder_a: DecoderA::place(&mut next, architecture.skip_a),
            encoder_b: Encoder::place(&mut next),
            decoder_b: DecoderB::place(&mut next),
        }
    }

    /// Builds the network from parameters that are taken in the order of [`PARAMETERS`], each as a row for
    /// each member, without autodiff; matrices are `[in, out]`.
    pub fn of_rows(architecture: Architecture, mut take: impl FnMut() -> Tensor<2>) -> Self
    where
        L: Affine,
    {
        let mut weights = PARAMETERS.iter().step_by(2);
        Self::place(architecture, || {
            let sizes = weights.next().map(|weight| weight.sizes_in(architecture));
            let (weight, bias) = (take(), take());
            L::of_rows(sizes.unwrap_or_default(), weight, bias)
        })
    }

    /// Returns the encoder of A or B.
    pub fn encoder(&self, which: Vae) -> &Encoder<L> {
        match which {
            Vae::A => &self.encoder_a,
            Vae::B => &self.encoder_b,
        }
    }

    /// Decodes codes `[n, 16]` → logits `[n, 9, 3]` by A or B alone, without cross-injection; of members
    /// `[S, n, 16]` → `[S, n, 9, 3]`.
    pub fn decode<const D: usize, const E: usize>(&self, which: Vae, z: Tensor<D>) -> Tensor<E>
    where
        L: Layer<D>,
    {
        let mut shape = [ENTRIES; E];
        shape[..D - 1].copy_from_slice(&z.dims()[..D - 1]);
        shape[E - 1] = VALUES;
        let logits = match which {
            Vae::A => self.decoder_a.forward(z),
            Vae::B => self.decoder_b.forward(z),
        };
        logits.reshape(shape)
    }

    /// Runs operations `[n, 9]` or `[S, n, 9]` through both VAEs with stop-gradient cross-injection.
    pub fn forward<N: Number, const D: usize, const E: usize>(
        &self,
        x: Tensor<D>,
        coupling: Coupling<N, D>,
    ) -> Forward<D, E>
    where
        L: Layer<D>,
    {
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
        let own_share = coupling.rho.complement();
        let inject = |own: usize, other: usize| {
            own_share.times(z[own].clone()) + coupling.rho.times(z[other].clone().detach())
        };
        let injected = [inject(0, 1), inject(1, 0)];
        let logits = [
            self.decode(Vae::A, injected[0].clone()),
            self.decode(Vae::B, injected[1].clone()),
        ];
        Forward {
            posterior,
            z,
            injected,
            logits,
        }
    }
}

/// The complete model: both VAEs and StateNet.
#[derive(Module, Debug)]
pub struct DualVae {
    /// Both VAEs, which are trained by the loss.
    pub vaes: Vaes,
    /// The controller network, which the loss does not train.
    pub state_net: StateNet,
    #[module(skip)]
    architecture: Architecture,
}

/// Settings of a forward pass: permeability, posterior noise and added noise.
#[derive(Clone, Debug)]
pub struct Coupling<N = f64, const D: usize = 2> {
    /// Permeability ρ of the cross-injection.
    pub rho: N,
    /// Posterior noise and temperature of A and B; `None` in evaluation (z = μ).
    pub noise: Option<[(Tensor<D>, N); 2]>,
    /// Noise added to the codes of A and B, `[n, 16]` or `[S, n, 16]`; `None` unless a disruption adds any.
    pub jitter: Option<[Tensor<D>; 2]>,
}

impl<N, const D: usize> Coupling<N, D> {
    /// Returns the settings of evaluation at this permeability: z = μ.
    pub fn at(rho: N) -> Self {
        Self {
            rho,
            noise: None,
            jitter: None,
        }
    }
}

/// Results of a forward pass for n operations, of one model or of S members at once.
#[derive(Clone, Debug)]
pub struct Forward<const D: usize = 2, const E: usize = 3> {
    /// Posteriors of A and B.
    pub posterior: [Posterior<D>; 2],
    /// Codes before the injection, `[n, 16]` or `[S, n, 16]`.
    pub z: [Tensor<D>; 2],
    /// Codes after the injection, of the same shape.
    pub injected: [Tensor<D>; 2],
    /// Logits of A and B, `[n, 9, 3]` or `[S, n, 9, 3]`.
    pub logits: [Tensor<E>; 2],
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
            vaes: Vaes::place(weights.architecture, || place.linear()),
            state_net: StateNet::new(weights, device),
            architecture: weights.architecture,
        }
    }

    /// Puts the model together from its parts.
    pub fn of_parts(vaes: Vaes, state_net: StateNet, architecture: Architecture) -> Self {
        Self {
            vaes,
            state_net,
            architecture,
        }
    }

    /// Returns the architecture: width of the hidden layers and skip connections.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Returns the encoder of A or B.
    pub fn encoder(&self, which: Vae) -> &Encoder {
        self.vaes.encoder(which)
    }

    /// Decodes codes `[n, 16]` → logits `[n, 9, 3]` by A or B alone, without cross-injection.
    pub fn decode(&self, which: Vae, z: Tensor<2>) -> Tensor<3> {
        self.vaes.decode(which, z)
    }

    /// Runs operations `[n, 9]` through both VAEs with stop-gradient cross-injection.
    pub fn forward(&self, x: Tensor<2>, coupling: Coupling) -> Forward {
        self.vaes.forward(x, coupling)
    }

    /// Reads the weights back in the original's layout.
    ///
    /// `gradient_emas` travel with the weights in the file.
    ///
    /// # Errors
    /// Returns the device's failure to hand the numbers over.
    pub fn weights(&self, gradient_emas: [f32; 2]) -> Result<Weights, DeviceFailure> {
        Ok(Weights {
            architecture: self.architecture,
            tensors: read_back(self)?,
            gradient_emas,
        })
    }
}

/// Returns the numbers of parameters in all, in VAE-A, in VAE-B and in StateNet, which has 0 where it is off.
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

    /// Takes a weight and a bias. The original keeps matrices as `[out, in]`, Burn as `[in, out]`.
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

/// Reads the tensors of a part of the model back, in the original's layout.
fn read_back(part: &impl Module) -> Result<Vec<Vec<f32>>, DeviceFailure> {
    let mut reader = Reader {
        tensors: Vec::with_capacity(PARAMETERS.len()),
        failure: None,
    };
    part.visit(&mut reader);
    match reader.failure {
        Some(failure) => Err(failure),
        None => Ok(reader.tensors),
    }
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

/// Places rows of 16 numbers, such as standard normal ones, on a device: `[rows, 16]`.
pub fn codes_tensor(numbers: Vec<f64>, device: &Device, dtype: DType) -> Tensor<2> {
    let rows = numbers.len() / LATENT;
    let data = TensorData::new(numbers, [rows, LATENT]).convert_dtype(dtype);
    Tensor::from_data(data, (device, dtype))
}
