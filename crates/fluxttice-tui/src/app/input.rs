//! Handlers of keys, pastes and the mouse: each becomes an action of the key table, a character in a line, or
//! a position.

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use ratatui::layout::Position;
use tui_input::backend::crossterm::EventHandler;
use tui_input::{InputRequest, StateChanged};

use super::{App, Redraw};
use crate::dialogs::LONGEST;
use crate::keys::{self, Context};

/// Modifiers with which a character is a command to the input line instead of a part of it.
const COMMANDS: KeyModifiers = KeyModifiers::CONTROL.union(KeyModifiers::ALT);

/// Returns true if a key is one of those that pasted text consists of.
fn is_text(key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char(_) => !key.modifiers.intersects(COMMANDS),
        KeyCode::Enter => true,
        _ => false,
    }
}

impl App {
    /// Handles input events that arrived together.
    ///
    /// Several keys of text at once are a paste that the terminal does not mark as one. A paste types
    /// characters and confirms nothing: its line breaks are dropped, and it answers no dialog without an
    /// input line.
    pub fn on_burst(&mut self, burst: &[Input]) {
        let text = |input: &&Input| matches!(input, Input::Key(key) if is_text(key));
        let is_paste = burst.iter().filter(text).count() > 1;
        for input in burst {
            match input {
                Input::Key(key) if is_paste && is_text(key) => {
                    let typed = matches!(key.code, KeyCode::Char(_));
                    let line = self.dialog.as_mut().map(|dialog| dialog.line().is_some());
                    if typed && line != Some(false) {
                        self.on_input(input);
                    }
                }
                _ => self.on_input(input),
            }
        }
    }

    /// Handles a key, the mouse, a paste or a new size of the terminal.
    pub fn on_input(&mut self, input: &Input) {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.on_key(*key),
            Input::Mouse(mouse) => self.on_mouse(*mouse),
            Input::Resize(width, height) => self.set_size(*width, *height),
            Input::Paste(text) => self.on_paste(text),
            _ => {}
        }
    }

    /// Returns the contexts whose keys hold now; the first takes precedence.
    pub fn contexts(&self) -> [Context; 2] {
        let context = match &self.dialog {
            Some(dialog) => dialog.context(),
            None => self.front().context(),
        };
        match context.is_of_dialog() {
            true => [context, Context::Always],
            false => [context, Context::Everywhere],
        }
    }

    fn on_key(&mut self, key: KeyEvent) {
        let found = keys::find(&self.contexts(), &key);
        let found = found.or_else(|| keys::find(&[Context::Always], &key));
        self.redraw(Redraw::Now);
        let types = self
            .dialog
            .as_ref()
            .is_some_and(|dialog| dialog.types(key.code));
        match found {
            Some(binding) if !types => self.perform(binding.action),
            _ => self.type_key(key),
        }
    }

    fn type_key(&mut self, key: KeyEvent) {
        let Some(dialog) = &mut self.dialog else {
            return;
        };
        let Some(line) = dialog.line() else {
            return;
        };
        let full = line.value().chars().count() >= LONGEST;
        if full && matches!(key.code, KeyCode::Char(_)) && !key.modifiers.intersects(COMMANDS) {
            return;
        }
        let changed = line.handle_event(&Input::Key(key));
        if changed.is_some_and(|StateChanged { value, .. }| value) {
            dialog.retyped();
        }
    }

    fn on_paste(&mut self, text: &str) {
        let Some(dialog) = &mut self.dialog else {
            return;
        };
        let Some(line) = dialog.line() else {
            return;
        };
        let room = LONGEST.saturating_sub(line.value().chars().count());
        for character in text
            .chars()
            .filter(|character| !character.is_control())
            .take(room)
        {
            let _ = line.handle(InputRequest::InsertChar(character));
        }
        dialog.retyped();
        self.redraw(Redraw::Now);
    }

    fn on_mouse(&mut self, mouse: MouseEvent) {
        let at = Position {
            x: mouse.column,
            y: mouse.row,
        };
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(at, false),
            MouseEventKind::Drag(MouseButton::Left) => self.click(at, true),
            MouseEventKind::ScrollUp => self.wheel(-1),
            MouseEventKind::ScrollDown => self.wheel(1),
            _ => return,
        }
        self.redraw(Redraw::Now);
    }
}
