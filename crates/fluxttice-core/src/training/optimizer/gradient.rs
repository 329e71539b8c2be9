//! Gradients of all trained parameters as one row for each member.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

use super::layout::ParamLayout;
use crate::model::{TENSORS_TRAINED, Vaes};

/// Gradients of S members, `[S, P]`; VAE-A's come first in each row.
#[derive(Clone, Debug)]
pub struct FlatGradients {
    pub(super) flat: Tensor<2>,
    probes: Vec<Tensor<1>>,
    places: ParamLayout,
}

impl FlatGradients {
    /// Collects the gradients of the parameters of all members; a parameter without a gradient counts as 0.
    pub fn collect<L>(
        vaes: &Vaes<L>,
        gradients: Gradients,
        members: usize,
        places: &ParamLayout,
    ) -> Self
    where
        L: Module,
        Vaes<L>: Module,
    {
        let mut collector = Collector {
            gradients,
            members,
            parts: Vec::with_capacity(TENSORS_TRAINED),
        };
        vaes.visit(&mut collector);
        let parts = collector.parts;
        let first = |part: &Tensor<2>| {
            let numbers = part.shape().num_elements();
            let part: Tensor<1> = part.clone().reshape([numbers]);
            part.narrow(0, 0, places.first_of(numbers))
        };
        Self {
            probes: parts.iter().map(first).collect(),
            flat: row(parts, places),
            places: places.clone(),
        }
    }

    /// Returns some numbers of each parameter's gradient. Reading them fails where one of the gradients could
    /// not be computed, which reading the whole row does not (see [`read_all`](crate::device::read_all)).
    pub fn probes(&self) -> &[Tensor<1>] {
        &self.probes
    }

    /// Returns the sums of squares of the pieces of each member's gradient, `[S · pieces]`;
    /// [`ParamLayout::squared_norms`] makes norms of those of a member.
    ///
    /// The sums are of pieces because Burn 0.22.1's reduction on wgpu gets long sums wrong: of 117,499 ones
    /// it made 65,533 on a software adapter (100,000 came out right).
    pub fn squares(&self) -> Tensor<1> {
        self.sums(&self.flat.clone().square())
    }

    /// Returns the products with other directions, and those directions' squares, both summed by pieces:
    /// `[S · pieces]` each.
    pub fn products(&self, directions: &Tensor<2>) -> [Tensor<1>; 2] {
        let products = self.flat.clone() * directions.clone();
        [products, directions.clone().square()].map(|numbers| self.sums(&numbers))
    }

    fn sums(&self, numbers: &Tensor<2>) -> Tensor<1> {
        let alone = numbers.dims()[0] == 1;
        let sums = self.places.pieces().map(|piece| {
            let numbers = numbers.clone().narrow(1, piece.start, piece.len());
            // Burn adds all of a tensor up in another order than a dimension of it.
            if alone {
                numbers.sum().unsqueeze()
            } else {
                numbers.sum_dim(1)
            }
        });
        Tensor::cat(sums.collect(), 1).flatten(0, 1)
    }
}

/// Joins parts `[S, n]` to rows `[S, P]`, with zeros in the gaps.
fn row(parts: Vec<Tensor<2>>, places: &ParamLayout) -> Tensor<2> {
    let Some(first) = parts.first().filter(|_| places.has_gaps()) else {
        return Tensor::cat(parts, 1);
    };
    let members = first.dims()[0];
    let place = (&first.device(), first.dtype());
    let zeros = Tensor::zeros([members, places.length()], place);
    let both = parts.into_iter().zip(places.tensors());
    both.fold(zeros, |row, (part, place)| {
        row.slice_assign([0..members, place.clone()], part)
    })
}

struct Collector {
    gradients: Gradients,
    members: usize,
    parts: Vec<Tensor<2>>,
}

impl ModuleVisitor for Collector {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let gradient = value
            .grad_remove(&mut self.gradients)
            .unwrap_or_else(|| value.inner().zeros_like());
        let length = gradient.shape().num_elements() / self.members.max(1);
        self.parts.push(gradient.reshape([self.members, length]));
    }
}
