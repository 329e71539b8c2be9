//! `bench`: measures speed, coverage over several seeds, entropy and memory of one checkpoint, and shows
//! several such measurements side by side.

use std::fs;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use fluxttice_core::device::choose;
use fluxttice_core::digest::sha256;
use fluxttice_core::measure::{Benchmark, CoverageTrials, Spread, VaeBenchmark};
use fluxttice_core::run::{Origin, journal, read_file};
use fluxttice_core::session::SessionError;
use fluxttice_core::shown;
use fluxttice_core::space::OPERATIONS;
use fluxttice_core::threads;

use super::progress::Bar;
use super::{Done, Failure, json_line, line, note, setup};
use crate::cli::{BenchArgs, BenchCommand, Global};

/// Size of the largest bench file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// Contents of a bench file.
#[derive(Serialize, Deserialize)]
struct File {
    program: String,
    version: String,
    time: String,
    checkpoint: Measured,
    /// SHA-256 of the run's configuration; `None` for a weights file alone.
    configuration_sha256: Option<String>,
    device: String,
    cores: usize,
    seed: u64,
    operations: usize,
    benchmark: Benchmark,
    /// Largest resident size of the process; `None` where the system does not report it.
    peak_memory_bytes: Option<u64>,
}

/// Checkpoint that was measured.
#[derive(Serialize, Deserialize)]
struct Measured {
    name: String,
    sha256: String,
}

/// Measures a checkpoint and writes the bench file, or compares bench files.
pub fn run(global: &Global, args: &BenchArgs) -> Done {
    match &args.command {
        Some(BenchCommand::Compare { files }) => compare(global, files),
        None => measure(global, args),
    }
}

fn measure(global: &Global, args: &BenchArgs) -> Done {
    let Some(named) = args.checkpoint.as_deref() else {
        return Err(Failure::Usage(
            "bench measures a trained model: name one with --checkpoint (a run, RUN@best, a snapshot or a weights file)"
                .to_owned(),
        ));
    };
    super::may_write(&args.out, args.force)?;
    let checkpoint = setup::checkpoint(global, Some(named))?;
    let configuration = match &checkpoint.origin {
        Origin::File(_) | Origin::Untrained(_) => None,
        origin => {
            let digest = origin.history()?.0.digest();
            Some(digest.map_err(fluxttice_core::run::RunError::from)?)
        }
    };
    let chosen = choose(global.device).map_err(SessionError::from)?;
    let seed = global.seed.unwrap_or(0);
    if !global.quiet && !global.json {
        note(&format!(
            "{}, {} trials from seed {seed}; speed on {} in 32 bits, everything else on the CPU in 64 bits",
            checkpoint.origin, args.trials, chosen.name
        ));
    }
    let bar = Bar::new(global);
    let watch = |progress| bar.show(progress);
    let device = chosen.device.without_autodiff();
    let benchmark = Benchmark::measure(&checkpoint.weights, &device, seed, args.trials, &watch);
    bar.clear();
    let bytes = checkpoint
        .weights
        .to_bytes()
        .map_err(|error| Failure::Input(error.to_string()))?;
    let file = File {
        program: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: journal::now(),
        checkpoint: Measured {
            name: checkpoint.origin.to_string(),
            sha256: sha256(&bytes),
        },
        configuration_sha256: configuration,
        device: chosen.name,
        cores: threads::count(),
        seed,
        operations: OPERATIONS,
        benchmark: benchmark?,
        peak_memory_bytes: peak_memory(),
    };
    save(args, &file)?;
    if global.json {
        json_line(&file)?;
    } else {
        table(&[(named.to_owned(), file)])?;
        if !global.quiet {
            note(&format!("written to {}", shown::shown(&args.out)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn save(args: &BenchArgs, file: &File) -> Result<(), Failure> {
    let mut text =
        serde_json::to_string_pretty(file).map_err(|error| Failure::Output(error.into()))?;
    text.push('\n');
    super::write(&args.out, text.as_bytes(), args.force)
}

fn compare(global: &Global, paths: &[std::path::PathBuf]) -> Done {
    let mut files = Vec::new();
    for path in paths {
        let file: File = serde_json::from_slice(&read_file(path, LIMIT)?).map_err(|error| {
            let path = shown::shown(path);
            Failure::Input(format!("{path}: expected a bench file, found: {error}"))
        })?;
        files.push((shown::shown(path), file));
    }
    if global.json {
        for (path, file) in &files {
            json_line(&serde_json::json!({ "file": path, "bench": file }))?;
        }
    } else {
        table(&files)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a row for each figure, with a column for each file.
fn table(files: &[(String, File)]) -> Result<(), Failure> {
    type Take = fn(&Benchmark) -> &VaeBenchmark;
    type Figure = (&'static str, usize, fn(&CoverageTrials) -> &Spread);
    let row = |name: &str, cell: &dyn Fn(&File) -> String| {
        let cells = files.iter().map(|(_, file)| format!("{:>26}", cell(file)));
        line(format!("{name:<46}{}", cells.collect::<String>()).trim_end())
    };
    if files.len() > 1 {
        for (number, (path, _)) in files.iter().enumerate() {
            line(&format!("{} = {path}", number + 1))?;
        }
        let numbers = (1..=files.len()).map(|number| format!("{number:>26}"));
        line(&format!("{:<46}{}", "", numbers.collect::<String>()))?;
    }
    row("device", &|file| file.device.clone())?;
    row("checkpoint, first digits of SHA-256", &|file| {
        file.checkpoint.sha256.chars().take(19).collect()
    })?;
    let vaes: [(&str, Take); 2] = [("A", |bench| &bench.a), ("B", |bench| &bench.b)];
    for (name, take) in vaes {
        let vae = move |file: &File| take(&file.benchmark).clone();
        row(&format!("{name} operations generated a second"), &|file| {
            shown(&vae(file).operations_per_second, 0)
        })?;
        for i in 0..files
            .first()
            .map_or(0, |(_, file)| vae(file).coverage.len())
        {
            let trials = move |file: &File| vae(file).coverage.get(i).cloned();
            let samples = files
                .first()
                .and_then(|(_, file)| trials(file))
                .map_or(0, |t| t.samples);
            let figures: [Figure; 4] = [
                ("argmax coverage", 1, |trials| &trials.argmax),
                ("categorical coverage", 1, |trials| &trials.categorical),
                ("rounded expectation, not evidence", 1, |trials| {
                    &trials.rounded_expectation
                }),
                ("decode entropy", 4, |trials| &trials.decode_entropy),
            ];
            for (figure, places, take) in figures {
                row(&format!("{name} {figure} at {samples}"), &|file| {
                    trials(file).map_or("-".to_owned(), |trials| shown(take(&trials), places))
                })?;
            }
        }
        row(&format!("{name} entropy of real codes"), &|file| {
            format!("{:.4}", vae(file).entropy_of_real_codes)
        })?;
    }
    row("peak memory, MiB", &|file| {
        file.peak_memory_bytes
            .map_or("not known".to_owned(), |bytes| (bytes >> 20).to_string())
    })
}

/// Returns mean, standard deviation and largest value as text.
fn shown(spread: &Spread, places: usize) -> String {
    let deviation = spread
        .standard_deviation
        .map_or(String::new(), |deviation| {
            format!(" (SD {deviation:.places$})")
        });
    format!(
        "{:.places$}{deviation}, at most {:.places$}",
        spread.mean, spread.max
    )
}

/// Returns the largest resident size of this process so far in bytes, where `/proc` reports it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
