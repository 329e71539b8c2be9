//! The network as Burn modules, and its loss. No schedule, no files.

mod entropy;
mod generated;
mod layout;
mod loss;
mod network;
mod related;
mod weights;

pub use entropy::{histogram, latent_entropy};
pub use generated::{Generated, GeneratedWeights};
pub use layout::{Architecture, LATENT, PARAMETERS, Parameter, TENSORS_A, TENSORS_TRAINED};
pub use loss::{FIGURES, Loss, LossGraph, LossWeights, kl, loss_graph, repulsion};
pub use network::{
    Batch, Coupling, DualVae, Encoder, Forward, Posterior, StateNet, Which, codes_tensor,
    entries_tensor, parameter_counts,
};
pub use related::Related;
pub use weights::{MAX_FILE_BYTES, Weights, WeightsError};
