//! Figures computed on another processor: the program itself, on one without AVX, prints equal figures.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{Home, Ran};

const QUESTION: [&str; 5] = [
    "coverage",
    "--json",
    "--samples=1000",
    "--probabilities=1600",
    "--checkpoint=assets/builtin/weights.safetensors",
];

#[test]
fn a_processor_without_avx_finds_the_same_draws_and_figures() {
    let mut emulated = Command::new("qemu-x86_64");
    emulated
        .args(["-cpu", "qemu64", env!("CARGO_BIN_EXE_fluxttice-explorer")])
        .args(QUESTION)
        .stdin(Stdio::null());
    if cfg!(not(target_arch = "x86_64"))
        || Command::new("qemu-x86_64")
            .arg("--version")
            .output()
            .is_err()
    {
        eprintln!("skipped: needs qemu-x86_64 (package qemu-user) on an x86-64 machine");
        return;
    }
    let home = Home::new();
    let here = Ran::of(home.command(QUESTION)).exits(0);
    let there = Ran::of(emulated).exits(0);
    let (here, there) = (here.lines(), there.lines());
    assert_eq!(here.len(), there.len());
    let mut exact = 0;
    for (here, there) in here.iter().zip(&there) {
        exact += agree(here, there, here, 0.0);
    }
    assert!(
        exact > 20,
        "only {exact} words and whole numbers were compared"
    );
}

/// Compares whole numbers, texts and digests exactly, and other numbers to 1e-9 of their size; a standard
/// error, which is a difference of figures, to 1e-9 of the figure. Returns the number of exact comparisons.
fn agree(here: &Value, there: &Value, line: &Value, size: f64) -> u32 {
    match (here, there) {
        (Value::Object(a), Value::Object(b)) => {
            let size = a.get("value").and_then(Value::as_f64).unwrap_or(0.0).abs();
            a.iter()
                .map(|(key, value)| {
                    let size = if key == "standard_error" { size } else { 0.0 };
                    agree(value, &b[key], line, size)
                })
                .sum()
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).map(|(a, b)| agree(a, b, line, 0.0)).sum()
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!(
                (a - b).abs() <= 1e-9 * (a.abs() + size),
                "{a} {b} in {line}"
            );
            0
        }
        (a, b) => {
            assert_eq!(a, b, "in {line}");
            1
        }
    }
}
