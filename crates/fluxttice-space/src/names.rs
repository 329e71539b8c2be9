//! Operations that have a name in the literature on three-valued logic.

use std::sync::LazyLock;

use super::Operation;

/// Examples of names, for error messages.
pub(super) const EXAMPLES: &str = "min, max, lukasiewicz, consensus, …";

/// An operation with a name in the literature.
#[derive(Debug)]
pub struct Named {
    /// Name that is shown.
    pub name: &'static str,
    /// Other names for the operation.
    pub aliases: &'static [&'static str],
    /// Author and work that describe it; empty where it is common knowledge.
    pub source: &'static str,
    function: fn(i8, i8) -> i8,
}

const fn named(
    name: &'static str,
    aliases: &'static [&'static str],
    source: &'static str,
    function: fn(i8, i8) -> i8,
) -> Named {
    Named {
        name,
        aliases,
        source,
        function,
    }
}

/// Reduces a number to its representative modulo 3 among -1, 0, +1.
fn wrap(value: i8) -> i8 {
    (value + 1).rem_euclid(3) - 1
}

const LUKASIEWICZ: &str = "Łukasiewicz, O logice trójwartościowej, 1920";
const STRONG: &str = "strong connective of Łukasiewicz's logic: Hájek, Metamathematics of Fuzzy Logic, 1998; bounded difference and sum in Klir and Yuan, \
     Fuzzy Sets and Fuzzy Logic, 1995";
const KLEENE: &str = "Kleene, Introduction to Metamathematics, 1952, §64: strong connectives";
const BOCHVAR: &str = "Bochvar 1938: internal connectives, 0 infects; Kleene 1952: weak ones";
const RM3: &str =
    "Sobociński, Axiomatization of a partial system of three-value calculus, 1952; RM3";
const FUSION: &str =
    "Sobociński 1952; the fusion of RM3: Anderson and Belnap, Entailment, volume 1, 1975";
const MCCARTHY: &str =
    "McCarthy, A Basis for a Mathematical Theory of Computation, 1963: from left to right";
const BELNAP: &str =
    "Belnap, A Useful Four-Valued Logic, 1977; Fitting: bilattices, on three values";
const ARITHMETIC: &str = "arithmetic modulo 3";
const BALANCED: &str = "balanced ternary";
const EVERYONE: &str = "";

/// The named operations; -1 is false, +1 is true, and 0 is the third value.
static NAMES: &[Named] = &[
    named(
        "min",
        &["and", "kleene_and", "conjunction"],
        KLEENE,
        Ord::min,
    ),
    named("max", &["or", "kleene_or", "disjunction"], KLEENE, Ord::max),
    named("nand", &["kleene_nand"], KLEENE, |a, b| -a.min(b)),
    named("nor", &["kleene_nor"], KLEENE, |a, b| -a.max(b)),
    named("first", &["left", "a"], EVERYONE, |a, _| a),
    named("second", &["right", "b"], EVERYONE, |_, b| b),
    named("not_first", &["not_a"], EVERYONE, |a, _| -a),
    named("not_second", &["not_b"], EVERYONE, |_, b| -b),
    named("false", &["bottom"], EVERYONE, |_, _| -1),
    named("unknown", &["zero"], EVERYONE, |_, _| 0),
    named("true", &["top"], EVERYONE, |_, _| 1),
    named("kleene_implication", &["kleene"], KLEENE, |a, b| {
        (-a).max(b)
    }),
    named(
        "lukasiewicz",
        &["lukasiewicz_implication", "łukasiewicz"],
        LUKASIEWICZ,
        |a, b| (1 - a + b).min(1),
    ),
    named(
        "godel",
        &["godel_implication", "gödel", "heyting_implication"],
        "Heyting 1930; Gödel, Zum intuitionistischen Aussagenkalkül, 1932",
        |a, b| {
            if a <= b { 1 } else { b }
        },
    ),
    named(
        "rescher",
        &["rescher_implication", "standard_strict_implication"],
        "Rescher, Many-valued Logic, 1969",
        |a, b| {
            if a <= b { 1 } else { -1 }
        },
    ),
    named(
        "lukasiewicz_and",
        &["strong_conjunction", "bounded_difference"],
        STRONG,
        |a, b| (a + b - 1).max(-1),
    ),
    named(
        "lukasiewicz_or",
        &["strong_disjunction", "bounded_sum"],
        STRONG,
        |a, b| (a + b + 1).min(1),
    ),
    named("lukasiewicz_equivalence", &[], LUKASIEWICZ, |a, b| {
        1 - (a - b).abs()
    }),
    named("bochvar_and", &["weak_and"], BOCHVAR, |a, b| {
        if a * b == 0 { 0 } else { a.min(b) }
    }),
    named("bochvar_or", &["weak_or"], BOCHVAR, |a, b| {
        if a * b == 0 { 0 } else { a.max(b) }
    }),
    named("mccarthy_and", &["sequential_and"], MCCARTHY, |a, b| {
        if a == 1 { b } else { a }
    }),
    named("mccarthy_or", &["sequential_or"], MCCARTHY, |a, b| {
        if a == -1 { b } else { a }
    }),
    // RM3's conjunction is min; this is its fusion.
    named(
        "sobocinski_and",
        &["rm3_fusion", "rm3_and"],
        FUSION,
        |a, b| {
            if a == 0 {
                b
            } else if b == 0 {
                a
            } else {
                a.min(b)
            }
        },
    ),
    named(
        "sobocinski",
        &["sobocinski_implication", "rm3"],
        RM3,
        |a, b| {
            if a > b {
                -1
            } else if a == 0 && b == 0 {
                0
            } else {
                (-a).max(b)
            }
        },
    ),
    named("xor", &["kleene_xor"], KLEENE, |a, b| {
        (a.min(-b)).max((-a).min(b))
    }),
    named("sum_mod_3", &["sum", "add"], ARITHMETIC, |a, b| wrap(a + b)),
    named("difference_mod_3", &["subtract"], ARITHMETIC, |a, b| {
        wrap(a - b)
    }),
    named(
        "product",
        &[
            "multiply",
            "times",
            "product_mod_3",
            "equivalence",
            "iff",
            "kleene_equivalence",
        ],
        "arithmetic modulo 3, and Kleene's equivalence",
        |a, b| a * b,
    ),
    named(
        "steiner",
        &["third", "mean_mod_3"],
        "Bruck, A Survey of Binary Systems, 1958: the idempotent totally symmetric quasigroup of order 3",
        |a, b| wrap(-a - b),
    ),
    named("consensus", &[], BELNAP, |a, b| if a == b { a } else { 0 }),
    named(
        "any",
        &["accept_anything", "gullibility"],
        "Jones, Standard Ternary Logic, 2012: the gate; Belnap's gullibility has a fourth value where - and + meet",
        |a, b| (a + b).clamp(-1, 1),
    ),
    named("comparator", &["compare", "sign"], BALANCED, |a, b| {
        (a - b).signum()
    }),
    named(
        "webb",
        &["webb_stroke"],
        "Webb, Generation of any n-valued logic by one binary operation, 1935",
        |a, b| wrap(a.max(b) + 1),
    ),
    named("equals", &["identity_test"], EVERYONE, |a, b| {
        if a == b { 1 } else { -1 }
    }),
];

static TABLE: LazyLock<Vec<(Operation, &'static Named)>> = LazyLock::new(|| {
    NAMES
        .iter()
        .map(|named| (Operation::from_function(named.function), named))
        .collect()
});

/// Returns the operation with this name or alias; case, spaces and hyphens do not matter.
pub fn find(name: &str) -> Option<Operation> {
    let wanted = name.trim().to_lowercase().replace([' ', '-'], "_");
    TABLE
        .iter()
        .find(|(_, named)| named.name == wanted || named.aliases.contains(&wanted.as_str()))
        .map(|(operation, _)| *operation)
}

/// Returns names and source of an operation, if it has a name.
pub fn entry(operation: Operation) -> Option<&'static Named> {
    TABLE
        .iter()
        .find(|(candidate, _)| *candidate == operation)
        .map(|(_, named)| *named)
}

/// Returns the name of an operation, if it has one.
pub fn name_of(operation: Operation) -> Option<&'static str> {
    entry(operation).map(|named| named.name)
}

/// Returns every named operation with its first name, in the order of the table.
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
        // McCarthy 1963: the second input is not looked at where the first decides or is undefined.
        assert_eq!(find("mccarthy_and").unwrap().to_string(), "---000-0+");
        assert_eq!(
            find("mccarthy_or").unwrap(),
            find("mccarthy_and").unwrap().dual()
        );
        // Rescher 1969: true or false, never between.
        assert_eq!(find("rescher").unwrap().to_string(), "+++-++--+");
        // Bruck 1958: of three, the third.
        assert_eq!(find("steiner").unwrap().apply(-1, 1), 0);
    }
}
