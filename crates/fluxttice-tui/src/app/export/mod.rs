//! What is on the screen as a file: lists as CSV or JSON, pictures as SVG or PNG.

mod lists;
mod pictures;

use std::path::PathBuf;

use fluxttice_core::run::names::EXPERIMENTS;
use fluxttice_core::session::{Chore, Content};

use super::{App, Modal, Row, Tab};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A list, a line each.
    Csv,
    /// The same as an array of objects.
    Json,
    /// A picture that scales.
    Svg,
    /// A picture of dots.
    Png,
}

impl Format {
    const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::Svg, Self::Png];

    /// How its files' names end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

/// A file that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its kind.
    pub format: Format,
    /// What it will hold.
    pub words: String,
    /// Its name.
    pub to: PathBuf,
}

/// The files to choose from.
#[derive(Clone, Debug)]
pub struct ExportForm {
    /// They.
    pub offers: Vec<Offer>,
    /// Chosen row.
    pub selected: usize,
}

impl ExportForm {
    /// Moves the choice.
    pub fn step(&mut self, by: isize) {
        let last = self.offers.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }
}

/// What a view has to write: what it is in words, and the stem of a file's name.
struct Named {
    words: String,
    stem: String,
}

impl App {
    /// Asks which file is to be written of what is in front.
    pub(super) fn open_export(&mut self) {
        // An experiment is a file already.
        let experiment = self.experiment().map(|(name, _)| Named {
            words: "the experiment with every figure of both arms".to_owned(),
            stem: name,
        });
        let list = self.list_name().filter(|_| experiment.is_none());
        let picture = self.picture_name();
        let offer = |format: Format| {
            let named = match format {
                Format::Csv => list.as_ref(),
                Format::Json => experiment.as_ref().or(list.as_ref()),
                Format::Svg | Format::Png => picture.as_ref(),
            }?;
            Some(Offer {
                format,
                words: named.words.clone(),
                to: PathBuf::from(format!("{}.{}", file_name(&named.stem), format.extension())),
            })
        };
        let offers: Vec<Offer> = Format::ALL.into_iter().filter_map(offer).collect();
        if offers.is_empty() {
            return self.say("there is nothing to write yet");
        }
        self.modal = Some(Modal::Export(ExportForm {
            offers,
            selected: 0,
        }));
    }

    /// Has the chosen file written to where the program was started.
    pub(super) fn take_export(&mut self) {
        let Some(Modal::Export(form)) = self.modal.take() else {
            return;
        };
        let Some(Offer { format, to, .. }) = form.offers.get(form.selected).cloned() else {
            return;
        };
        let picture = |drawing| Content::Picture(Box::new(drawing));
        let content = match (format, self.experiment()) {
            (Format::Svg | Format::Png, _) => self.picture().map(picture),
            (_, Some((_, file))) => Some(Content::File(file)),
            (Format::Json, None) => self.listing().map(|list| Content::Text(list.json())),
            (Format::Csv, None) => self.listing().map(|list| Content::Text(list.csv())),
        };
        match content {
            Some(content) => self.desk.push(Chore::Write { content, to }),
            None => self.say("there is nothing to write any more"),
        }
    }

    /// The run's name, in those of files.
    fn run_name(&self) -> &str {
        let info = self.run().info.as_ref();
        info.map_or("run", |info| info.name.as_str())
    }

    /// The chosen experiment: a name for its copy, and where it lies.
    fn experiment(&self) -> Option<(String, PathBuf)> {
        match self.runs.chosen().filter(|_| self.tab == Tab::Runs)? {
            Row::Experiment(entry, name, Ok(_)) => {
                let experiments = entry.branch.path.join(EXPERIMENTS);
                Some((
                    format!("{} {name}", entry.branch.name()),
                    experiments.join(format!("{name}.json")),
                ))
            }
            _ => None,
        }
    }
}

/// Letters, digits and single hyphens: a name for a file everywhere.
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
