//! The values a schedule prescribes for one epoch.

use super::{Disruption, DisruptionKind};

/// Every scheduled quantity of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheduled {
    /// Phase 1..=4; `None` while the gate of phase 3 is shut: the phase then stays what it was.
    pub phase: Option<u8>,
    /// Permeability ρ.
    pub rho: f64,
    /// Base of λ3 before StateNet's correction.
    pub lambda3: f64,
    /// Temperature of VAE-A.
    pub temperature_a: f64,
    /// Temperature of VAE-B.
    pub temperature_b: f64,
    /// Weight of VAE-A's KL term.
    pub beta_a: f64,
    /// Weight of VAE-B's KL term.
    pub beta_b: f64,
    /// Learning rate.
    pub learning_rate: f64,
}

impl Scheduled {
    /// The scheduled value of the quantity a disruption of this kind pushes.
    pub fn value(&self, kind: DisruptionKind) -> f64 {
        match kind {
            DisruptionKind::BetaB => self.beta_b,
            DisruptionKind::TemperatureA => self.temperature_a,
            DisruptionKind::Permeability => self.rho,
        }
    }

    /// These values with a disruption in effect.
    #[must_use]
    pub fn disrupted(mut self, disruption: Disruption) -> Self {
        let value = match disruption.kind {
            DisruptionKind::BetaB => &mut self.beta_b,
            DisruptionKind::TemperatureA => &mut self.temperature_a,
            DisruptionKind::Permeability => &mut self.rho,
        };
        *value = disruption.apply(*value);
        self
    }
}
