//! The 48 parameters: names, shapes and order of the original program.

/// Dimensions of one code.
pub const LATENT: usize = 16;

/// One parameter tensor as the original names and stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name in the original's state dictionary.
    pub name: &'static str,
    /// `[out, in]` of a matrix, `[n]` of a vector.
    pub shape: &'static [usize],
    /// How it starts.
    pub start: Start,
}

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Uniform in ±1/√fan_in.
    Uniform {
        /// Inputs of the layer.
        fan_in: usize,
    },
    /// All one (LayerNorm's weight).
    One,
    /// All zero (LayerNorm's bias).
    Zero,
}

impl Parameter {
    /// Numbers in this tensor.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor is empty; none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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

/// Tensors of VAE-A, the first of [`PARAMETERS`].
pub const TENSORS_A: usize = 16;
/// Tensors of both VAEs; the rest is StateNet's.
pub const TENSORS_TRAINED: usize = 38;

/// Parameters of VAE-A.
pub const PARAMETERS_A: usize = count(0, TENSORS_A);
/// Parameters of VAE-B.
pub const PARAMETERS_B: usize = count(TENSORS_A, TENSORS_TRAINED);
/// Parameters of StateNet.
pub const PARAMETERS_STATE_NET: usize = count(TENSORS_TRAINED, PARAMETERS.len());

const fn count(from: usize, to: usize) -> usize {
    let (mut sum, mut i) = (0, from);
    while i < to {
        let shape = PARAMETERS[i].shape;
        sum += if shape.len() == 2 {
            shape[0] * shape[1]
        } else {
            shape[0]
        };
        i += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_the_published_ones() {
        assert_eq!(
            (PARAMETERS_A, PARAMETERS_B, PARAMETERS_STATE_NET),
            (50_203, 117_499, 1_068)
        );
        assert_eq!(
            PARAMETERS.iter().map(Parameter::len).sum::<usize>(),
            168_770
        );
    }
}
