//! Entries that differ from one operation's, for all operations.

use crate::space::{ENTRIES, Operation, VALUES};

/// Distances and places in the order by (Hamming distance, index) around one operation.
pub struct HammingRanks {
    distance: Vec<u8>,
    /// Place before the first operation of each distance.
    before: [u32; ENTRIES + 1],
    /// Place of each operation among those of its own distance.
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
            distance = (0..VALUES as u8).flat_map(with).collect();
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

    /// Entries in which an operation differs.
    pub fn distance(&self, operation: Operation) -> u32 {
        self.distance
            .get(operation.index())
            .copied()
            .unwrap_or_default()
            .into()
    }

    /// Its place, from 1; 0 for the operation in the middle.
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
