//! Whether the processor would train faster than the device that was chosen: so small a network keeps few
//! graphics cards busy.

use std::time::{Duration, Instant};

use burn::tensor::{DType, Device};

use super::message::{Notice, NoticeLevel};
use crate::config::Config;
use crate::device::Chosen;
use crate::statistics::median;
use crate::training::{Advance, Trainer};

/// Batches that are not timed: kernels are compiled as they are met.
const WARM: usize = 8;
/// Batches that are.
const TIMED: usize = 16;
/// What is not worth a word.
const ALIKE: f64 = 1.2;

/// The first batches on a device, timed.
#[derive(Debug)]
pub(super) struct FirstBatches {
    device: String,
    spent: Vec<Duration>,
}

impl FirstBatches {
    /// Of a device behind a driver; `None` on the processor itself.
    pub(super) fn on(chosen: &Chosen) -> Option<Self> {
        (!chosen.is_cpu()).then(|| Self {
            device: chosen.name.clone(),
            spent: Vec::new(),
        })
    }

    /// Takes a batch's time in; true once there are enough.
    pub(super) fn add(&mut self, spent: Duration) -> bool {
        self.spent.push(spent);
        self.spent.len() >= WARM + TIMED
    }

    /// Trains as many batches of such a run on the processor, for nothing but their time; what there is to
    /// say of it.
    pub(super) fn beside_the_cpu(&self, config: &Config) -> Option<Notice> {
        let text = compared(&self.device, typical(&self.spent), on_the_cpu(config))?;
        Some(Notice {
            level: NoticeLevel::Warning,
            text,
        })
    }
}

/// A batch's seconds on the processor; not a number where they cannot be had.
fn on_the_cpu(config: &Config) -> f64 {
    let mut trainer = Trainer::new(config, &Device::flex(), DType::F32);
    let mut spent = Vec::new();
    // Small splits have fewer batches an epoch, and what follows them is no batch.
    while spent.len() < WARM + TIMED {
        let began = Instant::now();
        match trainer.advance() {
            Ok(Advance::Batch(_)) => spent.push(began.elapsed()),
            _ => break,
        }
    }
    typical(&spent)
}

/// The median of the seconds of batches, without those that come first.
fn typical(spent: &[Duration]) -> f64 {
    let first = WARM.min(spent.len() / 2);
    median(spent[first..].iter().map(Duration::as_secs_f64).collect())
}

/// What to say of a batch's seconds; `None` where the device is as fast, or nearly.
fn compared(device: &str, here: f64, cpu: f64) -> Option<String> {
    let times = here / cpu;
    (times > ALIKE).then(|| {
        format!(
            "a training batch takes {:.1} ms on {device} and {:.1} on the CPU: --device cpu would be {times:.1} times as fast",
            1e3 * here,
            1e3 * cpu
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slower_device_is_told_of() {
        assert_eq!(compared("GPU", 0.0017, 0.0052), None);
        assert_eq!(compared("GPU", 0.0020, 0.0018), None, "as good as alike");
        assert_eq!(
            compared("GPU", 0.0052, 0.0017).unwrap(),
            "a training batch takes 5.2 ms on GPU and 1.7 on the CPU: --device cpu would be 3.1 times as fast"
        );
    }

    #[test]
    fn warm_batches_do_not_count_and_the_processor_is_timed() {
        let mut first = FirstBatches {
            device: "GPU".into(),
            spent: Vec::new(),
        };
        let hour = Duration::from_secs(3_600);
        let mut enough = (0..WARM).map(|_| first.add(hour)).collect::<Vec<_>>();
        enough.extend((0..TIMED).map(|_| first.add(Duration::ZERO)));
        assert_eq!(enough.iter().filter(|enough| **enough).count(), 1);
        assert_eq!(enough.last(), Some(&true));
        let few = ["train_split=0.02".to_owned(), "test_split=0.88".to_owned()];
        let config = Config::load(crate::config::Source::BuiltIn, &few).unwrap();
        let told = first.beside_the_cpu(&config.config);
        assert_eq!(told, None, "nothing is faster than no time at all");
        first.spent.fill(hour);
        assert!(first.beside_the_cpu(&config.config).is_some());
    }
}
