//! Dialogs, which lie over a pane and take its keys. Each holds its state, performs its actions, and draws
//! itself.

pub mod bookmarks;
pub mod branch;
pub mod controls;
pub mod disrupt;
pub mod export;
pub mod find;
pub mod help;
pub mod note;
pub mod palette;
pub mod question;
pub mod quit;
pub mod snapshot;
#[cfg(test)]
mod tests;
mod window;

use crate::effects::{Effect, Effects};

/// Limit of the characters in an input line; no name, number or expression needs more.
pub const LONGEST: usize = 200;

/// Returns the effect that closes the dialog, and then these effects.
fn close_and(effects: impl IntoIterator<Item = Effect>) -> Effects {
    [Effect::Close].into_iter().chain(effects).collect()
}

/// Returns the distance of a text from the typed one, for sorting. A text that contains the typed one has the
/// byte position of it. Any other has 10,000 and the number of letters skipped between the typed ones; `None`
/// if these do not all occur in order.
fn distance(wanted: &str, text: &str) -> Option<usize> {
    const SCATTERED: usize = 10_000;
    if let Some(place) = text.find(wanted) {
        return Some(place);
    }
    let mut gaps = 0;
    let mut rest = text.chars();
    for letter in wanted.chars() {
        gaps += rest.by_ref().position(|candidate| candidate == letter)?;
    }
    Some(SCATTERED + gaps)
}
