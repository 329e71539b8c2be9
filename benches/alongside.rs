//! How much slower training is with the explorer open than without a screen.
//!
//! The real program trains the same epochs in turns: headless, then in a terminal of 200×60 whose screen
//! is drawn by an emulator on the same cores. Wall time of each epoch as `metrics.jsonl` has it, the
//! first of each run left out. Not part of criterion: what counts is the ratio of the two.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

#[cfg(unix)]
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/pty.rs"]
mod pty;

#[cfg(unix)]
fn main() {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use fluxttice_core::run::{all_runs, read_metrics};
    use fluxttice_core::statistics::median;

    const ROUNDS: usize = 5;
    const EPOCHS: &str = "total_epochs=9";

    let home = std::env::temp_dir().join(format!("fluxttice-alongside-{}", std::process::id()));
    let seconds = |data: &Path| -> Vec<f64> {
        let runs: Vec<PathBuf> = all_runs(&data.join("runs")).unwrap();
        let records = read_metrics(&runs[0]).unwrap();
        let spent = records.iter().skip(1).map(|record| record.seconds.total());
        spent.collect()
    };
    let (mut headless, mut open) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let data = home.join(format!("headless-{round}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_fluxttice-explorer"));
        command.args([
            "train",
            "--device=cpu",
            "--quiet",
            "--set",
            EPOCHS,
            "--data-dir",
        ]);
        assert!(command.arg(&data).status().unwrap().success());
        headless.extend(seconds(&data));

        let data = home.join(format!("open-{round}"));
        std::fs::create_dir_all(&data).unwrap();
        let terminal = pty::Terminal::start(200, 60, &data, &["--device=cpu", "--set", EPOCHS]);
        terminal.shows("9 epochs are done");
        drop(terminal);
        open.extend(seconds(&data));
    }
    // What the runs leave in the temporary folder is of no use to anyone.
    let _ = std::fs::remove_dir_all(&home);
    let (headless, open) = (median(headless), median(open));
    println!(
        "an epoch, median of {ROUNDS} runs in turns: headless {headless:.3} s, explorer open {open:.3} s, {:+.1} %",
        100.0 * (open / headless - 1.0)
    );
}

/// There is no terminal to put the program into.
#[cfg(not(unix))]
fn main() {}
