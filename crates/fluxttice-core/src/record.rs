//! One epoch's figures, a line of `metrics.jsonl` and of `train --json`, and the sets behind them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::space::OperationSet;
use crate::vae::PerVae;

/// Everything measured in one epoch, under the names of the command line's contract.
///
/// λ and the gradient norms are as the epoch left them; the gradient ratio and its balance are
/// as its start decided them; training and validation figures are unweighted means over batches.
/// A figure that does not exist is `None` in an option and NaN elsewhere; both become `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Always [`EventName::Epoch`], so that lines of different events can be told apart.
    pub event: EventName,
    /// Number of the epoch, from 0.
    pub epoch: u32,
    /// Phase 1..=4 of the schedule.
    pub phase: u8,
    /// Permeability ρ of the cross-injection.
    pub rho: f64,
    /// Weight of VAE-A's KL term.
    pub beta_a: f64,
    /// Weight of VAE-B's KL term.
    pub beta_b: f64,
    /// Standard deviation of the noise that a disruption added to training codes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub latent_noise: f64,
    /// Share of fresh weights that a disruption mixed into the decoders as the epoch began.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fresh_share: f64,
    /// Temperature of VAE-A's posterior noise.
    pub temperature_a: f64,
    /// Temperature of VAE-B's posterior noise.
    pub temperature_b: f64,
    /// Weight of VAE-A's loss.
    pub lambda1: f64,
    /// Weight of VAE-B's loss.
    pub lambda2: f64,
    /// Weight of the entropy alignment.
    pub lambda3: f64,
    /// Scheduled and corrected learning rate.
    pub learning_rate: LearningRate,
    /// Norms of the clipped gradient's two parts and their ratio.
    pub gradient: Gradient,
    /// Latent entropy `H_A` in nats, mean over the training batches.
    pub entropy_a: f64,
    /// Latent entropy `H_B` in nats, mean over the training batches.
    pub entropy_b: f64,
    /// Means over the training batches.
    pub train: LossTerms,
    /// Means over the validation batches, in evaluation mode.
    pub validation: LossTerms,
    /// Coverage of both decoders, where it was measured in this epoch.
    pub coverage: Option<PerVae<Coverage>>,
    /// StateNet's answer on the first batch; `None` where StateNet is off.
    pub statenet: Option<StateNetAnswer>,
    /// Figures of the validation operations' codes; `None` in records of before they were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latent: Option<Latent>,
    /// I(z; x), where it was measured in this epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub information: Option<Information>,
    /// The best epoch so far by validation loss.
    pub best: Best,
    /// The best epoch so far by argmax coverage, mean of A and B in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_coverage: Option<BestOf>,
    /// The best epoch so far by I(z; x), mean of A and B in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_information: Option<BestOf>,
    /// Wall time of the epoch's parts.
    pub seconds: Seconds,
}

/// Returns true if there is nothing of the value: 0, or a mean of nothing (NaN).
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_none(value: &f64) -> bool {
    *value == 0.0 || value.is_nan()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// The `event` field of an epoch line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    /// One finished epoch.
    #[default]
    Epoch,
}

/// The learning rate as scheduled and as StateNet corrected it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearningRate {
    /// Learning rate as scheduled, changes and disruptions included.
    pub scheduled: f64,
    /// Learning rate after StateNet's correction, which the optimizer used.
    pub corrected: f64,
}

/// Gradient balance of the two VAEs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gradient {
    /// Moving average of the norm of VAE-A's part of the clipped gradient.
    pub norm_a: f64,
    /// Moving average of the norm of VAE-B's part.
    pub norm_b: f64,
    /// `norm_b / norm_a` as the epoch began.
    pub ratio: f64,
    /// True if that ratio lay inside 0.8..1.2; always false without `adaptive_scheduling`.
    pub balanced: bool,
}

/// The loss and its terms, nats per operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LossTerms {
    /// Total `λ1 s_A loss_A + λ2 s_B loss_B + λ3 |H_A - H_B|`, and the penalty where there is one.
    #[serde(with = "finite")]
    pub loss: f64,
    /// Cross entropy of VAE-A, summed over the nine entries.
    #[serde(with = "finite")]
    pub ce_a: f64,
    /// Cross entropy of VAE-B.
    #[serde(with = "finite")]
    pub ce_b: f64,
    /// KL of VAE-A's posterior to the prior, with the free-bits floor per element.
    #[serde(with = "finite")]
    pub kl_a: f64,
    /// KL of VAE-B's posterior to the prior, likewise.
    #[serde(with = "finite")]
    pub kl_b: f64,
    /// Entropy `S_B` of the batch-mean softmax of VAE-B (positive).
    #[serde(with = "finite")]
    pub entropy_term_b: f64,
    /// Repulsion `R_B` between VAE-B's codes.
    #[serde(with = "finite")]
    pub repulsion_b: f64,
    /// Entropy alignment `|H_A - H_B|`.
    #[serde(with = "finite")]
    pub entropy_alignment: f64,
    /// Weighted sum of the penalties of `beyond`: `consistency` and `composition` on the codes of related
    /// operations, `certainty` and `evenness` on decoded prior codes. 0 in the published model and in
    /// validation.
    #[serde(default, with = "finite", skip_serializing_if = "is_none")]
    pub penalty: f64,
}

/// Coverage of one decoder from prior samples, always both draws and the decode entropy together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Operations from one categorical draw per entry.
    pub categorical: Unique,
    /// Operations from the most likely value of each entry.
    pub argmax: Unique,
    /// Mean of H(x | z) over the argmax samples' codes, in nats.
    #[serde(with = "finite")]
    pub decode_entropy: f64,
}

/// Distinct operations among some samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unique {
    /// Distinct operations found.
    pub unique: u32,
    /// Operations generated.
    pub samples: u32,
    /// Number of distinct operations that a perfectly uniform generator reaches on average.
    pub ceiling: f64,
}

/// StateNet's four answers in (-1, 1), before their scales.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateNetAnswer {
    /// Correction of the learning rate.
    pub delta_lr: f64,
    /// Correction of λ1.
    pub delta_lambda1: f64,
    /// Correction of λ2.
    pub delta_lambda2: f64,
    /// Correction of λ3.
    pub delta_lambda3: f64,
}

/// Best epoch so far by validation loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Epoch of the lowest validation loss; of the lowest training loss where nothing is validated.
    pub epoch: u32,
    /// Loss of that epoch.
    #[serde(with = "finite")]
    pub validation_loss: f64,
}

/// The best epoch so far by a figure of which more is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BestOf {
    /// Number of the epoch, from 0.
    pub epoch: u32,
    /// Value of the figure in that epoch.
    pub value: f64,
}

/// Figures of the validation operations' codes, with z = μ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latent {
    /// Share of operations rebuilt without an error at ρ = 0, each decoder from its own code.
    pub exact_alone: Pair,
    /// Share of operations rebuilt without an error at the run's ρ, with the partner's code injected.
    pub exact_coupled: Pair,
    /// Dimensions of 16 whose means vary by more than 0.01 over the operations.
    pub active: PerVae<u32>,
}

/// A figure of both VAEs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Value of VAE-A; NaN where there is none.
    #[serde(with = "finite")]
    pub a: f64,
    /// Value of VAE-B; NaN where there is none.
    #[serde(with = "finite")]
    pub b: f64,
}

impl Pair {
    /// Returns the mean of both values.
    pub fn mean(self) -> f64 {
        0.5 * (self.a + self.b)
    }
}

/// Mutual information I(z; x) of both decoders in nats, at most ln 19,683 = 9.8875. NaN where the codes are
/// too few to correct it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Information {
    /// Mutual information by VAE-A's decoder.
    #[serde(with = "finite")]
    pub a: f64,
    /// Mutual information by VAE-B's decoder.
    #[serde(with = "finite")]
    pub b: f64,
    /// Number of prior codes averaged over, for each decoder.
    pub codes: u32,
    /// Standard errors; `None` in runs of version 0.1.0, whose figures are not corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<Pair>,
    /// Figures before the correction of their bias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Pair>,
}

/// Wall time in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// Time of the training pass.
    pub train: f64,
    /// Time of the validation pass.
    pub validation: f64,
    /// Time of both counts of coverage, categorical and argmax.
    pub coverage: f64,
}

impl Seconds {
    /// Returns the sum of all three times.
    pub fn total(self) -> f64 {
        self.train + self.validation + self.coverage
    }
}

/// A finished epoch: its figures and the sets behind its counts.
#[derive(Clone, Debug)]
pub struct EpochReport {
    /// Figures of the epoch, as a line of `metrics.jsonl` has them.
    pub record: Arc<EpochRecord>,
    /// The covered operations behind the counts, if coverage was measured.
    pub covered: Option<Arc<CoveredSets>>,
}

/// Operations that each decoder generated.
#[derive(Clone, Debug, Default)]
pub struct CoveredSets {
    /// Epoch after which they were generated.
    pub epoch: u32,
    /// Counts of the sets, with samples and ceilings.
    pub counts: Option<PerVae<Coverage>>,
    /// Operations of A and of B by categorical draws.
    pub categorical: PerVae<OperationSet>,
    /// Operations of A and of B by argmax.
    pub argmax: PerVae<OperationSet>,
}

/// Stage of the work on an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Opening the device, compiling kernels.
    #[default]
    Preparing,
    /// Steps on the training batches.
    Training,
    /// Losses of the validation batches.
    Validation,
    /// Tiles of the coverage pass.
    Coverage,
    /// Writing the finished epoch to disk: a moment, unless the disk is slow.
    Saving,
}

/// JSON has no NaN: not-a-number and infinity are written as `null` and read back as NaN.
mod finite {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else {
            serializer.serialize_none()
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_no_number_is_null() {
        let terms = LossTerms {
            loss: f64::NAN,
            kl_a: f64::INFINITY,
            ce_a: 1.5,
            ..LossTerms::default()
        };
        let text = serde_json::to_string(&terms).unwrap();
        assert!(
            text.contains("\"loss\":null") && text.contains("\"kl_a\":null"),
            "{text}"
        );
        let back: LossTerms = serde_json::from_str(&text).unwrap();
        assert!(back.loss.is_nan());
        assert!((back.ce_a - 1.5).abs() < f64::EPSILON);
    }
}
