//! Making a certificate: measure, check, write a whole folder.

use std::path::{Path, PathBuf};

use super::checks::Checks;
use super::error::CertificateError;
use super::evidence::{Evidence, gather};
use super::keys::SecretKey;
use super::measured::Measured;
use super::render::render;
use super::signature::envelope;
use super::statement::{
    Measurement, PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement, Tool, canonical,
    definitions, run, subjects,
};
use super::sums::{LIMIT, limit, sums};
use super::{CERTIFICATE, ENVELOPE, SUMS};
use crate::measure::{MeasurementPlan, Progress};
use crate::run::names::{CONFIG, JOURNAL, METRICS};
use crate::run::{Checkpoint, Disk, RunError, journal};

/// A certificate that was made.
#[derive(Clone, Debug)]
pub struct Certified {
    /// Folder of the certificate, which did not exist before.
    pub folder: PathBuf,
    /// Statement in its `certificate.json`.
    pub statement: Statement,
}

/// Measures a checkpoint and writes its certificate as a new folder, whole or not at all.
///
/// # Errors
/// Returns [`CertificateError::Refused`] where the checkpoint does not pass every check, and another variant
/// where files, device or key fail. In each case `folder` is as it was before.
pub fn certify(
    disk: &Disk,
    tool: &Tool,
    checkpoint: &Checkpoint,
    scale: &MeasurementPlan,
    folder: &Path,
    key: Option<&SecretKey>,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Certified, CertificateError> {
    if folder.exists() {
        return Err(RunError::unusable(folder, "exists already and is not overwritten").into());
    }
    // A path of one name lies in the folder where the program was started.
    let home = folder.parent().filter(|home| !home.as_os_str().is_empty());
    disk.sweep(home.unwrap_or(Path::new(".")));
    let origin = checkpoint.origin.to_string();
    let mut files = gather(&checkpoint.origin)?;
    if let Some(missing) = [CONFIG, METRICS, JOURNAL]
        .into_iter()
        .find(|name| !files.contains_key(*name))
    {
        let found = format!("there is no {missing} beside the weights");
        return Err(CertificateError::Refused {
            origin,
            failed: Checks::untold(found).failed,
        });
    }
    let place = PathBuf::from(&origin);
    let evidence = Evidence::read(&checkpoint.origin.name(), &files, &place)?;
    let measurement = Measurement::of(scale);
    let measured = Measured::of(&evidence, &measurement, watch)?;
    if !measured.checks.failed.is_empty() {
        return Err(CertificateError::Refused {
            origin,
            failed: measured.checks.failed,
        });
    }
    let predicate = Predicate {
        tool: tool.clone(),
        made: journal::now(),
        run: run(&evidence)?,
        definitions: definitions(&measured.figures, measurement.estimators),
        measurement,
        figures: measured.figures,
        untrained: measured.untrained,
        checks: measured.checks,
        validation: measured.validation,
    };
    let drawn = render(&predicate)?.map(|(name, bytes)| (name.to_owned(), bytes));
    files.extend(drawn);
    let statement = Statement {
        kind: STATEMENT_TYPE.to_owned(),
        subject: subjects(&files),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate,
    };
    let bytes = canonical(&statement)
        .map_err(|error| RunError::unusable(&folder.join(CERTIFICATE), error.to_string()))?;
    if let Some(key) = key {
        files.insert(ENVELOPE.to_owned(), envelope(&bytes, key));
    }
    files.insert(CERTIFICATE.to_owned(), bytes);
    files.insert(SUMS.to_owned(), sums(files.iter()).into_bytes());
    // A certificate that `verify` would not read is not made.
    let size = |bytes: &Vec<u8>| bytes.len() as u64;
    let mut large = files
        .iter()
        .filter(|(name, bytes)| size(bytes) > limit(name));
    let large = large.next().map(|(name, _)| name.as_str());
    if large.is_some() || files.values().map(size).sum::<u64>() > LIMIT {
        let problem = format!(
            "{} is too large for a certificate",
            large.unwrap_or("all of it")
        );
        return Err(RunError::unusable(&place, problem).into());
    }
    disk.publish_folder(folder, false, |scratch| {
        files
            .iter()
            .try_for_each(|(name, bytes)| disk.write(&scratch.join(name), bytes))
    })?;
    Ok(Certified {
        folder: folder.to_owned(),
        statement,
    })
}
