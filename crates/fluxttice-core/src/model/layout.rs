//! The 48 parameter tensors: names, shapes and order as in the original program, and the architecture, by
//! which a configuration changes the shapes.

use crate::space::{ENTRIES, VALUES};

/// Dimensions of one code.
pub const LATENT: usize = 16;

/// Logits of one decoder: three for each entry.
const LOGITS: usize = ENTRIES * VALUES;

/// One parameter tensor, as the original names and stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name in the original's state dictionary.
    pub name: &'static str,
    /// `[out, in]` of a matrix, `[n]` of a vector, in the published architecture.
    pub shape: &'static [usize],
    /// Distribution or constant of the initial values.
    pub start: Start,
}

/// Properties of the network that a configuration can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// Factor on the published width of every hidden layer of the two VAEs, 1 to
    /// [`Architecture::MOST_WIDTH`].
    pub width: usize,
    /// True if each hidden layer of VAE-A's decoder has a skip connection.
    pub skip_a: bool,
}

impl Architecture {
    /// The published architecture: factor 1, no skip connections.
    pub const PUBLISHED: Self = Self {
        width: 1,
        skip_a: false,
    };
    /// Largest factor on the published width.
    pub const MOST_WIDTH: usize = 3;

    /// Returns the size that a published size has here: inputs, codes and logits keep theirs, hidden layers
    /// are scaled.
    fn size(self, published: usize) -> usize {
        match published {
            ENTRIES | LATENT | LOGITS => published,
            hidden => self.width * hidden,
        }
    }

    /// Returns the numbers of parameters of VAE-A, VAE-B and StateNet; StateNet always has the published
    /// size.
    pub fn counts(self) -> [usize; 3] {
        let count = |parameters: &[Parameter]| parameters.iter().map(|one| one.len(self)).sum();
        let (a, rest) = PARAMETERS.split_at(TENSORS_A);
        let (b, state_net) = rest.split_at(TENSORS_TRAINED - TENSORS_A);
        [count(a), count(b), count(state_net)]
    }
}

impl Default for Architecture {
    fn default() -> Self {
        Self::PUBLISHED
    }
}

/// Initial values of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Uniform in `±1/√fan_in`.
    Uniform {
        /// Number of the layer's inputs in the published architecture.
        fan_in: usize,
    },
    /// All one (LayerNorm's weight).
    One,
    /// All zero (LayerNorm's bias).
    Zero,
}

impl Parameter {
    /// Returns true if the parameter belongs to the last layer of a decoder.
    pub fn makes_logits(&self) -> bool {
        self.shape.first() == Some(&LOGITS)
    }

    /// Returns the parameter's shape in an architecture, `[out, in]` or `[n]`.
    pub fn shape_in(&self, architecture: Architecture) -> Vec<usize> {
        let published = self.shape.iter();
        if self.name.starts_with("state_net.") {
            return published.copied().collect();
        }
        published.map(|size| architecture.size(*size)).collect()
    }

    /// Returns `[in, out]` of a matrix, which the original keeps as `[out, in]`, and `[1, out]` of a vector.
    pub fn sizes_in(&self, architecture: Architecture) -> [usize; 2] {
        match self.shape_in(architecture).as_slice() {
            [outputs, inputs] => [*inputs, *outputs],
            vector => [1, vector.iter().product()],
        }
    }

    /// Returns the number of values in this tensor.
    pub fn len(&self, architecture: Architecture) -> usize {
        self.shape_in(architecture).iter().product()
    }

    /// Returns the inputs of the layer, by which it starts uniformly in ±1/√inputs; `None` where it starts
    /// as ones or zeros.
    pub(super) fn fan_in(&self, architecture: Architecture) -> Option<usize> {
        match self.start {
            Start::Uniform { fan_in } if self.name.starts_with("state_net.") => Some(fan_in),
            Start::Uniform { fan_in } => Some(architecture.size(fan_in)),
            Start::One | Start::Zero => None,
        }
    }
}

macro_rules! layers {
    ($($name:literal: $out:literal x $in:literal),+ $(,)?) => {
        [$(
            Parameter { name: concat!($name, ".weight"), shape: &[$out, $in], start: Start::Uniform { fan_in: $in } },
            Parameter { name: concat!($name, ".bias"), shape: &[$out], start: Start::Uniform { fan_in: $in } },
        )+]
    };
}

const VAES: [Parameter; 38] = layers! {
    "encoder_A.encoder.0": 256 x 9,
    "encoder_A.encoder.2": 128 x 256,
    "encoder_A.encoder.4": 64 x 128,
    "encoder_A.fc_mu": 16 x 64,
    "encoder_A.fc_logvar": 16 x 64,
    "decoder_A.decoder.0": 32 x 16,
    "decoder_A.decoder.2": 64 x 32,
    "decoder_A.decoder.4": 27 x 64,
    "encoder_B.encoder.0": 256 x 9,
    "encoder_B.encoder.2": 128 x 256,
    "encoder_B.encoder.4": 64 x 128,
    "encoder_B.fc_mu": 16 x 64,
    "encoder_B.fc_logvar": 16 x 64,
    "decoder_B.fc_in": 128 x 16,
    "decoder_B.residual1.block.0": 128 x 128,
    "decoder_B.residual1.block.2": 128 x 128,
    "decoder_B.residual2.block.0": 128 x 128,
    "decoder_B.residual2.block.2": 128 x 128,
    "decoder_B.fc_out": 27 x 128,
};

const STATE_NET: [Parameter; 10] = {
    let [w0, b0, w3, b3, w4, b4, w6, b6] = layers! {
        "state_net.encoder.0": 32 x 9,
        "state_net.encoder.3": 8 x 32,
        "state_net.decoder.0": 32 x 8,
        "state_net.decoder.2": 4 x 32,
    };
    let norm_weight = Parameter {
        name: "state_net.encoder.1.weight",
        shape: &[32],
        start: Start::One,
    };
    let norm_bias = Parameter {
        name: "state_net.encoder.1.bias",
        shape: &[32],
        start: Start::Zero,
    };
    [w0, b0, norm_weight, norm_bias, w3, b3, w4, b4, w6, b6]
};

/// Every parameter, VAE-A first, then VAE-B, then StateNet: the order in which the model's
/// modules are visited.
pub const PARAMETERS: [Parameter; 48] = {
    let mut all = [VAES[0]; 48];
    let mut i = 0;
    while i < 48 {
        all[i] = if i < 38 { VAES[i] } else { STATE_NET[i - 38] };
        i += 1;
    }
    all
};

/// Number of tensors of VAE-A, which come first in [`PARAMETERS`].
pub const TENSORS_A: usize = 16;
/// Number of tensors of both VAEs; the rest of [`PARAMETERS`] is StateNet's.
pub const TENSORS_TRAINED: usize = 38;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_the_published_ones() {
        assert_eq!(Architecture::PUBLISHED.counts(), [50_203, 117_499, 1_068]);
    }

    #[test]
    fn a_wider_network_has_wider_hidden_layers_and_nothing_else() {
        let wide = Architecture {
            width: 2,
            ..Architecture::PUBLISHED
        };
        let shapes = |name: &str| {
            let parameter = PARAMETERS.iter().find(|one| one.name == name).unwrap();
            parameter.shape_in(wide)
        };
        assert_eq!(shapes("encoder_A.encoder.0.weight"), [512, 9]);
        assert_eq!(shapes("encoder_A.fc_mu.weight"), [16, 128]);
        assert_eq!(shapes("encoder_A.fc_mu.bias"), [16]);
        assert_eq!(shapes("decoder_A.decoder.2.weight"), [128, 64]);
        assert_eq!(shapes("decoder_B.fc_out.weight"), [27, 256]);
        assert_eq!(shapes("state_net.encoder.0.weight"), [32, 9]);
        // Matrices between hidden layers grow fourfold.
        let [a, b, state_net] = wide.counts();
        assert!(a > 3 * 50_203 && a < 4 * 50_203 && b > 3 * 117_499);
        assert_eq!(state_net, 1_068);
    }
}
