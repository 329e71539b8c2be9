//! Damages files of runs, certificates and keys at random, has the program read each, and counts what came of it.
//!
//! `cargo run --release --example torture -- --seconds 600`, or `--runs 10000 --certificates 2000`; `--seed N` for others than
//! last time. Exit code 1 where something happened that must not.

#![expect(clippy::unwrap_used, reason = "a tool for tests")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;

#[path = "../tests/support/torture.rs"]
mod torture;

use torture::Torture;

/// Damages files of runs, certificates and keys, has the program read each, and counts what came of it.
#[derive(Parser)]
struct Arguments {
    /// How long.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// How many runs.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    runs: u64,
    /// How many certificates and keys.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    certificates: u64,
    /// Another one damages other places.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The program [default: the one built beside this].
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let program = arguments.program.unwrap_or_else(|| {
        let this = std::env::current_exe().unwrap();
        this.ancestors().nth(2).unwrap().join("fluxttice-explorer")
    });
    let torture = Torture::new(&program, arguments.seed);
    let end = arguments
        .seconds
        .map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let goes_on = || end.is_none_or(|end| Instant::now() < end);
    let (runs, certificates) = (AtomicU64::new(0), AtomicU64::new(0));
    let more = |count: &AtomicU64, most: u64| count.fetch_add(1, Ordering::Relaxed) < most;
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let (mut run, mut certificate) = (true, true);
                while goes_on() && (run || certificate) {
                    run = run && more(&runs, arguments.runs);
                    if run {
                        torture.damage_a_run();
                    }
                    certificate = certificate && more(&certificates, arguments.certificates);
                    if certificate {
                        torture.damage_a_certificate();
                    }
                }
            });
        }
    });
    let (counts, told) = torture.told();
    for text in &told {
        println!("{text}\n");
    }
    println!("{counts}");
    match counts.bad() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
