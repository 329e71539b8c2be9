//! Verification of a certificate: files, signature, and every figure measured again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::compare;
use super::error::CertificateError;
use super::evidence::Evidence;
use super::keys::PublicKey;
use super::measured::Measured;
use super::render::{Rendered, is_known, render};
use super::signature::open;
use super::statement::{
    Measurement, PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement, Unreadable, canonical, read,
    run,
};
use super::sums::{Files, KNOWN, LIMIT, limit, listed};
use super::verdict::Verdict;
use super::{CERTIFICATE, ENVELOPE, PICTURE, SUMS};
use crate::device::DeviceFailure;
use crate::digest::hex;
use crate::measure::{MeasurementPlan, Progress};
use crate::plot::same_picture;
use crate::run::{RunError, files};
use crate::shown::shown_name;

/// Most files of a certificate that are looked at; one that is made here has at most twelve.
const MOST_FILES: usize = 64;

/// Depth of a check, and the key to trust.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trust<'a> {
    /// True to add up files only and to measure nothing.
    pub sums_only: bool,
    /// Key whose signature must be there; `None` asks for no signature.
    pub key: Option<&'a PublicKey>,
}

/// Verifies a certificate; a check that does not hold is in the verdict, and no error.
///
/// # Errors
/// Returns a [`CertificateError`] where the folder is missing or cannot be read, or measuring itself fails.
pub fn verify(
    folder: &Path,
    trust: Trust,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Verdict, CertificateError> {
    let mut verdict = Verdict::default();
    let found = look(folder, &mut verdict)?;
    let again = Again {
        measure: &|evidence, measurement| Measured::of(evidence, measurement, watch),
        render: &render,
    };
    check(&found, folder, trust, &again, &mut verdict)?;
    Ok(verdict)
}

/// Contents of a folder.
#[derive(Default)]
pub(super) struct Folder<'a> {
    /// Files that were read, by name.
    pub files: Cow<'a, Files>,
    /// Names that were not read, each with the reason.
    pub others: BTreeMap<String, String>,
}

type Measure<'a> = dyn Fn(&Evidence, &Measurement) -> Result<Measured, DeviceFailure> + 'a;
type Render<'a> = dyn Fn(&Predicate) -> Result<Rendered, CertificateError> + 'a;

/// The steps that take long; tests remember their results.
pub(super) struct Again<'a> {
    /// Measures a checkpoint.
    pub measure: &'a Measure<'a>,
    /// Makes the files for people.
    pub render: &'a Render<'a>,
}

/// Checks files that were read before; `place` is only for messages.
pub(super) fn check(
    folder: &Folder,
    place: &Path,
    trust: Trust,
    again: &Again,
    verdict: &mut Verdict,
) -> Result<(), CertificateError> {
    verdict.sums_only = trust.sums_only;
    if trust.sums_only {
        verdict.leave("figures", "nothing was measured");
    }
    let files = line_ends(&folder.files, verdict);
    if verdict.foreign.is_some() {
        return Ok(());
    }
    if !files.contains_key(CERTIFICATE) {
        let problem = match folder.others.get(CERTIFICATE) {
            Some(problem) => format!("its {CERTIFICATE} cannot be used: {problem}"),
            None => format!("there is no {CERTIFICATE} in this folder"),
        };
        verdict.is_foreign(&problem);
        return Ok(());
    }
    let statement = statement(&files, verdict);
    names(&files, &folder.others, statement.as_ref(), verdict);
    signature(&files, trust.key, verdict);
    if let Some(statement) = &statement {
        let predicate = &statement.predicate;
        derived(&files, (again.render)(predicate), verdict);
        match Evidence::read(&predicate.run.name, &files, place) {
            Ok(evidence) => {
                history(&evidence, predicate, verdict)?;
                compare::meanings(predicate, verdict);
                let scale = predicate.measurement.scale();
                // Whoever wrote the statement must not decide how long we are at work.
                if !trust.sums_only && is_within(&scale, &MeasurementPlan::certificate(scale.seed))
                {
                    let measured = (again.measure)(&evidence, &predicate.measurement)?;
                    compare::measured(predicate, &measured, verdict);
                }
            }
            Err(error) => verdict.add("the run's files", false, "readable", error.to_string()),
        }
    }
    verdict.statement = statement;
    Ok(())
}

/// Reads the files that have a meaning, and those that `SHA256SUMS` lists; nothing else is opened.
fn look<'a>(folder: &Path, verdict: &mut Verdict) -> Result<Folder<'a>, CertificateError> {
    let unusable = |error: std::io::Error| {
        RunError::unusable(folder, format!("expected a certificate's folder: {error}"))
    };
    if !fs::metadata(folder).map_err(unusable)?.is_dir() {
        let problem =
            format!("this is no folder; a certificate is one, with a {CERTIFICATE} in it");
        verdict.is_foreign(&problem);
        return Ok(Folder::default());
    }
    let entries = fs::read_dir(folder).map_err(unusable)?.flatten();
    let (mut there, mut others) = (BTreeSet::new(), BTreeMap::new());
    for entry in entries.take(MOST_FILES + 1) {
        let name = entry.file_name();
        match name.to_str() {
            Some(name) => drop(there.insert(name.to_owned())),
            None => drop(others.insert(shown_name(&name), "not opened".to_owned())),
        }
    }
    if there.len() + others.len() > MOST_FILES {
        let reason =
            format!("more than {MOST_FILES} names are in the folder: not all were looked at");
        verdict.leave("files", &reason);
    }
    let known = KNOWN.map(|(name, _)| name.to_owned());
    for name in &known {
        there.remove(name);
    }
    let mut files = Files::new();
    let mut left = LIMIT;
    for name in known.into_iter().chain(there) {
        let path = folder.join(&name);
        let Ok(metadata) = path.symlink_metadata() else {
            continue;
        };
        let bytes = if !metadata.is_file() {
            Err("no plain file".to_owned())
        } else if !is_spoken_of(&name, &files) {
            Err("not opened".to_owned())
        } else {
            files::read(&path, left.min(limit(&name))).map_err(|error| error.to_string())
        };
        match bytes {
            Ok(bytes) => {
                left -= bytes.len() as u64;
                files.insert(name, bytes);
            }
            Err(problem) => {
                others.insert(name, problem);
            }
        }
    }
    let files = Cow::Owned(files);
    Ok(Folder { files, others })
}

/// Returns true if a file has a meaning in every certificate, or is listed in this one's `SHA256SUMS`.
fn is_spoken_of(name: &str, files: &Files) -> bool {
    let in_sums = |sums: &Vec<u8>| listed(&String::from_utf8_lossy(sums)).contains_key(name);
    is_meaningful(name) || files.get(SUMS).is_some_and(in_sums)
}

fn is_meaningful(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// Returns all files as they were written. Text files whose line ends were changed to CRLF on the way are
/// restored, and named in the verdict.
fn line_ends<'a>(files: &'a Files, verdict: &mut Verdict) -> Cow<'a, Files> {
    let Some(sums) = files.get(SUMS).map(|sums| with_lf(sums)) else {
        return Cow::Borrowed(files);
    };
    let text = String::from_utf8_lossy(&sums);
    let listed = listed(&text);
    let is_as_listed = |name: &str, bytes: &[u8]| listed.get(name) == Some(&hex(bytes).as_str());
    let changed: Files = files
        .iter()
        .filter(|(_, bytes)| ends_with_crlf(bytes))
        .filter(|(name, bytes)| !is_as_listed(name, bytes))
        .map(|(name, bytes)| (name.clone(), with_lf(bytes)))
        .filter(|(name, bytes)| name == SUMS || is_as_listed(name, bytes))
        .collect();
    if changed.is_empty() {
        return Cow::Borrowed(files);
    }
    let names: Vec<&str> = changed.keys().map(String::as_str).collect();
    let found = format!(
        "CRLF in {}: git on Windows or a mail program changed them; all else was checked as it was written",
        names.join(", ")
    );
    verdict.add("line ends", false, "LF, as they were written", found);
    let mut files = files.clone();
    files.extend(changed);
    Cow::Owned(files)
}

/// Returns true if there are lines and every one ends with CRLF.
fn ends_with_crlf(bytes: &[u8]) -> bool {
    let mut ends = bytes.windows(2).filter(|pair| pair[1] == b'\n').peekable();
    ends.peek().is_some() && ends.all(|pair| pair[0] == b'\r')
}

fn with_lf(bytes: &[u8]) -> Vec<u8> {
    let next = bytes.iter().skip(1).map(Some).chain([None]);
    let pairs = bytes.iter().zip(next);
    let kept = pairs.filter(|pair| *pair != (&b'\r', Some(&b'\n')));
    kept.map(|(byte, _)| *byte).collect()
}

fn statement(files: &Files, verdict: &mut Verdict) -> Option<Statement> {
    let bytes = files.get(CERTIFICATE)?;
    let read = match read(bytes) {
        Ok(read) => read,
        Err(Unreadable::Foreign(problem)) => {
            verdict.is_foreign(&problem);
            return None;
        }
        Err(Unreadable::Damaged(problem)) => {
            verdict.add(CERTIFICATE, false, "a statement", problem);
            return None;
        }
    };
    let statement = read.statement;
    let types = format!("{STATEMENT_TYPE} {PREDICATE_TYPE}");
    let found = format!("{} {}", statement.kind, statement.predicate_type);
    verdict.compare(format!("{CERTIFICATE}: type"), types, found);
    let version = &statement.predicate.tool.version;
    verdict.other_version = (!is_known(version)).then(|| version.clone());
    for field in &read.unknown {
        let name = format!("field {field}");
        verdict.version_dependent(&name, false, "a field of this version", "an unknown one");
    }
    if read.unknown.is_empty() {
        let same = canonical(&statement).is_ok_and(|rebuilt| rebuilt == *bytes);
        let found = if same { "its one form" } else { "another form" };
        let name = format!("{CERTIFICATE}: form");
        verdict.version_dependent(&name, same, "its one form", found);
    }
    Some(statement)
}

/// Checks every file against `SHA256SUMS` and against the statement: none may be missing, and none be there
/// that they do not name.
fn names(
    files: &Files,
    others: &BTreeMap<String, String>,
    statement: Option<&Statement>,
    verdict: &mut Verdict,
) {
    let digests: BTreeMap<&str, String> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), hex(bytes)))
        .collect();
    let text = files.get(SUMS).map(|sums| String::from_utf8_lossy(sums));
    let listed = text.as_deref().map(listed);
    if let (Some(text), Some(listed)) = (&text, &listed) {
        let lines = listed
            .iter()
            .map(|(name, digest)| format!("{digest}  {name}\n"));
        let form = "one line for each file, sorted: digest, two spaces, name";
        let same = lines.collect::<String>() == *text;
        let found = if same { form } else { "another form" };
        verdict.compare(format!("{SUMS}: form"), form, found);
    } else if statement.is_some() {
        let found = others.get(SUMS).map_or("missing", String::as_str);
        verdict.add(SUMS, false, "there", found);
    }
    let stated = statement.map(|statement| {
        let mut stated: BTreeMap<&str, &str> = BTreeMap::new();
        for subject in &statement.subject {
            if stated
                .insert(&subject.name, &subject.digest.sha256)
                .is_some()
            {
                verdict.add(format!("subject {}", subject.name), false, "once", "twice");
            }
        }
        stated
    });
    let there: BTreeSet<&str> = files
        .keys()
        .chain(others.keys())
        .map(String::as_str)
        .collect();
    let is_in = |list: &Option<BTreeMap<&str, &str>>, name: &str| {
        list.as_ref().is_some_and(|list| list.contains_key(name))
    };
    let is_spoken_of =
        |name: &str| is_meaningful(name) || is_in(&listed, name) || is_in(&stated, name);
    for (list, of, not, beside) in [
        (&listed, format!("{SUMS}: "), "not listed", &[SUMS][..]),
        (
            &stated,
            "subject ".to_owned(),
            "not stated",
            &[SUMS, CERTIFICATE, ENVELOPE],
        ),
    ] {
        let Some(list) = list else { continue };
        let there = there.iter().copied();
        let there = there.filter(|name| is_spoken_of(name) && !beside.contains(name));
        for name in there.chain(list.keys().copied()).collect::<BTreeSet<_>>() {
            let digest = digests.get(name).map(String::as_str);
            let found = digest.or(others.get(name).map(String::as_str));
            let ok = digest.is_some() && digest == list.get(name).copied();
            let expected = list.get(name).copied().unwrap_or(not);
            verdict.add(
                format!("{of}{name}"),
                ok,
                expected,
                found.unwrap_or("missing"),
            );
        }
    }
    for name in there.iter().filter(|name| !is_spoken_of(name)) {
        let reason = format!("{name} is in the folder, and the certificate does not speak of it");
        verdict.leave(name, &reason);
    }
    for name in stated.iter().flatten().map(|(name, _)| name) {
        if !is_meaningful(name) {
            let reason = format!("what {name} says was not checked, only that it was not altered");
            verdict.leave(name, &reason);
        }
    }
}

fn signature(files: &Files, key: Option<&PublicKey>, verdict: &mut Verdict) {
    let Some(bytes) = files.get(ENVELOPE) else {
        "unsigned: anybody may have made it".clone_into(&mut verdict.signature);
        if let Some(key) = key {
            let expected = format!("by {key}");
            verdict
                .signature
                .extend(["; nothing here is signed ", &expected]);
            verdict.add("signature", false, expected, format!("no {ENVELOPE}"));
        }
        return;
    };
    let opened = match open(bytes) {
        Ok(opened) => opened,
        Err(problem) => {
            verdict.add(ENVELOPE, false, "a signed envelope", problem);
            "its signature cannot be read: anybody may have made it"
                .clone_into(&mut verdict.signature);
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
    let good = key.map(|key| (key, opened.signed_by(key)));
    if let Some((key, good)) = good {
        let found = if good {
            "good"
        } else {
            "not by this key, or altered"
        };
        verdict.compare(format!("signature by {key}"), "good", found);
    }
    verdict.signature = match good {
        Some((key, true)) if same => {
            verdict.signed_by = Some(key.id());
            format!("signed by {key}")
        }
        Some((key, true)) => format!("{key} signed another statement than this one"),
        Some((key, false)) => format!("not signed by {key}, or altered since"),
        None if same => {
            "there is a signature that nobody has checked: `fluxttice-explorer verify DIR --key PUB` says whether it is PUB's"
                .to_owned()
        }
        None => "the signature beside it is one of another statement".to_owned(),
    };
}

/// Renders the files for people again from the statement, and compares them with those that are there.
fn derived(files: &Files, made: Result<Rendered, CertificateError>, verdict: &mut Verdict) {
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            return verdict.add("coverage plot", false, "can be drawn", error.to_string());
        }
    };
    let expected = format!("what {CERTIFICATE} says");
    for (name, made) in made {
        let same = files.get(name).is_some_and(|there| match name {
            // How a picture is packed depends on the library that packs it.
            PICTURE => same_picture(there, &made),
            _ => *there == made,
        });
        let found = if same { &expected } else { "something else" };
        let name = format!("{name}: content");
        verdict.version_dependent(&name, same, &expected, found);
    }
}

/// Compares what the statement says of the run with the run's own files.
fn history(
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
    let how = |how: &Measurement| {
        let Measurement {
            arithmetic,
            generator,
            tolerance,
            ..
        } = how;
        format!("{arithmetic}; {generator}; to {tolerance:e}")
    };
    verdict.compare(
        "measurement: how",
        how(&predicate.measurement),
        how(&Measurement::of(&scale)),
    );
    let much = |scale: &MeasurementPlan| {
        let samples: Vec<String> = scale.samples.iter().map(u32::to_string).collect();
        let samples = samples.join(" and ");
        format!("{samples} samples, {} codes", scale.probability_codes)
    };
    verdict.compare(
        "measurement: as much as a certificate takes",
        much(&scale),
        much(&MeasurementPlan::certificate(scale.seed)),
    );
    Ok(())
}

/// Returns true if a measurement takes no more than another.
fn is_within(scale: &MeasurementPlan, most: &MeasurementPlan) -> bool {
    let largest = |scale: &MeasurementPlan| scale.samples.iter().copied().max().unwrap_or(0);
    scale.samples.len() <= most.samples.len()
        && largest(scale) <= largest(most)
        && scale.probability_codes <= most.probability_codes
}
