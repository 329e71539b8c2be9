//! `compare`: shows a run of this program beside the original's, as a table and a plot.

mod plot;
mod window;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use fluxttice_core::record::EpochRecord;
use fluxttice_core::run::{find_run, read_file, read_metrics, stored_config};
use fluxttice_core::shown::shown;
use fluxttice_core::space::percent_of_all;
use fluxttice_core::statistics::median;

use self::window::Window;
use super::{Done, Failure, line, setup};
use crate::cli::{CompareArgs, Global};

/// Writes and prints the table, and writes the plot.
pub fn run(global: &Global, args: &CompareArgs) -> Done {
    let original = Original::read(&args.original)?;
    let run = find_run(&setup::runs(global)?, Some(&args.run))?;
    let config = stored_config(&run)?;
    let records = read_metrics(&run)?;
    let window = Window::measure(&run, &config, global.seed.unwrap_or(0))?;
    let table = table(&original, &records, &window, config.seed);
    let picture = plot::svg(&original, &records)?;
    for (name, text) in [("comparison.md", &table), ("comparison.svg", &picture)] {
        super::write(&args.out.join(name), text.as_bytes(), args.force)?;
    }
    line(&table)?;
    Ok(ExitCode::SUCCESS)
}

/// Size of the largest trajectory that is read, in bytes.
const LIMIT: u64 = 64 << 20;

/// The original's trajectory: named columns with one value per epoch.
pub struct Original {
    columns: BTreeMap<String, Vec<f64>>,
}

impl Original {
    fn read(path: &std::path::Path) -> Result<Self, Failure> {
        let wrong = |problem: String| Failure::Input(format!("{}: {problem}", shown(path)));
        let text = String::from_utf8(read_file(path, LIMIT)?)
            .map_err(|_| wrong("expected UTF-8 text".to_owned()))?;
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let mut columns: BTreeMap<String, Vec<f64>> = names
            .iter()
            .map(|name| ((*name).to_owned(), Vec::new()))
            .collect();
        for (number, row) in lines.enumerate() {
            for (name, value) in names.iter().zip(row.split(',')) {
                let value = value
                    .parse()
                    .map_err(|_| wrong(format!("line {}: `{value}` is no number", number + 2)))?;
                if let Some(column) = columns.get_mut(*name) {
                    column.push(value);
                }
            }
        }
        Ok(Self { columns })
    }

    /// Returns a column; empty where the file has none of that name.
    pub fn column(&self, name: &str) -> &[f64] {
        self.columns.get(name).map_or(&[], Vec::as_slice)
    }

    fn median(&self, name: &str) -> f64 {
        median(
            self.column(name)
                .iter()
                .skip(window::FROM as usize)
                .take(window::EPOCHS)
                .copied()
                .collect(),
        )
    }
}

fn table(original: &Original, records: &[EpochRecord], window: &Window, seed: u64) -> String {
    let validation: Vec<f64> = records
        .iter()
        .map(|record| record.validation.loss)
        .collect();
    let train: Vec<f64> = records.iter().map(|record| record.train.loss).collect();
    let argmax = |epoch: usize, b: bool| {
        records
            .get(epoch)
            .and_then(|record| record.coverage)
            .map_or(f64::NAN, |coverage| {
                f64::from(if b { coverage.b } else { coverage.a }.argmax.unique)
            })
    };
    let lowest = |losses: &[f64]| {
        losses
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(b.1))
            .map_or((0, f64::NAN), |(epoch, loss)| (epoch, *loss))
    };
    let theirs = original.column("validation_loss");
    let at = |column: &[f64], epoch: usize| column.get(epoch).copied().unwrap_or(f64::NAN);
    let ((best_here, loss_here), (best_there, loss_there)) = (lowest(&validation), lowest(theirs));
    let mut text = format!(
        "| figure | this program, seed {seed} | the original, seed 42 |\n|---|---|---|\n\
         | lowest validation loss | {loss_here:.3} at epoch {best_here} | {loss_there:.3} at epoch {best_there} |\n"
    );
    let mut row = |name: &str, here: String, there: String| {
        let _ = writeln!(text, "| {name} | {here} | {there} |");
    };
    let jump = |column: &[f64]| format!("{:.2} → {:.2}", at(column, 49), at(column, 50));
    row(
        "training loss, epoch 49 → 50",
        jump(&train),
        jump(original.column("train_loss")),
    );
    for (name, b, column) in [("A", false, "argmax50k_a"), ("B", true, "argmax50k_b")] {
        let theirs = original.column(column);
        row(
            &format!("argmax coverage of 50,000, {name}, epoch 49 → 50"),
            format!("{} → {}", argmax(49, b), argmax(50, b)),
            format!("{} → {}", at(theirs, 49), at(theirs, 50)),
        );
    }
    let percent = |unique: f64| format!("{:.2} %", percent_of_all(unique));
    for (i, which) in ["a", "b"].into_iter().enumerate() {
        let name = which.to_uppercase();
        row(
            &format!("argmax coverage of 50,000, {name}, median"),
            percent(window.argmax[i]),
            percent(original.median(&format!("argmax50k_{which}"))),
        );
        row(
            &format!("categorical coverage of 50,000, {name}, median"),
            percent(window.categorical[i]),
            percent(original.median(&format!("effective_{which}"))),
        );
        row(
            &format!("decode entropy, {name}, median, nats"),
            format!("{:.2}", window.decode_entropy[i]),
            "–".to_owned(),
        );
        row(
            &format!("active dimensions, {name}, fewest"),
            window.active[i].to_string(),
            at(original.column(&format!("active_{which}")), 105).to_string(),
        );
        row(
            &format!("exact reconstruction of the validation split at ρ = 0, {name}, median"),
            format!("{:.2} %", 100.0 * window.exact[i]),
            format!(
                "{:.2} %",
                100.0 * original.median(&format!("exact_validation_rho0_{which}"))
            ),
        );
    }
    let _ = write!(
        text,
        "\nMedians over epochs {}–{} ({} checkpoints of this program measured, in 64 bits, measurement seed {}). \
         Ceiling of any coverage of 50,000 samples: 92.12 %.",
        window::FROM,
        window::FROM as usize + window::EPOCHS - 1,
        window.checkpoints,
        window.seed
    );
    text
}
