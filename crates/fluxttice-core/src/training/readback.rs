//! Numbers by which the host decides, read from the device together, after a training or a validation batch.

use burn::tensor::Tensor;

use super::evaluation::EvalOutputs;
use super::optimizer::FlatGradients;
use crate::device::{DeviceFailure, read_all};
use crate::model::{FIGURES, Forward, Loss, LossGraph, LossWeights};

/// Numbers of a training batch, of one model or of S members one after another.
#[derive(Clone, Debug)]
pub(super) struct StepReadback {
    /// Numbers of [`LossGraph::figures`].
    pub(super) figures: [Vec<f64>; FIGURES],
    /// Numbers of [`FlatGradients::squares`].
    pub(super) squares: Vec<f64>,
    /// Numbers of [`FlatGradients::products`] with the last update; empty without one.
    pub(super) products: [Vec<f64>; 2],
    /// Penalty that goes beyond the published loss; empty without one.
    pub(super) penalty: Vec<f64>,
}

impl StepReadback {
    /// Waits for the device and reads the numbers of a training batch.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub(super) fn of(
        graph: LossGraph,
        gradient: &FlatGradients,
        last: Option<&Tensor<2>>,
        penalty: Option<Tensor<1>>,
    ) -> Result<Self, DeviceFailure> {
        let products = last.map(|last| gradient.products(last));
        let (compares, penalizes) = (products.is_some(), penalty.is_some());
        let asked = graph.figures().into_iter().chain([gradient.squares()]);
        let asked = asked.chain(products.into_iter().flatten()).chain(penalty);
        let asked = asked.chain(gradient.probes().iter().cloned());
        let mut read = read_all(asked.collect())?.into_iter();
        let mut next = |asked: bool| match asked {
            true => read.next().unwrap_or_default(),
            false => Vec::new(),
        };
        Ok(Self {
            figures: std::array::from_fn(|_| next(true)),
            squares: next(true),
            products: [next(compares), next(compares)],
            penalty: next(penalizes),
        })
    }

    /// Returns the part of one member, of `members` in all.
    pub(super) fn part(&self, member: usize, members: usize) -> Self {
        let part = |all: &Vec<f64>| part(all, member, members);
        Self {
            figures: self.figures.each_ref().map(part),
            squares: part(&self.squares),
            products: self.products.each_ref().map(part),
            penalty: part(&self.penalty),
        }
    }

    /// Computes the batch's loss, penalty included.
    pub(super) fn loss(&self, weights: &LossWeights) -> Loss {
        let mut loss = Loss::from_figures(&self.figures, weights);
        loss.penalty = self.penalty.iter().sum();
        loss.loss += loss.penalty;
        loss
    }
}

/// Numbers of a validation batch, of one model or of S members one after another.
#[derive(Clone, Debug)]
pub(super) struct EvalReadback {
    figures: [Vec<f64>; FIGURES],
    seen: EvalOutputs,
}

impl EvalReadback {
    /// Waits for the device and reads the numbers of a validation batch; `alone` are the logits without
    /// injection, at ρ = 0.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub(super) fn of<const D: usize, const E: usize>(
        graph: LossGraph,
        alone: [Tensor<E>; 2],
        coupled: Forward<D, E>,
    ) -> Result<Self, DeviceFailure> {
        let logits = alone.into_iter().chain(coupled.logits);
        let mu = coupled.posterior.into_iter().map(|posterior| posterior.mu);
        let asked = graph
            .figures()
            .into_iter()
            .chain(logits.map(|logits| logits.flatten(0, E - 1)))
            .chain(mu.map(|mu| mu.flatten(0, D - 1)));
        let mut read = read_all(asked.collect())?.into_iter();
        let mut next = |_| read.next().unwrap_or_default();
        Ok(Self {
            figures: std::array::from_fn(&mut next),
            seen: EvalOutputs {
                alone: std::array::from_fn(&mut next),
                coupled: std::array::from_fn(&mut next),
                mu: std::array::from_fn(&mut next),
            },
        })
    }

    /// Returns the part of one member, of `members` in all.
    pub(super) fn part(&self, member: usize, members: usize) -> Self {
        let part = |all: &Vec<f64>| part(all, member, members);
        Self {
            figures: self.figures.each_ref().map(part),
            seen: EvalOutputs {
                alone: self.seen.alone.each_ref().map(part),
                coupled: self.seen.coupled.each_ref().map(part),
                mu: self.seen.mu.each_ref().map(part),
            },
        }
    }

    /// Computes the batch's loss; also returns its logits and posterior means.
    pub(super) fn judged(self, weights: &LossWeights) -> (Loss, EvalOutputs) {
        (Loss::from_figures(&self.figures, weights), self.seen)
    }
}

/// Returns the part of one member in the numbers of all.
fn part(all: &[f64], member: usize, members: usize) -> Vec<f64> {
    let each = all.len() / members;
    all.iter().skip(member * each).take(each).copied().collect()
}
