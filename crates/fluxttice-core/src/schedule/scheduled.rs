//! Values that a schedule prescribes for one epoch.

use crate::disruption::{Disruption, DisruptionKind};

/// Every scheduled quantity of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheduled {
    /// Phase 1..=4; `None` while the gate of phase 3 is shut: the phase then stays what it was.
    pub phase: Option<u8>,
    /// Permeability ρ of the cross-injection.
    pub rho: f64,
    /// Base of λ3 before StateNet's correction.
    pub lambda3: f64,
    /// Temperature of VAE-A's posterior noise.
    pub temperature_a: f64,
    /// Temperature of VAE-B's posterior noise.
    pub temperature_b: f64,
    /// Weight of VAE-A's KL term.
    pub beta_a: f64,
    /// Weight of VAE-B's KL term.
    pub beta_b: f64,
    /// Learning rate before StateNet's correction.
    pub learning_rate: f64,
    /// Standard deviation of the noise added to training codes; only a disruption adds any.
    pub latent_noise: f64,
    /// Share of fresh weights mixed into the decoders as the epoch starts; 0 without a disruption.
    pub fresh_share: f64,
}

impl Scheduled {
    /// Returns the scheduled value of the quantity that a disruption of this kind pushes.
    pub fn value(&self, kind: DisruptionKind) -> f64 {
        let mut values = *self;
        *values.of(kind)
    }

    fn of(&mut self, kind: DisruptionKind) -> &mut f64 {
        match kind {
            DisruptionKind::BetaB => &mut self.beta_b,
            DisruptionKind::TemperatureA => &mut self.temperature_a,
            DisruptionKind::Permeability => &mut self.rho,
            DisruptionKind::LearningRate => &mut self.learning_rate,
            DisruptionKind::LatentNoise => &mut self.latent_noise,
            DisruptionKind::DecoderRewarm => &mut self.fresh_share,
        }
    }

    /// Returns these values with a disruption in effect, `t` epochs after its start.
    #[must_use]
    pub fn disrupted(mut self, disruption: Disruption, t: u32) -> Self {
        let value = self.of(disruption.kind);
        *value = disruption.apply(*value, t);
        self
    }
}
