//! Numbers of things in words.

/// So many of something: `1 epoch`, `2 epochs`. The plural is the word with an s.
pub fn counted(number: impl Into<u64>, thing: &str) -> String {
    match number.into() {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
    }
}
