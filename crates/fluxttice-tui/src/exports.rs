//! Files that the panes can write.

use fluxttice_core::listing::Listing;
use fluxttice_core::session::Content;

/// Files that a pane can write.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    /// List, as CSV or JSON; `None` if there is none.
    pub list: Option<Named>,
    /// Picture, as SVG or PNG; `None` if there is none.
    pub picture: Option<Named>,
    /// JSON file that exists already and is copied in place of the list; `None` for most panes.
    pub file: Option<Named>,
}

/// Description of a file, and the stem of its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// Content of the file, in words.
    pub words: String,
    /// Stem of the file's name, before characters are removed that some systems do not allow.
    pub stem: String,
}

/// Format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values: a list with one line for each row.
    Csv,
    /// JSON: a list as an array of objects.
    Json,
    /// SVG: a picture of vectors.
    Svg,
    /// PNG: a picture of pixels.
    Png,
}

impl Format {
    /// Every format: lists, then pictures.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::Svg, Self::Png];

    /// Returns a list as the content of a file; `None` for formats of pictures.
    pub fn of_list(self, list: &Listing) -> Option<Content> {
        match self {
            Self::Csv => Some(Content::Text(list.csv())),
            Self::Json => Some(Content::Text(list.json())),
            Self::Svg | Self::Png => None,
        }
    }

    /// Returns the extension of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}
