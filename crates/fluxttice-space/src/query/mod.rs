//! Expressions that select operations by law: `commutative & !associative & entropy>1`.
//!
//! ```text
//! expression = term ('|' term)*
//! term       = factor ('&' factor)*
//! factor     = '!' factor | '(' expression ')' | law | operation | test
//!            | figure ('=' | '!=' | '<' | '<=' | '>' | '>=') number
//! test       = 'preserves(' signs ')' | 'like(' pattern ')' | 'orbit(' operation ')'
//! figure     = word | 'hamming(' operation ')'
//! ```
//!
//! `and`, `or` and `not` may be written for `&`, `|` and `!`.

mod complete;
mod parse;
mod words;

pub use complete::{Completion, complete};
pub use words::{Word, words};

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::laws::Law;
use super::symmetry::{Permutation, Values};
use super::{ENTRIES, Operation, OperationSet};
use words::Figure;

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Query {
    root: Node,
}

/// A node of the expression's tree.
#[derive(Clone, Debug)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    Law(&'static Law),
    Is(Operation),
    Closed(Values),
    Preserves(Permutation),
    /// A class label for each entry; `None` matches any.
    Like([Option<u8>; ENTRIES]),
    OneOf(OperationSet),
    Compare(Figure, Comparison, f64),
}

/// Comparison of a figure with a number.
#[derive(Clone, Copy, Debug)]
struct Comparison {
    sign: &'static str,
    accepts: fn(Ordering) -> bool,
}

impl Comparison {
    /// Every comparison; of two signs that begin alike the longer comes first.
    const ALL: [Self; 6] = [
        Self::new("!=", Ordering::is_ne),
        Self::new("<=", Ordering::is_le),
        Self::new(">=", Ordering::is_ge),
        Self::new("=", Ordering::is_eq),
        Self::new("<", Ordering::is_lt),
        Self::new(">", Ordering::is_gt),
    ];

    const fn new(sign: &'static str, accepts: fn(Ordering) -> bool) -> Self {
        Self { sign, accepts }
    }
}

/// Error of a text that is not an expression, with its position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct QueryError {
    /// Text of the expression.
    pub text: String,
    /// Index of the character at which the error is, from 0.
    pub at: usize,
    /// Description of what was expected there.
    pub expected: String,
    /// Characters that were found there.
    pub found: String,
    /// Word that was probably meant.
    pub meant: Option<&'static str>,
}

impl QueryError {
    /// Returns in one line what was expected and what was found.
    pub fn problem(&self) -> String {
        let meant = self
            .meant
            .map_or(String::new(), |word| format!("; did you mean `{word}`?"));
        format!("expected {}, found {}{meant}", self.expected, self.found)
    }
}

/// Writes the problem, and the text with a mark below the character.
impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = " ".repeat(self.at);
        write!(
            f,
            "no expression: at character {}, {}\n  {}\n  {room}^",
            self.at + 1,
            self.problem(),
            self.text
        )
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        parse::parse(text).map(|root| Self { root })
    }
}

impl Query {
    /// Returns true if the expression selects the operation.
    pub fn matches(&self, operation: Operation) -> bool {
        self.root.matches(operation)
    }

    /// Returns every operation that the expression selects.
    pub fn operations(&self) -> OperationSet {
        Operation::all()
            .filter(|operation| self.matches(*operation))
            .collect()
    }
}

impl Node {
    fn matches(&self, operation: Operation) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.matches(operation)),
            Self::All(parts) => parts.iter().all(|part| part.matches(operation)),
            Self::Not(part) => !part.matches(operation),
            Self::Law(law) => law.operations().contains(operation),
            Self::Is(other) => operation == *other,
            Self::Closed(values) => operation.is_closed_on(*values),
            Self::Preserves(permutation) => operation.preserves(*permutation),
            Self::Like(pattern) => pattern
                .iter()
                .zip(operation.classes())
                .all(|(wanted, class)| wanted.is_none_or(|wanted| wanted == class)),
            Self::OneOf(set) => set.contains(operation),
            Self::Compare(figure, comparison, number) => figure
                .of(operation)
                .partial_cmp(number)
                .is_some_and(comparison.accepts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        text.parse::<Query>()
            .unwrap_or_else(|error| panic!("{error}"))
            .operations()
            .len()
    }

    #[test]
    fn expressions_mean_what_they_say() {
        for (text, expected) in [
            ("commutative", 729),
            ("commutative & idempotent", 27),
            ("commutative and not idempotent", 729 - 27),
            ("!commutative", 19_683 - 729),
            ("commutative | idempotent", 729 + 729 - 27),
            // `&` binds closer than `|`.
            ("constant | commutative & idempotent", 3 + 27),
            ("(constant | commutative) & idempotent", 27),
            ("!!constant", 3),
            ("min", 1),
            ("min | max|constant", 5),
            ("zeros = 9", 1),
            ("zeros>=8", 1 + 9 * 2),
            ("minuses=4 & pluses != 5", 126 * 31),
            ("values = 1", 3),
            ("hamming(min) <= 1", 19),
            ("hamming(------000) = 0", 1),
            ("like(?????????)", 19_683),
            ("like(0??-?????)", 2_187),
            ("preserves(+0-)", 81),
            ("preserves(-0+)", 19_683),
            // {-1} is closed under the operations with f(-1, -1) = -1.
            ("preserves(-)", 6_561),
            ("orbit(min)", 6),
            ("orbit(min) & commutative", 6),
            ("orbit_size = 1", 1),
            ("associating = 27", 113),
            ("entropy = 0", 3),
            ("entropy > 1.09 & !balanced", 0),
            ("index < 10", 10),
        ] {
            assert_eq!(count(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_point_at_the_character() {
        for (text, at, expected, found) in [
            ("", 0, "a law", "the end"),
            ("commutative &", 13, "a law", "the end"),
            ("commutative & x", 14, "a law", "`x`"),
            ("commutative idempotent", 12, "`&`, `|`", "`idempotent`"),
            ("(constant", 9, "`)`", "the end"),
            ("constant)", 8, "`&`, `|`", "`)`"),
            ("zeros", 5, "a comparison", "the end"),
            ("zeros > many", 8, "a number", "`many`"),
            ("hamming(mix) < 2", 8, "an operation", "`mix`"),
            ("hamming min", 8, "`(`", "`min`"),
            ("like(0?)", 5, "nine of", "`0?`"),
            ("preserves(a)", 10, "signs", "`a`"),
            ("łukasiewicz & ż", 14, "a law", "`ż`"),
            ("constant = 1", 9, "`&`, `|`", "`=`"),
        ] {
            let error = text
                .parse::<Query>()
                .err()
                .unwrap_or_else(|| panic!("{text} is taken"));
            assert_eq!(error.at, at, "{error}");
            assert!(error.expected.contains(expected), "{error}");
            assert!(error.found.contains(found), "{error}");
        }
    }

    #[test]
    fn a_misspelled_word_is_guessed() {
        let problem = |text: &str| text.parse::<Query>().unwrap_err().problem();
        assert!(problem("comutative & min").ends_with("did you mean `commutative`?"));
        assert!(problem("constant | zeors > 2").ends_with("did you mean `zeros`?"));
        assert!(!problem("kangaroo").contains("did you mean"));
        assert!(!problem("commutative |").contains("did you mean"));
    }

    #[test]
    fn deep_and_long_expressions_are_refused_or_taken() {
        let deep = format!("{}constant{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(deep.parse::<Query>().is_err());
        let nots = format!("{}constant", "!".repeat(10_001));
        assert!(nots.parse::<Query>().is_err());
        let long = vec!["constant"; 1_000].join(" | ");
        assert_eq!(count(&long), 3);
    }
}
