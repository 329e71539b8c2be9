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
use crate::measure::{Definition, Estimators, Figure, MeasurementPlan, definition_as};
use crate::run::RunError;
use crate::validation::Score;

/// Type of every in-toto statement, version 1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Type of our predicate, version 1.
pub const PREDICATE_TYPE: &str = "urn:fluxttice-explorer:coverage-certificate:v1";

/// An in-toto statement: a predicate, and the files that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// Files that the statement is about, with their digests.
    pub subject: Vec<Subject>,
    /// Always [`PREDICATE_TYPE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// Measurement of the weights, with everything needed to repeat it.
    pub predicate: Predicate,
}

/// A file and its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Name of the file in the certificate's folder.
    pub name: String,
    /// Digests of the file, of which there is one.
    pub digest: Digests,
}

/// Digests of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// SHA-256 as 64 hexadecimal digits.
    pub sha256: String,
}

/// The predicate of a statement: a measurement, and everything needed to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicate {
    /// Program that made the certificate, by its own account.
    pub tool: Tool,
    /// Time when the certificate was made, in UTC (RFC 3339).
    pub made: String,
    /// Run that trained the weights.
    pub run: Run,
    /// Method and scale of the measurement.
    pub measurement: Measurement,
    /// Definition of each figure that occurs.
    pub definitions: Vec<Defined>,
    /// Every measured figure, of A and of B.
    pub figures: Vec<Figure>,
    /// Figures of untrained weights, for comparison.
    pub untrained: Untrained,
    /// Checks of the figures; a certificate with a failed one is not made.
    pub checks: Checks,
    /// Scores of validation, whatever their verdicts, beside untrained models and a trivial baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<Score>,
}

/// Program that made a certificate, by its own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Name of the program.
    pub name: String,
    /// Version of the program, such as `0.1.0`.
    pub version: String,
    /// Commit of the source, `unknown` outside of a checkout.
    pub commit: String,
    /// Compiler that built the program.
    pub compiler: String,
    /// SHA-256 of the lockfile that names every dependency.
    pub lockfile: String,
}

/// The run that trained the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Name of the run's folder.
    pub name: String,
    /// Seed of every random number of the run.
    pub seed: u64,
    /// Device of its last training session, from the journal; `None` where the journal names none.
    pub device: Option<String>,
    /// SHA-256 of its configuration, as used.
    pub configuration: String,
    /// SHA-256 of its journal up to these weights.
    pub journal: String,
    /// Epochs finished in these weights.
    pub epochs: u32,
    /// Batches of the next epoch that are in the weights too; 0 at the end of an epoch.
    pub batch: u32,
    /// SHA-256 of the weights it was branched from; `None` where it began with fresh weights.
    pub parent: Option<String>,
}

/// Method and scale of a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Number format and processor of the measurement, in words.
    pub arithmetic: String,
    /// Random number generator of codes and draws, in words.
    pub generator: String,
    /// Seed of that generator.
    pub seed: u64,
    /// Estimators of p(x), which also decide the untrained weights to compare with.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub estimators: Estimators,
    /// Sample sizes at which coverage is counted.
    pub samples: Vec<u32>,
    /// Codes over which probabilities are averaged.
    pub probability_codes: u32,
    /// Largest difference of a recomputed real-valued figure, relative to its size. Counts and digests may
    /// not differ at all.
    pub tolerance: f64,
}

/// Returns true for the estimators of version 0.1.0, whose certificates do not name them.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_plain(estimators: &Estimators) -> bool {
    *estimators == Estimators::Plain
}

impl Measurement {
    /// Describes a measurement at this scale, by today's estimators.
    pub fn of(scale: &MeasurementPlan) -> Self {
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

    /// Returns the scale of the measurement: seed, sample sizes and number of codes.
    pub fn scale(&self) -> MeasurementPlan {
        MeasurementPlan {
            seed: self.seed,
            samples: self.samples.clone(),
            probability_codes: self.probability_codes,
        }
    }
}

/// Definition of a figure's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defined {
    /// Name of the figures that it defines.
    pub name: String,
    /// Unit, as text.
    pub unit: String,
    /// Definition in words.
    pub definition: String,
    /// True if untrained weights reliably score worse; where false, the figure alone says nothing about
    /// learning.
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

/// Returns the definitions of the names that occur, in the order of first occurrence.
pub fn definitions(figures: &[Figure], estimators: Estimators) -> Vec<Defined> {
    let mut defined: Vec<Defined> = Vec::new();
    for figure in figures {
        if defined.iter().all(|known| known.name != figure.name) {
            defined.extend(definition_as(&figure.name, estimators).map(Defined::from));
        }
    }
    defined
}

/// Describes the run that trained the weights, from the evidence.
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

/// Computes the digest of each file.
pub fn subjects(files: &Files) -> Vec<Subject> {
    files
        .iter()
        .map(|(name, bytes)| Subject {
            name: name.clone(),
            digest: Digests { sha256: hex(bytes) },
        })
        .collect()
}

/// Serializes a statement to the only form in which it is stored.
///
/// # Errors
/// Returns the JSON library's error, which it does not give for statements.
pub fn canonical(statement: &Statement) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(statement)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A statement that was read, and what this version could not read of it.
#[derive(Debug)]
pub struct Read {
    /// Statement, as far as this version knows its fields.
    pub statement: Statement,
    /// Dotted paths of the fields that this version does not know.
    pub unknown: Vec<String>,
}

/// Reason why a statement cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The statement is of another kind or version; the text says of which.
    Foreign(String),
    /// The statement is damaged; the text says how.
    Damaged(String),
}

/// Reads a statement; fields that only a later version knows are named, as in-toto asks for.
///
/// # Errors
/// Returns an [`Unreadable`] that says what was expected and what was found.
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

/// Collects the dotted paths of the fields that `whole` has and `part` lacks.
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
