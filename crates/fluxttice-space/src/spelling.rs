//! Edit distance of misspelled words, and guesses at the word that was meant.

/// Length in characters above which a word is taken for noise, not for typing errors.
const LONGEST: usize = 64;

/// Returns the number of letters inserted, deleted, replaced or swapped with their neighbour that turn one
/// word into another, upper and lower case alike (optimal string alignment).
pub fn typing_errors(from: &str, to: &str) -> usize {
    strsim::osa_distance(&from.to_lowercase(), &to.to_lowercase())
}

/// Returns the largest number of errors at which a guess is still worth making; `None`
/// for a text too long to be a word.
pub fn most_typing_errors(word: &str) -> Option<usize> {
    let length = word.chars().take(LONGEST + 1).count();
    (length <= LONGEST).then_some(1 + length / 4)
}

/// Returns the word that was probably meant, if one is near.
pub fn meant<'a>(typed: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = most_typing_errors(typed)?;
    words
        .map(|word| (typing_errors(typed, word), word))
        .filter(|(errors, _)| *errors <= most)
        .min_by_key(|(errors, _)| *errors)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant_if_it_is_near() {
        let words = ["commutative", "associative", "min", "max"];
        let found = |typed| meant(typed, words.into_iter());
        assert_eq!(found("comutative"), Some("commutative"));
        assert_eq!(found("Assocaitive"), Some("associative"));
        assert_eq!(found("mni"), Some("min"));
        assert_eq!(found("kangaroo"), None);
        assert_eq!(found(""), None);
        let noise = "x".repeat(1 << 20);
        assert_eq!(meant(&noise, words.into_iter()), None);
    }
}
