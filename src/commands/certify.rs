//! `certify`: writes a checkpoint's figures as a folder that anyone can check.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::certificate::{SecretKey, certify};
use fluxttice_core::measure::MeasurementPlan;
use fluxttice_core::run::Disk;

use super::progress::Bar;
use super::{Done, figure_line, json_line, line, note, setup};
use crate::cli::{CertifyArgs, Global};

/// Names of the figures that are printed; the certificate holds all figures.
const HEADLINES: [&str; 3] = ["argmax coverage", "decode entropy", "mutual information"];

/// Certifies a checkpoint, and signs the certificate where a key is given.
pub fn run(global: &Global, args: &CertifyArgs) -> Done {
    let key = args.sign.as_deref().map(SecretKey::load).transpose()?;
    if let Some(warning) = args.sign.as_deref().and_then(SecretKey::exposed) {
        note(&format!("warning: {warning}"));
    }
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let scale = MeasurementPlan::certificate(global.seed.unwrap_or(0));
    let bar = Bar::new(global);
    let certified = certify(
        &Disk::default(),
        &setup::this_program(),
        &checkpoint,
        &scale,
        &args.out,
        key.as_ref(),
        &|progress| {
            bar.show(progress);
        },
    );
    bar.clear();
    let certified = certified?;
    let predicate = &certified.statement.predicate;
    let folder = certified.folder.display();
    if global.json {
        json_line(&json!({
            "folder": folder.to_string(),
            "signed_by": key.map(|key| key.public().id()),
            "figures": predicate.figures,
            "checks": predicate.checks,
            "validation": predicate.validation,
        }))?;
    } else {
        for name in HEADLINES {
            let figures = predicate.figures.iter();
            for figure in figures.filter(|figure| figure.name == name) {
                line(&figure_line(figure))?;
            }
        }
        line(&folder.to_string())?;
        if !global.quiet {
            note(&format!(
                "{} checks passed; `fluxttice-explorer verify {folder}` measures everything again",
                predicate.checks.passed.len()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
