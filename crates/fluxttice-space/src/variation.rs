//! Operations derived from others, entry by entry.

use super::symmetry::Permutation;
use super::{ENTRIES, Operation};

impl Operation {
    /// Returns the operation with every value of the table renamed; its arguments keep their names.
    #[must_use]
    pub fn renamed(self, renaming: Permutation) -> Self {
        Self::from_classes(self.classes().map(|class| renaming.of(class)))
    }

    /// Returns the sum modulo 3 in -1, 0, +1, entry by entry.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (a, b) = (self.classes(), other.classes());
        // With x = class - 1 the sum's class is the classes' sum less 1, here as + 2.
        Self::from_classes(std::array::from_fn(|i| (a[i] + b[i] + 2) % 3))
    }

    /// Returns the operation with one entry's value moved on cyclically by 1 or 2; an
    /// entry beyond the table changes nothing.
    #[must_use]
    pub fn changed(self, entry: usize, by: u8) -> Self {
        let mut classes = self.classes();
        if let Some(class) = classes.get_mut(entry) {
            *class = (*class + by) % 3;
        }
        Self::from_classes(classes)
    }

    /// Returns the operation with one entry changed into one of its two other values, by two uniform numbers:
    /// the first selects the entry, the second the value.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a uniform number lies in [0, 1); the whole part selects"
    )]
    pub fn changed_somewhere(self, [entry, by]: [f64; 2]) -> Self {
        self.changed((entry * ENTRIES as f64) as usize, 1 + (2.0 * by) as u8)
    }

    /// Returns the operation with every entry changed, with this probability, into one of its two other
    /// values, by a uniform number for each.
    #[must_use]
    pub fn noisy(self, probability: f64, uniform: impl Fn(usize) -> f64) -> Self {
        (0..ENTRIES).fold(self, |noisy, entry| match uniform(entry) / probability {
            ..0.5 => noisy.changed(entry, 1),
            0.5..1.0 => noisy.changed(entry, 2),
            _ => noisy,
        })
    }

    /// Returns the number of entries that are 0.
    pub fn zeros(self) -> usize {
        let entries = self.entries().into_iter();
        entries.filter(|entry| *entry == 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(index: usize) -> Operation {
        Operation::new(index).unwrap()
    }

    #[test]
    fn sums_are_those_of_the_operation_of_that_name() {
        let add: Operation = "sum_mod_3".parse().unwrap();
        let [a, b] = [4_711, 17_000].map(operation);
        let expected = a
            .entries()
            .into_iter()
            .zip(b.entries())
            .map(|(x, y)| add.apply(x, y));
        assert!(a.plus(b).entries().into_iter().eq(expected));
    }

    #[test]
    fn noise_changes_the_entries_it_draws_into_each_other_value() {
        let clean = operation(9_000);
        // 0.04 and 0.06 of 0.1 are below and above its half.
        let drawn = [0.04, 0.06, 0.1, 0.5, 0.99, 0.5, 0.5, 0.5, 0.5];
        let noisy = clean.noisy(0.1, |entry| drawn[entry]);
        assert_eq!(noisy, clean.changed(0, 1).changed(1, 2));
        assert_eq!(clean.hamming(noisy), 2);
        assert_eq!(clean.noisy(0.0, |entry| drawn[entry]), clean);
        assert_eq!(clean.changed(ENTRIES, 1), clean);
    }

    #[test]
    fn renaming_keeps_where_values_are_alike() {
        let min: Operation = "min".parse().unwrap();
        let renamed = min.renamed(Permutation::NEGATION);
        assert_eq!(renamed.entries(), min.entries().map(|entry| -entry));
        assert_eq!((min.zeros(), renamed.zeros()), (3, 3));
    }
}
