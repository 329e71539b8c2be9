//! Checking a certificate: files, signature, and every figure measured again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::checks::{Check, Untrained};
use super::document::document;
use super::error::CertificateError;
use super::evidence::Evidence;
use super::keys::PublicKey;
use super::measured::Measured;
use super::plot;
use super::signature::open;
use super::statement::{
    Measurement, PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement, TOLERANCE, Tool, canonical,
    definitions, run,
};
use super::sums::{Files, hex};
use super::{CERTIFICATE, DOCUMENT, ENVELOPE, PLOT, SUMS};
use crate::device::DeviceFailure;
use crate::measure::{Figure, Progress, Scale};
use crate::run::{RunError, files};
use crate::validation::Score;

/// Bytes of a certificate that are read, all files together.
const LIMIT: u64 = 256 << 20;
/// Files of a certificate that are read; one that is made here has nine.
const MOST_FILES: usize = 64;

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// What the certificate says.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// How far a check goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trust<'a> {
    /// Add up files only, measure nothing.
    pub sums_only: bool,
    /// The key whose signature must be there.
    pub key: Option<&'a PublicKey>,
}

/// What a check of a certificate found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Everything that was checked, in order.
    pub checks: Vec<Found>,
    /// Who vouches for it, for people.
    pub signature: String,
    /// What it states, if that can be read.
    pub statement: Option<Statement>,
}

impl Verdict {
    /// Whether everything holds.
    pub fn ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// Everything that does not.
    pub fn failed(&self) -> impl Iterator<Item = &Found> {
        self.checks.iter().filter(|check| !check.ok)
    }

    fn compare(
        &mut self,
        name: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let (expected, found) = (expected.into(), found.into());
        let ok = expected == found;
        self.add(name, ok, expected, found);
    }

    fn add(
        &mut self,
        name: impl Into<String>,
        ok: bool,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        self.checks.push(Found {
            name: name.into(),
            ok,
            expected: expected.into(),
            found: found.into(),
        });
    }
}

/// Checks a certificate; what does not hold is in the verdict, not an error.
///
/// # Errors
/// [`CertificateError`] where there is no such folder or measuring itself fails.
pub fn verify(
    folder: &Path,
    trust: Trust,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Verdict, CertificateError> {
    let mut verdict = Verdict::default();
    let files = read(folder, &mut verdict)?;
    let measure = |evidence: &Evidence, scale: &Scale| Measured::of(evidence, scale, watch);
    check(&files, folder, trust, &measure, &mut verdict)?;
    Ok(verdict)
}

/// Measures a checkpoint again.
pub(super) type Measure<'a> = &'a dyn Fn(&Evidence, &Scale) -> Result<Measured, DeviceFailure>;

/// Checks files at hand; `place` is only for messages.
pub(super) fn check(
    files: &Files,
    place: &Path,
    trust: Trust,
    measure: Measure,
    verdict: &mut Verdict,
) -> Result<(), CertificateError> {
    let digests: BTreeMap<&str, String> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), hex(bytes)))
        .collect();
    sums(files, &digests, verdict);
    let statement = statement(files, verdict);
    signature(files, trust.key, verdict);
    if let Some(statement) = &statement {
        subjects(&digests, statement, verdict);
        let predicate = &statement.predicate;
        derived(files, predicate, verdict);
        match Evidence::read(&predicate.run.name, files, place) {
            Ok(evidence) => {
                story(&evidence, predicate, verdict)?;
                let scale = predicate.measurement.scale();
                // Whoever wrote the statement must not decide how long we are at work.
                if !trust.sums_only && is_within(&scale, &Scale::certificate(scale.seed)) {
                    let measured = measure(&evidence, &scale)?;
                    figures(predicate, &measured, verdict);
                }
            }
            Err(error) => verdict.add("the run's files", false, "readable", error.to_string()),
        }
    }
    verdict.statement = statement;
    Ok(())
}

/// Reads every plain file; anything else in the folder is a finding.
fn read(folder: &Path, verdict: &mut Verdict) -> Result<Files, CertificateError> {
    let entries = fs::read_dir(folder).map_err(|error| {
        RunError::unusable(folder, format!("expected a certificate's folder: {error}"))
    })?;
    let mut found = Files::new();
    let mut left = LIMIT;
    for (number, entry) in entries.flatten().enumerate() {
        if number >= MOST_FILES {
            let more = format!("more than {MOST_FILES}");
            verdict.add("files", false, format!("at most {MOST_FILES}"), more);
            break;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            verdict.add(name, false, "nothing but plain files", "a folder or link");
            continue;
        }
        match files::read(&entry.path(), left) {
            Ok(bytes) => {
                left -= bytes.len() as u64;
                found.insert(name, bytes);
            }
            Err(error) => verdict.add(name, false, "readable", error.to_string()),
        }
    }
    Ok(found)
}

/// Every file against `SHA256SUMS`, and that against its one form.
fn sums(files: &Files, digests: &BTreeMap<&str, String>, verdict: &mut Verdict) {
    let Some(bytes) = files.get(SUMS) else {
        verdict.add(SUMS, false, "there", "missing");
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let listed: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(digest, name)| (name, digest))
        .collect();
    let rebuilt: String = listed
        .iter()
        .map(|(name, digest)| format!("{digest}  {name}\n"))
        .collect();
    let form = "one line for each file, sorted: digest, two spaces, name";
    let found = if rebuilt == text {
        form
    } else {
        "another form"
    };
    verdict.compare(format!("{SUMS}: form"), form, found);
    let there = digests.keys().copied().filter(|name| *name != SUMS);
    let names: BTreeSet<&str> = listed.keys().copied().chain(there).collect();
    for name in names {
        verdict.compare(
            format!("{SUMS}: {name}"),
            listed.get(name).copied().unwrap_or("not listed"),
            digests.get(name).map_or("missing", String::as_str),
        );
    }
}

fn statement(files: &Files, verdict: &mut Verdict) -> Option<Statement> {
    let Some(bytes) = files.get(CERTIFICATE) else {
        verdict.add(CERTIFICATE, false, "there", "missing");
        return None;
    };
    let statement: Statement = match serde_json::from_slice(bytes) {
        Ok(statement) => statement,
        Err(error) => {
            verdict.add(CERTIFICATE, false, "a statement", error.to_string());
            return None;
        }
    };
    let same = canonical(&statement).is_ok_and(|rebuilt| rebuilt == *bytes);
    let found = if same { "its one form" } else { "another form" };
    verdict.compare(format!("{CERTIFICATE}: form"), "its one form", found);
    verdict.compare(
        format!("{CERTIFICATE}: type"),
        format!("{STATEMENT_TYPE} {PREDICATE_TYPE}"),
        format!("{} {}", statement.kind, statement.predicate_type),
    );
    Some(statement)
}

/// Every file against the statement: none missing, none that it does not speak of.
fn subjects(digests: &BTreeMap<&str, String>, statement: &Statement, verdict: &mut Verdict) {
    let mut stated: BTreeMap<&str, &str> = BTreeMap::new();
    for subject in &statement.subject {
        let twice = stated.insert(&subject.name, &subject.digest.sha256);
        if twice.is_some() {
            verdict.add(format!("subject {}", subject.name), false, "once", "twice");
        }
    }
    let there = digests.keys().copied();
    let there = there.filter(|name| ![SUMS, CERTIFICATE, ENVELOPE].contains(name));
    let names: BTreeSet<&str> = stated.keys().copied().chain(there).collect();
    for name in names {
        verdict.compare(
            format!("subject {name}"),
            stated.get(name).copied().unwrap_or("not stated"),
            digests.get(name).map_or("missing", String::as_str),
        );
    }
}

fn signature(files: &Files, key: Option<&PublicKey>, verdict: &mut Verdict) {
    let Some(bytes) = files.get(ENVELOPE) else {
        "not signed: files and figures belong together, but nobody vouches for them"
            .clone_into(&mut verdict.signature);
        if let Some(key) = key {
            let expected = format!("by key {}", key.id());
            verdict.add("signature", false, expected, format!("no {ENVELOPE}"));
        }
        return;
    };
    let opened = match open(bytes) {
        Ok(opened) => opened,
        Err(error) => {
            verdict.add(ENVELOPE, false, "a signed envelope", error);
            return;
        }
    };
    let same = files.get(CERTIFICATE) == Some(&opened.statement);
    let found = if same {
        CERTIFICATE
    } else {
        "another statement"
    };
    verdict.compare(format!("{ENVELOPE}: payload"), CERTIFICATE, found);
    let claimed = opened.claimed.join(", ");
    match key {
        Some(key) => {
            let good = opened.signed_by(key);
            let found = if good {
                "good"
            } else {
                "not by this key, or altered"
            };
            verdict.compare(format!("signature by key {}", key.id()), "good", found);
            verdict.signature = format!("signed by key {claimed}: {found}");
        }
        None => {
            verdict.signature =
                format!("claims to be signed by key {claimed}; not checked without --key");
        }
    }
}

/// What is made from the statement alone is made again, where this is the program that made it.
fn derived(files: &Files, predicate: &Predicate, verdict: &mut Verdict) {
    if predicate.tool.version != Tool::this().version {
        return;
    }
    let plot = plot::svg(predicate).unwrap_or_else(|error| error.to_string());
    for (name, rebuilt) in [(DOCUMENT, document(predicate)), (PLOT, plot)] {
        let same = files
            .get(name)
            .is_some_and(|bytes| *bytes == rebuilt.into_bytes());
        let found = if same {
            "what the statement says"
        } else {
            "something else"
        };
        verdict.compare(format!("{name}: content"), "what the statement says", found);
    }
}

/// What the statement says of the run against the run's own files.
fn story(
    evidence: &Evidence,
    predicate: &Predicate,
    verdict: &mut Verdict,
) -> Result<(), RunError> {
    let (stated, found) = (&predicate.run, run(evidence)?);
    let device = |device: &Option<String>| device.clone().unwrap_or_else(|| "none".to_owned());
    verdict.compare("run: seed", stated.seed.to_string(), found.seed.to_string());
    verdict.compare("run: device", device(&stated.device), device(&found.device));
    verdict.compare(
        "run: configuration",
        &stated.configuration,
        &found.configuration,
    );
    verdict.compare("run: journal", &stated.journal, &found.journal);
    verdict.compare(
        "run: finished epochs and batches",
        format!("{}, {}", stated.epochs, stated.batch),
        format!("{}, {}", found.epochs, found.batch),
    );
    let scale = predicate.measurement.scale();
    verdict.compare(
        "measurement: how",
        format!("{:?}", predicate.measurement),
        format!("{:?}", Measurement::of(&scale)),
    );
    let full = Scale::certificate(scale.seed);
    verdict.compare(
        "measurement: as much as a certificate takes",
        format!(
            "{:?} samples, {} codes",
            scale.samples, scale.probability_codes
        ),
        format!(
            "{:?} samples, {} codes",
            full.samples, full.probability_codes
        ),
    );
    let same = definitions(&predicate.figures) == predicate.definitions;
    let found = if same { "this program's" } else { "others" };
    verdict.compare("definitions", "this program's", found);
    Ok(())
}

/// Whether a measurement takes no more than another.
fn is_within(scale: &Scale, most: &Scale) -> bool {
    let largest = |scale: &Scale| scale.samples.iter().copied().max().unwrap_or(0);
    scale.samples.len() <= most.samples.len()
        && largest(scale) <= largest(most)
        && scale.probability_codes <= most.probability_codes
}

/// What is stated against what was measured again.
fn figures(predicate: &Predicate, measured: &Measured, verdict: &mut Verdict) {
    verdict.compare(
        "number of figures",
        predicate.figures.len().to_string(),
        measured.figures.len().to_string(),
    );
    for (stated, measured) in predicate.figures.iter().zip(&measured.figures) {
        let ok = agree(stated, measured);
        verdict.add(name(stated), ok, shown(stated), shown(measured));
    }
    verdict.add(
        "untrained weights, for comparison",
        same_untrained(&predicate.untrained, &measured.untrained),
        format!("{:?}", predicate.untrained),
        format!("{:?}", measured.untrained),
    );
    verdict.compare(
        "number of validation's findings",
        predicate.validation.len().to_string(),
        measured.validation.len().to_string(),
    );
    for (stated, measured) in predicate.validation.iter().zip(&measured.validation) {
        let name = format!(
            "validation: {} of {}",
            measured.test,
            measured.which.name().to_uppercase()
        );
        let ok = same_score(stated, measured);
        verdict.add(name, ok, format!("{stated:?}"), format!("{measured:?}"));
    }
    let list = |checks: &[Check]| -> String {
        let lines = checks
            .iter()
            .map(|check| format!("{}: {}", check.name, check.found));
        lines.collect::<Vec<_>>().join("; ")
    };
    let (stated, found) = (&predicate.checks, &measured.checks);
    verdict.compare("checks passed", list(&stated.passed), list(&found.passed));
    verdict.compare("checks failed", "", list(&found.failed));
    verdict.compare("checks failed, as stated", "", list(&stated.failed));
}

fn name(figure: &Figure) -> String {
    match figure.samples {
        Some(samples) => format!("{} of {} (N = {samples})", figure.title(), figure.vae),
        None => format!("{} of {}", figure.title(), figure.vae),
    }
}

/// Everything a figure says, at full precision.
fn shown(figure: &Figure) -> String {
    let number = |value: Option<f64>| value.map_or("none".to_owned(), |value| value.to_string());
    let mut text = number(figure.value);
    for (name, value) in [
        ("±", figure.standard_error),
        ("of", figure.ceiling),
        ("from", figure.trend.map(|[quarter, _]| quarter)),
        ("and", figure.trend.map(|[_, half]| half)),
    ] {
        if value.is_some() {
            text += &format!(" {name} {}", number(value));
        }
    }
    if let Some(digest) = &figure.digest {
        text += &format!(" {digest}");
    }
    text
}

fn agree(stated: &Figure, measured: &Figure) -> bool {
    let bare = |figure: &Figure| Figure {
        value: None,
        ceiling: None,
        standard_error: None,
        trend: None,
        ..figure.clone()
    };
    // A standard error is a difference of figures: it rounds as they do.
    let size = measured.value.unwrap_or(0.0).abs();
    let error = |figure: &Figure| figure.standard_error.map(|error| error + size);
    let trend = |figure: &Figure, i: usize| figure.trend.map(|trend| trend[i]);
    bare(stated) == bare(measured)
        && near(stated.value, measured.value)
        && near(stated.ceiling, measured.ceiling)
        && near(error(stated), error(measured))
        && near(trend(stated, 0), trend(measured, 0))
        && near(trend(stated, 1), trend(measured, 1))
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()),
        (None, None) => true,
        _ => false,
    }
}

fn same_score(stated: &Score, measured: &Score) -> bool {
    let bare = |score: &Score| Score {
        value: None,
        untrained: None,
        baseline: None,
        ..score.clone()
    };
    bare(stated) == bare(measured)
        && near(stated.value, measured.value)
        && near(stated.untrained, measured.untrained)
        && near(stated.baseline, measured.baseline)
}

fn same_untrained(stated: &Untrained, measured: &Untrained) -> bool {
    let pairs = stated
        .mutual_information
        .iter()
        .zip(&measured.mutual_information);
    let information = measured.mutual_information;
    pairs.into_iter().all(|(a, b)| near(Some(*a), Some(*b)))
        && Untrained {
            mutual_information: information,
            ..stated.clone()
        } == *measured
}
