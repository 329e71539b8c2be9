//! Parses text into the tree of an expression, by recursive descent.

use super::words::{FIGURES, Figure, HAMMING, LIKE, ORBIT, PRESERVES, words};
use super::{Comparison, Node, QueryError};
use crate::spelling::meant;
use crate::symmetry::{Permutation, SIGNS};
use crate::table::LABELS;
use crate::{ENTRIES, Operation, VALUES, laws, names};

/// Largest depth of nested parentheses and negations.
const DEEPEST: usize = 100;
/// Description of what may begin a part of an expression.
const PART: &str = "a law, a figure, a name, `!` or `(`";

type Parsed<T> = Result<T, QueryError>;

pub(super) fn parse(text: &str) -> Parsed<Node> {
    let mut parser = Parser {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    let root = parser.any()?;
    if parser.peek().is_some() {
        return parser.fail("`&`, `|` or the end");
    }
    Ok(root)
}

struct Parser {
    text: Vec<char>,
    /// Index of the character to read next.
    at: usize,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Parsed<Node> {
        let mut parts = vec![self.all()?];
        while self.takes(&["||", "|"], "or") {
            parts.push(self.all()?);
        }
        Ok(Node::Any(parts))
    }

    fn all(&mut self) -> Parsed<Node> {
        let mut parts = vec![self.part()?];
        while self.takes(&["&&", "&"], "and") {
            parts.push(self.part()?);
        }
        Ok(Node::All(parts))
    }

    fn part(&mut self) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail("fewer parts within one another");
        }
        let part = if self.takes(&["!"], "not") {
            self.part().map(|part| Node::Not(Box::new(part)))
        } else if self.takes(&["("], "") {
            let inner = self.any()?;
            self.expect("`)`", ")").map(|()| inner)
        } else {
            self.word()
        };
        self.depth -= 1;
        part
    }

    fn word(&mut self) -> Parsed<Node> {
        let (start, word) = self.read_word();
        let known = |(text, ..): (&str, &str, &str)| word == text;
        if let Some(law) = laws::find(&word) {
            Ok(Node::Law(law))
        } else if let Some(figure) = FIGURES.iter().find(|figure| figure.word == word) {
            self.compared(Figure::Plain(figure))
        } else if known(HAMMING) {
            let other = self.argument(operation)?;
            self.compared(Figure::Hamming(other))
        } else if known(ORBIT) {
            let centre: Operation = self.argument(operation)?;
            Ok(Node::OneOf(centre.orbit().into_iter().collect()))
        } else if known(LIKE) {
            self.argument(pattern).map(Node::Like)
        } else if known(PRESERVES) {
            self.argument(preserved)
        } else if let Some(operation) = names::find(&word) {
            Ok(Node::Is(operation))
        } else {
            self.at = start;
            self.fail(PART).map_err(|error| QueryError {
                meant: meant(&word, words().into_iter().map(|word| word.text)),
                ..error
            })
        }
    }

    fn compared(&mut self, figure: Figure) -> Parsed<Node> {
        let found = Comparison::ALL
            .into_iter()
            .find(|comparison| self.takes(&[comparison.sign], ""));
        let Some(comparison) = found else {
            return self.fail("a comparison: =, !=, <, <=, > or >=");
        };
        self.skip_blanks();
        let start = self.at;
        let text =
            self.read_while(|character| character.is_alphanumeric() || ".+-".contains(character));
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Node::Compare(figure, comparison, number)),
            _ => {
                self.at = start;
                self.fail("a number")
            }
        }
    }

    /// Reads the text in parentheses after a word, with `read`.
    fn argument<T>(&mut self, read: impl Fn(&str) -> Result<T, String>) -> Parsed<T> {
        self.expect("`(`", "(")?;
        self.skip_blanks();
        let start = self.at;
        let text = self.read_while(|character| !"()&|!".contains(character));
        let end = self.at;
        match read(text.trim()) {
            Ok(argument) => self.expect("`)`", ")").map(|()| argument),
            Err(expected) => {
                self.at = start;
                Err(self.error(&expected, end))
            }
        }
    }

    /// Reads a word in lower case, with its position. Names may have hyphens where the
    /// words of laws have underscores.
    fn read_word(&mut self) -> (usize, String) {
        self.skip_blanks();
        let start = self.at;
        let word = self.read_while(is_of_a_word);
        (start, word.to_lowercase())
    }

    fn read_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let rest = self.text[self.at..].iter();
        let taken: String = rest.take_while(|character| belongs(**character)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn skip_blanks(&mut self) {
        self.read_while(char::is_whitespace);
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.text.get(self.at).copied()
    }

    /// Consumes the first of these signs, or this word, if it comes next.
    fn takes(&mut self, signs: &[&str], word: &str) -> bool {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let begins = |sign: &&&str| rest.iter().copied().take(sign.len()).eq(sign.chars());
        let taken = match signs.iter().find(begins) {
            Some(sign) => sign.len(),
            None => {
                let here: String = rest.iter().take_while(|c| is_of_a_word(**c)).collect();
                if word.is_empty() || !here.eq_ignore_ascii_case(word) {
                    return false;
                }
                word.len()
            }
        };
        self.at += taken;
        true
    }

    fn expect(&mut self, expected: &str, sign: &str) -> Parsed<()> {
        if self.takes(&[sign], "") {
            Ok(())
        } else {
            self.fail(expected)
        }
    }

    /// Returns an error at this position, about the word or the character that comes next.
    fn fail<T>(&mut self, expected: &str) -> Parsed<T> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let long = rest.iter().take_while(|c| is_of_a_word(**c)).count();
        Err(self.error(expected, self.at + long.max(1)))
    }

    fn error(&self, expected: &str, end: usize) -> QueryError {
        let found: String = self.text[self.at..].iter().take(end - self.at).collect();
        QueryError {
            text: self.text.iter().collect(),
            at: self.at,
            expected: expected.to_owned(),
            meant: None,
            found: match found.trim() {
                "" if self.at >= self.text.len() => "the end".to_owned(),
                found => format!("`{found}`"),
            },
        }
    }
}

pub(super) fn is_of_a_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn operation(text: &str) -> Result<Operation, String> {
    let expected = "an operation: index, nine trits, nine numbers or a name";
    text.parse().map_err(|_| expected.to_owned())
}

fn pattern(text: &str) -> Result<[Option<u8>; ENTRIES], String> {
    let entry = |character| match character {
        '?' | '.' | '_' => Some(None),
        sign => label(sign).map(Some),
    };
    let entries: Option<Vec<Option<u8>>> = text.chars().map(entry).collect();
    entries
        .and_then(|entries| entries.try_into().ok())
        .ok_or_else(|| "nine of `-0+?`, entry 0 first".to_owned())
}

/// Reads one or two signs as a set of values that is closed, three as a permutation that is preserved.
fn preserved(text: &str) -> Result<Node, String> {
    let labels: Option<Vec<u8>> = text.chars().map(label).collect();
    let expected = || {
        "signs: one or two different ones of -0+ for a set, all three for a permutation".to_owned()
    };
    let labels = labels.ok_or_else(expected)?;
    let differ = |labels: &[u8]| (1..labels.len()).all(|i| !labels[..i].contains(&labels[i]));
    if labels.is_empty() || !differ(&labels) {
        return Err(expected());
    }
    if labels.len() < VALUES {
        return Ok(Node::Closed(labels.into_iter().collect()));
    }
    let kept = |permutation: &Permutation| {
        let images = LABELS.map(|label| permutation.of(label));
        labels == images
    };
    let found = Permutation::ALL.into_iter().find(kept);
    found.map(Node::Preserves).ok_or_else(expected)
}

fn label(sign: char) -> Option<u8> {
    let mut labels = LABELS.into_iter();
    labels.find(|label| SIGNS[usize::from(*label)] == sign)
}
