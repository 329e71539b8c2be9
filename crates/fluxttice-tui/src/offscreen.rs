//! The explorer's screen without a terminal.

use std::time::SystemTime;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use fluxttice_core::session::message::Event;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::app::App;
use super::{Options, frame};

/// Draws what the explorer would show into memory, frame by frame: for pictures and timings.
#[derive(Debug)]
pub struct Offscreen {
    app: App,
    screen: Terminal<TestBackend>,
}

impl Offscreen {
    /// A screen of this many columns and rows on which nothing has happened yet.
    pub fn new(columns: u16, rows: u16, options: Options) -> Self {
        let Ok(screen) = Terminal::new(TestBackend::new(columns, rows));
        let mut app = App::new(options, SystemTime::now());
        app.set_size(columns, rows);
        Self { app, screen }
    }

    /// Tells it what happened in the session.
    pub fn event(&mut self, event: Event) {
        self.app.on_event(event);
    }

    /// Presses a key. There is no worker and no thread beside it: nobody answers what the key asks for.
    pub fn press(&mut self, key: KeyCode) {
        self.app
            .on_input(&Input::Key(KeyEvent::new(key, KeyModifiers::NONE)));
    }

    /// Draws a frame as the explorer does: what changed since the last one is written.
    pub fn draw(&mut self) -> &Buffer {
        let Ok(_) = self.screen.draw(|to| frame::draw(to, &self.app));
        self.screen.backend().buffer()
    }
}
