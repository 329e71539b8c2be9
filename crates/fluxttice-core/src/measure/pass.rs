//! Coverage of both decoders after an epoch, A's first.

use burn::tensor::{DType, Device};

use super::coverage::{CoverageTask, Samples};
use super::covered::Covered;
use super::information::information;
use crate::device::DeviceFailure;
use crate::model::DualVae;
use crate::random::{Ahead, Rows};
use crate::record::Information;
use crate::vae::{PerVae, Vae};

/// The coverage of A and of B, measured tile by tile.
#[derive(Debug)]
pub struct CoveragePass {
    tasks: PerVae<CoverageTask>,
    ahead: Option<Ahead>,
}

impl CoveragePass {
    /// Makes a measurement of both decoders; `epoch` is 0 outside of training.
    pub fn new(samples: Samples, seed: u64, epoch: u32) -> Self {
        Self {
            tasks: PerVae::from_fn(|which| CoverageTask::new(which, samples, seed, epoch)),
            ahead: None,
        }
    }

    /// Lets the measurement also collect the probabilities that [`information`](Self::information) needs.
    #[must_use]
    pub fn with_information(mut self) -> Self {
        self.tasks = self.tasks.map(CoverageTask::with_information);
        self
    }

    /// Returns I(z; x) from all codes that were decoded, once every tile is done;
    /// `None` without `with_information`.
    pub fn information(&self) -> Option<Information> {
        let PerVae { a, b } = self.tasks.as_ref().map(CoverageTask::generator);
        a.zip(b).map(|(a, b)| information([&a, &b]))
    }

    /// Returns the streams of the prior codes that the measurement takes.
    pub fn prior(&self) -> [Rows; 2] {
        self.tasks.as_ref().map(CoverageTask::prior).into_array()
    }

    /// Takes prior codes that are drawn ahead on another thread, which are equal to its own.
    pub fn take_from(&mut self, ahead: Option<Ahead>) {
        self.ahead = ahead;
    }

    /// Returns the number of tiles that are done, and of all tiles.
    pub fn progress(&self) -> (u32, u32) {
        let sum = |of: fn(&CoverageTask) -> u32| self.tasks.iter().map(of).sum();
        (sum(CoverageTask::tiles_done), sum(CoverageTask::tiles))
    }

    /// Decodes the next tile; returns true when none is left.
    ///
    /// `model` must be without autodiff, on `device` in `dtype`.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn tile(
        &mut self,
        model: &DualVae,
        device: &Device,
        dtype: DType,
    ) -> Result<bool, DeviceFailure> {
        if let Some(mut ahead) = self.ahead.take() {
            for which in Vae::BOTH {
                let task = &mut self.tasks[which];
                let drawn = ahead.take(task.prior().stream);
                task.take_codes(drawn.unwrap_or_default());
            }
        }
        let PerVae { a, b } = &mut self.tasks;
        if !a.is_done() {
            a.tile(model, device, dtype)?;
            return Ok(false);
        }
        b.tile(model, device, dtype)
    }

    /// Returns the figures of A and of B, once every tile is done.
    pub fn finish(self) -> PerVae<Covered> {
        self.tasks.map(CoverageTask::finish)
    }
}
