//! Comparison of the chosen device with the processor, which may train faster: so small a network keeps few
//! graphics cards busy.

use std::time::{Duration, Instant};

use burn::tensor::{DType, Device};

use super::message::{Notice, NoticeLevel};
use crate::config::Config;
use crate::device::Chosen;
use crate::statistics::median;
use crate::threads;
use crate::training::{Advance, Trainer};

/// Number of first batches that are not timed, because kernels are compiled in them.
const WARM: usize = 8;
/// Number of batches that are timed.
const TIMED: usize = 16;
/// Ratio of times up to which nothing is said.
const ALIKE: f64 = 1.2;

/// Times of the first batches on a device.
#[derive(Debug)]
pub(super) struct FirstBatches {
    device: String,
    spent: Vec<Duration>,
}

impl FirstBatches {
    /// Starts with no times on a device behind a driver; `None` on the processor itself.
    pub(super) fn on(chosen: &Chosen) -> Option<Self> {
        (!chosen.is_cpu()).then(|| Self {
            device: chosen.name.clone(),
            spent: Vec::new(),
        })
    }

    /// Returns true if no batch has been timed yet.
    pub(super) fn none_yet(&self) -> bool {
        self.spent.is_empty()
    }

    /// Adds the time of a batch; returns true once there are enough.
    pub(super) fn add(&mut self, spent: Duration) -> bool {
        self.spent.push(spent);
        self.spent.len() >= WARM + TIMED
    }

    /// Compares the batches of so many runs, computed at once, with the processor; `None` where nothing is to
    /// be said. Trains as many batches of such a run on the processor, for nothing but their time.
    pub(super) fn beside_the_cpu(&self, runs: usize, config: &Config) -> Option<Notice> {
        // On the processor each run has a core, as far as there are enough.
        let cores = threads::count();
        let turns = runs as f64 / runs.min(cores) as f64;
        let here = typical(&self.spent);
        let text = compared(&self.device, runs, here, turns * on_the_cpu(config))?;
        Some(Notice {
            level: NoticeLevel::Warning,
            text,
        })
    }
}

/// Measures the seconds of a batch on the processor; NaN where they cannot be had.
fn on_the_cpu(config: &Config) -> f64 {
    let config = Config {
        // Nobody waits for a count: nothing is to be drawn for it meanwhile.
        eval_num_samples: 1,
        ..config.clone()
    };
    let mut trainer = Trainer::new(&config, &Device::flex(), DType::F32);
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

/// Returns the median of the seconds of batches, without those that come first.
fn typical(spent: &[Duration]) -> f64 {
    let first = WARM.min(spent.len() / 2);
    median(spent[first..].iter().map(Duration::as_secs_f64).collect())
}

/// Compares the seconds of a batch in words; `None` where the device is as fast, or nearly.
fn compared(device: &str, runs: usize, here: f64, cpu: f64) -> Option<String> {
    let times = here / cpu;
    let whose = match runs {
        1 => String::new(),
        runs => format!(" of all {runs} runs"),
    };
    (times > ALIKE).then(|| {
        format!(
            "a training batch{whose} takes {:.1} ms on {device} and {:.1} on the CPU: --device cpu would be {times:.1} times as fast",
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
        assert_eq!(compared("GPU", 1, 0.0017, 0.0052), None);
        assert_eq!(compared("GPU", 1, 0.0020, 0.0018), None, "as good as alike");
        assert_eq!(
            compared("GPU", 1, 0.0052, 0.0017).unwrap(),
            "a training batch takes 5.2 ms on GPU and 1.7 on the CPU: --device cpu would be 3.1 times as fast"
        );
        assert_eq!(
            compared("GPU", 8, 0.0136, 0.0068).unwrap(),
            "a training batch of all 8 runs takes 13.6 ms on GPU and 6.8 on the CPU: --device cpu would be 2.0 times as fast"
        );
    }

    #[test]
    fn warm_batches_do_not_count_and_the_processor_is_timed() {
        let mut first = FirstBatches {
            device: "GPU".into(),
            spent: Vec::new(),
        };
        let hour = Duration::from_hours(1);
        let mut enough = (0..WARM).map(|_| first.add(hour)).collect::<Vec<_>>();
        enough.extend((0..TIMED).map(|_| first.add(Duration::ZERO)));
        assert_eq!(enough.iter().filter(|enough| **enough).count(), 1);
        assert_eq!(enough.last(), Some(&true));
        let few = ["train_split=0.02".to_owned(), "test_split=0.88".to_owned()];
        let config = Config::load(crate::config::Source::BuiltIn, &few).unwrap();
        let told = first.beside_the_cpu(1, &config.config);
        assert_eq!(told, None, "nothing is faster than no time at all");
        first.spent.fill(hour);
        assert!(first.beside_the_cpu(1, &config.config).is_some());
    }
}
