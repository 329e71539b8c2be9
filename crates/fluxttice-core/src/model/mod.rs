//! The network as Burn modules, and its loss. No schedule, no files.

mod batch;
mod container;
mod entropy;
mod generated;
mod layout;
mod loss;
mod members;
mod network;
mod number;
mod pickled;
mod pytorch;
mod related;
mod weights;

pub use batch::{Batch, entries_tensor};
pub use container::{PYTORCH_HEAD, is_pytorch};
pub use entropy::{histogram, latent_entropy};
pub use generated::{Generated, GeneratedWeights};
pub use layout::{Architecture, LATENT, PARAMETERS, Parameter, TENSORS_A, TENSORS_TRAINED};
pub use loss::{
    FIGURES, Loss, LossGraph, LossWeights, kl, loss_graph, members_loss_graph, repulsion,
};
pub use members::{Batches, Linears, Ragged, flattened, unflattened};
pub use network::{
    Affine, Coupling, DualVae, Encoder, Forward, Layer, Posterior, StateNet, Vaes, codes_tensor,
    parameter_counts,
};
pub(crate) use number::PIECE;
pub use number::{Each, Number};
pub use pickled::to_pytorch;
pub use pytorch::Saved;
pub use related::Related;
pub use weights::{MAX_FILE_BYTES, Weights, WeightsError};
