//! Runs that differ by their seed alone, with their figures side by side, epoch by epoch.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::record::EpochRecord;
use crate::statistics::{interval, mean};

/// Epochs of several runs, by seed.
#[derive(Clone, Debug, Default)]
pub struct Members(BTreeMap<u64, Vec<Arc<EpochRecord>>>);

/// A figure of several runs after the same epoch, as range, mean and interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Lowest value among the runs.
    pub low: f64,
    /// Highest value among the runs.
    pub high: f64,
    /// Mean over the runs.
    pub mean: f64,
    /// 95 % interval of the mean by Student's t; `None` with too few or too many runs for it.
    pub interval: Option<[f64; 2]>,
    /// Number of runs that have measured the figure.
    pub runs: usize,
}

/// Appends an epoch to those before it. One that is done again replaces the old one and all after it.
pub fn upsert_epoch(records: &mut Vec<Arc<EpochRecord>>, record: &Arc<EpochRecord>) {
    let before = records.partition_point(|known| known.epoch < record.epoch);
    records.truncate(before);
    records.push(Arc::clone(record));
}

impl Members {
    /// Adds an epoch of a run, as [`upsert_epoch`] does.
    pub fn add(&mut self, seed: u64, record: &Arc<EpochRecord>) {
        upsert_epoch(self.0.entry(seed).or_default(), record);
    }

    /// Returns the number of runs of which an epoch is known.
    pub fn runs(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there is more than one run.
    pub fn are_several(&self) -> bool {
        self.runs() > 1
    }

    /// Returns the newest epoch that all runs have finished; `None` without any run.
    pub fn common_epoch(&self) -> Option<u32> {
        let newest = self.0.values().map(|records| records.last());
        newest
            .map(|record| record.map(|record| record.epoch))
            .min()
            .flatten()
    }

    /// Returns a figure of all runs, after the newest epoch up to this one in which all have measured it, and
    /// that epoch.
    pub fn of_all(
        &self,
        epoch: u32,
        figure: impl Fn(&EpochRecord) -> f64 + Copy,
    ) -> Option<(u32, Band)> {
        let at = |epoch: u32| Some((epoch, self.band(epoch, figure)?));
        let mut newest_first = (0..=epoch).rev().filter_map(at);
        newest_first.find(|(_, band)| band.runs == self.runs())
    }

    /// Returns a figure after an epoch, of those runs that have measured it there; `None` where none has.
    pub fn band(&self, epoch: u32, figure: impl Fn(&EpochRecord) -> f64) -> Option<Band> {
        let of = |records: &Vec<Arc<EpochRecord>>| {
            let place = records.binary_search_by_key(&epoch, |record| record.epoch);
            place
                .ok()
                .and_then(|place| records.get(place))
                .map(|record| figure(record))
        };
        let values = self.0.values().filter_map(of);
        let values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        if values.is_empty() {
            return None;
        }
        Some(Band {
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean: mean(values.iter().copied()),
            interval: interval(&values),
            runs: values.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::built_in;

    fn record(epoch: u32, rho: f64) -> Arc<EpochRecord> {
        let (_, history, _) = built_in().unwrap().origin.history().unwrap();
        Arc::new(EpochRecord {
            epoch,
            rho,
            ..history[0].clone()
        })
    }

    #[test]
    fn a_band_is_of_those_that_have_got_so_far() {
        let mut members = Members::default();
        assert_eq!(members.common_epoch(), None);
        for (seed, epoch, rho) in [(1, 0, 0.1), (7, 0, 0.3), (1, 1, 0.4), (42, 0, 0.2)] {
            members.add(seed, &record(epoch, rho));
        }
        assert_eq!((members.runs(), members.common_epoch()), (3, Some(0)));
        let band = members.band(0, |record| record.rho).unwrap();
        assert_eq!((band.low, band.high, band.runs), (0.1, 0.3, 3));
        assert!((band.mean - 0.2).abs() < 1e-12);
        let [low, high] = band.interval.unwrap();
        assert!(low < 0.1 && high > 0.3, "two degrees of freedom");
        let ahead = members.band(1, |record| record.rho).unwrap();
        assert_eq!((ahead.low, ahead.runs, ahead.interval), (0.4, 1, None));
        assert_eq!(members.band(2, |record| record.rho), None);
        assert_eq!(
            members.of_all(5, |record| record.rho),
            Some((0, band)),
            "two are behind"
        );
        assert_eq!(members.of_all(5, |_| f64::NAN), None);
        assert_eq!(members.band(0, |_| f64::NAN), None, "never measured");
    }

    #[test]
    fn an_epoch_that_is_done_again_replaces_what_came_after_it() {
        let mut members = Members::default();
        for (epoch, rho) in [(0, 0.1), (1, 0.2), (2, 0.3), (1, 0.5)] {
            members.add(42, &record(epoch, rho));
        }
        assert_eq!(members.common_epoch(), Some(1));
        assert_eq!(members.band(1, |record| record.rho).unwrap().low, 0.5);
        assert!(!members.are_several());
    }
}
