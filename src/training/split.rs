//! The train / validation / test split.

use crate::config::Config;
use crate::random::{Purpose, Stream};
use crate::space::{OPERATIONS, Operation};

/// All operations, each in exactly one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Trained on.
    pub train: Vec<Operation>,
    /// Chooses the best checkpoint and stops the run.
    pub validation: Vec<Operation>,
    /// Never looked at while training.
    pub test: Vec<Operation>,
}

impl Split {
    /// A random split, a function of the configuration's seed and shares.
    ///
    /// The shares of training and validation are rounded down, the rest is the test split.
    pub fn new(config: &Config) -> Self {
        let order = Stream::new(config.seed, Purpose::Split, 0, 0).permutation(OPERATIONS);
        let operations: Vec<Operation> = order
            .into_iter()
            .filter_map(|i| Operation::new(i as usize))
            .collect();
        let share = |share: f64| ((OPERATIONS as f64 * share) as usize).min(OPERATIONS);
        let (train, rest) = operations.split_at(share(config.train_split));
        let (validation, test) = rest.split_at(share(config.val_split).min(rest.len()));
        Self {
            train: train.to_vec(),
            validation: validation.to_vec(),
            test: test.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;

    #[test]
    fn the_published_shares_give_the_published_sizes_and_leave_nothing_out() {
        let config = Config::load(Source::BuiltIn, &[]).unwrap().config;
        let split = Split::new(&config);
        assert_eq!(
            (split.train.len(), split.validation.len(), split.test.len()),
            (15_746, 1_968, 1_969)
        );
        let mut all: Vec<usize> = [split.train, split.validation, split.test]
            .concat()
            .into_iter()
            .map(Operation::index)
            .collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..OPERATIONS));
    }
}
