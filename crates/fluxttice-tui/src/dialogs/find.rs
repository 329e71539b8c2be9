//! Dialog that finds operations: one by index, trits or name, or all for which an expression is true.

use std::ops::Range;

use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::space::query::{Query, Word, complete, words};
use fluxttice_core::space::{OPERATIONS, percent_of_all};
use fluxttice_core::space::{Operation, OperationSet, names};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;

use super::{close_and, distance, window};
use crate::effects::{Dialog, Effect, Effects};
use crate::format::{fit, percent, thousands, wrap};
use crate::keys::{Action, Context};
use crate::layout::{self, cells};
use crate::selection::Selection;
use crate::shared::Shared;
use crate::widgets::{below, lines, list_rows, paragraph, truth_table};

/// Rows for proposals.
const PROPOSALS: u16 = 7;
/// Prompt in front of the typed text.
const LABEL: &str = "/ ";

/// State of the dialog that finds operations.
#[derive(Clone, Debug, Default)]
pub struct Find {
    /// Typed text, with its cursor.
    pub input: Input,
    /// Chosen proposal, by its row.
    pub selected: usize,
    meaning: Meaning,
    guess: Option<(String, Meaning)>,
}

/// Meaning of a typed text.
#[derive(Clone, Debug, Default)]
pub enum Meaning {
    /// The text is empty or blank.
    #[default]
    Nothing,
    /// One operation, by index, trits or name.
    Operation(Operation),
    /// Operations for which an expression is true.
    Operations(OperationSet),
    /// A point of the latent space, such as `min + max - product`.
    Point(LatentPoint),
    /// Nothing that is known: the text cannot be parsed.
    Wrong {
        /// Character at which parsing fails; `None` where the text is no expression.
        at: Option<usize>,
        /// Message that names the expected and the found text.
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
                match text.parse::<LatentPoint>() {
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

    /// Returns true if the text can be confirmed with Enter.
    fn is_something(&self) -> bool {
        !matches!(self, Self::Nothing | Self::Wrong { .. })
    }
}

impl Find {
    /// Returns the meaning of the typed text.
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// Returns the text with the chosen proposal completed, and its meaning; `None` where the text has a
    /// meaning already.
    pub fn guess(&self) -> Option<&(String, Meaning)> {
        self.guess.as_ref()
    }

    fn guess_anew(&mut self) {
        let open = matches!(self.meaning, Meaning::Wrong { .. });
        self.guess = self.completed().filter(|_| open).map(|input| {
            let meaning = Meaning::of(input.value());
            (input.value().to_owned(), meaning)
        });
    }

    /// Returns the words that the one before the cursor could become, and the range of characters that they
    /// would replace. For a text that is no expression these are names that all of it could be short for.
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

    /// Moves the choice among the proposals by some rows.
    pub fn step(&mut self, by: isize) {
        self.selected = layout::step(self.selected, by, self.proposals().1.len());
        self.guess_anew();
    }

    /// Completes the chosen proposal in the typed text.
    pub fn complete(&mut self) {
        if let Some(input) = self.completed() {
            self.input = input;
            self.retyped();
        }
    }

    /// Returns the text with the chosen proposal completed.
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

    /// Returns the meaning of the text, if it has one. Where it has none, or a proposal was chosen, the
    /// proposal is completed first.
    pub fn take(&mut self) -> Option<Meaning> {
        if !self.meaning.is_something() || self.selected > 0 {
            self.complete();
        }
        self.meaning.is_something().then(|| self.meaning.clone())
    }

    /// Goes to the operation or point that is typed, or selects the operations that the expression finds.
    fn confirmed(&mut self) -> Effects {
        let taken = self.take();
        let text = self.input.value().trim().to_owned();
        match taken {
            Some(Meaning::Operation(operation)) => close_and([Effect::Visit(operation.into())]),
            Some(Meaning::Point(place)) => close_and([Effect::Visit(place)]),
            Some(Meaning::Operations(found)) => {
                close_and([Effect::Select(Some(Selection::new(text, found)))])
            }
            _ => Vec::new(),
        }
    }
}

impl Dialog for Find {
    fn context(&self) -> Context {
        Context::Find
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (76, 4 + truth_table::HEIGHT + 1 + PROPOSALS)
    }

    fn line(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn retyped(&mut self) {
        self.selected = 0;
        self.meaning = Meaning::of(self.input.value());
        self.guess_anew();
    }

    fn act(&mut self, action: Action, _cx: &Shared) -> Option<Effects> {
        match action {
            Action::PreviousField => self.step(-1),
            Action::NextField => self.step(1),
            Action::Complete => self.complete(),
            Action::Confirm => return Some(self.confirmed()),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn wheel(&self, by: isize) -> Action {
        if by < 0 {
            Action::PreviousField
        } else {
            Action::NextField
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "find operations");
        let cursor = window::input(
            inner,
            buf,
            Span::styled(LABEL, theme.accent()),
            &self.input,
            theme.strong(),
        );
        let (_, proposals) = self.proposals();
        if let Some((text, _)) = self.guess() {
            let text = fit(&format!("→ {text}"), usize::from(inner.width));
            buf.set_string(inner.x, inner.y + 1, text, theme.dim());
        }
        let meaning = Rect {
            height: truth_table::HEIGHT.min(inner.height.saturating_sub(2)),
            ..below(inner, 2)
        };
        // A word that is not complete yet is no mistake.
        match self.guess().map_or(self.meaning(), |(_, meaning)| meaning) {
            Meaning::Nothing => render_forms(meaning, buf, cx),
            Meaning::Operation(operation) => render_operation(meaning, buf, cx, *operation),
            Meaning::Operations(found) => render_found(meaning, buf, cx, found),
            Meaning::Point(_) => {
                let text = "a point of the latent space: what lies near it, and what it decodes to";
                lines(meaning, buf, &[Line::raw(text)]);
            }
            Meaning::Wrong { .. } if self.guess().is_some() => {}
            Meaning::Wrong { at, problem } => {
                let under = at.map(|at| inner.x as usize + LABEL.len() + at);
                if let Some(x) = under.filter(|x| *x < usize::from(inner.right())) {
                    buf.set_string(cells(x), inner.y + 1, "^", theme.warning());
                }
                let room = usize::from(meaning.width).saturating_sub(2);
                let rows = paragraph(&format!("▲ {problem}"), room, theme.warning());
                lines(meaning, buf, &rows);
            }
        }
        let list = below(inner, 2 + truth_table::HEIGHT + 1);
        render_proposals(list, buf, cx, self, &proposals);
        cursor
    }
}

fn render_forms(area: Rect, buf: &mut Buffer, cx: &Shared) {
    let rows = [
        "an index, nine trits or a name    7153   0++-0+--0   min",
        "laws with & | ! ( )               commutative & !associative",
        "figures with = != < <= > >=       zeros > 4 & hamming(min) <= 2",
        "points                            min + max - product, 0.5*min + 0.5*max",
    ];
    lines(
        area,
        buf,
        &rows.map(|row| Line::styled(row, cx.theme.dim())),
    );
}

fn render_operation(area: Rect, buf: &mut Buffer, cx: &Shared, operation: Operation) {
    let theme = cx.theme;
    truth_table::render(area, buf, theme, operation, None);
    let right = truth_table::beside(area);
    let laws: Vec<&str> = operation.laws().map(|law| law.word).collect();
    let index = thousands(operation.index() as u64);
    let mut rows = vec![
        Line::styled(format!("{index}  {operation}"), theme.strong()),
        Line::raw(operation.name().unwrap_or("unnamed")),
    ];
    let room = usize::from(right.width);
    rows.extend(paragraph(&laws.join(" "), room, theme.dim()));
    lines(right, buf, &rows);
}

fn render_found(area: Rect, buf: &mut Buffer, cx: &Shared, found: &OperationSet) {
    let theme = cx.theme;
    let count = found.len();
    let mut rows = vec![Line::from(vec![
        Span::styled(thousands(count as u64), theme.strong()),
        Span::styled(
            format!(
                " of {} operations, {} %",
                thousands(OPERATIONS as u64),
                percent(percent_of_all(count as f64))
            ),
            theme.dim(),
        ),
    ])];
    // Operations with a name say most, and come first.
    let (named, others): (Vec<_>, Vec<_>) = found.iter().partition(|o| o.name().is_some());
    let texts = named.into_iter().chain(others).take(30).map(|operation| {
        operation
            .name()
            .map_or_else(|| operation.to_string(), str::to_owned)
    });
    let examples = wrap(
        &texts.collect::<Vec<_>>().join("  "),
        usize::from(area.width),
    );
    let room = usize::from(area.height).saturating_sub(1);
    for (place, text) in examples.iter().take(room).enumerate() {
        let goes_on = place + 1 == room && (examples.len() > room || count > 30);
        let text = if goes_on {
            format!("{text}  …")
        } else {
            text.clone()
        };
        rows.push(Line::styled(
            fit(&text, usize::from(area.width)),
            theme.dim(),
        ));
    }
    lines(area, buf, &rows);
}

fn render_proposals(list: Rect, buf: &mut Buffer, cx: &Shared, form: &Find, words: &[Word]) {
    let theme = cx.theme;
    let typed = !form.input.value().trim().is_empty();
    for (row, word, chosen) in list_rows(list, form.selected, words) {
        let argument = word
            .argument
            .map_or(String::new(), |form| format!("({form})"));
        let line = Line::from(vec![
            Span::raw(format!("{:<24} ", format!("{}{argument}", word.text))),
            Span::styled(word.meaning, theme.dim()),
        ]);
        buf.set_line(row.x, row.y, &line, row.width);
        if chosen && (typed || form.selected > 0) {
            buf.set_style(row, theme.selected());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Find {
        let mut form = Find {
            input: Input::new(text.to_owned()),
            ..Find::default()
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
