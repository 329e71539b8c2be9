//! One table of every key: its bounds, its published value, its meaning and its effect.
//!
//! Error messages, validation, the notes about keys without effect, `config keys` and
//! `docs/reference/configuration.md` all read this table; a test holds it against the schema.

mod autoencoders;
mod range;
mod run;
mod steering;
mod training;

pub use range::{Bound, Range};

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// Largest epoch that a schedule or a run may name.
const LAST_EPOCH: u64 = 1_000_000;

const LENGTH: usize =
    training::KEYS.len() + autoencoders::KEYS.len() + run::KEYS.len() + steering::KEYS.len();

/// Every key of a configuration, in the order of the file.
///
/// In the keys of list entries, `N` stands for the position, which counts from 0.
pub static KEYS: [KeyInfo; LENGTH] = join(&[
    &training::KEYS,
    &autoencoders::KEYS,
    &run::KEYS,
    &steering::KEYS,
]);

/// Description of one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyInfo {
    /// Dotted name, such as `model.rho_min`.
    pub key: &'static str,
    /// Type and bounds of the value.
    pub range: Range,
    /// True if `null` is allowed, which switches the feature off.
    pub optional: bool,
    /// Published value as it is written in YAML; for list entries all of them.
    pub default: &'static str,
    /// Meaning of the value, with its unit.
    pub meaning: &'static str,
    /// Effect of the key on a run.
    pub effect: Effect,
    /// Time at which a change takes effect in a running session; `None` where the key
    /// decides the run from its start.
    pub live: Option<SafePoint>,
    /// True if the published file has the key. Any other key is only written where it is set.
    pub published: bool,
}

/// Time at which a change in a running session takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafePoint {
    /// At the next training batch.
    Batch,
    /// At the next epoch.
    Epoch,
}

impl fmt::Display for SafePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Batch => "next batch",
            Self::Epoch => "next epoch",
        })
    }
}

/// Effect of a key on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The key changes the run.
    Used,
    /// The key is accepted because the published file has it, and changes nothing. Holds the reason.
    NoEffect(&'static str),
}

impl KeyInfo {
    /// Returns the type of the value, in a word or two.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.range.kind()
    }

    /// Returns the bounds of the value in words.
    #[must_use]
    pub fn range_text(&self) -> String {
        let null = if self.optional { ", or null" } else { "" };
        format!("{}{null}", self.range)
    }

    /// Returns the effective value of an unset key that the published file does not
    /// have; `null` for the others.
    #[must_use]
    pub fn unset(&self) -> &'static str {
        if self.published { "null" } else { self.default }
    }

    /// Returns type and bounds together, as an error message names them.
    #[must_use]
    pub fn expected(&self) -> String {
        let null = if self.optional { ", or null" } else { "" };
        format!("{}{null}", self.range.expected())
    }

    /// Returns the reason why the key changes nothing, or `None` if it changes something.
    #[must_use]
    pub fn no_effect(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Used => None,
            Effect::NoEffect(reason) => Some(reason),
        }
    }

    const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    const fn next_batch(mut self) -> Self {
        self.live = Some(SafePoint::Batch);
        self
    }

    const fn next_epoch(mut self) -> Self {
        self.live = Some(SafePoint::Epoch);
        self
    }

    const fn added(mut self) -> Self {
        self.published = false;
        self
    }

    const fn without_effect(mut self, reason: &'static str) -> Self {
        self.effect = Effect::NoEffect(reason);
        self
    }
}

impl Serialize for KeyInfo {
    /// Writes `key`, `type`, `range`, `default`, `meaning`, `used`, `reason` (null where used) and `live`
    /// (null where the key cannot be changed while a run goes on).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("KeyInfo", 8)?;
        object.serialize_field("key", self.key)?;
        object.serialize_field("type", self.kind())?;
        object.serialize_field("range", &self.range_text())?;
        object.serialize_field("default", self.default)?;
        object.serialize_field("meaning", self.meaning)?;
        object.serialize_field("used", &self.no_effect().is_none())?;
        object.serialize_field("reason", &self.no_effect())?;
        let live = self.live.map(|point| point.to_string());
        object.serialize_field("live", &live)?;
        object.end()
    }
}

/// Meaning of a dotted name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    Value(&'static KeyInfo),
    Section,
    List,
    Unknown,
}

/// Returns the description of a key; positions in a list may be numbers or `N`.
#[must_use]
pub fn find_key(key: &str) -> Option<&'static KeyInfo> {
    let key = with_placeholders(key);
    KEYS.iter().find(|info| info.key == key)
}

/// Returns the meaning of a dotted name; the empty name is the whole file, which is a section.
pub(super) fn node(path: &str) -> Node {
    if let Some(info) = find_key(path) {
        return Node::Value(info);
    }
    match children(path).first() {
        None => Node::Unknown,
        Some(&"N") => Node::List,
        Some(_) => Node::Section,
    }
}

/// Returns the names directly below a section, in the order of the file.
pub(super) fn children(path: &str) -> Vec<&'static str> {
    let prefix = match path {
        "" => String::new(),
        _ => with_placeholders(path) + ".",
    };
    let mut names: Vec<&str> = KEYS
        .iter()
        .filter_map(|info| info.key.strip_prefix(prefix.as_str()))
        .filter_map(|rest| rest.split('.').next())
        .collect();
    names.dedup();
    names
}

/// Replaces each position by `N`: `a.0.b` becomes `a.N.b`.
fn with_placeholders(path: &str) -> String {
    let position = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = path
        .split('.')
        .map(|part| if position(part) { "N" } else { part })
        .collect();
    parts.join(".")
}

const fn key(
    key: &'static str,
    range: Range,
    default: &'static str,
    meaning: &'static str,
) -> KeyInfo {
    KeyInfo {
        key,
        range,
        optional: false,
        default,
        meaning,
        effect: Effect::Used,
        live: None,
        published: true,
    }
}

/// Joins the tables in order; evaluated by the compiler, which also checks the length.
const fn join<const N: usize>(tables: &[&[KeyInfo]]) -> [KeyInfo; N] {
    let mut joined = [tables[0][0]; N];
    let (mut at, mut table) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            joined[at] = tables[table][row];
            at += 1;
            row += 1;
        }
        table += 1;
    }
    joined
}
