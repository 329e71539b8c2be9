//! The loss of one batch.

use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Tensor, TensorData};

use super::batch::Batch;
use super::entropy::latent_entropy;
use super::layout::LATENT;
use super::members::Batches;
use super::network::{Forward, Posterior};
use super::number::{Each, Number};

/// Number of terms of the loss that are read from the device.
const TERMS: usize = 6;
/// Number of tensors in [`LossGraph::figures`]: the terms, and the codes of A and B.
pub const FIGURES: usize = TERMS + 2;

/// Squared length scale of the repulsion: exp(-d² / 0.25).
const REPULSION_SCALE: f64 = 0.25;
/// Keeps the logarithm of a class's mean probability finite.
const PROBABILITY_FLOOR: f64 = 1e-10;
/// Keeps the logarithm of a variance finite.
const VARIANCE_FLOOR: f64 = 1e-6;

/// The weights of the loss's terms for one batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossWeights {
    /// Weight of VAE-A's KL term.
    pub beta_a: f64,
    /// Weight of VAE-B's KL term.
    pub beta_b: f64,
    /// Weight of VAE-A's loss.
    pub lambda1: f64,
    /// Weight of VAE-B's loss.
    pub lambda2: f64,
    /// Weight of the entropy alignment.
    pub lambda3: f64,
    /// Floor under each element of the KL term, in nats; 0 turns it off.
    pub free_bits: f64,
    /// Weight of VAE-B's entropy term.
    pub entropy_weight: f64,
    /// Weight of VAE-B's repulsion term.
    pub repulsion_weight: f64,
    /// True if the alignment of the entropies has a gradient; the published one has none.
    pub align_spread: bool,
    /// Gradient balance scale of VAE-A.
    pub scale_a: f64,
    /// Gradient balance scale of VAE-B.
    pub scale_b: f64,
}

impl LossWeights {
    /// Returns the factors of the terms as they enter the loss's graph.
    fn terms(&self) -> TermWeights<f64> {
        TermWeights {
            beta_a: self.beta_a,
            beta_b: self.beta_b,
            entropy: self.entropy_weight,
            repulsion: self.repulsion_weight,
            total_a: self.lambda1 * self.scale_a,
            total_b: self.lambda2 * self.scale_b,
            free_bits: self.free_bits,
            repels: self.repulsion_weight > 0.0,
            align: self.align_spread.then_some(self.lambda3),
        }
    }
}

/// Factors of the terms of a graph.
#[derive(Clone, Debug)]
struct TermWeights<N> {
    /// Weights of the KL terms.
    beta_a: N,
    beta_b: N,
    /// Weight of VAE-B's entropy term.
    entropy: N,
    /// Weight of VAE-B's repulsion term.
    repulsion: N,
    /// Weights of the two VAEs' losses, λ · scale.
    total_a: N,
    total_b: N,
    /// Floor under each element of the KL term, in nats; 0 or less turns it off.
    free_bits: N,
    /// True if the repulsion has a weight in any member.
    repels: bool,
    /// Weight of the difference of the spreads; `None` where the alignment has no gradient.
    align: Option<N>,
}

/// Graph of a batch's loss, of one model or of S members at once, before anything is read from the device.
#[derive(Clone, Debug)]
pub struct LossGraph {
    /// Objective that is differentiated, `[1]` or `[S]`: the loss without the published entropy alignment,
    /// which carries no gradient. Where it is asked for, λ3 times the difference of the spreads is added.
    pub objective: Tensor<1>,
    /// `CE_A`, `CE_B`, `KL_A`, `KL_B`, `S_B`, `R_B`, `[1]` or `[S]` each.
    terms: [Tensor<1>; TERMS],
    /// Codes z of A and of B, `[n · 16]` or `[S · n · 16]` each.
    codes: [Tensor<1>; 2],
}

/// A batch's loss in numbers, nats per operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Total loss, with λ, balance scales and penalty.
    pub loss: f64,
    /// Loss of A: `CE_A + β_A KL_A`.
    pub loss_a: f64,
    /// Loss of B: `CE_B + β_B KL_B - w_H S_B + w_R R_B`.
    pub loss_b: f64,
    /// Cross entropy of A.
    pub ce_a: f64,
    /// Cross entropy of B.
    pub ce_b: f64,
    /// KL of A, floored per element.
    pub kl_a: f64,
    /// KL of B, floored per element.
    pub kl_b: f64,
    /// Entropy of B's batch-mean softmax.
    pub entropy_term_b: f64,
    /// Repulsion between B's codes.
    pub repulsion_b: f64,
    /// Entropy alignment `|H_A - H_B|`.
    pub entropy_alignment: f64,
    /// Latent entropy `H_A`.
    pub entropy_a: f64,
    /// Latent entropy `H_B`.
    pub entropy_b: f64,
    /// Weighted sum of the penalties on the codes of related operations and on decoded prior codes; 0 in the
    /// published model.
    pub penalty: f64,
}

/// Builds the loss of a forward pass.
pub fn loss_graph(forward: &Forward, batch: &Batch, weights: &LossWeights) -> LossGraph {
    graph(forward, &batch.one_hot, weights.terms())
}

/// Builds the losses of a forward pass of S members at once, `weights` one for each; `place` puts numbers,
/// one for each member, on their device.
pub fn members_loss_graph(
    forward: &Forward<3, 4>,
    batches: &Batches,
    weights: &[LossWeights],
    mut place: impl FnMut(Vec<f64>) -> Each,
) -> LossGraph {
    let terms: Vec<TermWeights<f64>> = weights.iter().map(LossWeights::terms).collect();
    let mut each = |of: fn(&TermWeights<f64>) -> f64| place(terms.iter().map(of).collect());
    let aligns = terms.iter().any(|terms| terms.align.is_some());
    let terms = TermWeights {
        beta_a: each(|terms| terms.beta_a),
        beta_b: each(|terms| terms.beta_b),
        entropy: each(|terms| terms.entropy),
        repulsion: each(|terms| terms.repulsion),
        total_a: each(|terms| terms.total_a),
        total_b: each(|terms| terms.total_b),
        free_bits: each(|terms| terms.free_bits),
        repels: terms.iter().any(|terms| terms.repels),
        align: aligns.then(|| each(|terms| terms.align.unwrap_or(0.0))),
    };
    graph(forward, &batches.one_hot, terms)
}

/// Builds the loss of a forward pass, of one model or of S members at once.
fn graph<N: Number, const D: usize, const E: usize>(
    forward: &Forward<D, E>,
    one_hot: &Tensor<E>,
    weights: TermWeights<N>,
) -> LossGraph {
    let n = one_hot.dims()[N::ROWS] as f64;
    let log_p_a = log_softmax(forward.logits[0].clone(), E - 1);
    let log_p_b = log_softmax(forward.logits[1].clone(), E - 1);
    let ce_a = cross_entropy::<N, E>(log_p_a, one_hot, n);
    let ce_b = cross_entropy::<N, E>(log_p_b.clone(), one_hot, n);
    let kl_a = divergence(&forward.posterior[0], &weights.free_bits, n);
    let kl_b = divergence(&forward.posterior[1], &weights.free_bits, n);
    let entropy = mean_softmax_entropy::<N, E>(log_p_b);
    let repulsion = if weights.repels {
        repulsion_of::<N, D, E>(forward.z[1].clone())
    } else {
        repulsion_unlearned::<N, D>(forward.z[1].clone())
    };

    let loss_a = ce_a.clone() + weights.beta_a.times(kl_a.clone());
    let loss_b = ce_b.clone() + weights.beta_b.times(kl_b.clone())
        - weights.entropy.times(entropy.clone())
        + weights.repulsion.times(repulsion.clone());
    let objective = weights.total_a.times(loss_a) + weights.total_b.times(loss_b);

    let objective = match weights.align {
        Some(weight) => {
            let [a, b] = forward.z.clone().map(spread::<N, D>);
            objective + weight.times((a - b).abs())
        }
        None => objective,
    };

    LossGraph {
        objective,
        terms: [ce_a, ce_b, kl_a, kl_b, entropy, repulsion].map(Tensor::inner),
        codes: forward.z.clone().map(|z| z.inner().flatten(0, D - 1)),
    }
}

impl LossGraph {
    /// Returns all tensors that the host reads: the six terms, and the codes of A and B.
    pub fn figures(self) -> [Tensor<1>; FIGURES] {
        let [ce_a, ce_b, kl_a, kl_b, entropy, repulsion] = self.terms;
        let [z_a, z_b] = self.codes;
        [ce_a, ce_b, kl_a, kl_b, entropy, repulsion, z_a, z_b]
    }
}

impl Loss {
    /// Computes the loss from the numbers of [`LossGraph::figures`], as read from the device; the penalty is
    /// 0.
    pub fn from_figures(figures: &[Vec<f64>; FIGURES], weights: &LossWeights) -> Self {
        let [ce_a, ce_b, kl_a, kl_b, entropy, repulsion, z_a, z_b] = figures;
        let (entropy_a, entropy_b) = (latent_entropy(z_a, LATENT), latent_entropy(z_b, LATENT));
        let mut loss = Self {
            ce_a: ce_a[0],
            ce_b: ce_b[0],
            kl_a: kl_a[0],
            kl_b: kl_b[0],
            entropy_term_b: entropy[0],
            repulsion_b: repulsion[0],
            entropy_alignment: (entropy_a - entropy_b).abs(),
            entropy_a,
            entropy_b,
            ..Self::default()
        };
        loss.loss_a = loss.ce_a + weights.beta_a * loss.kl_a;
        loss.loss_b = loss.ce_b + weights.beta_b * loss.kl_b
            - weights.entropy_weight * loss.entropy_term_b
            + weights.repulsion_weight * loss.repulsion_b;
        loss.loss = weights.lambda1 * weights.scale_a * loss.loss_a
            + weights.lambda2 * weights.scale_b * loss.loss_b
            + weights.lambda3 * loss.entropy_alignment;
        loss
    }
}

/// Returns the entropy of codes `[n, 16]`, taken as Gaussian, mean over dimensions in nats: `[1]`.
///
/// A dimension has ½ ln(2πe σ²) with the variance over the batch (Cover and Thomas, *Elements of Information
/// Theory*, theorem 8.4.1). This replaces the published histogram entropy by a form that has a gradient.
fn spread<N: Number, const D: usize>(z: Tensor<D>) -> Tensor<1> {
    let n = z.dims()[N::ROWS];
    let deviation = z.clone() - z.mean_dim(N::ROWS);
    let variance = deviation.square().sum_dim(N::ROWS).div_scalar(n as f64);
    let entropies = variance.add_scalar(VARIANCE_FLOOR).log().mul_scalar(0.5);
    N::mean(entropies).add_scalar(0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln())
}

/// Returns the cross entropy over all nine entries, divided by n: `[1]`, or `[S]`.
fn cross_entropy<N: Number, const E: usize>(
    log_p: Tensor<E>,
    one_hot: &Tensor<E>,
    n: f64,
) -> Tensor<1> {
    N::sum(log_p * one_hot.clone()).mul_scalar(-1.0 / n)
}

/// Returns the KL divergence from the prior, `Σ max(free_bits, ½(μ² + σ² - 1 - log σ²)) / n` over batch and
/// dimensions: `[1]`.
pub fn kl(posterior: &Posterior, free_bits: f64, n: f64) -> Tensor<1> {
    divergence(posterior, &free_bits, n)
}

fn divergence<N: Number, const D: usize>(
    posterior: &Posterior<D>,
    free_bits: &N,
    n: f64,
) -> Tensor<1> {
    let Posterior { mu, log_variance } = posterior.clone();
    let elements = (mu.square() + log_variance.clone().exp() - log_variance)
        .sub_scalar(1.0)
        .mul_scalar(0.5);
    N::sum(free_bits.floor_of(elements)).div_scalar(n)
}

/// Returns the entropy of the batch-mean softmax, summed over entries and classes: `[1]`, or `[S]`.
fn mean_softmax_entropy<N: Number, const E: usize>(log_p: Tensor<E>) -> Tensor<1> {
    let p = log_p.exp().mean_dim(N::ROWS);
    N::sum(p.clone() * p.add_scalar(PROBABILITY_FLOOR).log()).neg()
}

/// Returns the mean over ordered pairs i ≠ j of `exp(-‖z_i - z_j‖² / 0.25)`: `[1]`; 0 for a single code.
pub fn repulsion(z: Tensor<2>) -> Tensor<1> {
    repulsion_of::<f64, 2, 3>(z)
}

fn repulsion_of<N: Number, const D: usize, const E: usize>(z: Tensor<D>) -> Tensor<1> {
    let n = z.dims()[N::ROWS];
    if n < 2 {
        return N::sum(z).mul_scalar(0.0);
    }
    let rows = z.clone().unsqueeze_dim::<E>(N::ROWS + 1);
    let difference = rows - z.unsqueeze_dim::<E>(N::ROWS);
    mean_over_pairs::<N, D>(difference.square().sum_dim(E - 1).squeeze_dim(E - 1))
}

/// Returns the repulsion without a gradient, for where it has no weight. Computed from inner products, it
/// takes a sixteenth of the memory.
fn repulsion_unlearned<N: Number, const D: usize>(z: Tensor<D>) -> Tensor<1> {
    if z.dims()[N::ROWS] < 2 {
        return N::sum(z).mul_scalar(0.0);
    }
    let z = z.detach();
    let norms = z.clone().square().sum_dim(D - 1);
    let products = z.clone().matmul(z.transpose());
    let squared = norms.clone() + norms.transpose() - products.mul_scalar(2.0);
    // Rounding makes some squared distances next to 0 negative.
    mean_over_pairs::<N, D>(squared.clamp_min(0.0))
}

/// Returns the mean over ordered pairs i ≠ j of exp(-d² / 0.25), from squared distances `[n, n]` or
/// `[S, n, n]`.
fn mean_over_pairs<N: Number, const D: usize>(squared: Tensor<D>) -> Tensor<1> {
    let n = squared.dims()[N::ROWS];
    let others = off_diagonal(n, &squared.device(), squared.dtype()).unsqueeze();
    let pairs = squared.mul_scalar(-1.0 / REPULSION_SCALE).exp() * others;
    N::sum(pairs).div_scalar((n * (n - 1)) as f64)
}

/// Returns ones off the diagonal and zeros on it, `[n, n]`.
fn off_diagonal(n: usize, device: &burn::tensor::Device, dtype: DType) -> Tensor<2> {
    let mask = (0..n * n)
        .map(|i| if i % (n + 1) == 0 { 0.0f32 } else { 1.0 })
        .collect();
    Tensor::from_data(
        TensorData::new::<f32, _>(mask, [n, n]).convert_dtype(dtype),
        (device, dtype),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn codes(scale: f64, device: &Device) -> Tensor<2> {
        let numbers: Vec<f64> = (0..64 * LATENT)
            .map(|i| scale * (0.37 * i as f64).sin() + 3.0)
            .collect();
        super::super::codes_tensor(numbers, device, DType::F64)
    }

    fn number(x: Tensor<1>) -> f64 {
        let values: Vec<f64> = x.try_into_vec_as().unwrap();
        values[0]
    }

    #[test]
    fn twice_the_spread_is_ln_2_more_entropy_and_the_centre_does_not_matter() {
        let device = Device::flex();
        let difference =
            number(spread::<f64, 2>(codes(2.0, &device)) - spread::<f64, 2>(codes(1.0, &device)));
        assert!((difference - 2f64.ln()).abs() < 1e-4, "{difference}");
        let moved = number(
            spread::<f64, 2>(codes(1.0, &device).add_scalar(7.0))
                - spread::<f64, 2>(codes(1.0, &device)),
        );
        assert!(moved.abs() < 1e-9, "{moved}");
    }

    #[test]
    fn repulsion_without_a_gradient_is_the_same_number() {
        let device = Device::flex().autodiff();
        for scale in [0.02, 0.1, 1.0] {
            let z = codes(scale, &device);
            let (with, without) = (repulsion(z.clone()), repulsion_unlearned::<f64, 2>(z));
            let (with, without) = (number(with.inner()), number(without.inner()));
            assert!((with - without).abs() < 1e-9, "{with} {without}");
            assert!(scale > 0.1 || with > 1e-3, "{with}");
        }
        let one = codes(1.0, &device).narrow(0, 0, 1);
        assert_eq!(number(repulsion_unlearned::<f64, 2>(one).inner()), 0.0);
    }

    #[test]
    fn the_spread_has_a_gradient() {
        let device = Device::flex().autodiff();
        let z = codes(1.0, &device).require_grad();
        let gradients = spread::<f64, 2>(z.clone()).backward();
        let gradient = z.grad(&gradients).unwrap();
        assert!(number(gradient.square().sum()) > 1e-6);
    }
}
