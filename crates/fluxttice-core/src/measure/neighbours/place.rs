//! Points of the latent space, written as sums: `min + max - product`, `0.5*min + 0.5*z3`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::Cloud;
use crate::space::query::Query;
use crate::space::{Operation, OperationSet};

/// Largest norm of a point, as a multiple of the typical norm of codes. From farther away the distances to
/// all codes agree to the last digits, and from very far they are not finite.
const FARTHEST: f64 = 1e6;
/// Share of the added terms below which a sum counts as 0: such a rest is the rounding of terms that cancel.
const DUST: f64 = 1e-12;

/// A weighted sum of operations, dimensions and means, which stands for a point of a latent space.
///
/// ```text
/// place = ['-' ] [weight '*'] term (('+' | '-') [weight '*'] term)*     blanks around + and -
/// term  = operation | 'z' dimension | 'mean(' expression ')'
/// ```
///
/// Operations stand for their codes μ; `z3` is the unit vector of latent dimension 3; `mean(…)` is the mean
/// code of the operations that an expression finds.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentPoint {
    text: String,
    terms: Vec<(f64, Term)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Operation(Operation),
    Dimension(usize),
    /// Mean code of the operations that an expression finds.
    Mean(String, OperationSet),
}

/// Writes the term as it is read.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(operation) => match operation.name() {
                Some(name) => f.write_str(name),
                None => operation.fmt(f),
            },
            Self::Dimension(dimension) => write!(f, "z{dimension}"),
            Self::Mean(expression, _) => write!(f, "mean({expression})"),
        }
    }
}

/// Error of a text that is no place, or of a place that a space does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no point `{text}`: {problem}")]
pub struct LatentPointError {
    /// Text of the place; one that cannot be read is cut to 100 characters.
    pub text: String,
    /// Description of the problem.
    pub problem: String,
}

impl From<Operation> for LatentPoint {
    fn from(operation: Operation) -> Self {
        let term = Term::Operation(operation);
        Self {
            text: term.to_string(),
            terms: vec![(1.0, term)],
        }
    }
}

/// Writes the text that was read.
impl fmt::Display for LatentPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for LatentPoint {
    type Err = LatentPointError;

    fn from_str(text: &str) -> Result<Self, LatentPointError> {
        let text = text.trim();
        let fail = |problem: String| LatentPointError {
            text: text.chars().take(100).collect(),
            problem,
        };
        // An operation may hold signs and commas of its own; alone it needs no other reading.
        let alone = text.parse::<Operation>();
        if let Ok(operation) = alone {
            return Ok(Self {
                text: text.to_owned(),
                terms: vec![(1.0, Term::Operation(operation))],
            });
        }
        let mut terms = Vec::new();
        for (sign, part) in split(text) {
            let (weight, part) = match part.split_once('*') {
                None => (1.0, part),
                Some((weight, part)) => {
                    let number = weight.trim().parse::<f64>().ok();
                    let finite = number.filter(|weight| weight.is_finite());
                    let problem = || fail(format!("`{}` is no weight", weight.trim()));
                    (finite.ok_or_else(problem)?, part)
                }
            };
            terms.push((sign * weight, term(part.trim()).map_err(&fail)?));
        }
        Ok(Self {
            text: text.to_owned(),
            terms,
        })
    }
}

/// Splits the text at ` + ` and ` - ` into terms, each with its sign. Nothing within parentheses is split.
fn split(text: &str) -> Vec<(f64, &str)> {
    let (mut sign, mut text) = match text.strip_prefix("- ") {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let mut parts = Vec::new();
    let mut depth = 0i32;
    let mut from = 0;
    while let Some(character) = text[from..].chars().next() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth <= 0 => {
                let next = [(" + ", 1.0), (" - ", -1.0)]
                    .into_iter()
                    .find(|(between, _)| text[from..].starts_with(between));
                if let Some((between, next)) = next {
                    parts.push((sign, &text[..from]));
                    (sign, text, from) = (next, &text[from + between.len()..], 0);
                    continue;
                }
            }
            _ => {}
        }
        from += character.len_utf8();
    }
    parts.push((sign, text));
    parts
}

fn term(text: &str) -> Result<Term, String> {
    if let Some(dimension) = text
        .strip_prefix('z')
        .and_then(|number| number.parse().ok())
    {
        return Ok(Term::Dimension(dimension));
    }
    if let Some(expression) = text
        .strip_prefix("mean(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let query: Query =
            expression
                .parse()
                .map_err(|error: crate::space::query::QueryError| {
                    format!(
                        "in mean(…), at character {}: {}",
                        error.at + 1,
                        error.problem()
                    )
                })?;
        let found = query.operations();
        return if found.is_empty() {
            Err(format!(
                "no operation is `{expression}`, so they have no mean"
            ))
        } else {
            Ok(Term::Mean(expression.to_owned(), found))
        };
    }
    let expected = "an operation (index 0..=19682, nine trits, nine numbers, a name), z0, z1, … or \
                    mean(expression), with blanks around + and -";
    let operation = text.parse().map(Term::Operation);
    operation.map_err(|error| format!("expected {expected}, found `{text}`: {}", error.problem))
}

impl LatentPoint {
    /// Returns the unit vector of a latent dimension.
    pub fn dimension(dimension: usize) -> Self {
        Self::sum(vec![(1.0, Term::Dimension(dimension))])
    }

    /// Returns a weighted sum of places; equal terms are added up, and those that cancel are left out.
    pub fn combined(parts: &[(f64, &Self)]) -> Self {
        let mut terms: Vec<(f64, Term)> = Vec::new();
        for (factor, place) in parts {
            for (weight, term) in &place.terms {
                let weight = factor * weight;
                match terms.iter_mut().find(|(_, other)| other == term) {
                    Some((sum, _)) => *sum += weight,
                    None => terms.push((weight, term.clone())),
                }
            }
        }
        // A weight below a thousandth makes no visible difference, and rounding leaves such remainders.
        for (weight, _) in &mut terms {
            *weight = (*weight * 1e3).round() / 1e3;
        }
        terms.retain(|(weight, _)| *weight != 0.0);
        Self::sum(terms)
    }

    /// Makes a place from its terms, and writes its text so that it can be read back.
    fn sum(terms: Vec<(f64, Term)>) -> Self {
        let mut text = String::new();
        for (weight, term) in &terms {
            text += match (text.is_empty(), *weight < 0.0) {
                (true, true) => "- ",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            };
            if weight.abs() != 1.0 {
                text.extend([weight.abs().to_string().as_str(), "*"]);
            }
            text += &term.to_string();
        }
        Self { text, terms }
    }

    /// Returns the operation, if the place is just one operation.
    pub fn operation(&self) -> Option<Operation> {
        match self.terms[..] {
            [(1.0, Term::Operation(operation))] => Some(operation),
            _ => None,
        }
    }

    /// Returns true if both places have the same terms.
    pub fn is_same(&self, other: &Self) -> bool {
        self.terms == other.terms
    }

    /// Returns the operations that the place names, without those of means.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        self.terms.iter().filter_map(|(_, term)| match term {
            Term::Operation(operation) => Some(*operation),
            _ => None,
        })
    }

    /// Returns an error that names the place.
    pub fn error(&self, problem: String) -> LatentPointError {
        LatentPointError {
            text: self.text.clone(),
            problem,
        }
    }

    /// Returns the coordinates of the place in a latent space.
    ///
    /// # Errors
    /// Fails on a dimension that the space does not have, an operation without a code, or a point too far out
    /// for its nearest codes to be told.
    pub fn coordinates(&self, cloud: &Cloud) -> Result<Vec<f64>, LatentPointError> {
        let fail = |problem: String| self.error(problem);
        let mut point = vec![0.0; cloud.dimensions()];
        let mut added = point.clone();
        for (weight, term) in &self.terms {
            let code = match term {
                Term::Operation(operation) => cloud.code(*operation).map(|code| code.mu.to_vec()),
                Term::Mean(_, operations) => cloud.mean(operations),
                Term::Dimension(dimension) => {
                    let axis = point.get_mut(*dimension).ok_or_else(|| {
                        fail(format!(
                            "this space has dimensions z0 to z{}, not z{dimension}",
                            cloud.dimensions().saturating_sub(1)
                        ))
                    })?;
                    *axis += weight;
                    added[*dimension] += weight.abs();
                    continue;
                }
            };
            let code = code.ok_or_else(|| fail("there are no codes yet".to_owned()))?;
            for ((sum, added), x) in point.iter_mut().zip(&mut added).zip(code) {
                *sum += weight * x;
                *added += (weight * x).abs();
            }
        }
        for (sum, added) in point.iter_mut().zip(added) {
            if added.is_finite() && sum.abs() <= DUST * added {
                *sum = 0.0;
            }
        }
        let reach = FARTHEST * cloud.rms_norm().max(1.0);
        if !point.iter().all(|x| x.abs() <= reach) {
            return Err(fail(format!(
                "it is too far out to tell what is nearest to it; expected coordinates of at most {reach:.1e}"
            )));
        }
        Ok(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Posteriors;
    use crate::space::OPERATIONS;

    /// An operation's code is its index and minus its index.
    fn cloud() -> Cloud {
        let mu = (0..OPERATIONS)
            .flat_map(|i| [i as f64, -(i as f64)])
            .collect();
        let log_variance = vec![0.0; 2 * OPERATIONS];
        Cloud::new(Posteriors { mu, log_variance }, 2)
    }

    fn at(text: &str) -> Result<Vec<f64>, LatentPointError> {
        text.parse::<LatentPoint>()?.coordinates(&cloud())
    }

    #[test]
    fn places_are_sums() {
        assert_eq!(at("7").unwrap(), [7.0, -7.0]);
        assert_eq!(at("10 + 5 - 3").unwrap(), [12.0, -12.0]);
        assert_eq!(at("0.25*100 + 0.75*200").unwrap(), [175.0, -175.0]);
        assert_eq!(at("- 10 + 2*z1").unwrap(), [-10.0, 12.0]);
        assert_eq!(at("mean(index < 3) + 1").unwrap(), [2.0, -2.0]);
        assert_eq!(at("5 - 5").unwrap(), [0.0, 0.0]);
        assert_eq!(at("0.1*7 + 0.2*7 - 0.3*7").unwrap(), [0.0, 0.0]);
        // Signs of trits are not signs of a sum.
        let trits: LatentPoint = "---------  +  +++++++++".parse().unwrap();
        assert_eq!(trits.operations().count(), 2);
        assert_eq!(
            "-0+-0+-0+"
                .parse::<LatentPoint>()
                .unwrap()
                .operation()
                .unwrap()
                .to_string(),
            "-0+-0+-0+"
        );
        assert!("min".parse::<LatentPoint>().unwrap().operation().is_some());
        assert!(
            "2*min"
                .parse::<LatentPoint>()
                .unwrap()
                .operation()
                .is_none()
        );
    }

    #[test]
    fn combined_places_are_read_as_they_are_written() {
        let place = |text: &str| text.parse::<LatentPoint>().unwrap();
        let combined = |parts: &[(f64, &str)]| {
            let places: Vec<(f64, LatentPoint)> =
                parts.iter().map(|(w, text)| (*w, place(text))).collect();
            let parts: Vec<(f64, &LatentPoint)> =
                places.iter().map(|(w, place)| (*w, place)).collect();
            let made = LatentPoint::combined(&parts);
            assert_eq!(place(&made.to_string()).terms, made.terms, "{made}");
            made.to_string()
        };
        assert_eq!(combined(&[(0.7, "min"), (0.3, "max")]), "0.7*min + 0.3*max");
        assert_eq!(combined(&[(1.0, "min"), (-0.5, "z3")]), "min - 0.5*z3");
        assert_eq!(
            combined(&[(1.0 - 0.1 * 10.0, "min"), (0.1 * 10.0, "max")]),
            "max"
        );
        assert_eq!(combined(&[(0.5, "min + max"), (0.5, "min - max")]), "min");
        assert_eq!(
            combined(&[(-0.25, "mean(constant | self_dual) - 2*7")]),
            "- 0.25*mean(constant | self_dual) + 0.5*0+-------"
        );
    }

    #[test]
    fn every_operation_is_read_back_as_it_is_named() {
        for operation in Operation::all() {
            let named = LatentPoint::from(operation);
            let read: LatentPoint = named.to_string().parse().unwrap();
            assert!(read.is_same(&named), "{named}");
        }
    }

    #[test]
    fn what_is_no_place_is_told_why() {
        for (text, problem) in [
            ("", "found ``"),
            ("min +", "found `min +`"),
            ("min + mix", "found `mix`"),
            ("x*min", "`x` is no weight"),
            ("inf*min", "`inf` is no weight"),
            ("min + z2", "z0 to z1"),
            ("mean(constant", "expected an operation"),
            ("mean(constan)", "at character 1"),
            ("mean(constant & !constant)", "no operation is"),
            ("1e160*5", "too far out"),
            ("1e20*5", "too far out"),
            ("1e308*5 + 1e308*5", "too far out"),
            ("1e308*z0 - 1e308*z0 + 1e300*z1", "too far out"),
        ] {
            let error = at(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
