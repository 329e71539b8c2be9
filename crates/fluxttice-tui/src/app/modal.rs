//! Dialogs: what lies over the view and takes the keys.

use fluxttice_core::request::Command;
use fluxttice_core::session::DeskRequest;
use tui_input::Input;

use super::control_form::{Control, ControlForm};
use super::disrupt_form::DisruptForm;
use super::export::ExportForm;
use super::find_form::FindForm;
use super::frame::Frame;
use super::places::{NoteForm, PlacesForm};
use crate::keys::{self, Binding, Context};

/// Characters taken in one line; nothing one can be asked for is longer.
pub const LONGEST: usize = 200;

/// What lies over the view.
#[derive(Clone, Debug)]
pub enum Modal {
    /// All keys, scrolled down by some lines.
    Help {
        /// Lines scrolled.
        scroll: usize,
    },
    /// Every command by name.
    Palette(Palette),
    /// How to stop.
    Quit,
    /// A disruption.
    Disrupt(Box<DisruptForm>),
    /// The controls of the run.
    Controls(ControlForm),
    /// Yes or no.
    Question(Question),
    /// A search for operations.
    Find(Box<FindForm>),
    /// A note on a place.
    Note(NoteForm),
    /// Bookmarks, and where somebody has been.
    Places(PlacesForm),
    /// The choice of a file to write.
    Export(ExportForm),
    /// A box on the plane of codes.
    Box(Frame),
    /// A line to type in.
    Prompt(Prompt),
}

impl Modal {
    /// The context whose keys hold while it is shown.
    pub fn context(&self) -> Context {
        match self {
            Self::Help { .. } => Context::Help,
            Self::Palette(_) => Context::Palette,
            Self::Quit => Context::Quit,
            Self::Disrupt(_) => Context::Disrupt,
            Self::Controls(_) => Context::Controls,
            Self::Question(_) => Context::Question,
            Self::Find(_) => Context::Find,
            Self::Box(_) => Context::Box,
            Self::Export(_) => Context::Export,
            Self::Prompt(_) | Self::Note(_) => Context::Prompt,
            Self::Places(_) => Context::Places,
        }
    }

    /// The line that typed characters go to, if there is one.
    pub fn input(&mut self) -> Option<&mut Input> {
        match self {
            Self::Palette(palette) => Some(&mut palette.input),
            Self::Find(form) => Some(&mut form.input),
            Self::Prompt(prompt) => Some(&mut prompt.input),
            Self::Note(form) => Some(&mut form.input),
            Self::Places(form) => Some(&mut form.input),
            Self::Disrupt(form) => form.input(),
            Self::Controls(form) => Some(form.input()),
            Self::Help { .. } | Self::Quit | Self::Question(_) | Self::Box(_) | Self::Export(_) => {
                None
            }
        }
    }
}

/// The command palette.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// Chosen row.
    pub selected: usize,
}

/// What the palette offers.
#[derive(Clone, Debug)]
pub enum Offer {
    /// A command of the key table.
    Command(&'static Binding),
    /// A control of the run, to be changed.
    Control(Control),
}

impl Offer {
    /// The words that it is found by.
    fn text(&self) -> String {
        let text = match self {
            Self::Command(binding) => format!("{} {}", binding.hint, binding.help),
            Self::Control(control) => format!("{} {}", control.key, control.info.meaning),
        };
        text.to_lowercase()
    }
}

impl Palette {
    /// The commands and controls that match, best first; of equals the commands.
    pub fn matches(&self, view: Context, controls: Vec<Control>) -> Vec<Offer> {
        let wanted = self.input.value().trim().to_lowercase();
        let commands = [view, Context::Everywhere, Context::Always]
            .into_iter()
            .flat_map(keys::of)
            .filter(|binding| binding.in_palette())
            .map(Offer::Command);
        let mut found: Vec<(usize, Offer)> = commands
            .chain(controls.into_iter().map(Offer::Control))
            .filter_map(|offer| distance(&wanted, &offer.text()).map(|distance| (distance, offer)))
            .collect();
        found.sort_by_key(|(distance, _)| *distance);
        found.into_iter().map(|(_, offer)| offer).collect()
    }

    /// The chosen command or control.
    pub fn chosen(&self, view: Context, controls: Vec<Control>) -> Option<Offer> {
        self.matches(view, controls).into_iter().nth(self.selected)
    }

    /// Moves the choice.
    pub fn step(&mut self, by: isize, view: Context, controls: Vec<Control>) {
        let last = self.matches(view, controls).len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }
}

/// How far a text is from what was typed: the place of the whole word, or, behind all of those, the
/// gaps between its letters; `None` if they do not all occur in order.
pub(super) fn distance(wanted: &str, text: &str) -> Option<usize> {
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

/// A line to type a snapshot's name in.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    /// What is typed.
    pub input: Input,
}

impl Prompt {
    /// The typed name; `None` where the worker shall choose one.
    ///
    /// # Errors
    /// What is wrong with the name as the name of a folder.
    pub fn name(&self) -> Result<Option<String>, String> {
        let name = self.input.value().trim();
        if name.is_empty() {
            return Ok(None);
        }
        if let Some(bad) = name
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !"._-".contains(*c))
        {
            return Err(format!(
                "`{bad}` cannot stand in a name; letters, digits, . _ - can"
            ));
        }
        if name.starts_with(['.', '-']) {
            return Err("a name begins with a letter, a digit or _".into());
        }
        Ok(Some(name.to_owned()))
    }
}

/// A question that is answered with Enter or Esc.
#[derive(Clone, Debug)]
pub struct Question {
    /// Title of the dialog.
    pub title: &'static str,
    /// What will happen.
    pub text: String,
    /// What is done.
    pub then: Then,
}

/// What is done once a question is answered with yes.
#[derive(Clone, Debug)]
pub enum Then {
    /// Ask the worker.
    Command(Command),
    /// Ask the desk.
    Desk(DeskRequest),
}

#[cfg(test)]
mod tests {
    use fluxttice_core::config::Config;

    use super::*;
    use crate::app::control_form::controls;

    #[test]
    fn the_palette_finds_words_and_letters() {
        let palette = |text: &str| Palette {
            input: Input::new(text.into()),
            selected: 0,
        };
        let all = || controls(&Config::default(), None);
        let first = |text: &str| match palette(text).chosen(Context::Train, all()) {
            Some(Offer::Command(binding)) => Some(binding.action),
            _ => None,
        };
        assert_eq!(first("snapshot"), Some(keys::Action::Snapshot));
        assert_eq!(first("logarithmic"), Some(keys::Action::ToggleLog));
        assert_eq!(first("frz"), Some(keys::Action::ToggleFreeze));
        assert_eq!(first("xyzzy"), None);
        assert!(palette("").matches(Context::Log, Vec::new()).len() > 20);
        let control = palette("hold.lambda2").chosen(Context::Log, all());
        assert!(matches!(control, Some(Offer::Control(control)) if control.key == "hold.lambda2"));
    }

    #[test]
    fn a_name_must_be_one_for_a_folder() {
        let name = |text: &str| {
            Prompt {
                input: Input::new(text.into()),
            }
            .name()
        };
        assert_eq!(name(" "), Ok(None));
        assert_eq!(name("before-50"), Ok(Some("before-50".into())));
        assert!(name("../x").is_err() && name("-x").is_err() && name("a b").is_err());
    }
}
