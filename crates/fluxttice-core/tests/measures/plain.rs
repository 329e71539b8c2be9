//! The decoders once more, one code at a time in plain loops: no tensors, no matrix library, no vector
//! instructions chosen at run time. A result that agrees with this one depends on none of them.

use fluxttice_core::model::{LATENT, PARAMETERS, Weights};
use fluxttice_core::vae::Vae;

/// 27 logits of one code.
pub fn logits(weights: &Weights, which: Vae, code: &[f64; LATENT]) -> Vec<f64> {
    let layer = |name: &str, x: &[f64]| affine(weights, name, x);
    match which {
        Vae::A => {
            let hidden = |name: &str, x: &[f64]| {
                let mut out = layer(name, x);
                if weights.architecture.skip_a {
                    out.iter_mut().zip(x).for_each(|(out, x)| *out += x);
                }
                relu(out)
            };
            let h = hidden("decoder_A.decoder.0", code);
            let h = hidden("decoder_A.decoder.2", &h);
            layer("decoder_A.decoder.4", &h)
        }
        Vae::B => {
            let residual = |name: &str, h: &[f64]| {
                let inner = relu(layer(&format!("{name}.block.0"), h));
                let inner = layer(&format!("{name}.block.2"), &inner);
                h.iter().zip(inner).map(|(a, b)| a + b).collect()
            };
            let h = relu(layer("decoder_B.fc_in", code));
            let h = relu(residual("decoder_B.residual1", &h));
            let h: Vec<f64> = residual("decoder_B.residual2", &h);
            layer("decoder_B.fc_out", &h)
        }
    }
}

fn relu(x: Vec<f64>) -> Vec<f64> {
    x.into_iter().map(|x| x.max(0.0)).collect()
}

/// `W x + b` with W stored `[out, in]`.
fn affine(weights: &Weights, name: &str, x: &[f64]) -> Vec<f64> {
    let tensor = |kind: &str| {
        let full = format!("{name}.{kind}");
        let number = PARAMETERS.iter().position(|p| p.name == full).unwrap();
        &weights.tensors[number]
    };
    tensor("weight")
        .chunks_exact(x.len())
        .zip(tensor("bias"))
        .map(|(row, bias)| {
            let products = row.iter().zip(x).map(|(w, x)| f64::from(*w) * x);
            products.sum::<f64>() + f64::from(*bias)
        })
        .collect()
}
