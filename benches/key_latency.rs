//! How long a key takes to the screen while training runs at full speed.
//!
//! The real program trains the published configuration on the CPU in a terminal of 120×36. Keys
//! that change the view are sent one after another; each is timed from the moment it is written
//! until a terminal emulator has drawn the view it asks for. Not part of criterion: what counts is
//! the distribution, its tail above all.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

#[cfg(unix)]
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/pty.rs"]
mod pty;

#[cfg(unix)]
fn main() {
    use std::time::{Duration, Instant};

    use fluxttice_core::numbers::{index, rounded};

    const KEYS: usize = 200;
    let home = std::env::temp_dir().join(format!("fluxttice-latency-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let mut terminal = pty::Terminal::start(120, 36, &home, &["--device=cpu", "--seed=42"]);
    terminal.shows("now, epoch 0");
    let views = [
        ("2", "map of all operations"),
        ("3", "nearest codes of A"),
        ("6", "times in UTC"),
        ("1", "now, epoch"),
    ];
    let mut spent: Vec<Duration> = Vec::with_capacity(KEYS);
    for press in 0..KEYS {
        // Gaps that fall on no rhythm of batches, tiles or frames.
        std::thread::sleep(Duration::from_millis(40 + (press as u64 * 37) % 101));
        let (key, title) = views[press % views.len()];
        let began = Instant::now();
        terminal.press(key);
        terminal.shows(title);
        spent.push(began.elapsed());
    }
    drop(terminal);
    // What a run leaves in the temporary folder is of no use to anyone.
    let _ = std::fs::remove_dir_all(&home);

    spent.sort();
    let milliseconds = |share: f64| {
        let place = index(rounded((KEYS - 1) as f64 * share));
        spent[place].as_secs_f64() * 1e3
    };
    println!(
        "key to screen while training, {KEYS} keys: median {:.1} ms, p95 {:.1} ms, max {:.1} ms",
        milliseconds(0.5),
        milliseconds(0.95),
        milliseconds(1.0)
    );
}

/// There is no terminal to put the program into.
#[cfg(not(unix))]
fn main() {}
