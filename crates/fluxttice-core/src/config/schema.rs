//! The shape of a configuration file: the published keys, in the published order.
//!
//! A key that a file leaves out takes its published value (see `defaults`); a key that is not here is an
//! error. The table of keys ([`KEYS`](super::KEYS)) says which keys change nothing, and why. Field order is
//! the order in which [`Config::to_yaml`] writes. A key that the published file does not have is only written
//! where it is set, so that digests of published configurations stay unchanged.

use serde::{Deserialize, Serialize};

/// All settings that determine a run, apart from the device and the user's changes while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Sizes of the network, permeability ρ, λ3 and the controller's switches.
    pub model: Model,
    /// Description of the data set.
    pub ternary_dataset: TernaryDataset,
    /// Seed: the key of every random number of the run.
    pub seed: u64,
    /// Operations per optimizer step, 1 to 19,683; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Number of loader threads; without effect.
    pub num_workers: usize,
    /// Length of the whole run in epochs, over which τ and β are stretched.
    pub total_epochs: u32,
    /// AdamW and its table of learning rates.
    pub optimizer: Optimizer,
    /// Schedules of the first autoencoder.
    pub vae_a: VaeA,
    /// Schedules and extra loss terms of the second autoencoder.
    pub vae_b: VaeB,
    /// Floor, in nats, of every single latent element of the KL term; 0 turns it off.
    pub free_bits: f64,
    /// Lags between the two autoencoders.
    pub controller: Controller,
    /// Largest global gradient norm over all parameters.
    pub grad_clip: f64,
    /// Epochs without a better figure ([`Stopping::figure`]) after which the run stops.
    pub patience: u32,
    /// Smallest improvement of the validation loss; without effect.
    pub min_delta: f64,
    /// Number of epochs of flat coverage; without effect.
    pub coverage_plateau_patience: u32,
    /// Smallest change of coverage; without effect.
    pub min_coverage_delta: f64,
    /// Epochs between log lines; without effect.
    pub log_interval: u32,
    /// Epochs between numbered checkpoints.
    pub checkpoint_freq: u32,
    /// Folder for checkpoints; without effect.
    pub checkpoint_dir: String,
    /// Prior codes decoded per autoencoder to count categorical coverage. Argmax coverage decodes 50,000, or
    /// this number where it is smaller.
    pub eval_num_samples: usize,
    /// Epochs between evaluations; without effect.
    pub eval_interval: u32,
    /// Epochs between coverage counts.
    pub coverage_check_interval: u32,
    /// Share of the 19,683 operations to train on, rounded down to whole operations.
    pub train_split: f64,
    /// Share of the operations to validate on, rounded down to whole operations.
    pub val_split: f64,
    /// Share that is held back; must complete the other two to 1.
    pub test_split: f64,
    /// Coverage aimed for, in percent.
    pub target_coverage_percent: f64,
    /// Smallest KL aimed for, in nats.
    pub target_kld_min: f64,
    /// Largest KL aimed for, in nats.
    pub target_kld_max: f64,
    /// Reconstruction accuracy aimed for, in percent.
    pub target_recon_accuracy: f64,
    /// First epochs of the phases.
    pub phase_transitions: PhaseTransitions,
    /// Quantities held still; not in the published file, and only written where one is set.
    #[serde(skip_serializing_if = "Hold::is_empty")]
    pub hold: Hold,
    /// Early stopping, and what is measured for it; not in the published file.
    #[serde(skip_serializing_if = "Stopping::is_published")]
    pub stopping: Stopping,
    /// Options beyond the published model; not in the published file, off by default.
    #[serde(skip_serializing_if = "Beyond::is_off")]
    pub beyond: Beyond,
    /// Disruptions that start by themselves, each as a sentence; not in the published file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// Sizes of the network, permeability ρ, λ3 and the controller's switches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// Entries of a truth table: 9.
    pub input_dim: usize,
    /// Width of a latent code: 16.
    pub latent_dim: usize,
    /// Permeability ρ in phase 1, 0 to 1.
    pub rho_min: f64,
    /// Permeability ρ at the end of phase 3 and in phase 4, 0 to 1.
    pub rho_max: f64,
    /// Centre of λ3, the weight of the entropy alignment.
    pub lambda3_base: f64,
    /// Swing of λ3 around its centre, with a period of 30 epochs.
    pub lambda3_amplitude: f64,
    /// Constant of the KL term; without effect.
    pub eps_kl: f64,
    /// Scales the two losses against each other by their gradient norms if true.
    pub gradient_balance: bool,
    /// Lets λ1, λ2, the momentum of the gradient averages and the gate of ρ follow the
    /// gradient ratio if true.
    pub adaptive_scheduling: bool,
    /// Lets StateNet correct the learning rate and λ on the first batch of an epoch if true.
    pub use_statenet: bool,
    /// Largest relative correction of the learning rate by StateNet.
    pub statenet_lr_scale: f64,
    /// Largest absolute correction of λ1, λ2 and λ3 by StateNet.
    pub statenet_lambda_scale: f64,
}

/// Description of the data set; the published program never reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TernaryDataset {
    /// Number of operations; without effect, as the data are always all 19,683.
    pub num_samples: u64,
    /// True if all operations are present; without effect.
    pub exhaustive: bool,
    /// A second seed, without effect; the split follows [`Config::seed`].
    pub seed: u64,
}

/// The optimizer and its table of learning rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Optimizer {
    /// Kind of optimizer; there is only one.
    #[serde(rename = "type")]
    pub kind: OptimizerKind,
    /// First learning rate; without effect, as the entry for epoch 0 replaces it.
    pub lr_start: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Steps of the learning rate, by ascending epoch, the first at epoch 0.
    pub lr_schedule: Vec<LearningRateStep>,
}

/// The optimizers that a file may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Adam with decoupled weight decay.
    Adamw,
}

/// One step of the learning rate: `lr` from `epoch` on, until the next step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningRateStep {
    /// First epoch of the step, counted from 0.
    pub epoch: u32,
    /// Learning rate, above 0 and at most 1.
    pub lr: f64,
}

/// Schedules of the first autoencoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaeA {
    /// `β_A` at the end of its warm-up.
    pub beta_start: f64,
    /// `β_A` at the end of the run.
    pub beta_end: f64,
    /// Epochs in which `β_A` rises from 0 to `beta_start`.
    pub beta_warmup_epochs: u32,
    /// `τ_A` at epoch 0, before the cosine is added.
    pub temp_start: f64,
    /// `τ_A` at the end of the run, before the cosine is added.
    pub temp_end: f64,
    /// Adds a cosine with a period of 30 epochs to `τ_A` if true.
    pub temp_cyclic: bool,
    /// Amplitude of that cosine in phase 4; `None` keeps a tenth of `τ_A` as in the other phases.
    pub temp_boost_amplitude: Option<f64>,
}

/// Schedules and extra loss terms of the second autoencoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaeB {
    /// `β_B` at the end of its warm-up.
    pub beta_start: f64,
    /// `β_B` at the end of the run; without effect, as `β_B` follows `β_A` after its warm-up.
    pub beta_end: f64,
    /// Epochs in which `β_B` rises from 0 to `beta_start`; after them `β_B` follows `β_A`.
    pub beta_warmup_epochs: u32,
    /// `τ_B` until `controller.temp_lag` epochs have passed.
    pub temp_start: f64,
    /// `τ_B` towards which the run is heading.
    pub temp_end: f64,
    /// `τ_B` in phase 4; `None` lets it go on towards `temp_end`.
    pub temp_phase4: Option<f64>,
    /// Weight `w_H` of the output entropy `S_B`, which lowers the loss.
    pub entropy_weight: f64,
    /// Weight `w_R` of the repulsion `R_B` between codes of one batch.
    pub repulsion_weight: f64,
}

/// Lags between the two autoencoders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Controller {
    /// Epochs by which `τ_B` trails `τ_A`.
    pub temp_lag: u32,
    /// Angle φ in radians in `β_B = β_A · |sin φ|`.
    pub beta_phase_lag: f64,
    /// Momentum of an entropy average; without effect.
    pub entropy_ema_alpha: f64,
    /// Threshold of an entropy slope; without effect.
    #[serde(rename = "dH_dt_threshold")]
    pub dh_dt_threshold: f64,
}

/// First epochs of the phases 2, 3 and 4, strictly ascending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhaseTransitions {
    /// First epoch of phase 2.
    pub entropy_expansion_end: u32,
    /// First epoch of phase 3.
    pub consolidation_end: u32,
    /// First epoch of phase 4.
    pub resonant_coupling_end: u32,
    /// First epoch of phase 4 under another name; must equal `resonant_coupling_end`.
    pub ultra_exploration_start: u32,
    /// Epoch of StateNet's first correction; without effect.
    pub statenet_warm_start: u32,
}

/// Quantities that are held still instead of following their schedule or rule; `None` lets one follow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hold {
    /// Permeability ρ, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rho: Option<f64>,
    /// `β_A`, the weight of VAE-A's KL term, 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta_a: Option<f64>,
    /// `β_B`, the weight of VAE-B's KL term, 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta_b: Option<f64>,
    /// `τ_A`, the temperature of VAE-A, 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_a: Option<f64>,
    /// `τ_B`, the temperature of VAE-B, 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_b: Option<f64>,
    /// λ1, the weight of VAE-A's loss, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda1: Option<f64>,
    /// λ2, the weight of VAE-B's loss, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda2: Option<f64>,
    /// λ3, the weight of the entropy alignment, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda3: Option<f64>,
    /// Learning rate, 0 to 0.01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
}

impl Hold {
    /// Returns true if nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Options beyond the published model; `None` is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Beyond {
    /// Lets λ3 also weigh the difference of A's and B's Gaussian entropies, which has a gradient, if true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub align_spread: Option<bool>,
    /// Learning rate of StateNet; `None` leaves it untrained, as in the published program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statenet_rate: Option<f64>,
    /// Makes the validation and test splits of whole symmetry orbits if true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_out_orbits: Option<bool>,
    /// Trains each operation to be decoded to another one if true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle_targets: Option<bool>,
    /// Share of training operations that are shown, and asked for, with their values renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename_share: Option<f64>,
    /// Probability of each entry to be shown with another value, while the clean operation is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip_rate: Option<f64>,
    /// Weight of the squared distance between the codes of an operation and of one with one entry changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency: Option<f64>,
    /// Weight of the squared distance between the code of a sum and the sum of the codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composition: Option<f64>,
    /// Number of epochs over which training goes from sparse operations to all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curriculum_epochs: Option<u32>,
    /// Weight of H(x | z), the decode entropy of prior codes, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certainty: Option<f64>,
    /// Weight of 19,683 Σ p(x)² - 1 over prior codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evenness: Option<f64>,
    /// Share of each entry's probability that is spread over the three values before `evenness` is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blur: Option<f64>,
    /// Number of prior codes of each VAE in a batch, for `certainty` and `evenness`; `None` is 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_codes: Option<u32>,
    /// Factor by which the logits of both decoders grow over the last epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpening: Option<f64>,
    /// Number of last epochs over which `sharpening` is spread; `None` is all epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpening_epochs: Option<u32>,
    /// Interpolates the learning rate linearly between the steps of its table if true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smooth_rate: Option<bool>,
    /// Adds the input of each hidden layer of VAE-A's decoder to its output if true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_a: Option<bool>,
    /// Factor on the published width of every hidden layer of the two VAEs, 1 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
}

impl Beyond {
    /// Returns true if no option is set.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the number of prior codes of each VAE in a batch whose decoding is
    /// penalized; `None` where there is no such penalty.
    #[must_use]
    pub fn generates(&self) -> Option<u32> {
        let penalized = self.certainty.is_some() || self.evenness.is_some();
        penalized.then(|| self.prior_codes.unwrap_or(256))
    }

    /// Returns true if a penalty relates the codes of operations to each other.
    #[must_use]
    pub fn relates(&self) -> bool {
        self.consistency.is_some() || self.composition.is_some()
    }
}

/// Rules of early stopping; the default is the published rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stopping {
    /// Figure that must get better; `None` is the published validation loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<StopBy>,
    /// Smallest gain of that figure that counts, in nats or in points of coverage; `None` is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_gain: Option<f64>,
    /// Period of the measurement of I(z; x).
    #[serde(skip_serializing_if = "InformationEvery::is_usual")]
    pub information_every: InformationEvery,
    /// Number of times that a run that diverges goes back before it ends; `None` is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roll_back: Option<u32>,
}

/// Period of the measurement of I(z; x), in epochs. The last epoch of the schedule is
/// measured too, except with `Never`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<u32>", into = "Option<u32>")]
pub enum InformationEvery {
    /// The usual period, from the codes that coverage is counted from. Not written into a configuration:
    /// digests of published configurations are older than this option.
    #[default]
    Usual,
    /// A given number of epochs.
    Epochs(u32),
    /// No measurement; written as `null`.
    Never,
}

impl From<Option<u32>> for InformationEvery {
    fn from(every: Option<u32>) -> Self {
        every.map_or(Self::Never, Self::Epochs)
    }
}

impl From<InformationEvery> for Option<u32> {
    fn from(every: InformationEvery) -> Self {
        every.epochs()
    }
}

impl InformationEvery {
    /// Epochs between two measurements where the configuration sets none.
    pub const USUAL: u32 = 10;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_usual(&self) -> bool {
        *self == Self::Usual
    }

    /// Returns the number of epochs between two measurements; `None` where none is made.
    #[must_use]
    pub fn epochs(self) -> Option<u32> {
        match self {
            Self::Usual => Some(Self::USUAL),
            Self::Epochs(every) => Some(every),
            Self::Never => None,
        }
    }
}

/// A figure that can stop a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopBy {
    /// Validation loss, the lower the better.
    #[default]
    ValidationLoss,
    /// Argmax coverage, mean of A and B.
    ArgmaxCoverage,
    /// Mutual information I(z; x), mean of A and B.
    Information,
}

impl Stopping {
    /// Returns true if the rules are the published ones.
    #[must_use]
    pub fn is_published(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the figure that must get better, which is the validation loss unless another is set.
    #[must_use]
    pub fn figure(&self) -> StopBy {
        self.by.unwrap_or_default()
    }
}
