//! The train / validation / test split.

use crate::config::Config;
use crate::numbers::{index, rounded};
use crate::random::{Purpose, Stream};
use crate::space::{OPERATIONS, Operation, OperationSet};

/// All operations, each in exactly one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Operations that the model is trained on.
    pub train: Vec<Operation>,
    /// Operations that choose the best checkpoint and stop the run.
    pub validation: Vec<Operation>,
    /// Operations that training never looks at.
    pub test: Vec<Operation>,
}

impl Split {
    /// Draws a random split, a function of the configuration's seed and shares.
    ///
    /// The shares of training and validation are rounded down, the rest is the test split. Where
    /// whole orbits are held out, parts end where the orbit at their border does: they are larger by up
    /// to eleven operations.
    pub fn new(config: &Config) -> Self {
        let order = Stream::new(config.seed, Purpose::Split, 0, 0).permutation(OPERATIONS);
        let operations: Vec<Operation> = order
            .into_iter()
            .filter_map(|i| Operation::new(i as usize))
            .collect();
        let share =
            |share: f64| index(rounded((OPERATIONS as f64 * share).floor())).min(OPERATIONS);
        if config.beyond.hold_out_orbits == Some(true) {
            return Self::by_orbits(
                &operations,
                share(config.train_split),
                share(config.val_split),
            );
        }
        let (train, rest) = operations.split_at(share(config.train_split));
        let (validation, test) = rest.split_at(share(config.val_split).min(rest.len()));
        Self {
            train: train.to_vec(),
            validation: validation.to_vec(),
            test: test.to_vec(),
        }
    }

    /// Splits by whole orbits, in the order in which the first operation of each comes.
    fn by_orbits(order: &[Operation], train: usize, validation: usize) -> Self {
        let mut split = Self {
            train: Vec::with_capacity(train),
            validation: Vec::with_capacity(validation),
            test: Vec::new(),
        };
        let mut taken = OperationSet::default();
        for operation in order {
            if taken.contains(*operation) {
                continue;
            }
            let part = if split.train.len() < train {
                &mut split.train
            } else if split.validation.len() < validation {
                &mut split.validation
            } else {
                &mut split.test
            };
            for member in operation.orbit() {
                taken.insert(member);
                part.push(member);
            }
        }
        split
    }
}

/// Returns the target of each operation where targets are shuffled: a permutation of all operations, a
/// function of the configuration's seed. `None` where every operation is its own target.
pub fn targets(config: &Config) -> Option<Vec<Operation>> {
    let shuffled = config.beyond.shuffle_targets == Some(true);
    shuffled.then(|| {
        let order = Stream::new(config.seed, Purpose::Targets, 0, 0).permutation(OPERATIONS);
        let operations = order.into_iter();
        operations
            .filter_map(|index| Operation::new(index as usize))
            .collect()
    })
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

    #[test]
    fn whole_orbits_are_held_out_together() {
        let overrides = ["beyond.hold_out_orbits=true".to_owned()];
        let config = Config::load(Source::BuiltIn, &overrides).unwrap().config;
        let split = Split::new(&config);
        let parts = [&split.train, &split.validation, &split.test];
        for (part, published) in parts.iter().zip([15_746, 1_968, 1_969]) {
            assert!(part.len().abs_diff(published) <= 22, "{}", part.len());
        }
        let mut all = OperationSet::default();
        for part in parts {
            let set: OperationSet = part.iter().copied().collect();
            assert_eq!(set.len(), part.len());
            assert!(set.intersection(&all).is_empty());
            for operation in part {
                assert!(
                    operation
                        .orbit()
                        .into_iter()
                        .all(|other| set.contains(other))
                );
            }
            all = all.union(&set);
        }
        assert_eq!(all.len(), OPERATIONS);
        // The seed decides which.
        let other = Split::new(&Config { seed: 1, ..config });
        assert_ne!(other.test, split.test);
    }
}
