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

/// The largest epoch that a schedule or a run may name.
const LAST_EPOCH: u64 = 1_000_000;

const LENGTH: usize =
    training::KEYS.len() + autoencoders::KEYS.len() + run::KEYS.len() + steering::KEYS.len();

/// Every key of a configuration, in the order of the file.
///
/// In the entries of a list, `N` stands for the position, which counts from 0.
pub static KEYS: [KeyInfo; LENGTH] = join(&[
    &training::KEYS,
    &autoencoders::KEYS,
    &run::KEYS,
    &steering::KEYS,
]);

/// What there is to know about one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyInfo {
    /// The dotted name.
    pub key: &'static str,
    /// Type and bounds of the value.
    pub range: Range,
    /// Whether `null` is allowed and switches the feature off.
    pub optional: bool,
    /// The published value, as it is written in YAML; for list entries all of them.
    pub default: &'static str,
    /// What the value means, with its unit.
    pub meaning: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
    /// When a change takes effect in a running session; `None` where it decides the run from its
    /// start.
    pub live: Option<SafePoint>,
    /// Whether the published file has it. One that it does not have is only written where it is set.
    pub published: bool,
}

/// When a change in a running session takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafePoint {
    /// With the next training batch.
    Batch,
    /// With the next epoch.
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

/// Whether a key changes a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does.
    Used,
    /// It is accepted because the published file has it, and changes nothing, because of this.
    NoEffect(&'static str),
}

impl KeyInfo {
    /// What kind of value it takes, in a word or two.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.range.kind()
    }

    /// The bounds of the value in words.
    #[must_use]
    pub fn range_text(&self) -> String {
        let null = if self.optional { ", or null" } else { "" };
        format!("{}{null}", self.range)
    }

    /// Effective value of an unset key that the published file does not have; `null` for the others.
    #[must_use]
    pub fn unset(&self) -> &'static str {
        if self.published { "null" } else { self.default }
    }

    /// Kind and bounds together, as an error message names them.
    #[must_use]
    pub fn expected(&self) -> String {
        let null = if self.optional { ", or null" } else { "" };
        format!("{}{null}", self.range.expected())
    }

    /// Why the key changes nothing, or `None` if it does change something.
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
    /// `key`, `type`, `range`, `default`, `meaning`, `used`, `reason` (null where used) and `live`
    /// (null where it cannot be changed while a run goes on).
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

/// What a dotted name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    Value(&'static KeyInfo),
    Section,
    List,
    Unknown,
}

/// The description of a key; positions in a list may be numbers or `N`.
#[must_use]
pub fn find_key(key: &str) -> Option<&'static KeyInfo> {
    let key = with_placeholders(key);
    KEYS.iter().find(|info| info.key == key)
}

/// What the dotted name stands for; the empty name is the whole file, a section.
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

/// The names directly below a section, in the order of the file.
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

/// `a.0.b` as `a.N.b`.
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

/// The tables one after another; evaluated by the compiler, which also checks the length.
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
