//! No pictures: the feature `pictures` is off, and nothing of it is here.

use ratatui::Frame;

use super::app::App;

/// What a terminal shows as characters it shows as characters.
#[derive(Debug)]
pub struct Graphics;

impl Graphics {
    /// Asks nothing.
    pub fn of_terminal() -> Self {
        Self
    }

    /// Draws nothing.
    pub fn draw(&mut self, _: &mut Frame<'_>, _: &App) {}
}
