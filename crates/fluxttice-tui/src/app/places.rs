//! Bookmarks with notes, and the way that was come: places to go back to.

use std::sync::Arc;

use fluxttice_core::measure::neighbours::Place;
use fluxttice_core::run::bookmarks::{Bookmark, BookmarkChange};
use fluxttice_core::session::Chore;
use tui_input::Input;

use super::modal::distance;
use super::{App, Modal, Origin, Tab};
use crate::log_buffer::LogLevel;

/// A note to be written on a place.
#[derive(Clone, Debug)]
pub struct NoteForm {
    /// The place.
    pub place: Place,
    /// What is typed.
    pub input: Input,
}

/// Places to choose from.
#[derive(Clone, Debug, Default)]
pub struct PlacesForm {
    /// What is typed, to find one by.
    pub input: Input,
    /// Chosen row.
    pub selected: usize,
}

/// A place that is offered.
#[derive(Clone, Debug)]
pub enum Known<'a> {
    /// With a note.
    Bookmark(&'a Bookmark),
    /// Where somebody has been, so many steps ago.
    Been(&'a Place, usize),
}

impl Known<'_> {
    /// The place itself.
    pub fn place(&self) -> &Place {
        match self {
            Self::Bookmark(bookmark) => &bookmark.place,
            Self::Been(place, _) => place,
        }
    }

    /// The words that it is found by.
    fn text(&self) -> String {
        let (place, note) = match self {
            Self::Bookmark(bookmark) => (&bookmark.place, bookmark.note.as_str()),
            Self::Been(place, _) => (*place, ""),
        };
        let trits = place.operation().map(|operation| operation.to_string());
        format!("{place} {} {note}", trits.unwrap_or_default()).to_lowercase()
    }
}

impl App {
    /// The note on a place, if it has a bookmark.
    pub fn bookmark(&self, place: &Place) -> Option<&Bookmark> {
        let bookmarks = self.bookmarks.as_ref()?.iter();
        bookmarks
            .into_iter()
            .find(|bookmark| bookmark.place.is_same(place))
    }

    /// The places that what is typed finds: bookmarks, the newest first, then where somebody has been.
    pub fn known_places(&self, form: &PlacesForm) -> Vec<Known<'_>> {
        let wanted = form.input.value().trim().to_lowercase();
        let bookmarks = self.bookmarks.iter().flat_map(|all| all.iter().rev());
        let been = self.neighbours.been();
        bookmarks
            .map(Known::Bookmark)
            .chain(been.map(|(place, steps)| Known::Been(place, steps)))
            .filter(|known| distance(&wanted, &known.text()).is_some())
            .collect()
    }

    /// Asks for the bookmarks, once.
    pub(super) fn want_bookmarks(&mut self) {
        if self.bookmarks.is_none() {
            self.bookmarks = Some(Arc::default());
            self.desk.push(Chore::Bookmarks);
        }
    }

    /// Takes in that bookmarks could not be read or changed.
    pub(super) fn on_not_bookmarked(&mut self, problem: &str) {
        let text = format!("✖ bookmarks: {problem}");
        self.tell(LogLevel::Warn, Origin::Notice, text);
    }

    /// Asks for a note on the centre.
    pub(super) fn open_note(&mut self) {
        let place = self.neighbours.place().clone();
        let note = self.bookmark(&place).map(|known| known.note.clone());
        self.modal = Some(Modal::Note(NoteForm {
            place,
            input: Input::new(note.unwrap_or_default()),
        }));
    }

    /// Keeps the place with what is typed.
    pub(super) fn take_note(&mut self) {
        if let Some(Modal::Note(form)) = self.modal.take() {
            let bookmark = Bookmark {
                note: form.input.value().trim().to_owned(),
                place: form.place,
            };
            self.desk
                .push(Chore::Bookmark(BookmarkChange::Set(bookmark)));
        }
    }

    /// Moves the choice among the places.
    pub(super) fn step_place(&mut self, by: isize) {
        let Some(Modal::Places(form)) = &self.modal else {
            return;
        };
        let last = self.known_places(form).len().saturating_sub(1);
        if let Some(Modal::Places(form)) = &mut self.modal {
            form.selected = form.selected.saturating_add_signed(by).min(last);
        }
    }

    /// Goes to the chosen place.
    pub(super) fn take_place(&mut self) {
        if let Some((place, _)) = self.chosen_place() {
            self.modal = None;
            self.neighbours.visit(place);
            self.show(Tab::Neighbours);
        }
    }

    /// Removes the chosen bookmark.
    pub(super) fn remove_bookmark(&mut self) {
        match self.chosen_place() {
            Some((place, true)) => {
                self.desk
                    .push(Chore::Bookmark(BookmarkChange::Remove(place)));
            }
            _ => self.say("this is no bookmark: only where you have been"),
        }
    }

    /// Takes in the bookmarks there are.
    pub(super) fn on_bookmarks(&mut self, bookmarks: Arc<Vec<Bookmark>>) {
        self.bookmarks = Some(bookmarks);
        self.step_place(0);
    }

    /// The chosen place, and whether it is a bookmark.
    fn chosen_place(&self) -> Option<(Place, bool)> {
        let Some(Modal::Places(form)) = &self.modal else {
            return None;
        };
        let known = self.known_places(form);
        let chosen = known.get(form.selected)?;
        let bookmarked = matches!(chosen, Known::Bookmark(_));
        Some((chosen.place().clone(), bookmarked))
    }
}
