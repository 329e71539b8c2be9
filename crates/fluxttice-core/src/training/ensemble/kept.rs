//! Cache of the members' numbers that stay on the device from batch to batch.

use std::collections::VecDeque;

use burn::tensor::{DType, Device};

use crate::model::Each;

/// Most entries that are kept: twice as many as one batch asks for.
const MOST: usize = 32;

/// Cache of the last numbers that were asked for, on the members' device; an entry has one number for each
/// member. Most are the same from one batch to the next, and a transfer costs a GPU as much as a computation.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    device: Device,
    dtype: DType,
    all: VecDeque<Each>,
}

impl Kept {
    pub(super) fn new(device: &Device, dtype: DType) -> Self {
        Self {
            device: device.clone(),
            dtype,
            all: VecDeque::new(),
        }
    }

    /// Returns these numbers on the device, transferred only where they are not cached.
    pub(super) fn get(&mut self, values: Vec<f64>) -> Each {
        let known = self.all.iter().position(|kept| kept.values() == values);
        let each = match known.and_then(|place| self.all.remove(place)) {
            Some(kept) => kept,
            None => Each::new(values, (&self.device, self.dtype)),
        };
        self.all.push_back(each.clone());
        if self.all.len() > MOST {
            self.all.pop_front();
        }
        each
    }
}
