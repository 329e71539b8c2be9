//! Truth tables as arrays, for functions that read the entries many times.

use super::{ENTRIES, Operation, VALUES};

/// Class labels of all values.
pub const LABELS: [u8; VALUES] = [0, 1, 2];

/// Returns the class label of a value; values outside -1..=1 are clamped.
#[inline]
pub fn class(value: i8) -> u8 {
    (value.clamp(-1, 1) + 1).cast_unsigned()
}

/// Returns the value of a class label; labels above 2 count as 2.
#[inline]
pub fn value(class: u8) -> i8 {
    class.min(2).cast_signed() - 1
}

/// The nine entries of an operation as class labels: 0, 1, 2 stand for -1, 0, +1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table([u8; ENTRIES]);

impl Table {
    /// Returns the value f(a, b). Arguments and value are class labels; labels above 2 count as 2.
    pub fn at(&self, a: u8, b: u8) -> u8 {
        self.0[VALUES * usize::from(a.min(2)) + usize::from(b.min(2))]
    }

    /// Returns how many entries are -1, 0 and +1.
    pub fn counts(&self) -> [usize; VALUES] {
        let mut counts = [0; VALUES];
        for entry in self.0 {
            counts[usize::from(entry)] += 1;
        }
        counts
    }

    /// Returns the number of triples (a, b, c), out of 27, for which f(f(a, b), c) = f(a, f(b, c)).
    pub fn associating_triples(&self) -> usize {
        triples()
            .filter(|[a, b, c]| self.at(self.at(*a, *b), *c) == self.at(*a, self.at(*b, *c)))
            .count()
    }

    /// Returns for the first and the second argument whether the value depends on it.
    pub fn depends(&self) -> [bool; 2] {
        let [mut first, mut second] = [false; 2];
        for [a, b, other] in triples() {
            first |= self.at(a, b) != self.at(other, b);
            second |= self.at(a, b) != self.at(a, other);
        }
        [first, second]
    }
}

impl From<Operation> for Table {
    fn from(operation: Operation) -> Self {
        Self(operation.classes())
    }
}

/// Returns every pair of labels, in the order of the entries.
pub fn pairs() -> impl Iterator<Item = [u8; 2]> {
    LABELS
        .into_iter()
        .flat_map(|a| LABELS.into_iter().map(move |b| [a, b]))
}

/// Returns every triple of labels, the first one changing slowest.
pub fn triples() -> impl Iterator<Item = [u8; 3]> {
    pairs().flat_map(|[a, b]| LABELS.into_iter().map(move |c| [a, b, c]))
}
