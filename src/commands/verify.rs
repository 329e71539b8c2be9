//! `verify`: whether a certificate's files, signature and figures hold.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::certificate::{PublicKey, Trust, verify};

use super::progress::Bar;
use super::{Done, json_line, line};
use crate::cli::{Global, VerifyArgs};

/// Runs the command.
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
    if global.json {
        json_line(&json!({
            "ok": verdict.ok(),
            "signature": verdict.signature,
            "checks": verdict.checks,
        }))?;
    } else {
        for failed in verdict.failed() {
            line(&format!("differs: {}", failed.name))?;
            line(&format!("  certificate: {}", failed.expected))?;
            line(&format!("  found:       {}", failed.found))?;
        }
        let (failed, all) = (verdict.failed().count(), verdict.checks.len());
        line(&if failed > 0 {
            format!("does not hold: {failed} of {all} checks failed")
        } else if args.sums_only {
            format!("the files hold: {all} checks passed; nothing was measured again")
        } else {
            format!("holds: {all} checks passed, every figure measured again")
        })?;
        line(&verdict.signature)?;
    }
    Ok(if verdict.ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
