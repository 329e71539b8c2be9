//! What a key or a paste does: an action of the key table, or a character in a line.

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::backend::crossterm::EventHandler;
use tui_input::{InputRequest, StateChanged};

use super::{App, Modal, Redraw, modal};
use crate::keys::{self, Context};

/// Held down, they make a character a command to the line instead of a part of it.
const COMMANDS: KeyModifiers = KeyModifiers::CONTROL.union(KeyModifiers::ALT);

/// Whether a key is one of those that pasted text is made of.
fn is_text(key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char(_) => !key.modifiers.intersects(COMMANDS),
        KeyCode::Enter => true,
        _ => false,
    }
}

impl App {
    /// Takes in what came at once.
    ///
    /// Several keys of text at once are a paste that the terminal does not mark as one. A paste is typed and confirms
    /// nothing: its line breaks are dropped, and it answers no dialog that has no line to type in.
    pub fn on_burst(&mut self, burst: &[Input]) {
        let text = |input: &&Input| matches!(input, Input::Key(key) if is_text(key));
        let is_paste = burst.iter().filter(text).count() > 1;
        for input in burst {
            match input {
                Input::Key(key) if is_paste && is_text(key) => {
                    let typed = matches!(key.code, KeyCode::Char(_));
                    let line = self.modal.as_mut().map(|modal| modal.input().is_some());
                    if typed && line != Some(false) {
                        self.on_input(input);
                    }
                }
                _ => self.on_input(input),
            }
        }
    }

    /// Takes in a key, the mouse, a paste or another size.
    pub fn on_input(&mut self, input: &Input) {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.on_key(*key),
            Input::Mouse(mouse) => self.on_mouse(*mouse),
            Input::Resize(width, height) => self.set_size(*width, *height),
            Input::Paste(text) => self.on_paste(text),
            _ => {}
        }
    }

    fn on_key(&mut self, key: KeyEvent) {
        let contexts = match &self.modal {
            Some(modal) => [modal.context(), Context::Always],
            None => [self.tab.context(), Context::Everywhere],
        };
        let found = keys::find(&contexts, &key).or_else(|| keys::find(&[Context::Always], &key));
        self.redraw(Redraw::Now);
        // In a number of the disruption dialog the arrows move within the text.
        let types = matches!(&self.modal, Some(Modal::Disrupt(form)) if !form.field.is_choice())
            && matches!(key.code, KeyCode::Left | KeyCode::Right);
        match found {
            Some(binding) if !types => self.perform(binding.action),
            _ => self.type_key(key),
        }
    }

    fn type_key(&mut self, key: KeyEvent) {
        let Some(input) = self.modal.as_mut().and_then(Modal::input) else {
            return;
        };
        let full = input.value().chars().count() >= modal::LONGEST;
        if full && matches!(key.code, KeyCode::Char(_)) && !key.modifiers.intersects(COMMANDS) {
            return;
        }
        if input
            .handle_event(&Input::Key(key))
            .is_some_and(|StateChanged { value, .. }| value)
        {
            self.retype();
        }
    }

    fn on_paste(&mut self, text: &str) {
        let Some(input) = self.modal.as_mut().and_then(Modal::input) else {
            return;
        };
        let room = modal::LONGEST.saturating_sub(input.value().chars().count());
        for character in text
            .chars()
            .filter(|character| !character.is_control())
            .take(room)
        {
            let _ = input.handle(InputRequest::InsertChar(character));
        }
        self.retype();
        self.redraw(Redraw::Now);
    }

    /// After other text is typed, the likeliest proposal is chosen again.
    fn retype(&mut self) {
        match &mut self.modal {
            Some(Modal::Palette(palette)) => palette.selected = 0,
            Some(Modal::Find(form)) => form.retyped(),
            Some(Modal::Places(form)) => form.selected = 0,
            Some(Modal::Controls(form)) => form.selected = 0,
            _ => {}
        }
    }
}
