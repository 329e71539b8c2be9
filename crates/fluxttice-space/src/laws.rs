//! Laws that an operation may obey, each with its word, and the operations that obey each law.

use std::sync::LazyLock;

use super::symmetry::{Permutation, Values};
use super::table::{LABELS, Table, pairs, triples, value};
use super::{Operation, OperationSet};

/// An algebraic law, which each operation either obeys or not.
#[derive(Debug)]
pub struct Law {
    /// Word for the law in expressions.
    pub word: &'static str,
    /// Other words for the same law.
    pub aliases: &'static [&'static str],
    /// Statement of the law, for f over {-1, 0, +1}.
    pub meaning: &'static str,
    holds: fn(Operation, &Table) -> bool,
}

const fn law(
    word: &'static str,
    aliases: &'static [&'static str],
    meaning: &'static str,
    holds: fn(Operation, &Table) -> bool,
) -> Law {
    Law {
        word,
        aliases,
        meaning,
        holds,
    }
}

/// All laws that expressions can name.
pub static LAWS: &[Law] = &[
    law(
        "commutative",
        &["symmetric"],
        "f(a, b) = f(b, a)",
        |_, f| pairs().all(|[a, b]| f.at(a, b) == f.at(b, a)),
    ),
    law(
        "associative",
        &["semigroup"],
        "f(f(a, b), c) = f(a, f(b, c))",
        |_, f| f.associating_triples() == 27,
    ),
    law("idempotent", &[], "f(a, a) = a", |_, f| {
        LABELS.iter().all(|a| f.at(*a, *a) == *a)
    }),
    law(
        "left_identity",
        &[],
        "some e has f(e, a) = a for every a",
        |_, f| LABELS.iter().any(|e| is_left_identity(f, *e)),
    ),
    law(
        "right_identity",
        &[],
        "some e has f(a, e) = a for every a",
        |_, f| LABELS.iter().any(|e| is_right_identity(f, *e)),
    ),
    law(
        "identity",
        &["unital"],
        "some e has f(e, a) = f(a, e) = a for every a",
        |_, f| identity(f).is_some(),
    ),
    law(
        "absorbing",
        &["zero_element"],
        "some z has f(z, a) = f(a, z) = z for every a",
        |_, f| absorbing(f).is_some(),
    ),
    law(
        "left_cancellative",
        &[],
        "f(a, b) = f(a, c) only where b = c: each row has every value",
        |_, f| {
            LABELS
                .iter()
                .all(|a| all_differ(LABELS.map(|b| f.at(*a, b))))
        },
    ),
    law(
        "right_cancellative",
        &[],
        "f(b, a) = f(c, a) only where b = c: each column has every value",
        |_, f| {
            LABELS
                .iter()
                .all(|a| all_differ(LABELS.map(|b| f.at(b, *a))))
        },
    ),
    law(
        "cancellative",
        &["latin_square", "quasigroup"],
        "each row and each column has every value: a Latin square",
        |_, f| {
            LABELS.iter().all(|a| {
                all_differ(LABELS.map(|b| f.at(*a, b))) && all_differ(LABELS.map(|b| f.at(b, *a)))
            })
        },
    ),
    law(
        "monotone",
        &[],
        "a ≤ c and b ≤ d make f(a, b) ≤ f(c, d), with -1 < 0 < +1",
        |_, f| {
            pairs().all(|[a, b]| {
                (a == 2 || f.at(a, b) <= f.at(a + 1, b)) && (b == 2 || f.at(a, b) <= f.at(a, b + 1))
            })
        },
    ),
    law("self_dual", &[], "f(-a, -b) = -f(a, b)", |operation, _| {
        operation.preserves(Permutation::NEGATION)
    }),
    law("constant", &[], "one value throughout", |_, f| {
        f.depends() == [false, false]
    }),
    law("projection", &[], "f(a, b) = a, or f(a, b) = b", |_, f| {
        pairs().all(|[a, b]| f.at(a, b) == a) || pairs().all(|[a, b]| f.at(a, b) == b)
    }),
    law(
        "essentially_unary",
        &["unary"],
        "depends on exactly one of its inputs",
        |_, f| {
            let [first, second] = f.depends();
            first != second
        },
    ),
    law(
        "conservative",
        &[],
        "f(a, b) is a or b: every set of values is closed",
        |_, f| pairs().all(|[a, b]| [a, b].contains(&f.at(a, b))),
    ),
    law(
        "homogeneous",
        &[],
        "f(πa, πb) = π f(a, b) for every permutation π of the values",
        |operation, _| Permutation::ALL.into_iter().all(|p| operation.preserves(p)),
    ),
    law("balanced", &[], "each value three times", |_, f| {
        f.counts() == [3; 3]
    }),
    law(
        "surjective",
        &["onto"],
        "each value at least once",
        |_, f| f.counts().iter().all(|count| *count > 0),
    ),
    law(
        "simple",
        &[],
        "no partition of the values but the two trivial ones is a congruence",
        |_, f| is_simple(f),
    ),
    law(
        "sheffer",
        &["complete"],
        "every operation of any number of inputs can be composed of it alone",
        is_sheffer,
    ),
    law(
        "medial",
        &["entropic"],
        "f(f(a, b), f(c, d)) = f(f(a, c), f(b, d))",
        |_, f| {
            triples().all(|[a, b, c]| {
                LABELS
                    .into_iter()
                    .all(|d| f.at(f.at(a, b), f.at(c, d)) == f.at(f.at(a, c), f.at(b, d)))
            })
        },
    ),
];

/// Returns the law with this word or alias.
pub fn find(word: &str) -> Option<&'static Law> {
    LAWS.iter()
        .find(|law| law.word == word || law.aliases.contains(&word))
}

/// Operations that obey each law of [`LAWS`], in the same order.
static OBEYED: LazyLock<Vec<OperationSet>> = LazyLock::new(|| {
    let mut sets = vec![OperationSet::default(); LAWS.len()];
    for operation in Operation::all() {
        let table = Table::from(operation);
        for (law, set) in LAWS.iter().zip(&mut sets) {
            if (law.holds)(operation, &table) {
                set.insert(operation);
            }
        }
    }
    sets
});

impl Law {
    /// Returns the operations that obey the law.
    pub fn operations(&self) -> &'static OperationSet {
        static NOBODY: LazyLock<OperationSet> = LazyLock::new(OperationSet::default);
        let place = LAWS.iter().position(|law| law.word == self.word);
        place.and_then(|place| OBEYED.get(place)).unwrap_or(&NOBODY)
    }
}

impl Operation {
    /// Returns the laws that the operation obeys.
    pub fn laws(self) -> impl Iterator<Item = &'static Law> {
        let obeyed = LAWS.iter().zip(OBEYED.iter());
        obeyed
            .filter(move |(_, set)| set.contains(self))
            .map(|(law, _)| law)
    }

    /// Returns the value e with f(e, a) = f(a, e) = a for every a, if there is one.
    pub fn identity_element(self) -> Option<i8> {
        identity(&Table::from(self)).map(value)
    }

    /// Returns the value z with f(z, a) = f(a, z) = z for every a, if there is one.
    pub fn absorbing_element(self) -> Option<i8> {
        absorbing(&Table::from(self)).map(value)
    }
}

fn is_left_identity(f: &Table, e: u8) -> bool {
    LABELS.iter().all(|a| f.at(e, *a) == *a)
}

fn is_right_identity(f: &Table, e: u8) -> bool {
    LABELS.iter().all(|a| f.at(*a, e) == *a)
}

fn identity(f: &Table) -> Option<u8> {
    LABELS
        .into_iter()
        .find(|e| is_left_identity(f, *e) && is_right_identity(f, *e))
}

fn absorbing(f: &Table) -> Option<u8> {
    LABELS.into_iter().find(|z| {
        LABELS
            .iter()
            .all(|a| f.at(*z, *a) == *z && f.at(*a, *z) == *z)
    })
}

fn all_differ([a, b, c]: [u8; 3]) -> bool {
    a != b && b != c && a != c
}

/// Returns true if there is no congruence but the trivial ones. Of the five partitions of three values only
/// the three that join two of them have to be tested.
fn is_simple(f: &Table) -> bool {
    LABELS.iter().all(|alone| {
        let class = |label: u8| label == *alone;
        !triples().all(|[a, b, c]| {
            class(a) != class(b)
                || (class(f.at(a, c)) == class(f.at(b, c))
                    && class(f.at(c, a)) == class(f.at(c, b)))
        })
    })
}

/// Returns true if the operation alone is complete: it has no proper subalgebra, no congruence and no
/// automorphism but the trivial ones (Rousseau, *Completeness in finite algebras with a single operation*,
/// 1967; for three values already Martin, *The Sheffer functions of 3-valued logic*, 1954).
fn is_sheffer(operation: Operation, f: &Table) -> bool {
    let closed = |values: Values| operation.is_closed_on(values);
    let kept = |permutation: &Permutation| operation.preserves(*permutation);
    !Values::PROPER.into_iter().any(closed)
        && !Permutation::ALL[1..].iter().any(kept)
        && is_simple(f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn count(word: &str) -> usize {
        find(word).unwrap().operations().len()
    }

    #[test]
    fn counts_of_the_literature_and_of_combinatorics() {
        for (word, expected) in [
            // Six entries on and above the diagonal; three idempotent entries leave six.
            ("commutative", 729),
            ("idempotent", 729),
            // OEIS A023814: semigroups of three labelled elements.
            ("associative", 113),
            // Latin squares of order three.
            ("cancellative", 12),
            // Martin 1954.
            ("sheffer", 3_774),
            // Order-preserving maps of 3 × 3 into a chain of 3: MacMahon's box of 3 × 3 × 2.
            ("monotone", 175),
            // f(0, 0) = 0 and four pairs of entries.
            ("self_dual", 81),
            ("constant", 3),
            ("projection", 2),
            // Twice the 24 unary functions that are not constant.
            ("essentially_unary", 48),
            // Six entries off the diagonal, two choices each.
            ("conservative", 64),
            // The projections and the third value.
            ("homogeneous", 3),
            // 9! / (3!)³.
            ("balanced", 1_680),
            // 3⁹ - 3·2⁹ + 3.
            ("surjective", 18_150),
            // Three places for it, four entries left.
            ("identity", 243),
            ("absorbing", 243),
            // (3!)³ choices of rows.
            ("left_cancellative", 216),
            ("right_cancellative", 216),
            // 3 · 3⁶ less the pairs and plus the triple that have several: left identities may be many.
            ("left_identity", 3 * 729 - 3 * 27 + 1),
            ("right_identity", 3 * 729 - 3 * 27 + 1),
        ] {
            assert_eq!(count(word), expected, "{word}");
        }
    }

    /// Słupecki 1939: all unary functions, and one onto function that depends on both inputs, compose every
    /// function. An operation that composes every unary function is itself such a function.
    #[test]
    fn sheffer_operations_compose_every_unary_function() {
        for operation in Operation::all() {
            let table = Table::from(operation);
            let mut unary: Vec<[u8; 3]> = vec![LABELS];
            let mut known: HashSet<[u8; 3]> = unary.iter().copied().collect();
            let mut next = 0;
            while next < unary.len() && known.len() < 27 {
                for other in 0..=next {
                    for (g, h) in [(next, other), (other, next)] {
                        let (g, h) = (unary[g], unary[h]);
                        let composed: [u8; 3] = std::array::from_fn(|x| table.at(g[x], h[x]));
                        if known.insert(composed) {
                            unary.push(composed);
                        }
                    }
                }
                next += 1;
            }
            let sheffer = find("sheffer").unwrap().operations().contains(operation);
            assert_eq!(known.len() == 27, sheffer, "{operation}");
        }
    }

    #[test]
    fn what_is_known_of_well_known_operations() {
        let laws = |name: &str| -> Vec<&str> {
            let operation: Operation = name.parse().unwrap();
            operation.laws().map(|law| law.word).collect()
        };
        assert!(laws("webb").contains(&"sheffer"));
        for word in [
            "commutative",
            "associative",
            "idempotent",
            "monotone",
            "conservative",
        ] {
            assert!(laws("min").contains(&word), "{word}");
        }
        assert!(laws("sum_mod_3").contains(&"cancellative"));
        assert!(!laws("kleene_implication").contains(&"commutative"));
        let min: Operation = "min".parse().unwrap();
        assert_eq!(min.identity_element(), Some(1));
        assert_eq!(min.absorbing_element(), Some(-1));
    }

    #[test]
    fn no_word_stands_twice_nor_is_an_operations_name() {
        let mut words = HashSet::new();
        for law in LAWS {
            for word in std::iter::once(&law.word).chain(law.aliases) {
                assert!(words.insert(*word), "{word} stands twice");
                assert!(
                    super::super::names::find(word).is_none(),
                    "{word} is an operation"
                );
            }
        }
    }
}
