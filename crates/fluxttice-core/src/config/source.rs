//! Sources of a configuration, and their text.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Fault, Problem, SourceSpan};
use crate::space::spelling::meant;

macro_rules! compiled_in {
    ($($name:literal),* $(,)?) => {
        &[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/", $name, ".yaml")),
        )),*]
    };
}

/// Every configuration that is compiled in, by name: the files of the folder `configs`.
pub const NAMED: &[(&str, &str)] = compiled_in![
    "ternary_v5_5",
    "ternary_v5_5_fast",
    "ternary_v5_5_reproducible",
    "fluxttice",
];

/// Text of the published configuration, which is compiled in.
pub const BUILT_IN: &str = NAMED[0].1;

/// Size of the largest text that is read, in bytes.
pub const SIZE_LIMIT: u64 = 1 << 20;

/// Source of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The published configuration, [`BUILT_IN`].
    BuiltIn,
    /// A YAML file.
    File(PathBuf),
    /// Text from standard input.
    Input,
    /// YAML text in memory.
    Text {
        /// Name that messages use for it.
        name: String,
        /// The YAML text.
        text: String,
    },
}

impl Source {
    /// Returns the source that a path stands for. A bare name that is compiled in is that configuration,
    /// whatever lies in the working folder; `-` is standard input.
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

    /// Returns the name that messages use for the source.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::BuiltIn => "the built-in ternary_v5_5.yaml".to_owned(),
            Self::File(path) => crate::shown::shown(path),
            Self::Input => "standard input".to_owned(),
            Self::Text { name, .. } => crate::shown::printable(name).into_owned(),
        }
    }

    /// Returns the text, of at most [`SIZE_LIMIT`] bytes.
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

/// Returns a description of the file that was expected where nothing lies at a path: a
/// bare word may be meant for a built-in name.
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

/// Reads at most one byte more than the limit, so that neither a huge file nor an
/// endless device fills the memory.
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
        place: SourceSpan::Text {
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
