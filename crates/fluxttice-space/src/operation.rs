//! An operation: the complete truth table of a two-input function over {-1, 0, +1}.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::names;
use super::table::{Table, class, value};
use crate::spelling::meant;

/// Number of entries in a truth table: one for every pair (a, b) of inputs.
pub const ENTRIES: usize = 9;
/// Number of values that an entry can take.
pub const VALUES: usize = BASE as usize;
/// Number of operations, 3⁹.
pub const OPERATIONS: usize = COUNT as usize;

/// The numbers of values and of operations in the type of an index, whose digits are the entries.
const BASE: u16 = 3;
const COUNT: u16 = 19_683;

/// An operation, stored as its index `Σ (entry[p] + 1) · 3^p`, p = 0..8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(u16);

impl Operation {
    /// Returns the operation with this index, or `None` from 19,683 on.
    pub fn new(index: usize) -> Option<Self> {
        let index = u16::try_from(index).ok()?;
        (index < COUNT).then_some(Self(index))
    }

    /// Returns the operation with these nine entries; `None` if one is not -1, 0 or +1.
    pub fn from_entries(entries: [i8; ENTRIES]) -> Option<Self> {
        let valid = entries.iter().all(|entry| (-1..=1).contains(entry));
        valid.then(|| Self::from_classes(entries.map(class)))
    }

    /// Returns the operation with these nine class labels (entry + 1); labels above 2 count as 2.
    pub fn from_classes(classes: [u8; ENTRIES]) -> Self {
        let digit = |class: &u8| u16::from(*class).min(BASE - 1);
        Self(
            classes
                .iter()
                .rev()
                .fold(0, |index, class| index * BASE + digit(class)),
        )
    }

    /// Returns the operation whose entry for inputs (a, b) is `f(a, b)`.
    ///
    /// Results outside -1..=1 are clamped.
    pub fn from_function(f: impl Fn(i8, i8) -> i8) -> Self {
        Self::from_labels(|a, b| class(f(value(a), value(b))))
    }

    /// Returns every operation, in the order of their indices.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator {
        (0..COUNT).map(Self)
    }

    /// Returns the index, 0..19,683.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the nine entries, each -1, 0 or +1, entry 0 first.
    pub fn entries(self) -> [i8; ENTRIES] {
        self.classes().map(value)
    }

    /// Returns the nine entries as class labels 0, 1, 2 (entry + 1).
    pub fn classes(self) -> [u8; ENTRIES] {
        let mut rest = self.0;
        std::array::from_fn(|_| {
            let class = (rest % BASE) as u8;
            rest /= BASE;
            class
        })
    }

    /// Returns the value f(a, b); inputs outside -1..=1 are clamped.
    pub fn apply(self, a: i8, b: i8) -> i8 {
        value(Table::from(self).at(class(a), class(b)))
    }

    /// Returns the number of entries in which two operations differ, 0..=9.
    pub fn hamming(self, other: Self) -> u32 {
        let (a, b) = (self.classes(), other.classes());
        a.iter().zip(b).map(|(x, y)| u32::from(*x != y)).sum()
    }

    /// Returns how many entries are equal before the first that differs, 0..=9. The entries are the digits of the
    /// indices, the lowest first, so that this is the 3-adic valuation of the difference of the indices; 9 stands
    /// for the infinite one of an operation and itself.
    pub fn valuation(self, other: Self) -> u32 {
        let (a, b) = (self.classes(), other.classes());
        a.iter()
            .zip(b)
            .map_while(|(x, y)| (*x == y).then_some(1))
            .sum()
    }

    /// Returns the name of this operation in the literature, if it has one.
    pub fn name(self) -> Option<&'static str> {
        names::name_of(self)
    }
}

/// Writes nine characters of `-0+`, entry 0 first.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self
            .classes()
            .iter()
            .map(|class| ['-', '0', '+'][usize::from(*class)])
            .collect();
        f.pad(&text)
    }
}

/// Error of a text that is not an operation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "no operation `{found}`: {problem}; expected an index 0..=19682, nine of -0+ (0++-0+--0), \
     nine numbers (-1,0,1,…), or a name ({examples})",
    examples = names::EXAMPLES
)]
pub struct ParseOperationError {
    /// Text as given, cut to 40 characters.
    pub found: String,
    /// Description of the problem.
    pub problem: String,
}

impl FromStr for Operation {
    type Err = ParseOperationError;

    /// Reads an index, nine trits, nine numbers or a name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let fail = |problem: String| {
            Err(ParseOperationError {
                found: text.chars().take(40).collect(),
                problem,
            })
        };
        if text.is_empty() {
            return fail("it is empty".into());
        }
        // Nine characters of -0+ are always trits, `000000000` too.
        let trits = text.chars().all(|c| "-0+".contains(c));
        if trits && text.len() == ENTRIES {
            let mut entries = [0i8; ENTRIES];
            for (entry, c) in entries.iter_mut().zip(text.chars()) {
                *entry = match c {
                    '-' => -1,
                    '+' => 1,
                    _ => 0,
                };
            }
            return Self::from_entries(entries)
                .map_or_else(|| fail("entries out of range".into()), Ok);
        }
        let joined = without_separator(text);
        if joined.is_none() && text.contains(',') {
            return parse_numbers(text).or_else(fail);
        }
        if joined.is_some() || text.chars().all(|c| c.is_ascii_digit()) {
            return match joined
                .as_deref()
                .unwrap_or(text)
                .parse()
                .ok()
                .and_then(Self::new)
            {
                Some(operation) => Ok(operation),
                None => fail("the last index is 19682".into()),
            };
        }
        if trits {
            return fail(format!("{} trits instead of nine", text.len()));
        }
        names::find(text).map_or_else(
            || {
                let near = meant(text, names::all().map(|(_, name)| name));
                let guess = near.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                fail(format!("no such name{guess}"))
            },
            Ok,
        )
    }
}

/// Returns an index without its thousands separator, which may be any usual one.
/// Accepted are `15 633`, `15,633`, `15_633` and the like; `None` for any other text.
fn without_separator(text: &str) -> Option<String> {
    let (thousands, rest) = text.split_at_checked(text.len().checked_sub(3)?)?;
    let whole = thousands.trim_end_matches([
        ' ', ',', '_', '.', '\'', '’', '\u{a0}', '\u{2009}', '\u{202f}',
    ]);
    let separator = thousands.strip_prefix(whole)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_index =
        separator.chars().count() == 1 && (1..=2).contains(&whole.len()) && !whole.starts_with('0');
    (is_index && digits(whole) && digits(rest)).then(|| format!("{whole}{rest}"))
}

fn parse_numbers(text: &str) -> Result<Operation, String> {
    let numbers: Vec<i8> = text
        .trim_matches(['[', ']'])
        .split(',')
        .map(|n| {
            n.trim()
                .parse::<i8>()
                .ok()
                .filter(|n| (-1..=1).contains(n))
                .ok_or_else(|| format!("`{}` is not -1, 0 or 1", n.trim()))
        })
        .collect::<Result<_, _>>()?;
    let count = numbers.len();
    let entries = numbers
        .try_into()
        .map_err(|_| format!("{count} numbers instead of nine"))?;
    Operation::from_entries(entries).ok_or_else(|| "entries out of range".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_entry_is_the_least_significant_digit() {
        assert_eq!(Operation::new(0).unwrap().to_string(), "---------");
        assert_eq!(Operation::new(1).unwrap().to_string(), "0--------");
        assert_eq!(Operation::new(19_682).unwrap().to_string(), "+++++++++");
        assert_eq!(Operation::new(19_683), None);
    }

    #[test]
    fn entry_three_a_plus_b_holds_f_of_a_and_b() {
        let minus = Operation::from_function(|a, b| (a - b).clamp(-1, 1));
        assert_eq!(minus.entries(), [0, -1, -1, 1, 0, -1, 1, 1, 0]);
        assert_eq!(minus.apply(1, -1), 1);
        assert_eq!(minus.apply(-1, 1), -1);
    }

    #[test]
    fn the_four_spellings_agree() {
        let min = Operation::from_function(Ord::min);
        assert_eq!("min".parse(), Ok(min));
        assert_eq!(min.index().to_string().parse(), Ok(min));
        assert_eq!(min.to_string().parse(), Ok(min));
        assert_eq!("-1,-1,-1,-1,0,0,-1,0,1".parse(), Ok(min));
        assert_eq!("000000000".parse::<Operation>().unwrap().index(), 9_841);
        for index in [
            "15633",
            "15 633",
            "15,633",
            "15_633",
            "15.633",
            "15\u{202f}633",
        ] {
            assert_eq!(index.parse(), Ok(min), "{index}");
        }
    }

    #[test]
    fn what_is_no_operation_is_told_why() {
        for (text, problem) in [
            ("", "empty"),
            ("19683", "19682"),
            ("99999999999999999999", "19682"),
            ("0++", "3 trits"),
            ("1,2,3", "`2` is not"),
            ("1,0,1", "3 numbers"),
            ("nonsense", "no such name"),
            ("19,683", "19682"),
            ("15  633", "no such name"),
            ("0.123", "no such name"),
            ("1,56", "`56` is not"),
        ] {
            let error = text.parse::<Operation>().unwrap_err();
            assert!(error.problem.contains(problem), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn index_and_entries_are_one_to_one(index in 0..OPERATIONS) {
            let operation = Operation::new(index).unwrap();
            prop_assert_eq!(Operation::from_entries(operation.entries()), Some(operation));
            prop_assert_eq!(operation.to_string().parse(), Ok(operation));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = text.parse::<Operation>();
        }
    }
}
