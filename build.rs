//! Tells the program what it was built from: the commit, if the source says so, and the compiler.

use std::process::Command;

fn main() {
    // The log of HEAD grows with every commit and checkout; a missing file would build anew each time.
    for file in [".git/HEAD", ".git/logs/HEAD"] {
        if std::path::Path::new(file).exists() {
            println!("cargo::rerun-if-changed={file}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=FLUXTTICE_COMMIT");
    let commit = std::env::var("FLUXTTICE_COMMIT")
        .ok()
        .or_else(head)
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=FLUXTTICE_COMMIT={commit}");
    let compiler = std::env::var("RUSTC")
        .ok()
        .and_then(|rustc| answer(Command::new(rustc).arg("--version")))
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=FLUXTTICE_COMPILER={compiler}");
}

/// The short hash of the checked-out commit; none outside of a git checkout.
fn head() -> Option<String> {
    answer(Command::new("git").args(["rev-parse", "--short=12", "HEAD"]))
}

/// What a command prints, if it succeeds and prints anything.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
