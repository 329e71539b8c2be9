//! Best epochs by each figure, and whether an epoch improved the figure that stops the run.

use serde::{Deserialize, Serialize};

use crate::config::StopBy;
use crate::record::BestOf;

/// Best epochs by figures other than the validation loss, and the value with which an early stop compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bests {
    /// Best epoch by argmax coverage, mean of A and B in percent.
    pub coverage: Option<BestOf>,
    /// Best epoch by I(z; x), mean of A and B in nats.
    pub information: Option<BestOf>,
    /// Value of the figure that stops the run at its last improvement, with the sign changed for a loss. The
    /// next improvement must exceed it by the smallest gain.
    counted: Option<f64>,
}

/// Figures by which an epoch is judged; NaN where one was not measured.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// Number of the epoch, from 0.
    pub epoch: u32,
    /// Validation loss in nats.
    pub validation_loss: f64,
    /// Argmax coverage in percent, mean of A and B.
    pub coverage: f64,
    /// I(z; x) in nats, mean of A and B; NaN where the configuration does not ask for it.
    pub information: f64,
}

impl Bests {
    /// Takes in an epoch. Returns true if it is better by more than `gain` in the figure `by`, which stops
    /// the run.
    pub fn judge(&mut self, judged: Judged, by: StopBy, gain: f64) -> bool {
        better(&mut self.coverage, judged.epoch, judged.coverage);
        // Negated where less is better, so that more always is.
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

    /// Takes in I(z; x) of an epoch, mean of A and B in nats.
    pub fn inform(&mut self, epoch: u32, information: f64) {
        better(&mut self.information, epoch, information);
    }

    /// Forgets the last improvement: another figure stops the run from now on.
    pub fn count_anew(&mut self) {
        self.counted = None;
    }

    /// Takes the best validation loss for the last improvement, where a checkpoint is older than that value.
    #[must_use]
    pub fn counting_from(mut self, validation_loss: Option<f64>) -> Self {
        self.counted = self.counted.or(validation_loss.map(|loss| -loss));
        self
    }
}

/// Replaces the best epoch where this value is larger.
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
