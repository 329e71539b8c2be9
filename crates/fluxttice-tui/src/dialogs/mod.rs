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

use std::fmt::Debug;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tui_input::Input;

use crate::effects::{Effect, Effects};
use crate::keys::{Action, Context};
use crate::layout;
use crate::shared::Shared;

/// Limit of the characters in an input line; no name, number or expression needs more.
pub const LONGEST: usize = 200;

/// A dialog over the pane; while one is open, the pane takes no keys.
pub trait Dialog: Debug {
    /// Returns the context whose keys hold, beside those of [`Context::Always`].
    fn context(&self) -> Context;

    /// Returns the wanted size in columns and rows on a screen of this area; the screen's size limits it.
    fn size(&self, screen: Rect) -> (u16, u16);

    /// Returns the input line that typed characters go to; `None` if the dialog has none.
    fn line(&mut self) -> Option<&mut Input> {
        None
    }

    /// Handles a changed text of the input line.
    fn retyped(&mut self) {}

    /// Returns true for a key that moves the cursor in the input line although the key table has it.
    fn types(&self, _key: KeyCode) -> bool {
        false
    }

    /// Performs an action; `None` leaves it to the actions that all dialogs share.
    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects>;

    /// Returns the action of a notch of the wheel: -1 is up, 1 is down.
    fn wheel(&self, _by: isize) -> Option<Action> {
        None
    }

    /// Draws the dialog; returns the position of the text cursor, if it has one.
    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position>;

    /// Returns the area of the dialog on a screen of this area: in the middle.
    fn area(&self, screen: Rect) -> Rect {
        let (width, height) = self.size(screen);
        layout::centred(screen, width, height)
    }
}

/// Returns the effect that opens a dialog.
pub fn open(dialog: impl Dialog + 'static) -> Effects {
    vec![Effect::Open(Box::new(dialog))]
}

/// Returns the effect that closes the dialog, and then these effects.
fn close_and(effects: impl IntoIterator<Item = Effect>) -> Effects {
    [Effect::Close].into_iter().chain(effects).collect()
}

/// Returns the action of a notch of the wheel in a list: up or down.
fn wheel_in_list(by: isize) -> Option<Action> {
    Some(if by < 0 {
        Action::ListUp
    } else {
        Action::ListDown
    })
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
