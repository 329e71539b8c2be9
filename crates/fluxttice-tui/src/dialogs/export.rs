//! Dialog that chooses a file to write from the pane in front: a list as CSV or JSON, a picture as SVG or
//! PNG.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{close_and, window};
use crate::effects::{Dialog, Effect, Effects, open, say};
use crate::exports::{Exports, Format, Named};
use crate::format::fit;
use crate::keys::{Action, Context};
use crate::layout::{self, cells};
use crate::shared::Shared;
use crate::widgets::{below, lines};

/// A file that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Format of the file.
    pub format: Format,
    /// Content of the file, in words.
    pub words: String,
    /// Path of the file, relative to the folder where the program was started.
    pub to: PathBuf,
}

/// State of the dialog that chooses a file to write.
#[derive(Clone, Debug)]
pub struct Export {
    offers: Vec<Offer>,
    selected: usize,
}

/// Opens the dialog with the files that can be written; says so where there are none.
pub fn offer(exports: Exports) -> Effects {
    let Exports {
        list,
        picture,
        file,
    } = exports;
    let offer = |format: Format| {
        let named: &Named = match format {
            Format::Csv => list.as_ref(),
            Format::Json => file.as_ref().or(list.as_ref()),
            Format::Svg | Format::Png => picture.as_ref(),
        }?;
        Some(Offer {
            format,
            words: named.words.clone(),
            to: PathBuf::from(format!("{}.{}", file_name(&named.stem), format.extension())),
        })
    };
    let offers: Vec<Offer> = Format::ALL.into_iter().filter_map(offer).collect();
    match offers.is_empty() {
        true => say("there is nothing to write yet"),
        false => open(Export {
            offers,
            selected: 0,
        }),
    }
}

impl Export {
    fn step(&mut self, by: isize) {
        self.selected = layout::step(self.selected, by, self.offers.len());
    }
}

impl Dialog for Export {
    fn context(&self) -> Context {
        Context::Export
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (76, cells(self.offers.len() * 2 + 4))
    }

    fn act(&mut self, action: Action, _cx: &Shared) -> Option<Effects> {
        match action {
            Action::ListUp => self.step(-1),
            Action::ListDown => self.step(1),
            Action::Confirm => {
                let chosen = self.offers.get(self.selected);
                let write = chosen.map(|offer| Effect::Write(offer.format, offer.to.clone()));
                return Some(close_and(write));
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let theme = cx.theme;
        let inner = window::frame(area, buf, theme, "write to a file");
        let wide = usize::from(inner.width);
        for (place, offer) in self.offers.iter().enumerate() {
            let rows = below(inner, cells(2 * place));
            let kind = format!("{:<5}", offer.format.extension().to_uppercase());
            let words = Line::from(vec![
                Span::styled(kind, theme.accent()),
                Span::raw(fit(&offer.words, wide.saturating_sub(5))),
            ]);
            let to = Line::styled(
                fit(&format!("     {}", offer.to.display()), wide),
                theme.dim(),
            );
            lines(rows, buf, &[words, to]);
            if place == self.selected && rows.height > 0 {
                buf.set_style(Rect { height: 1, ..rows }, theme.selected());
            }
        }
        let told = "to the folder where the program was started; nothing is overwritten";
        let foot = below(inner, cells(2 * self.offers.len() + 1));
        lines(foot, buf, &[Line::styled(fit(told, wide), theme.dim())]);
        None
    }
}

/// Makes a file name that every system accepts: lower-case letters, digits, underscores and single hyphens,
/// at most 80 characters.
fn file_name(text: &str) -> String {
    const LONGEST: usize = 80;
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name = words.join("-").to_lowercase();
    name.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_hold_nothing_that_a_system_minds() {
        assert_eq!(
            file_name("near min + max - product A euclidean"),
            "near-min-max-product-a-euclidean"
        );
        assert_eq!(
            file_name("selected commutative & !(x | ../y)"),
            "selected-commutative-x-y"
        );
        assert!(file_name(&"long ".repeat(100)).len() <= 80);
    }
}
