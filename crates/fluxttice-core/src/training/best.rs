//! Best epochs by each figure, and for how long the one that stops the run has not got better.

use serde::{Deserialize, Serialize};

use crate::config::StopBy;
use crate::record::BestOf;

/// Best epochs beside the one by validation loss, and what counts as one towards an early stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bests {
    /// By argmax coverage, mean of A and B in percent.
    pub coverage: Option<BestOf>,
    /// By I(z; x), mean of A and B in nats.
    pub information: Option<BestOf>,
    /// The value that the next one must be better than by the smallest gain.
    counted: Option<f64>,
}

/// The figures of an epoch that it is judged by; what was not measured is not a number.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// Its number.
    pub epoch: u32,
    /// Validation loss in nats.
    pub validation_loss: f64,
    /// Argmax coverage in percent, mean of A and B.
    pub coverage: f64,
    /// I(z; x) in nats, mean of A and B, where that stops the run.
    pub information: f64,
}

impl Bests {
    /// Takes an epoch in; whether it is better, by more than `gain`, in the figure that stops the run.
    pub fn judge(&mut self, judged: Judged, by: StopBy, gain: f64) -> bool {
        better(&mut self.coverage, judged.epoch, judged.coverage);
        // As if more were always better.
        let value = match by {
            StopBy::ValidationLoss => -judged.validation_loss,
            StopBy::ArgmaxCoverage => judged.coverage,
            StopBy::Information => judged.information,
        };
        let better = match self.counted {
            Some(counted) => value > counted + gain,
            None => !value.is_nan(),
        };
        if better {
            self.counted = Some(value);
        }
        better
    }

    /// Takes in I(z; x) of an epoch, mean of A and B.
    pub fn inform(&mut self, epoch: u32, information: f64) {
        better(&mut self.information, epoch, information);
    }

    /// Begins to count anew: another figure stops the run from now on.
    pub fn count_anew(&mut self) {
        self.counted = None;
    }

    /// Goes on from a state of before other figures were counted.
    pub fn counting_from(mut self, validation_loss: Option<f64>) -> Self {
        self.counted = self.counted.or(validation_loss.map(|loss| -loss));
        self
    }
}

/// Takes a figure for the best where it is.
fn better(best: &mut Option<BestOf>, epoch: u32, value: f64) {
    let more = match *best {
        Some(best) => value > best.value,
        None => value.is_finite(),
    };
    if more {
        *best = Some(BestOf { epoch, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(epoch: u32, validation_loss: f64, coverage: f64) -> Judged {
        Judged {
            epoch,
            validation_loss,
            coverage,
            information: f64::NAN,
        }
    }

    #[test]
    fn each_figure_has_a_best_epoch_of_its_own() {
        let mut bests = Bests::default();
        for (epoch, loss, coverage) in [
            (0, 3.0, 50.0),
            (1, 1.0, 40.0),
            (2, 9.0, 80.0),
            (3, 9.0, 80.0),
        ] {
            bests.judge(judged(epoch, loss, coverage), StopBy::ValidationLoss, 0.0);
        }
        assert_eq!(
            bests.coverage.map(|best| best.epoch),
            Some(2),
            "the first of two equals"
        );
        assert_eq!(bests.information, None, "it was never measured");
    }

    #[test]
    fn a_gain_too_small_does_not_count_however_often_it_is_made() {
        let mut bests = Bests::default();
        let better: Vec<bool> = [50.0, 50.3, 50.6, 50.9, 51.2]
            .into_iter()
            .zip(0..)
            .map(|(coverage, epoch)| {
                bests.judge(judged(epoch, 1.0, coverage), StopBy::ArgmaxCoverage, 1.0)
            })
            .collect();
        assert_eq!(better, [true, false, false, false, true]);
    }

    #[test]
    fn what_is_no_number_is_never_better() {
        let mut bests = Bests::default();
        assert!(!bests.judge(judged(0, f64::NAN, 1.0), StopBy::ValidationLoss, 0.0));
        assert!(bests.judge(judged(1, 5.0, 1.0), StopBy::ValidationLoss, 0.0));
        assert!(!bests.judge(judged(2, f64::NAN, 1.0), StopBy::ValidationLoss, 0.0));
        assert!(!bests.judge(judged(3, 5.0, 1.0), StopBy::ValidationLoss, 0.0));
    }
}
