//! Certificates that were tampered with, and checkpoints that deserve none.

mod documents;
mod forgery;
mod refusal;
mod tampering;
mod verdicts;

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use super::certify::certify;
use super::error::CertificateError;
use super::evidence::Evidence;
use super::keys::KeyPair;
use super::measured::Measured;
use super::render::{Rendered, THIS, render};
use super::statement::{Measurement, Predicate, Statement, Tool, canonical, subjects};
use super::sums::{Files, sums};
use super::verdict::{Verdict, Word};
use super::verify::{Again, Folder, Trust, check};
use super::{CERTIFICATE, DOCUMENT, ENVELOPE, PICTURE, PLOT, SUMS};
use crate::device::DeviceFailure;
use crate::digest::sha256;
use crate::measure::MeasurementPlan;
use crate::run::{Disk, built_in};

/// Name of the one check that a certificate at this scale must fail.
const SMALL: &str = "measurement: as much as a certificate takes";

/// Scale far below that of a real certificate, so that it is measured in a second.
fn small() -> MeasurementPlan {
    MeasurementPlan {
        seed: 3,
        samples: vec![2_000, 50_000],
        probability_codes: 4_000,
    }
}

struct Made {
    files: Files,
    pair: KeyPair,
}

/// Returns a small, signed certificate of the built-in model.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("evidence");
        let pair = KeyPair::generate().unwrap();
        let checkpoint = built_in().unwrap();
        certify(
            &Disk::default(),
            &tool(),
            &checkpoint,
            &small(),
            &folder,
            Some(&pair.secret),
            &|_| {},
        )
        .unwrap();
        Made {
            files: read(&folder),
            pair,
        }
    })
}

fn tool() -> Tool {
    Tool {
        name: "fluxttice-explorer".to_owned(),
        version: THIS.to_owned(),
        commit: "unknown".to_owned(),
        compiler: "unknown".to_owned(),
        lockfile: sha256(b""),
    }
}

fn read(folder: &Path) -> Files {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

fn write(folder: &Path, files: &Files) {
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

fn checked(files: &Files, trust: Trust) -> Verdict {
    let mut verdict = Verdict::default();
    let folder = Folder {
        files: Cow::Borrowed(files),
        ..Folder::default()
    };
    let again = Again {
        measure: &remeasured,
        render: &redrawn,
    };
    check(&folder, Path::new("evidence"), trust, &again, &mut verdict).unwrap();
    verdict
}

/// Measures a checkpoint again; the result for equal evidence is remembered.
fn remeasured(evidence: &Evidence, measurement: &Measurement) -> Result<Measured, DeviceFailure> {
    static KNOWN: Mutex<Vec<(Evidence, Measurement, Measured)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap();
    let same = |(e, s, _): &&(Evidence, Measurement, Measured)| {
        (&e.weights, &e.metrics, &e.config, s)
            == (
                &evidence.weights,
                &evidence.metrics,
                &evidence.config,
                measurement,
            )
    };
    if let Some((_, _, measured)) = known.iter().find(same) {
        return Ok(measured.clone());
    }
    let measured = Measured::of(evidence, measurement, &|_| {})?;
    known.push((evidence.clone(), measurement.clone(), measured.clone()));
    Ok(measured)
}

/// Renders a statement again; the result for an equal statement is remembered.
fn redrawn(predicate: &Predicate) -> Result<Rendered, CertificateError> {
    static KNOWN: Mutex<Vec<(Predicate, Rendered)>> = Mutex::new(Vec::new());
    let known = |drawn: &[(Predicate, Rendered)]| {
        let same = drawn.iter().find(|(known, _)| known == predicate);
        same.map(|(_, drawn)| drawn.clone())
    };
    if let Some(drawn) = known(&KNOWN.lock().unwrap()) {
        return Ok(drawn);
    }
    let drawn = render(predicate)?;
    let entry = (predicate.clone(), drawn.clone());
    KNOWN.lock().unwrap().push(entry);
    Ok(drawn)
}

/// Verifies files and statement, without measuring.
fn sums_only(files: &Files) -> Verdict {
    let trust = Trust {
        sums_only: true,
        key: None,
    };
    checked(files, trust)
}

/// Lists the checks that do not hold, but for the one of the scale.
fn failed(verdict: &Verdict) -> Vec<String> {
    let failed = verdict.failed().map(|check| check.name.clone());
    failed.filter(|name| name != SMALL).collect()
}

/// Returns the verdict as if the small scale were that of a certificate.
fn at_this_scale(mut verdict: Verdict) -> Verdict {
    verdict.checks.retain(|check| check.name != SMALL);
    verdict
}

fn statement(files: &Files) -> Statement {
    serde_json::from_slice(&files[CERTIFICATE]).unwrap()
}

/// Makes consistent again what somebody without the key can: document, plots, subjects, sums.
fn hashed_again(mut files: Files, statement: Statement) -> Files {
    let drawn = render(&statement.predicate).unwrap();
    files.extend(drawn.map(|(name, bytes)| (name.to_owned(), bytes)));
    bound(files, statement)
}

/// Does as `hashed_again`, but leaves the document and the plots as they are.
fn bound(mut files: Files, mut statement: Statement) -> Files {
    for name in [ENVELOPE, SUMS, CERTIFICATE] {
        files.remove(name);
    }
    statement.subject = subjects(&files);
    files.insert(CERTIFICATE.to_owned(), canonical(&statement).unwrap());
    files.insert(SUMS.to_owned(), sums(files.iter()).into_bytes());
    files
}
