//! Sets of operations as bitmaps, with digests that identify them.

use serde::{Deserialize, Serialize};

use super::{OPERATIONS, Operation};
use crate::digest::sha256;

/// Number of bytes of the bitmap: 19,683 bits, rounded up.
pub const BYTES: usize = OPERATIONS.div_ceil(8);

/// A set of operations, stored as a bitmap.
///
/// Operation i is bit `i mod 8`, least significant first, of byte `i div 8`; the five unused bits
/// of the last byte are 0.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationSet {
    bytes: Vec<u8>,
}

impl Default for OperationSet {
    fn default() -> Self {
        Self {
            bytes: vec![0; BYTES],
        }
    }
}

impl OperationSet {
    /// Adds an operation; returns true if it was not in the set before.
    pub fn insert(&mut self, operation: Operation) -> bool {
        let (byte, bit) = place(operation);
        let fresh = self.bytes[byte] & bit == 0;
        self.bytes[byte] |= bit;
        fresh
    }

    /// Returns true if the operation is in the set.
    pub fn contains(&self, operation: Operation) -> bool {
        let (byte, bit) = place(operation);
        self.bytes[byte] & bit != 0
    }

    /// Returns the number of operations in the set.
    pub fn len(&self) -> usize {
        self.bytes
            .iter()
            .map(|byte| byte.count_ones() as usize)
            .sum()
    }

    /// Returns true if the set is empty.
    pub fn is_empty(&self) -> bool {
        self.bytes.iter().all(|byte| *byte == 0)
    }

    /// Returns the operations in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    /// Returns the operations in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    /// Returns the operations in this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    fn with(&self, other: &Self, combine: impl Fn(u8, u8) -> u8) -> Self {
        let pairs = self.bytes.iter().zip(&other.bytes);
        Self {
            bytes: pairs.map(|(a, b)| combine(*a, *b)).collect(),
        }
    }

    /// Returns the operations in the set, by ascending index.
    pub fn iter(&self) -> impl Iterator<Item = Operation> {
        Operation::all().filter(|operation| self.contains(*operation))
    }

    /// Returns the bitmap, 2,461 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Makes the set with this bitmap; `None` where it has another length or one of the unused bits is set.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let unused = 8 * BYTES - OPERATIONS;
        let fits = bytes.len() == BYTES && bytes[BYTES - 1].leading_zeros() as usize >= unused;
        fits.then(|| Self {
            bytes: bytes.to_vec(),
        })
    }

    /// Returns the SHA-256 of the bitmap's 2,461 bytes, as `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        sha256(&self.bytes)
    }
}

impl std::fmt::Debug for OperationSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OperationSet({} operations)", self.len())
    }
}

impl FromIterator<Operation> for OperationSet {
    fn from_iter<I: IntoIterator<Item = Operation>>(operations: I) -> Self {
        let mut set = Self::default();
        for operation in operations {
            set.insert(operation);
        }
        set
    }
}

fn place(operation: Operation) -> (usize, u8) {
    (operation.index() / 8, 1 << (operation.index() % 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_lie_where_the_digest_says() {
        let set: OperationSet = [0, 9, 19_682]
            .into_iter()
            .filter_map(Operation::new)
            .collect();
        assert_eq!(set.bytes.len(), 2_461);
        assert_eq!(
            (set.bytes[0], set.bytes[1], set.bytes[2_460]),
            (0b1, 0b10, 0b100)
        );
        assert_eq!(set.len(), 3);
        assert_eq!(OperationSet::from_bytes(set.as_bytes()), Some(set));
        assert_eq!(OperationSet::from_bytes(&[0xff; BYTES]), None);
        assert_eq!(OperationSet::from_bytes(&[]), None);
    }

    #[test]
    fn sets_combine_as_sets_do() {
        let set = |indices: &[usize]| -> OperationSet {
            indices.iter().filter_map(|i| Operation::new(*i)).collect()
        };
        let (a, b) = (set(&[1, 8, 9, 19_682]), set(&[0, 9, 19_682]));
        assert_eq!(a.union(&b), set(&[0, 1, 8, 9, 19_682]));
        assert_eq!(a.intersection(&b), set(&[9, 19_682]));
        assert_eq!(a.difference(&b), set(&[1, 8]));
        assert!(a.iter().map(Operation::index).eq([1, 8, 9, 19_682]));
    }

    #[test]
    fn digests_of_the_empty_and_the_full_set() {
        // Recomputed with: python3 -c "import hashlib; print(hashlib.sha256(bytes(2461)).hexdigest())"
        // and with bytes([255] * 2460 + [7]).
        assert_eq!(
            OperationSet::default().digest(),
            "sha256:373b29c11bb78621a0556095034552d9d09d2b00fb44e2c8249f09d241171946"
        );
        assert_eq!(
            Operation::all().collect::<OperationSet>().digest(),
            "sha256:d060f18c78df05d8a1cfa928f62a1876788277f179671c330c2bbddcbde6f726"
        );
    }
}
