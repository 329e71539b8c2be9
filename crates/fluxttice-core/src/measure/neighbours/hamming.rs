//! Hamming distances of all operations from one of them.

use crate::space::{ENTRIES, Operation, VALUES};

/// Distances of all operations from one, and ranks in the order by (Hamming distance, index).
pub struct HammingRanks {
    distance: Vec<u8>,
    /// Number of operations that come before those of each distance.
    before: [u32; ENTRIES + 1],
    /// Rank of each operation among those of its own distance, from 1.
    within: Vec<u32>,
}

impl HammingRanks {
    pub fn around(centre: Operation) -> Self {
        // Entry by entry: the tables so far, once with each value of the next entry.
        let mut distance = vec![0u8];
        for class in centre.classes() {
            let with = |value: u8| {
                let differs = u8::from(value != class);
                distance.iter().map(move |so_far| so_far + differs)
            };
            distance = (0..).take(VALUES).flat_map(with).collect();
        }
        let mut count = [0u32; ENTRIES + 1];
        let within = distance
            .iter()
            .map(|distance| {
                let place = &mut count[usize::from(*distance)];
                *place += 1;
                *place
            })
            .collect();
        let mut before = [0u32; ENTRIES + 1];
        // Distance 0 is the operation itself, which has no rank.
        for distance in 2..=ENTRIES {
            before[distance] = before[distance - 1] + count[distance - 1];
        }
        Self {
            distance,
            before,
            within,
        }
    }

    /// Returns the number of entries in which an operation differs from the centre.
    pub fn distance(&self, operation: Operation) -> u32 {
        self.distance
            .get(operation.index())
            .copied()
            .unwrap_or_default()
            .into()
    }

    /// Returns the rank of an operation, from 1; 0 for the centre.
    pub fn of(&self, operation: Operation) -> u32 {
        match self.distance(operation) {
            0 => 0,
            distance => {
                let place = self.within.get(operation.index()).copied();
                self.before[distance as usize] + place.unwrap_or_default()
            }
        }
    }
}
