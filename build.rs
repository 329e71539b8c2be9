//! Tells the program which commit it was built from, if the source says so.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-env-changed=FLUXTTICE_COMMIT");
    let commit = std::env::var("FLUXTTICE_COMMIT")
        .ok()
        .or_else(head)
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=FLUXTTICE_COMMIT={commit}");
}

/// The short hash of the checked-out commit; none outside of a git checkout.
fn head() -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
