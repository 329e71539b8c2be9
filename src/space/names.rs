//! Names of the operations that the literature on three-valued logic has names for.

use std::sync::LazyLock;

use super::Operation;

/// A few names, for error messages.
pub(super) const EXAMPLES: &str = "min, max, lukasiewicz, consensus, …";

struct Named {
    name: &'static str,
    aliases: &'static [&'static str],
    function: fn(i8, i8) -> i8,
}

const fn named(
    name: &'static str,
    aliases: &'static [&'static str],
    function: fn(i8, i8) -> i8,
) -> Named {
    Named {
        name,
        aliases,
        function,
    }
}

/// Sum in the integers modulo 3, represented by -1, 0, +1.
fn wrap(value: i8) -> i8 {
    (value + 1).rem_euclid(3) - 1
}

/// False is -1, true +1, 0 the third value. Sources: Kleene 1952 (strong: min, max, implication),
/// Bochvar 1938 (weak: 0 infects), Łukasiewicz 1920, Gödel 1932, Heyting 1930, Jaśkowski/Sobociński
/// (RM3) 1952, Webb 1935, Belnap's consensus and gullibility restricted to three values.
static NAMES: &[Named] = &[
    named("min", &["and", "kleene_and", "conjunction"], |a, b| {
        a.min(b)
    }),
    named("max", &["or", "kleene_or", "disjunction"], |a, b| a.max(b)),
    named("nand", &["kleene_nand"], |a, b| -a.min(b)),
    named("nor", &["kleene_nor"], |a, b| -a.max(b)),
    named("first", &["left", "a"], |a, _| a),
    named("second", &["right", "b"], |_, b| b),
    named("not_first", &["not_a"], |a, _| -a),
    named("not_second", &["not_b"], |_, b| -b),
    named("false", &["bottom"], |_, _| -1),
    named("unknown", &["zero"], |_, _| 0),
    named("true", &["top"], |_, _| 1),
    named("kleene_implication", &["kleene"], |a, b| (-a).max(b)),
    named(
        "lukasiewicz",
        &["lukasiewicz_implication", "łukasiewicz"],
        |a, b| (1 - a + b).min(1),
    ),
    named("godel", &["godel_implication", "gödel"], |a, b| {
        if a <= b { 1 } else { b }
    }),
    named("lukasiewicz_and", &["bounded_difference"], |a, b| {
        (a + b - 1).max(-1)
    }),
    named("lukasiewicz_or", &["bounded_sum"], |a, b| {
        (a + b + 1).min(1)
    }),
    named("bochvar_and", &["weak_and"], |a, b| {
        if a * b == 0 { 0 } else { a.min(b) }
    }),
    named("bochvar_or", &["weak_or"], |a, b| {
        if a * b == 0 { 0 } else { a.max(b) }
    }),
    named("sobocinski_and", &["rm3_and"], |a, b| {
        if a == 0 {
            b
        } else if b == 0 {
            a
        } else {
            a.min(b)
        }
    }),
    named("sobocinski", &["sobocinski_implication", "rm3"], |a, b| {
        if a > b {
            -1
        } else if a == 0 && b == 0 {
            0
        } else {
            (-a).max(b)
        }
    }),
    named("lukasiewicz_equivalence", &[], |a, b| 1 - (a - b).abs()),
    named("xor", &["kleene_xor"], |a, b| (a.min(-b)).max((-a).min(b))),
    named("sum_mod_3", &["sum", "add"], |a, b| wrap(a + b)),
    named("difference_mod_3", &["subtract"], |a, b| wrap(a - b)),
    named(
        "product",
        &[
            "multiply",
            "times",
            "equivalence",
            "iff",
            "kleene_equivalence",
        ],
        |a, b| a * b,
    ),
    named("consensus", &[], |a, b| if a == b { a } else { 0 }),
    named("gullibility", &["accept_anything", "any"], |a, b| {
        (a + b).clamp(-1, 1)
    }),
    named("comparator", &["compare", "sign"], |a, b| (a - b).signum()),
    named("webb", &["webb_stroke"], |a, b| wrap(a.max(b) + 1)),
    named(
        "equals",
        &["identity_test"],
        |a, b| if a == b { 1 } else { -1 },
    ),
];

static TABLE: LazyLock<Vec<(Operation, &'static Named)>> = LazyLock::new(|| {
    NAMES
        .iter()
        .map(|named| (Operation::from_function(named.function), named))
        .collect()
});

/// The operation with this name or alias; case, spaces and hyphens do not matter.
pub fn find(name: &str) -> Option<Operation> {
    let wanted = name.trim().to_lowercase().replace([' ', '-'], "_");
    TABLE
        .iter()
        .find(|(_, named)| named.name == wanted || named.aliases.contains(&wanted.as_str()))
        .map(|(operation, _)| *operation)
}

/// The name of an operation, if it has one.
pub fn name_of(operation: Operation) -> Option<&'static str> {
    TABLE
        .iter()
        .find(|(candidate, _)| *candidate == operation)
        .map(|(_, named)| named.name)
}

/// Every named operation with its first name, in the order of the table.
pub fn all() -> impl Iterator<Item = (Operation, &'static str)> {
    TABLE
        .iter()
        .map(|(operation, named)| (*operation, named.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_name_and_no_operation_stands_twice() {
        let mut names = HashSet::new();
        for named in NAMES {
            for name in std::iter::once(&named.name).chain(named.aliases) {
                assert!(names.insert(*name), "{name} stands twice");
            }
        }
        let operations: HashSet<_> = all().map(|(operation, _)| operation).collect();
        assert_eq!(operations.len(), NAMES.len());
    }

    #[test]
    fn tables_from_the_literature() {
        // Łukasiewicz 1920: C(½, 0) = ½ and C(½, ½) = 1; Gödel 1932: (½ → 0) = 0; Kleene: (½ → ½) = ½.
        assert_eq!(find("Łukasiewicz").unwrap().apply(0, -1), 0);
        assert_eq!(find("lukasiewicz").unwrap().apply(0, 0), 1);
        assert_eq!(find("godel").unwrap().apply(0, -1), -1);
        assert_eq!(find("kleene").unwrap().apply(0, 0), 0);
        // Webb 1935: the one-place cycle of the larger value, complete on its own.
        assert_eq!(find("webb").unwrap().to_string(), "0+-++----");
    }
}
