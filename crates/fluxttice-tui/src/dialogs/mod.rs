//! The dialogs that lie over a pane and take its keys. Each holds its state, does what its keys say, and draws
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

/// Characters taken in one line; nothing one can be asked for is longer.
pub const LONGEST: usize = 200;

/// A dialog.
pub trait Dialog: Debug {
    /// The context whose keys it takes; beside it hold only those of [`Context::Always`].
    fn context(&self) -> Context;

    /// Its size in columns and rows on a screen of this area; it gets as much of that as there is room for.
    fn size(&self, screen: Rect) -> (u16, u16);

    /// The line that typed characters go to, if there is one.
    fn line(&mut self) -> Option<&mut Input> {
        None
    }

    /// Takes in that the line has another text.
    fn retyped(&mut self) {}

    /// True for a key that moves within the line although the key table has it.
    fn types(&self, _key: KeyCode) -> bool {
        false
    }

    /// Does what a key says; `None` leaves it to what holds in every dialog.
    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects>;

    /// The action of a notch of the wheel, up being -1.
    fn wheel(&self, _by: isize) -> Option<Action> {
        None
    }

    /// Draws itself; returns where the cursor stands.
    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position>;

    /// Where it lies on a screen of this area: in the middle.
    fn area(&self, screen: Rect) -> Rect {
        let (width, height) = self.size(screen);
        layout::centred(screen, width, height)
    }
}

/// Opens a dialog.
pub fn open(dialog: impl Dialog + 'static) -> Effects {
    vec![Effect::Open(Box::new(dialog))]
}

/// Closes the dialog, and goes on with something else.
fn close_and(effects: impl IntoIterator<Item = Effect>) -> Effects {
    [Effect::Close].into_iter().chain(effects).collect()
}

/// Up or down in a list by a notch of the wheel.
fn wheel_in_list(by: isize) -> Option<Action> {
    Some(if by < 0 {
        Action::ListUp
    } else {
        Action::ListDown
    })
}

/// How far a text is from what was typed: the place of the whole word, or, behind all of those, the
/// gaps between its letters; `None` if they do not all occur in order.
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
