//! The dialog that finds operations: one by index, trits or name, or all that an expression means.

use std::ops::Range;

use fluxttice_core::measure::neighbours::Place;
use fluxttice_core::space::query::{Query, Word, complete, words};
use fluxttice_core::space::{Operation, OperationSet, names};
use tui_input::Input;

use super::modal::distance;

/// What is typed in the dialog, and what it means.
#[derive(Clone, Debug, Default)]
pub struct FindForm {
    /// What is typed.
    pub input: Input,
    /// Chosen proposal.
    pub selected: usize,
    meaning: Meaning,
    guess: Option<(String, Meaning)>,
}

/// What a text means.
#[derive(Clone, Debug, Default)]
pub enum Meaning {
    /// Nothing is typed.
    #[default]
    Nothing,
    /// One operation.
    Operation(Operation),
    /// Those that an expression finds.
    Operations(OperationSet),
    /// A point of the latent space.
    Point(Place),
    /// Nothing that is known.
    Wrong {
        /// The character at which it stops making sense, where it is an expression.
        at: Option<usize>,
        /// What was expected and found.
        problem: String,
    },
}

impl Meaning {
    fn of(text: &str) -> Self {
        // An expression is never made of signs, digits and commas alone.
        let no_words = !text.chars().any(char::is_alphabetic);
        match (text.parse::<Operation>(), text.parse::<Query>()) {
            _ if text.trim().is_empty() => Self::Nothing,
            (Ok(operation), _) => Self::Operation(operation),
            (_, Ok(query)) => Self::Operations(query.operations()),
            (Err(error), _) if no_words => Self::Wrong {
                at: None,
                problem: error.to_string(),
            },
            _ if text.contains(['+', '*']) || text.contains(" - ") || text.contains("mean(") => {
                match text.parse::<Place>() {
                    Ok(place) => Self::Point(place),
                    Err(error) => Self::Wrong {
                        at: None,
                        problem: error.problem,
                    },
                }
            }
            (_, Err(error)) => Self::Wrong {
                at: Some(error.at),
                problem: error.problem(),
            },
        }
    }

    /// Whether it can be taken.
    fn is_something(&self) -> bool {
        !matches!(self, Self::Nothing | Self::Wrong { .. })
    }
}

impl FindForm {
    /// What is typed means.
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// What it would mean with the chosen word typed out, where it is nothing yet.
    pub fn guess(&self) -> Option<&(String, Meaning)> {
        self.guess.as_ref()
    }

    /// Takes in that something else is typed.
    pub fn retyped(&mut self) {
        self.selected = 0;
        self.meaning = Meaning::of(self.input.value());
        self.guess_anew();
    }

    fn guess_anew(&mut self) {
        let open = matches!(self.meaning, Meaning::Wrong { .. });
        self.guess = self.completed().filter(|_| open).map(|input| {
            let meaning = Meaning::of(input.value());
            (input.value().to_owned(), meaning)
        });
    }

    /// Words that the one before the cursor could become, and the characters that they would replace;
    /// for a text that is no expression, names that all of it could be short for.
    pub fn proposals(&self) -> (Range<usize>, Vec<Word>) {
        let text = self.input.value();
        let length = text.chars().count();
        let cursor = self.input.cursor().min(length);
        let completion = complete(text, cursor);
        if !completion.words.is_empty() || text.contains(['&', '|', '!', '(', '<', '=', '>']) {
            return (completion.from..cursor, completion.words);
        }
        let wanted = text.trim().to_lowercase().replace([' ', '-'], "_");
        let mut names: Vec<(usize, Word)> = words()
            .into_iter()
            .filter(|word| names::find(word.text).is_some())
            .filter_map(|word| distance(&wanted, word.text).map(|distance| (distance, word)))
            .collect();
        names.sort_by_key(|(distance, word)| (*distance, word.text));
        let words = names.into_iter().map(|(_, word)| word);
        (0..length, words.collect())
    }

    /// Moves the choice among the proposals.
    pub fn step(&mut self, by: isize) {
        let last = self.proposals().1.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        self.guess_anew();
    }

    /// Types the chosen proposal out.
    pub fn complete(&mut self) {
        if let Some(input) = self.completed() {
            self.input = input;
            self.retyped();
        }
    }

    /// The line with the chosen proposal typed out.
    fn completed(&self) -> Option<Input> {
        let (replaced, words) = self.proposals();
        let word = words.get(self.selected)?;
        let text = self.input.value().chars();
        let before: String = text.clone().take(replaced.start).collect();
        let after: String = text.skip(replaced.end).collect();
        let opening = if word.argument.is_some() { "(" } else { "" };
        let begun = format!("{before}{}{opening}", word.text);
        let cursor = begun.chars().count();
        Some(Input::new(begun + &after).with_cursor(cursor))
    }

    /// What is meant, where it is understood or its last word can be guessed; the guess is typed out.
    pub fn take(&mut self) -> Option<Meaning> {
        if !self.meaning.is_something() || self.selected > 0 {
            self.complete();
        }
        self.meaning.is_something().then(|| self.meaning.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> FindForm {
        let mut form = FindForm {
            input: Input::new(text.to_owned()),
            ..FindForm::default()
        };
        form.retyped();
        form
    }

    fn operation(text: &str) -> Option<Operation> {
        match typed(text).take() {
            Some(Meaning::Operation(operation)) => Some(operation),
            _ => None,
        }
    }

    fn count(text: &str) -> Option<usize> {
        match typed(text).take() {
            Some(Meaning::Operations(found)) => Some(found.len()),
            _ => None,
        }
    }

    #[test]
    fn an_operation_is_what_is_typed_or_what_is_proposed() {
        assert_eq!(operation("luk"), names::find("lukasiewicz"));
        assert_eq!(operation("kleene impl"), names::find("kleene_implication"));
        assert_eq!(operation("7153").map(Operation::index), Some(7_153));
        assert_eq!(operation("min"), names::find("min"));
        assert_eq!(operation("0++"), None);
        let mut second = typed("lukasiewicz");
        second.step(1);
        assert!(
            matches!(second.take(), Some(Meaning::Operation(found)) if Some(found) == names::find("lukasiewicz_or"))
        );
    }

    #[test]
    fn an_expression_is_completed_and_taken() {
        assert_eq!(count("commutative & idempotent"), Some(27));
        assert_eq!(count("comm"), Some(729));
        assert_eq!(count("commutative & idem"), Some(27));
        // A figure waits for its number, a test for its argument.
        let mut figure = typed("zer");
        assert!(figure.take().is_none());
        assert_eq!(figure.input.value(), "zeros");
        let mut test = typed("hamm");
        assert!(test.take().is_none());
        assert_eq!((test.input.value(), test.input.cursor()), ("hamming(", 8));
    }

    #[test]
    fn a_sum_of_operations_is_a_point() {
        let point = |text: &str| match typed(text).take() {
            Some(Meaning::Point(place)) => Some(place.to_string()),
            _ => None,
        };
        for text in [
            "min + max - product",
            "0.5*min",
            "mean(commutative)",
            "---------  +  webb",
        ] {
            assert_eq!(point(text).as_deref(), Some(text));
        }
        // The last word is completed here as well.
        assert_eq!(
            point("min + lukasiewicz_a").as_deref(),
            Some("min + lukasiewicz_and")
        );
        assert_eq!(point("min | max"), None);
    }

    #[test]
    fn what_makes_no_sense_is_pointed_at() {
        let wrong = |text: &str| match typed(text).meaning().clone() {
            Meaning::Wrong { at, problem } => (at, problem),
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong("commutative & xyz").0, Some(14));
        let (at, problem) = wrong("0++");
        assert!(at.is_none() && problem.contains("3 trits"), "{problem}");
    }
}
