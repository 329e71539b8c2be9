//! `verify`: checks a certificate's files, signature and figures.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::certificate::{PublicKey, Trust, Word, verify};

use super::progress::Bar;
use super::{Done, json_line, line};
use crate::cli::{Global, VerifyArgs};

/// Verifies a certificate; the exit code says whether it holds.
pub fn run(global: &Global, args: &VerifyArgs) -> Done {
    let key = args.key.as_deref().map(PublicKey::load).transpose()?;
    let trust = Trust {
        sums_only: args.sums_only,
        key: key.as_ref(),
    };
    let bar = Bar::new(global);
    let verdict = verify(&args.folder, trust, &|progress| bar.show(progress));
    bar.clear();
    let verdict = verdict?;
    let word = verdict.word();
    if global.json {
        json_line(&json!({
            "verdict": word,
            "ok": verdict.ok(),
            "counts": {
                "checked": verdict.checks.len(),
                "failed": verdict.failed().count(),
                "not_checked": verdict.unchecked.len(),
            },
            "reason": verdict.foreign,
            "signature": verdict.signature,
            "signed_by": verdict.signed_by,
            "not_checked": verdict.unchecked,
            "claims": verdict.claims(),
            "checks": verdict.checks,
        }))?;
    } else {
        line(&verdict.headline())?;
        if word != Word::NotACertificate {
            line(&verdict.signature)?;
        }
        for failed in verdict.failed() {
            line(&format!("differs: {}", failed.name))?;
            line(&format!("  certificate: {}", failed.expected))?;
            line(&format!("  found:       {}", failed.found))?;
        }
        if verdict.unchecked.len() > 1 {
            for unchecked in &verdict.unchecked {
                line(&format!("not checked: {}", unchecked.reason))?;
            }
        }
    }
    Ok(match word {
        _ if verdict.ok() => ExitCode::SUCCESS,
        Word::NotACertificate => ExitCode::from(3),
        _ => ExitCode::FAILURE,
    })
}
