//! Where a configuration comes from, and its text.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Fault, Place, Problem};
use crate::space::spelling::meant;

macro_rules! compiled_in {
    ($($name:literal),* $(,)?) => {
        &[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/", $name, ".yaml")),
        )),*]
    };
}

/// Every configuration that is compiled in, by name: those of the folder `configs`.
pub const NAMED: &[(&str, &str)] = compiled_in![
    "ternary_v5_5",
    "ternary_v5_5_fast",
    "ternary_v5_5_reproducible",
    "fluxttice",
];

/// The published configuration, compiled in.
pub const BUILT_IN: &str = NAMED[0].1;

/// The largest text that is read, in bytes.
pub const SIZE_LIMIT: u64 = 1 << 20;

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The published configuration, [`BUILT_IN`].
    BuiltIn,
    /// A YAML file.
    File(PathBuf),
    /// What comes on standard input.
    Input,
    /// YAML text at hand.
    Text {
        /// What messages call it.
        name: String,
        /// The YAML.
        text: String,
    },
}

impl Source {
    /// What a path means: a bare name that is compiled in is that configuration, whatever lies in the working folder;
    /// `-` is standard input.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        // Not by comparing paths, to which `./fluxttice` is the same.
        let named = NAMED.iter().find(|(name, _)| path.as_os_str() == *name);
        match named {
            None if path.as_os_str() == "-" => Self::Input,
            Some((name, text)) => Self::Text {
                name: format!("the built-in {name}.yaml"),
                text: (*text).to_owned(),
            },
            None => Self::File(path),
        }
    }

    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::BuiltIn => "the built-in ternary_v5_5.yaml".to_owned(),
            Self::File(path) => crate::shown::shown(path),
            Self::Input => "standard input".to_owned(),
            Self::Text { name, .. } => crate::shown::printable(name).into_owned(),
        }
    }

    /// The text, of at most [`SIZE_LIMIT`] bytes.
    pub(super) fn read(self) -> Result<String, ConfigError> {
        let file = self.name();
        let bytes = match self {
            Self::BuiltIn => return Ok(BUILT_IN.to_owned()),
            Self::Text { text, .. } => text.into_bytes(),
            Self::Input => {
                limited(io::stdin().lock()).map_err(|source| ConfigError::Unreadable {
                    file: file.clone(),
                    expected: "YAML text".to_owned(),
                    source,
                })?
            }
            Self::File(path) => read_limited(&path).map_err(|source| ConfigError::Unreadable {
                file: file.clone(),
                expected: match source.kind() {
                    io::ErrorKind::NotFound => expected(&path),
                    _ => "a YAML file".to_owned(),
                },
                source,
            })?,
        };
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(ConfigError::TooLarge {
                file,
                limit: SIZE_LIMIT,
            });
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            not_utf8(file, error.as_bytes(), good)
        })?;
        // The YAML library would count a byte order mark as a column of the first line.
        Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        })
    }
}

/// What a path where nothing is should have been: a bare word may be meant for a built-in name.
fn expected(path: &Path) -> String {
    let is_bare = path.components().count() == 1;
    let Some(word) = path.file_stem().filter(|_| is_bare) else {
        return "a YAML file".to_owned();
    };
    let names = NAMED.iter().map(|(name, _)| *name);
    match meant(&word.to_string_lossy(), names.clone()) {
        Some(name) => format!("a YAML file; did you mean `{name}`, which is built in?"),
        None => {
            let names: Vec<&str> = names.collect();
            format!("a YAML file or a built-in one: {}", names.join(", "))
        }
    }
}

/// One byte more than the limit at most, so that neither a huge file nor an endless device
/// fills the memory.
fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let file = crate::files::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory",
        ));
    }
    limited(file)
}

fn limited(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(SIZE_LIMIT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_utf8(name: String, bytes: &[u8], good: usize) -> ConfigError {
    let (before, after) = bytes.split_at(good);
    let before = String::from_utf8_lossy(before);
    let byte = after.first().copied().unwrap_or_default();
    ConfigError::Invalid(vec![Problem {
        place: Place::Text {
            name,
            line: Some(1 + before.matches('\n').count()),
            column: Some(1 + before.chars().rev().take_while(|c| *c != '\n').count()),
        },
        key: String::new(),
        fault: Fault::Unusable {
            found: format!("the byte 0x{byte:02x}, which is not UTF-8"),
            expected: "YAML text in UTF-8".to_owned(),
        },
    }])
}
