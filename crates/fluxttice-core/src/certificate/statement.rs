//! The statement: in-toto Statement v1 with a predicate of our own.
//!
//! <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TOLERANCE;
use super::checks::Checks;
use super::evidence::Evidence;
use super::render::{THIS, is_known};
use super::sums::Files;
use super::untrained::Untrained;
use crate::digest::hex;
use crate::measure::{Definition, Estimators, Figure, Scale, definition_as};
use crate::run::RunError;
use crate::validation::Score;

/// Type of every in-toto statement, version 1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Type of our predicate.
pub const PREDICATE_TYPE: &str = "urn:fluxttice-explorer:coverage-certificate:v1";

/// What a certificate states, and of which files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// The files it is about.
    pub subject: Vec<Subject>,
    /// Always [`PREDICATE_TYPE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is stated.
    pub predicate: Predicate,
}

/// A file and its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name in the folder.
    pub name: String,
    /// Its digests.
    pub digest: Digests,
}

/// Digests of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// What is stated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicate {
    /// The program that made the certificate; it says so itself.
    pub tool: Tool,
    /// When, in UTC (RFC 3339).
    pub made: String,
    /// The run that made the weights.
    pub run: Run,
    /// How the figures were measured.
    pub measurement: Measurement,
    /// What each figure's name means.
    pub definitions: Vec<Defined>,
    /// Every measured figure.
    pub figures: Vec<Figure>,
    /// What untrained weights reach, for comparison.
    pub untrained: Untrained,
    /// The checks.
    pub checks: Checks,
    /// What validation found, whatever its verdicts: beside untrained models and a trivial baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<Score>,
}

/// The program that made the certificate; it says so itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Commit of its source, `unknown` outside of a checkout.
    pub commit: String,
    /// Compiler.
    pub compiler: String,
    /// SHA-256 of the lockfile that names every dependency.
    pub lockfile: String,
}

/// The run that made the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// What it was trained on, as its journal says; `None` where the journal does not.
    pub device: Option<String>,
    /// SHA-256 of its configuration.
    pub configuration: String,
    /// SHA-256 of its journal up to these weights.
    pub journal: String,
    /// Epochs that are finished.
    pub epochs: u32,
    /// Batches of the next epoch that are in the weights too.
    pub batch: u32,
    /// SHA-256 of the weights it was branched from; `None` where it began fresh.
    pub parent: Option<String>,
}

/// How the figures were measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Arithmetic.
    pub arithmetic: String,
    /// Generator of codes and draws.
    pub generator: String,
    /// Its seed.
    pub seed: u64,
    /// How figures of p(x) are estimated, and with what the weights are compared.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub estimators: Estimators,
    /// Sample sizes of coverage.
    pub samples: Vec<u32>,
    /// Codes over which probabilities are averaged.
    pub probability_codes: u32,
    /// How far recomputed real-valued figures may differ, relative to their size. Counts and
    /// digests may not differ at all.
    pub tolerance: f64,
}

/// Certificates of version 0.1.0 do not speak of estimators.
fn is_plain(estimators: &Estimators) -> bool {
    *estimators == Estimators::Plain
}

impl Measurement {
    /// At this scale, by today's estimators.
    pub fn of(scale: &Scale) -> Self {
        Self {
            arithmetic: "64-bit floating point on the CPU".to_owned(),
            generator: "Philox4x32-10, addressed by seed, purpose and sample number".to_owned(),
            seed: scale.seed,
            estimators: Estimators::Corrected,
            samples: scale.samples.clone(),
            probability_codes: scale.probability_codes,
            tolerance: TOLERANCE,
        }
    }

    /// The scale.
    pub fn scale(&self) -> Scale {
        Scale {
            seed: self.seed,
            samples: self.samples.clone(),
            probability_codes: self.probability_codes,
        }
    }
}

/// A name and its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defined {
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Meaning.
    pub definition: String,
    /// Whether untrained weights reliably score worse; where not, the figure alone says nothing
    /// about learning.
    pub ranks_untrained_below: bool,
}

impl From<&Definition> for Defined {
    fn from(definition: &Definition) -> Self {
        Self {
            name: definition.name.to_owned(),
            unit: definition.unit.to_owned(),
            definition: definition.definition.to_owned(),
            ranks_untrained_below: definition.ranks_untrained_below,
        }
    }
}

/// The meanings of the names that occur, in the order of first occurrence.
pub fn definitions(figures: &[Figure], estimators: Estimators) -> Vec<Defined> {
    let mut defined: Vec<Defined> = Vec::new();
    for figure in figures {
        if defined.iter().all(|known| known.name != figure.name) {
            defined.extend(definition_as(&figure.name, estimators).map(Defined::from));
        }
    }
    defined
}

/// Who trained what, from the evidence.
pub fn run(evidence: &Evidence) -> Result<Run, RunError> {
    Ok(Run {
        name: evidence.name.clone(),
        seed: evidence.config.seed,
        device: evidence.device.clone(),
        configuration: evidence.config.digest()?,
        journal: evidence.journal.clone(),
        epochs: evidence.epochs,
        batch: evidence.batch,
        parent: None,
    })
}

/// The digests of some files.
pub fn subjects(files: &Files) -> Vec<Subject> {
    files
        .iter()
        .map(|(name, bytes)| Subject {
            name: name.clone(),
            digest: Digests { sha256: hex(bytes) },
        })
        .collect()
}

/// The one form in which a statement is stored.
///
/// # Errors
/// What the JSON library refuses; it does not for statements.
pub fn canonical(statement: &Statement) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(statement)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A statement as it was read.
#[derive(Debug)]
pub struct Read {
    /// What this version knows of it.
    pub statement: Statement,
    /// Paths of the fields that this version does not know.
    pub unknown: Vec<String>,
}

/// Why a statement cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// It is of another kind or version.
    Foreign(String),
    /// It is damaged.
    Damaged(String),
}

/// Reads a statement; fields that only a later version knows are named, as in-toto asks for.
///
/// # Errors
/// [`Unreadable`] says what was expected and what was found.
pub fn read(bytes: &[u8]) -> Result<Read, Unreadable> {
    let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
    let value: Value = serde_json::from_slice(bytes).map_err(damaged)?;
    let text = |path| value.pointer(path).and_then(Value::as_str);
    for (path, expected) in [
        ("/_type", STATEMENT_TYPE),
        ("/predicateType", PREDICATE_TYPE),
    ] {
        let found = text(path).unwrap_or("none");
        if found != expected {
            let field = &path[1..];
            return Err(Unreadable::Foreign(format!(
                "version {THIS} can check a statement whose `{field}` is {expected}, found {found}"
            )));
        }
    }
    let statement: Statement =
        serde_json::from_slice(bytes).map_err(|error| match text("/predicate/tool/version") {
            Some(version) if !is_known(version) => Unreadable::Foreign(format!(
                "version {version} made it, and version {THIS} cannot read it: {error}"
            )),
            _ => damaged(error),
        })?;
    let mut unknown = Vec::new();
    let known = serde_json::to_value(&statement).map_err(damaged)?;
    lacking(&value, &known, "", &mut unknown);
    Ok(Read { statement, unknown })
}

/// The paths of what a part lacks of the whole.
fn lacking(whole: &Value, part: &Value, path: &str, found: &mut Vec<String>) {
    let inside = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in whole {
                match part.get(key) {
                    Some(known) => lacking(value, known, &inside(key), found),
                    None => found.push(inside(key)),
                }
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            for (number, (value, known)) in whole.iter().zip(part).enumerate() {
                lacking(value, known, &inside(&number.to_string()), found);
            }
        }
        _ => {}
    }
}
