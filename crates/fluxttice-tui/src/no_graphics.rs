//! Stand-in for `graphics` in a build without the feature `pictures`.

use ratatui::Frame;

use super::app::App;

/// Graphics of a build without pictures: the planes stay as characters.
#[derive(Debug)]
pub struct Graphics;

impl Graphics {
    /// Returns the stand-in; the terminal is not asked.
    pub fn of_terminal() -> Self {
        Self
    }

    /// Leaves the frame as it is.
    #[expect(clippy::unused_self, reason = "called as the graphics are")]
    pub fn draw(&mut self, _: &mut Frame<'_>, _: &App) {}
}
