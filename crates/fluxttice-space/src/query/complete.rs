//! Completion of the word before the cursor.

use super::parse::is_of_a_word;
use super::{Word, words};

/// Completions of the word before the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Position of the word's first character, from 0.
    pub from: usize,
    /// Words that begin with the typed characters; of equals the shortest first.
    pub words: Vec<Word>,
}

/// Returns the words that the characters just before `cursor` may be the beginning of;
/// all of them where a word may begin.
pub fn complete(text: &str, cursor: usize) -> Completion {
    let before: Vec<char> = text.chars().take(cursor).collect();
    let long = before
        .iter()
        .rev()
        .take_while(|c| is_of_a_word(**c))
        .count();
    let from = before.len() - long;
    let begun: String = before[from..].iter().collect::<String>().to_lowercase();
    // Where a comparison waits for its number there is no word to propose.
    let previous = before[..from].iter().rev().find(|c| !c.is_whitespace());
    let number = previous.is_some_and(|character| "<>=".contains(*character));
    let mut words = if number { Vec::new() } else { words() };
    words.retain(|word| word.text.starts_with(&begun));
    if !begun.is_empty() {
        words.sort_by_key(|word| word.text.len());
    }
    Completion { from, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(text: &str) -> Vec<&'static str> {
        let found = complete(text, text.chars().count());
        found.words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_completed_where_they_begin() {
        assert_eq!(proposed("commutative & idem"), ["idempotent"]);
        assert_eq!(complete("commutative & idem", 18).from, 14);
        assert_eq!(proposed("ass"), ["associative", "associating"]);
        assert!(proposed("").contains(&"hamming"));
        assert!(proposed("hamming(lu").contains(&"lukasiewicz"));
        assert!(proposed("zeros > ").is_empty());
        assert!(proposed("nothing_like_it").is_empty());
        // The cursor may stand within the text, or beyond it.
        assert_eq!(complete("idem & constant", 4).words[0].text, "idempotent");
        assert_eq!(complete("idem", 100).from, 0);
    }
}
