//! The words of expressions: laws, figures of a truth table, and tests with an argument.

use crate::laws::LAWS;
use crate::table::Table;
use crate::{ENTRIES, Operation, names};

/// A number computed from an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Figure {
    Plain(&'static Plain),
    /// Number of entries that differ from another operation's.
    Hamming(Operation),
}

/// A figure without an argument.
#[derive(Debug)]
pub(super) struct Plain {
    pub word: &'static str,
    meaning: &'static str,
    of: fn(Operation, &Table) -> f64,
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

/// All figures without an argument.
pub(super) static FIGURES: &[Plain] = &[
    Plain {
        word: "minuses",
        meaning: "entries that are -1",
        of: |_, f| f.counts()[0] as f64,
    },
    Plain {
        word: "zeros",
        meaning: "entries that are 0",
        of: |_, f| f.counts()[1] as f64,
    },
    Plain {
        word: "pluses",
        meaning: "entries that are +1",
        of: |_, f| f.counts()[2] as f64,
    },
    Plain {
        word: "values",
        meaning: "distinct entries, 1 to 3",
        of: |_, f| f.counts().iter().filter(|count| **count > 0).count() as f64,
    },
    Plain {
        word: "entropy",
        meaning: "entropy of how often each value is taken, 0 to ln 3 = 1.0986 nats",
        of: |_, f| entropy(f),
    },
    Plain {
        word: "associating",
        meaning: "triples of 27 with f(f(a, b), c) = f(a, f(b, c))",
        of: |_, f| f.associating_triples() as f64,
    },
    Plain {
        word: "orbit_size",
        meaning: "distinct operations among its relabellings and swaps, 1 to 12",
        of: |operation, _| operation.orbit().len() as f64,
    },
    Plain {
        word: "index",
        meaning: "place among all operations, 0 to 19682",
        of: |operation, _| operation.index() as f64,
    },
];

/// Words that take an argument: each with the form of the argument and its meaning.
pub(super) const HAMMING: (&str, &str, &str) = (
    "hamming",
    "OPERATION",
    "entries that differ from another operation's, 0 to 9",
);
pub(super) const PRESERVES: (&str, &str, &str) = (
    "preserves",
    "SIGNS",
    "three signs, the images of -0+: f(πa, πb) = π f(a, b); one or two: that set of values is closed",
);
pub(super) const LIKE: (&str, &str, &str) = (
    "like",
    "PATTERN",
    "the nine trits, entry 0 first, `?` for any",
);
pub(super) const ORBIT: (&str, &str, &str) = (
    "orbit",
    "OPERATION",
    "the operation, its relabellings and their swaps",
);

impl Figure {
    pub fn of(&self, operation: Operation) -> f64 {
        match self {
            Self::Plain(figure) => (figure.of)(operation, &Table::from(operation)),
            Self::Hamming(other) => f64::from(operation.hamming(*other)),
        }
    }
}

/// Returns -Σ p ln p over the values that are taken, in nats. Every balanced table has the same bits.
fn entropy(table: &Table) -> f64 {
    let taken = table.counts().into_iter().filter(|count| *count > 0);
    let shares = taken.map(|count| count as f64 / ENTRIES as f64);
    -shares.map(|share| share * share.ln()).sum::<f64>() + 0.0
}

/// A word that may stand in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Spelling of the word, up to an opening parenthesis where it takes an argument.
    pub text: &'static str,
    /// Form of the argument; `None` where the word takes none.
    pub argument: Option<&'static str>,
    /// True if the word is a number, which is to be compared with one.
    pub is_figure: bool,
    /// Meaning of the word.
    pub meaning: &'static str,
}

/// Returns every word: laws, figures, tests with an argument, names of operations.
pub fn words() -> Vec<Word> {
    let plain = |text, is_figure, meaning| Word {
        text,
        argument: None,
        is_figure,
        meaning,
    };
    let called = |(text, argument, meaning), is_figure| Word {
        text,
        argument: Some(argument),
        is_figure,
        meaning,
    };
    let laws = LAWS.iter().map(|law| plain(law.word, false, law.meaning));
    let figures = FIGURES
        .iter()
        .map(|figure| plain(figure.word, true, figure.meaning));
    let tests = [
        called(HAMMING, true),
        called(PRESERVES, false),
        called(LIKE, false),
        called(ORBIT, false),
    ];
    let operations = names::all().map(|(_, name)| plain(name, false, "this operation"));
    laws.chain(figures).chain(tests).chain(operations).collect()
}
