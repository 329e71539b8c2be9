//! Screen of the explorer without a terminal.

use std::time::SystemTime;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use fluxttice_core::session::message::Event;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::app::App;
use super::{Options, frame};

/// Draws the frames of the explorer into memory: for pictures and timings.
#[derive(Debug)]
pub struct Offscreen {
    app: App,
    screen: Terminal<TestBackend>,
}

impl Offscreen {
    /// Makes a screen of this many columns and rows, before any event.
    pub fn new(columns: u16, rows: u16, options: Options) -> Self {
        let Ok(screen) = Terminal::new(TestBackend::new(columns, rows));
        let mut app = App::new(options, SystemTime::now());
        app.set_size(columns, rows);
        Self { app, screen }
    }

    /// Handles an event of the session, as the explorer does.
    pub fn event(&mut self, event: Event) {
        self.app.on_event(event);
    }

    /// Presses a key. There is no worker and no thread beside it: requests of the key are not answered.
    pub fn press(&mut self, key: KeyCode) {
        self.app
            .on_input(&Input::Key(KeyEvent::new(key, KeyModifiers::NONE)));
    }

    /// Draws a frame as the explorer does: only the cells that changed are written.
    pub fn draw(&mut self) -> &Buffer {
        let Ok(_) = self.screen.draw(|to| frame::draw(to, &self.app));
        self.screen.backend().buffer()
    }
}
