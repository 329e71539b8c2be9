//! The table of what `cargo bench` measured last, as Markdown: `cargo bench --bench report > docs/results/benchmarks.md`.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

/// A benchmark's median and its 95 % interval, nanoseconds.
struct Row {
    name: String,
    /// How many things it is done to, where that was said.
    things: Option<f64>,
    median: f64,
    interval: [f64; 2],
}

fn main() -> ExitCode {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    let folder = target.join("criterion");
    let mut rows = Vec::new();
    if let Err(error) = collect(&folder, &mut rows) {
        eprintln!("{}: {error}; run `cargo bench` first", folder.display());
        return ExitCode::FAILURE;
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    print!("{}", table(&rows));
    ExitCode::SUCCESS
}

/// Every benchmark below a folder that has a newest measurement.
fn collect(folder: &Path, rows: &mut Vec<Row>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let newest = path.join("new");
        match newest.join("estimates.json").try_exists()? {
            true => rows.push(row(&newest)?),
            false => collect(&path, rows)?,
        }
    }
    Ok(())
}

fn row(newest: &Path) -> io::Result<Row> {
    let read = |name: &str| -> io::Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(newest.join(name))?)?)
    };
    let (benchmark, estimates) = (read("benchmark.json")?, read("estimates.json")?);
    let median = &estimates["median"];
    let interval = &median["confidence_interval"];
    let number = |value: &Value| {
        value
            .as_f64()
            .ok_or(io::Error::from(ErrorKind::InvalidData))
    };
    Ok(Row {
        name: benchmark["full_id"].as_str().unwrap_or("?").to_owned(),
        things: benchmark["throughput"]["Elements"].as_f64(),
        median: number(&median["point_estimate"])?,
        interval: [
            number(&interval["lower_bound"])?,
            number(&interval["upper_bound"])?,
        ],
    })
}

fn table(rows: &[Row]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "# Benchmarks\n\nMedians of `cargo bench` with their 95 % intervals, as `cargo bench --bench report` prints them.\n\
         Commit {}, {}, {cores} cores, CPU backend.\n\n| what | median | 95 % interval | a second |\n|---|---|---|---|\n",
        commit(),
        processor()
    );
    for row in rows {
        let [low, high] = row.interval;
        // A String takes everything.
        let _ = writeln!(
            text,
            "| {} | {} | {} to {} | {} |",
            row.name,
            time(row.median),
            time(low),
            time(high),
            row.things
                .map_or_else(String::new, |things| rate(things, row.median))
        );
    }
    text
}

/// `2.30 million of 65536`.
fn rate(things: f64, nanoseconds: f64) -> String {
    format!("{:.2} million of {things}", 1e3 * things / nanoseconds)
}

fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = match value {
        value if value < 10.0 => 2,
        value if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// The commit that was measured, and whether more than this table was changed since.
fn commit() -> String {
    let git = |arguments: &[&str]| Command::new("git").args(arguments).output().ok();
    let commit = git(&["rev-parse", "--short", "HEAD"]).filter(|output| output.status.success());
    let Some(commit) = commit else {
        return "unknown".to_owned();
    };
    let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
    let others = [
        "diff",
        "--quiet",
        "HEAD",
        "--",
        ".",
        ":!docs/results/benchmarks.md",
    ];
    match git(&others).is_some_and(|output| output.status.success()) {
        true => commit,
        false => format!("{commit}, changed"),
    }
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name.and_then(|rest| rest.split_once(": "));
    name.map_or(std::env::consts::ARCH, |(_, name)| name)
        .to_owned()
}
