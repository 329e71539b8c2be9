//! Kinds of disruption: the quantities that can be pushed off their schedule.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Quantity that a disruption pushes off its schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisruptionKind {
    /// `β_B` jumps up, as the published schedule does once at epoch 50.
    BetaB,
    /// A's posterior noise gets hotter.
    TemperatureA,
    /// More of the partner's code is injected.
    Permeability,
    /// The optimizer takes larger steps.
    LearningRate,
    /// Noise of this standard deviation is added to every code of both VAEs while training.
    LatentNoise,
    /// At each epoch's start this share of fresh weights is mixed into both decoders
    /// (shrink and perturb: Ash and Adams, *On warm-starting neural network training*, 2020).
    DecoderRewarm,
}

/// Properties of a kind of disruption.
struct Facts {
    kind: DisruptionKind,
    name: &'static str,
    symbol: &'static str,
    meaning: &'static str,
    amplitude: f64,
    epochs: u32,
    limits: (f64, f64),
}

const FACTS: [Facts; 6] = [
    Facts {
        kind: DisruptionKind::BetaB,
        name: "beta-b",
        symbol: "β_B",
        meaning: "B must pay for its codes: they move towards the prior, coverage of both can surge",
        // The published jump, 0.3 · sin(0.785).
        amplitude: 0.212,
        epochs: 5,
        limits: (0.0, 10.0),
    },
    Facts {
        kind: DisruptionKind::TemperatureA,
        name: "temperature-a",
        symbol: "τ_A",
        meaning: "A's codes are sampled with more noise: it must use more of the latent space",
        amplitude: 0.5,
        epochs: 5,
        limits: (0.0, 10.0),
    },
    Facts {
        kind: DisruptionKind::Permeability,
        name: "permeability",
        symbol: "ρ",
        meaning: "each decoder sees more of its partner's code",
        amplitude: 0.2,
        epochs: 5,
        limits: (0.0, 1.0),
    },
    Facts {
        kind: DisruptionKind::LearningRate,
        name: "learning-rate",
        symbol: "η",
        meaning: "the optimizer takes larger steps and may leave the basin it is in",
        amplitude: 0.001,
        epochs: 5,
        limits: (0.0, 0.01),
    },
    Facts {
        kind: DisruptionKind::LatentNoise,
        name: "latent-noise",
        symbol: "σ_z",
        meaning: "noise of this standard deviation on every training code of A and B: decoders must answer for more of the latent space",
        amplitude: 0.3,
        epochs: 5,
        limits: (0.0, 10.0),
    },
    Facts {
        kind: DisruptionKind::DecoderRewarm,
        name: "decoder-rewarm",
        symbol: "w_fresh",
        meaning: "as each epoch starts, this share of fresh weights is mixed into both decoders: they forget and learn anew",
        amplitude: 0.1,
        epochs: 1,
        limits: (0.0, 1.0),
    },
];

impl DisruptionKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 6] = {
        let mut all = [Self::BetaB; FACTS.len()];
        let mut at = 0;
        while at < FACTS.len() {
            all[at] = FACTS[at].kind;
            // A kind finds its facts by its place.
            assert!(FACTS[at].kind as usize == at);
            at += 1;
        }
        all
    };

    const fn facts(self) -> &'static Facts {
        &FACTS[self as usize]
    }

    /// Returns the name used on the command line and in the journal.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Returns the symbol of the pushed quantity.
    pub fn symbol(self) -> &'static str {
        self.facts().symbol
    }

    /// Returns one line that says how such a disruption acts on the run.
    pub fn meaning(self) -> &'static str {
        self.facts().meaning
    }

    /// Returns the amplitude that applies unless another is given, in the quantity's own unit.
    pub fn default_amplitude(self) -> f64 {
        self.facts().amplitude
    }

    /// Returns the duration in epochs that applies unless another is given.
    pub fn default_epochs(self) -> u32 {
        self.facts().epochs
    }

    /// Returns the smallest and the largest value that the pushed quantity is clamped to.
    pub fn limits(self) -> (f64, f64) {
        self.facts().limits
    }
}

impl fmt::Display for DisruptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
