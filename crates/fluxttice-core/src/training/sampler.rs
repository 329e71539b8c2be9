//! Inputs and targets of the training batches. As published, every training operation is shown once an epoch
//! and is its own target. Everything else in here goes beyond; renamed operations, views and sums that are
//! held out are left out.

use burn::tensor::{DType, Device, Tensor};

use super::split::targets;
use crate::config::{Beyond, Config};
use crate::model::{Batch, Generated, LATENT, Related, codes_tensor, entries_tensor};
use crate::numbers::{count16, count32, index, rounded};
use crate::random::{Purpose, Stream, pick};
use crate::space::symmetry::Permutation;
use crate::space::{Operation, OperationSet};

/// Training operations of a run, their targets, and their order in a curriculum.
#[derive(Clone, Debug)]
pub struct BatchSampler {
    /// Training operations, by row.
    operations: Vec<Operation>,
    /// The training operations as a set.
    known: OperationSet,
    /// Target of every operation, by its index; `None` where each is its own target.
    targets: Option<Vec<Operation>>,
    /// Place of each training operation in the order from most zeros to fewest.
    place: Vec<u32>,
}

/// Position of a batch in a run, and the key of its random numbers.
#[derive(Clone, Copy, Debug)]
pub struct BatchKey {
    /// Key of the random numbers; the run's seed, or another in a repetition.
    pub key: u64,
    /// Number of the epoch, from 0.
    pub epoch: u32,
    /// Number of the batch within the epoch, from 0.
    pub batch: u32,
}

impl BatchKey {
    /// Returns the stream of this batch's random numbers for a purpose.
    pub fn stream(self, purpose: Purpose) -> Stream {
        Stream::new(self.key, purpose, self.epoch, self.batch)
    }

    /// Draws standard normal numbers `[rows, 16]` and places them on a device.
    pub fn normals(
        self,
        purpose: Purpose,
        rows: usize,
        (device, dtype): (&Device, DType),
    ) -> Tensor<2> {
        codes_tensor(self.normal_numbers(purpose, rows), device, dtype)
    }

    /// Draws standard normal numbers on the host, row by row, 16 in each.
    pub fn normal_numbers(self, purpose: Purpose, rows: usize) -> Vec<f64> {
        let stream = self.stream(purpose);
        let mut numbers = vec![0.0; rows * LATENT];
        for (row, code) in (0..).zip(numbers.chunks_exact_mut(LATENT)) {
            stream.normals(row, code);
        }
        numbers
    }
}

impl BatchSampler {
    /// Prepares the batches of a run that trains on these operations.
    pub fn new(config: &Config, operations: &[Operation]) -> Self {
        let mut rows: Vec<u32> = (0..count32(operations.len())).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(operations[*row as usize].zeros()));
        let mut place = vec![0; rows.len()];
        for (at, row) in (0..).zip(rows) {
            place[row as usize] = at;
        }
        Self {
            known: operations.iter().copied().collect(),
            operations: operations.to_vec(),
            targets: targets(config),
            place,
        }
    }

    /// Returns the number of operations that an epoch shows: all of them, or fewer during a curriculum.
    pub fn rows(&self, config: &Config, epoch: u32) -> usize {
        let all = self.operations.len();
        match config.beyond.curriculum_epochs {
            Some(epochs) if epoch.saturating_add(1) < epochs => {
                let share = f64::from(epoch + 1) / f64::from(epochs);
                let rows = index(rounded((all as f64 * share).ceil()));
                rows.max(config.batch_size).min(all)
            }
            _ => all,
        }
    }

    /// Returns the rows that an epoch shows, in random order.
    pub fn order(&self, config: &Config, key: u64, epoch: u32) -> Vec<u32> {
        let rows = self.rows(config, epoch);
        let stream = Stream::new(key, Purpose::Shuffle, epoch, 0);
        let mut order = stream.permutation(self.operations.len());
        if rows < order.len() {
            order.retain(|row| (self.place[*row as usize] as usize) < rows);
        }
        order
    }

    /// Builds the batch of these rows, with the operations and codes that its penalties need.
    pub fn batch(
        &self,
        beyond: &Beyond,
        rows: &[u32],
        at: BatchKey,
        (device, dtype): (&Device, DType),
    ) -> Batch {
        let pairs = self.pairs(beyond, rows, at);
        let mut batch = Batch::of_pairs(pairs.into_iter(), device, dtype);
        if beyond.relates() {
            let clean: Vec<Operation> = rows
                .iter()
                .map(|row| self.operations[*row as usize])
                .collect();
            batch.related = self.related(beyond, &clean, at, (device, dtype));
        }
        batch.generated = beyond.generates().map(|codes| Generated {
            codes: [Purpose::GeneratedA, Purpose::GeneratedB]
                .map(|purpose| at.normals(purpose, codes as usize, (device, dtype))),
        });
        batch
    }

    /// Returns the input and the target of each of these rows.
    pub fn pairs(&self, beyond: &Beyond, rows: &[u32], at: BatchKey) -> Vec<[Operation; 2]> {
        let shown = at.stream(Purpose::Shown);
        (0..)
            .zip(rows)
            .map(|(place, row)| {
                let operation = self.operations[*row as usize];
                self.pair(beyond, operation, &|column| shown.uniform(place, column))
            })
            .collect()
    }

    /// Returns the input and the target of an operation; `uniform` gives the random number of a column, in
    /// [0, 1).
    fn pair(
        &self,
        beyond: &Beyond,
        operation: Operation,
        uniform: &dyn Fn(u16) -> f64,
    ) -> [Operation; 2] {
        let operation = match beyond.rename_share {
            Some(share) if uniform(0) < share => {
                let [_, others @ ..] = Permutation::ALL;
                let which = pick(uniform(1), others.len());
                let renamed = operation.renamed(others[which]);
                Some(renamed).filter(|renamed| self.known.contains(*renamed))
            }
            _ => None,
        }
        .unwrap_or(operation);
        let target = self.targets.as_ref().map(|all| all[operation.index()]);
        let shown = match beyond.flip_rate {
            Some(rate) => operation.noisy(rate, |entry| uniform(2 + count16(entry))),
            None => operation,
        };
        [shown, target.unwrap_or(operation)]
    }

    fn related(
        &self,
        beyond: &Beyond,
        operations: &[Operation],
        at: BatchKey,
        (device, dtype): (&Device, DType),
    ) -> Related {
        let tensor =
            |operations: &[Operation]| entries_tensor(operations.iter().copied(), device, dtype);
        let views = beyond.consistency.and_then(|_| {
            let stream = at.stream(Purpose::View);
            let view = |row: u32, operation: Operation| {
                operation.changed_somewhere([0, 1].map(|column| stream.uniform(row, column)))
            };
            let pairs = (0..).zip(operations);
            let (clean, views): (Vec<_>, Vec<_>) = pairs
                .map(|(row, operation)| (*operation, view(row, *operation)))
                .filter(|(_, view)| self.known.contains(*view))
                .unzip();
            (!views.is_empty()).then(|| [tensor(&clean), tensor(&views)])
        });
        let sums = beyond.composition.and_then(|_| {
            let neighbours = operations.iter().zip(operations.iter().cycle().skip(1));
            let (pairs, sums): (Vec<_>, Vec<_>) = neighbours
                .map(|(a, b)| ([*a, *b], a.plus(*b)))
                .filter(|(_, sum)| self.known.contains(*sum))
                .unzip();
            let side =
                |of: usize| -> Vec<Operation> { pairs.iter().map(|pair| pair[of]).collect() };
            (!sums.is_empty()).then(|| [tensor(&side(0)), tensor(&side(1)), tensor(&sums)])
        });
        Related { views, sums }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;
    use crate::space::ENTRIES;
    use crate::training::Split;

    fn lessons(config: &Config) -> BatchSampler {
        BatchSampler::new(config, &Split::new(config).train)
    }

    const AT: BatchKey = BatchKey {
        key: 42,
        epoch: 3,
        batch: 5,
    };

    fn pairs(config: &Config) -> Vec<[Operation; 3]> {
        let lessons = lessons(config);
        let stream = AT.stream(Purpose::Shown);
        let rows = (0..).zip(&lessons.operations).take(3_000);
        rows.map(|(row, operation)| {
            let uniform = |column| stream.uniform(row, column);
            let [shown, target] = lessons.pair(&config.beyond, *operation, &uniform);
            [*operation, shown, target]
        })
        .collect()
    }

    #[test]
    fn as_published_an_operation_is_decoded_to_itself() {
        let all = pairs(&config(&[]));
        assert!(
            all.iter()
                .all(|[clean, shown, target]| clean == shown && clean == target)
        );
    }

    #[test]
    fn renamed_operations_are_asked_for_as_shown_and_never_held_out() {
        let config = config(&["beyond.rename_share=0.5"]);
        let known: OperationSet = Split::new(&config).train.into_iter().collect();
        let all = pairs(&config);
        let renamed = all.iter().filter(|[clean, shown, _]| clean != shown);
        // Half are tried; a fifth of those are held out, and some tables have but one value.
        let share = renamed.count() as f64 / all.len() as f64;
        assert!((0.33..0.43).contains(&share), "{share}");
        for [clean, shown, target] in all {
            assert!(shown == target && known.contains(shown));
            let others = Permutation::ALL.map(|renaming| clean.renamed(renaming));
            assert!(others.contains(&shown));
        }
    }

    #[test]
    fn noise_is_shown_and_not_asked_for() {
        let all = pairs(&config(&["beyond.flip_rate=0.1"]));
        let flips: u32 = all
            .iter()
            .map(|[clean, shown, _]| clean.hamming(*shown))
            .sum();
        let rate = f64::from(flips) / (all.len() * ENTRIES) as f64;
        assert!((rate - 0.1).abs() < 0.006, "{rate}");
        assert!(all.iter().all(|[clean, _, target]| clean == target));
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "entries are -1, 0 or 1")]
    fn relations_hold_and_leave_out_what_is_held_out() {
        let config = config(&["beyond.consistency=1", "beyond.composition=1"]);
        let lessons = lessons(&config);
        let rows: Vec<u32> = (0..64).collect();
        let place = (&Device::flex(), DType::F32);
        let batch = lessons.batch(&config.beyond, &rows, AT, place);
        let read = |tensor: &burn::tensor::Tensor<2>| -> Vec<Operation> {
            let entries: Vec<f32> = tensor.clone().try_into_vec_as().unwrap();
            let rows = entries.chunks_exact(ENTRIES);
            rows.map(|row| Operation::from_entries(std::array::from_fn(|i| row[i] as i8)).unwrap())
                .collect()
        };
        let [clean, views] = batch
            .related
            .views
            .map(|pair| pair.map(|side| read(&side)))
            .unwrap();
        assert!((30..64).contains(&views.len()));
        for (clean, view) in clean.iter().zip(&views) {
            assert_eq!(clean.hamming(*view), 1);
            assert!(lessons.known.contains(*view));
        }
        let sides = batch
            .related
            .sums
            .map(|sides| sides.map(|side| read(&side)));
        let [a, b, sums] = sides.unwrap();
        assert!((30..64).contains(&sums.len()));
        for ((a, b), sum) in a.iter().zip(&b).zip(&sums) {
            assert_eq!(a.plus(*b), *sum);
            assert!(a != b && lessons.known.contains(*sum));
        }
        let plain = lessons.batch(&Beyond::default(), &rows, AT, place);
        assert!(plain.related.views.is_none() && plain.related.sums.is_none());
    }

    #[test]
    fn a_curriculum_goes_from_sparse_to_all() {
        let config = config(&["beyond.curriculum_epochs=10"]);
        let lessons = lessons(&config);
        let zeros = |epoch| -> Vec<usize> {
            let order = lessons.order(&config, 42, epoch);
            assert_eq!(order.len(), lessons.rows(&config, epoch));
            order
                .iter()
                .map(|row| lessons.operations[*row as usize].zeros())
                .collect()
        };
        let sizes: Vec<usize> = (0..12).map(|epoch| zeros(epoch).len()).collect();
        assert_eq!(sizes[0], 1_575);
        assert!(sizes[..10].windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(sizes[9..], [15_746; 3]);
        // 2,851 of all operations have five zeros or more, a good 2,200 of them in the split.
        assert!(zeros(0).into_iter().all(|zeros| zeros >= 5));
        // All of what an epoch shows is as sparse as the sparsest that it leaves out, or sparser.
        let (third, all) = (zeros(2), zeros(9));
        let least = third.iter().copied().min().unwrap();
        let above = |zeros: &&usize| **zeros > least;
        assert_eq!(
            third.iter().filter(above).count(),
            all.iter().filter(above).count()
        );
    }
}
