//! Devices that cannot do what is asked of them.

use fluxttice_core::device::{AdapterKind, adapters};

use crate::program::{Home, Ran};

/// The GPU runtime leaves out operations whose buffer it cannot allocate, and a tensor concatenated from such
/// results is read as if nothing were missing: a run with 8,192 operations a batch, whose distances need 4
/// GiB that a software rasteriser cannot hold, once "reached" a loss of 0.05.
#[test]
fn a_batch_that_does_not_fit_is_an_error_and_no_figure() {
    let mut found = adapters().into_iter();
    if !found.any(|adapter| adapter.kind == AdapterKind::Software) {
        eprintln!("skipped: no software rasteriser on this machine");
        return;
    }
    let home = Home::new();
    let ran = home
        .run("train --json --device software --epochs 1 --set batch_size=8192")
        .exits(4);
    assert!(ran.events("epoch").is_empty());
    let [end] = ran.events("end").try_into().unwrap();
    assert_eq!(end["reason"], "failed");
    for words in [
        "can't allocate",
        "smaller batch_size",
        "`--device cpu` continues it",
    ] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn what_drivers_write_to_standard_error_is_shown_only_where_it_is_asked_for() {
    let home = Home::new();
    let asked = |log: &str| {
        let mut command = home.command(["devices", "--log", log]);
        command.env("EGL_LOG_LEVEL", "debug");
        Ran::of(command).exits(0)
    };
    assert_eq!(asked("info").stderr, "");
    assert_eq!(asked("debug").stdout, asked("info").stdout);
}
