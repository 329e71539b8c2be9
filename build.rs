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
    println!("cargo::rerun-if-env-changed=FLUXTTICE_PORTABLE");
    if packs_relocations() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the program's relocations are packed to a small part of their size. glibc reads such since 2.36
/// only, so not where `FLUXTTICE_PORTABLE` is set.
fn packs_relocations() -> bool {
    let variable = |name| std::env::var(name).unwrap_or_default();
    variable("FLUXTTICE_PORTABLE").is_empty()
        && variable("HOST") == variable("TARGET")
        && variable("CARGO_CFG_TARGET_OS") == "linux"
        && variable("CARGO_CFG_TARGET_ENV") == "gnu"
        && glibc().is_some_and(|version| version >= (2, 36))
}

/// The version of this machine's glibc, if it has one.
fn glibc() -> Option<(u32, u32)> {
    let said = answer(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let (major, minor) = said.strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
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
