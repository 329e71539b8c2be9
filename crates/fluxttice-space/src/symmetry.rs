//! Symmetries of operations: relabelling of values, swap of inputs, and what each of them leaves unchanged.

use std::collections::BTreeSet;
use std::fmt;

use super::table::{LABELS, Table, pairs};
use super::{Operation, VALUES};

/// Sign of each value, by class label.
pub const SIGNS: [char; VALUES] = ['-', '0', '+'];

/// A permutation π of the three values, stored as the images of -1, 0 and +1 as class labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permutation([u8; VALUES]);

impl Permutation {
    /// All six permutations, the identity first.
    pub const ALL: [Self; 6] = [
        Self([0, 1, 2]),
        Self([0, 2, 1]),
        Self([1, 0, 2]),
        Self([1, 2, 0]),
        Self([2, 0, 1]),
        Self([2, 1, 0]),
    ];
    /// The negation x ↦ -x.
    pub const NEGATION: Self = Self([2, 1, 0]);

    /// Returns π of a class label; labels above 2 count as 2.
    pub fn of(self, label: u8) -> u8 {
        self.0[usize::from(label.min(2))]
    }

    /// Returns the inverse permutation π⁻¹.
    #[must_use]
    pub fn inverse(self) -> Self {
        let mut images = [0; VALUES];
        for label in LABELS {
            images[usize::from(self.of(label))] = label;
        }
        Self(images)
    }
}

/// Writes the images of -1, 0, +1: `+0-` is negation.
impl fmt::Display for Permutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signs: String = self
            .0
            .iter()
            .map(|label| SIGNS[usize::from(*label)])
            .collect();
        f.pad(&signs)
    }
}

/// A set of values: bit i stands for the class label i.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values(u8);

impl Values {
    /// The six sets that are neither empty nor contain all values.
    pub const PROPER: [Self; 6] = [
        Self(0b001),
        Self(0b010),
        Self(0b100),
        Self(0b011),
        Self(0b101),
        Self(0b110),
    ];

    /// Returns true if the set contains this class label.
    pub fn contains(self, label: u8) -> bool {
        label < 3 && self.0 >> label & 1 == 1
    }
}

impl FromIterator<u8> for Values {
    /// Makes the set of these class labels; labels above 2 are left out.
    fn from_iter<I: IntoIterator<Item = u8>>(labels: I) -> Self {
        let valid = labels.into_iter().filter(|label| *label < 3);
        Self(valid.fold(0, |bits, label| bits | 1 << label))
    }
}

/// Writes the signs of the values in order: `-+`.
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = LABELS.into_iter().filter(|label| self.contains(*label));
        let signs: String = held.map(|label| SIGNS[usize::from(label)]).collect();
        f.pad(&signs)
    }
}

impl Operation {
    /// Returns the operation whose label for the labels (a, b) is `f(a, b)`.
    pub(super) fn from_labels(f: impl Fn(u8, u8) -> u8) -> Self {
        let mut classes = pairs().map(|[a, b]| f(a, b));
        Self::from_classes(std::array::from_fn(|_| classes.next().unwrap_or_default()))
    }

    /// Returns the operation g with values and arguments relabelled: g(πa, πb) = π f(a, b).
    #[must_use]
    pub fn relabelled(self, permutation: Permutation) -> Self {
        let (table, back) = (Table::from(self), permutation.inverse());
        Self::from_labels(|a, b| permutation.of(table.at(back.of(a), back.of(b))))
    }

    /// Returns the operation f(b, a), with its inputs swapped.
    #[must_use]
    pub fn swapped(self) -> Self {
        let table = Table::from(self);
        Self::from_labels(|a, b| table.at(b, a))
    }

    /// Returns the De Morgan dual, -f(-a, -b).
    #[must_use]
    pub fn dual(self) -> Self {
        self.relabelled(Permutation::NEGATION)
    }

    /// Returns the operation -f(a, b).
    #[must_use]
    pub fn negated(self) -> Self {
        let table = Table::from(self);
        Self::from_labels(|a, b| Permutation::NEGATION.of(table.at(a, b)))
    }

    /// Returns the operation f(-a, b).
    #[must_use]
    pub fn first_negated(self) -> Self {
        let table = Table::from(self);
        Self::from_labels(|a, b| table.at(Permutation::NEGATION.of(a), b))
    }

    /// Returns the operation f(a, -b).
    #[must_use]
    pub fn second_negated(self) -> Self {
        let table = Table::from(self);
        Self::from_labels(|a, b| table.at(a, Permutation::NEGATION.of(b)))
    }

    /// Returns the orbit under all relabellings of values and swaps of inputs, by
    /// ascending index: at most 12 operations.
    pub fn orbit(self) -> Vec<Self> {
        let relabelled = Permutation::ALL.map(|permutation| self.relabelled(permutation));
        let orbit: BTreeSet<Self> = relabelled
            .into_iter()
            .flat_map(|operation| [operation, operation.swapped()])
            .collect();
        orbit.into_iter().collect()
    }

    /// Returns true if relabelling by π changes nothing: f(πa, πb) = π f(a, b).
    pub fn preserves(self, permutation: Permutation) -> bool {
        let table = Table::from(self);
        pairs().all(|[a, b]| {
            table.at(permutation.of(a), permutation.of(b)) == permutation.of(table.at(a, b))
        })
    }

    /// Returns true if f(a, b) lies in the set for all a and b of the set.
    pub fn is_closed_on(self, values: Values) -> bool {
        let table = Table::from(self);
        pairs()
            .filter(|pair| pair.iter().all(|label| values.contains(*label)))
            .all(|[a, b]| values.contains(table.at(a, b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{class, value};
    use std::collections::HashSet;

    fn named(name: &str) -> Operation {
        name.parse().unwrap()
    }

    /// Orbits counted one by one.
    fn orbits(of: impl Fn(Operation) -> Vec<Operation>) -> usize {
        let least: HashSet<Operation> = Operation::all()
            .filter_map(|operation| of(operation).into_iter().min())
            .collect();
        least.len()
    }

    /// Orbits by Burnside's lemma: the mean number of operations that an element leaves alone.
    fn burnside(elements: &[&dyn Fn(Operation) -> Operation]) -> usize {
        let fixed: usize = elements
            .iter()
            .map(|element| Operation::all().filter(|f| element(*f) == *f).count())
            .sum();
        assert_eq!(fixed % elements.len(), 0);
        fixed / elements.len()
    }

    #[test]
    fn orbits_are_those_of_burnside_and_of_the_literature() {
        // Groupoids of three elements up to isomorphism (OEIS A001329), and up to isomorphism and
        // anti-isomorphism (OEIS A001424).
        let relabelled = |f: Operation| {
            Permutation::ALL
                .map(|permutation| f.relabelled(permutation))
                .to_vec()
        };
        assert_eq!(orbits(relabelled), 3_330);
        assert_eq!(orbits(Operation::orbit), 1_734);
        let renamings = Permutation::ALL.map(|p| move |f: Operation| f.relabelled(p));
        let swaps = Permutation::ALL.map(|p| move |f: Operation| f.relabelled(p).swapped());
        let group: Vec<&dyn Fn(Operation) -> Operation> = renamings
            .iter()
            .map(|f| f as &dyn Fn(Operation) -> _)
            .collect();
        let whole: Vec<&dyn Fn(Operation) -> Operation> = group
            .iter()
            .copied()
            .chain(swaps.iter().map(|f| f as &dyn Fn(Operation) -> _))
            .collect();
        assert_eq!(burnside(&group), 3_330);
        assert_eq!(burnside(&whole), 1_734);
    }

    #[test]
    fn relabelling_renames_every_value() {
        for permutation in Permutation::ALL {
            let image = |of: i8| value(permutation.of(class(of)));
            for index in [0, 5, 7_153, 19_682] {
                let before = Operation::new(index).unwrap();
                let after = before.relabelled(permutation);
                for [a, b] in pairs().map(|pair| pair.map(value)) {
                    assert_eq!(after.apply(image(a), image(b)), image(before.apply(a, b)));
                }
                assert_eq!(before.preserves(permutation), after == before);
            }
        }
    }

    #[test]
    fn well_known_relatives() {
        assert_eq!(named("min").dual(), named("max"));
        assert_eq!(named("min").negated(), named("nand"));
        assert_eq!(named("max").first_negated(), named("kleene_implication"));
        assert_eq!(named("first").swapped(), named("second"));
        assert_eq!(named("second").second_negated(), named("not_second"));
        assert_eq!(named("comparator").swapped(), named("comparator").negated());
    }

    #[test]
    fn sets_are_read_by_their_signs() {
        assert_eq!(Values::PROPER[4].to_string(), "-+");
        assert!(named("product").is_closed_on(Values::PROPER[4]));
        assert!(!named("sum_mod_3").is_closed_on(Values::PROPER[4]));
        // {-1, +1} is not closed, {0} is.
        assert!(named("sum_mod_3").is_closed_on([1].into_iter().collect()));
    }
}
