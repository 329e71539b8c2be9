//! What the published network would cost over other spaces of truth tables, with other codes and other
//! batches: docs/results/scaling.md. The layers are as wide as published, only their ends change.

#![expect(clippy::expect_used, reason = "a benchmark")]

use std::time::{Duration, Instant};

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{DType, Device, Distribution, Tensor};
use fluxttice_core::statistics::median;

/// Hidden layers of an encoder, of A's decoder and of B's, whose last four are two residual blocks.
const ENCODER: &[usize] = &[256, 128, 64];
const DECODER_A: &[usize] = &[32, 64];
const DECODER_B: &[usize] = &[128, 128, 128, 128, 128];

/// Codes decoded at a time by each decoder.
const CODES: usize = 4_096;
const REPETITIONS: usize = 31;

/// Truth tables: so many entries, each one of so many values.
#[derive(Clone, Copy)]
struct Space {
    name: &'static str,
    entries: usize,
    values: usize,
}

const SPACES: [Space; 4] = [
    Space {
        name: "binary, two inputs",
        entries: 4,
        values: 2,
    },
    Space {
        name: "ternary, two inputs",
        entries: 9,
        values: 3,
    },
    Space {
        name: "quaternary, two inputs",
        entries: 16,
        values: 4,
    },
    Space {
        name: "ternary, three inputs",
        entries: 27,
        values: 3,
    },
];
const TERNARY: Space = SPACES[1];

type Layer = (Tensor<2>, Tensor<1>);

/// Layers of these widths, one after another.
fn layers(widths: &[usize], device: &Device, learning: bool) -> Vec<Layer> {
    let place = (device, DType::F32);
    let layer = |pair: &[usize]| {
        let bound = (pair[0] as f64).sqrt().recip();
        let weight = Tensor::random(
            [pair[0], pair[1]],
            Distribution::Uniform(-bound, bound),
            place,
        );
        let bias = Tensor::zeros([pair[1]], place);
        match learning {
            true => (weight.require_grad(), bias.require_grad()),
            false => (weight, bias),
        }
    };
    widths.windows(2).map(layer).collect()
}

fn linear(x: Tensor<2>, (weight, bias): &Layer) -> Tensor<2> {
    x.matmul(weight.clone()) + bias.clone().unsqueeze()
}

/// All layers but the last end in a ReLU.
fn plain(x: Tensor<2>, layers: &[Layer]) -> Tensor<2> {
    let (last, hidden) = layers.split_last().expect("a network has layers");
    linear(
        hidden.iter().fold(x, |x, layer| relu(linear(x, layer))),
        last,
    )
}

/// B's decoder: two residual blocks between its ends.
fn residual(z: Tensor<2>, layers: &[Layer]) -> Tensor<2> {
    let h = relu(linear(z, &layers[0]));
    let h = h.clone() + linear(relu(linear(h, &layers[1])), &layers[2]);
    let h = relu(h);
    let h = h.clone() + linear(relu(linear(h, &layers[3])), &layers[4]);
    linear(h, &layers[5])
}

struct Network {
    space: Space,
    latent: usize,
    encoders: [Vec<Layer>; 2],
    decoder_a: Vec<Layer>,
    decoder_b: Vec<Layer>,
}

impl Network {
    fn new(space: Space, latent: usize, device: &Device, learning: bool) -> Self {
        let between = |from: usize, hidden: &[usize], to: usize| {
            let widths: Vec<usize> = [&[from], hidden, &[to]].concat();
            layers(&widths, device, learning)
        };
        let logits = space.entries * space.values;
        Self {
            space,
            latent,
            encoders: [(); 2].map(|()| between(space.entries, ENCODER, 2 * latent)),
            decoder_a: between(latent, DECODER_A, logits),
            decoder_b: between(latent, DECODER_B, logits),
        }
    }

    /// Cross entropy and KL of both VAEs on a batch of tables, and its gradient.
    fn step(&self, x: &Tensor<2>, one_hot: &Tensor<3>, noise: &Tensor<2>) {
        let [n, _] = x.dims();
        let mut loss = Vec::new();
        let codes = self.encoders.each_ref().map(|encoder| {
            let posterior = plain(x.clone(), encoder);
            let mu = posterior.clone().narrow(1, 0, self.latent);
            let log_variance = posterior.narrow(1, self.latent, self.latent);
            let elements = mu.clone().square() + log_variance.clone().exp() - log_variance.clone();
            loss.push(elements.sum());
            mu + noise.clone() * log_variance.mul_scalar(0.5).exp()
        });
        let [z_a, z_b] = codes;
        let mixed = |own: &Tensor<2>, other: &Tensor<2>| {
            own.clone().mul_scalar(0.7) + other.clone().detach().mul_scalar(0.3)
        };
        for logits in [
            plain(mixed(&z_a, &z_b), &self.decoder_a),
            residual(mixed(&z_b, &z_a), &self.decoder_b),
        ] {
            let logits: Tensor<3> = logits.reshape([n, self.space.entries, self.space.values]);
            loss.push((log_softmax(logits, 2) * one_hot.clone()).sum().neg());
        }
        let loss = loss.into_iter().reduce(|a, b| a + b).expect("four terms");
        let gradients = loss.backward();
        std::hint::black_box(
            self.decoder_a[0]
                .0
                .grad(&gradients)
                .map(|one| one.into_data()),
        );
    }
}

fn timed(mut work: impl FnMut()) -> Duration {
    work();
    let spent = (0..REPETITIONS).map(|_| {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    });
    Duration::from_secs_f64(median(spent.collect()))
}

/// Milliseconds of a step on a batch, and of decoding codes by both decoders.
fn measure(space: Space, latent: usize, batch: usize) -> [f64; 2] {
    let device = Device::flex();
    let learning = device.clone().autodiff();
    let network = Network::new(space, latent, &learning, true);
    let place = (&learning, DType::F32);
    let x = Tensor::random(
        [batch, space.entries],
        Distribution::Uniform(-1.0, 1.0),
        place,
    );
    let shape = [batch, space.entries, space.values];
    let one_hot = Tensor::random(shape, Distribution::Uniform(0.0, 1.0), place);
    let noise = Tensor::random([batch, latent], Distribution::Normal(0.0, 1.0), place);
    let step = timed(|| network.step(&x, &one_hot, &noise));
    let network = Network::new(space, latent, &device, false);
    let codes = Tensor::random(
        [CODES, latent],
        Distribution::Normal(0.0, 1.0),
        (&device, DType::F32),
    );
    let decoded = timed(|| {
        for logits in [
            plain(codes.clone(), &network.decoder_a),
            residual(codes.clone(), &network.decoder_b),
        ] {
            std::hint::black_box(logits.into_data());
        }
    });
    [step, decoded].map(|spent| spent.as_secs_f64() * 1e3)
}

fn main() {
    println!(
        "| space | operations | codes | batch | forward and backward, ms | a table, µs | 4,096 codes decoded by A and B, ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    let spaces = SPACES.map(|space| (space, 16, 64));
    let codes = [4, 8, 32, 64].map(|latent| (TERNARY, latent, 64));
    let batches = [16, 256, 1_024, 4_096].map(|batch| (TERNARY, 16, batch));
    for (space, latent, batch) in spaces.into_iter().chain(codes).chain(batches) {
        let [step, decoded] = measure(space, latent, batch);
        let operations =
            (space.values as f64).powi(i32::try_from(space.entries).expect("few entries"));
        println!(
            "| {} | {operations:.3e} | {latent} | {batch} | {step:.2} | {:.1} | {decoded:.1} |",
            space.name,
            1e3 * step / batch as f64
        );
    }
}
