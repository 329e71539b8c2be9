//! `validate --study`: answers questions that need models trained again.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use fluxttice_core::config::Config;
use fluxttice_core::device::choose;
use fluxttice_core::session::SessionError;
use fluxttice_core::shown::shown;
use fluxttice_core::study::{
    Difference, MOST_SEEDS, PARTS, Part, Study, StudyError, StudyProgress, Summary, Tested,
};
use fluxttice_core::threads;
use fluxttice_core::vae::Vae;
use fluxttice_core::validation::number;
use fluxttice_core::words::counted;

use super::{Done, Failure, json_line, line, note, setup, signals};
use crate::cli::{Global, ValidateArgs};

/// Deciding tests in the table, each with the heading of its column.
const COLUMNS: [(&str, &str); 5] = [
    ("hold-out reconstruction", "hold-out"),
    ("argmax coverage", "argmax"),
    ("decode entropy", "H(x | z)"),
    ("mutual information", "I(z; x)"),
    ("latent activity", "active"),
];

/// Trains and tests the models of the study, and prints the summary.
pub fn run(global: &Global, args: &ValidateArgs, parts: &[String]) -> Done {
    let (seeds, parts) = (seeds(&args.seeds)?, chosen_parts(parts)?);
    let config = Config {
        seed: 0,
        ..setup::config(global)?.config
    };
    let chosen = choose(global.device).map_err(SessionError::from)?;
    let cores = threads::count();
    let study = Study {
        seeds,
        parts,
        folder: match &args.out {
            Some(folder) => folder.clone(),
            None => default_folder(global, &config)?,
        },
        config,
        device: global.device,
        at_a_time: if chosen.is_cpu() { cores } else { 1 },
        measure_seed: global.seed.unwrap_or(0),
    };
    let told = Told::new(global);
    told.note(&format!(
        "in {}, on {}, {} at a time; the same command resumes it after a stop",
        shown(&study.folder),
        chosen.name,
        study.at_a_time
    ));
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let (found, signal) = signals::runtime()?.block_on(async {
        let mut shutdown = signals::listen()?;
        let work = tokio::task::spawn_blocking(move || {
            let found = study.make(&stop, &|progress| told.hear(progress));
            told.bar.finish_and_clear();
            found
        });
        tokio::pin!(work);
        let mut signal = None;
        loop {
            tokio::select! {
                done = &mut work => {
                    let found = done.map_err(|error| Failure::System(error.into()))?;
                    return Ok::<_, Failure>((found, signal));
                }
                Ok(()) = shutdown.changed() => {
                    signal = *shutdown.borrow_and_update();
                    asked.store(true, Ordering::Relaxed);
                }
            }
        }
    })?;
    if let (Err(StudyError::Stopped), Some(signal)) = (&found, signal) {
        note("stopped; the same command resumes from here");
        return Ok(signals::code(signal));
    }
    let found = found?;
    if global.json {
        for summary in &found {
            json_line(summary)?;
        }
    } else {
        table(&found)?;
    }
    Ok(
        if found.iter().all(|summary| summary.surprises.is_empty()) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        },
    )
}

/// Lists the question and the arms of each part.
pub fn list(global: &Global) -> Done {
    for part in &PARTS {
        if global.json {
            let arms = part.arms.iter();
            let arms: Vec<_> = arms
                .map(|arm| json!({"arm": arm.name, "set": arm.set, "against": arm.against}))
                .collect();
            json_line(&json!({"part": part.name, "question": part.question, "arms": arms}))?;
            continue;
        }
        line(&format!("{}: {}", part.name, part.question))?;
        for arm in part.arms {
            let against = arm.against;
            let against = against.map_or(String::new(), |other| format!(", against {other}"));
            let set = match arm.set {
                [] => "nothing changed".to_owned(),
                set => set.join(" "),
            };
            line(&format!("  {:<22} {set}{against}", arm.name))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn seeds(given: &[u64]) -> Result<Vec<u64>, Failure> {
    let mut seeds: Vec<u64> = Vec::new();
    for seed in given {
        if seeds.contains(seed) {
            return Err(Failure::Usage(format!(
                "--seeds names {seed} twice; the same seed gives the same model"
            )));
        }
        seeds.push(*seed);
    }
    if seeds.len() > MOST_SEEDS {
        return Err(Failure::Usage(format!(
            "--seeds names {}; expected at most {MOST_SEEDS}",
            seeds.len()
        )));
    }
    Ok(seeds)
}

fn chosen_parts(names: &[String]) -> Result<Vec<&'static Part>, Failure> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.iter().all(|name| name.is_empty()) {
        return Ok(PARTS.iter().collect());
    }
    let all: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
    let part = |name: &str| {
        let found = PARTS.iter().find(|part| part.name == name);
        found.ok_or_else(|| {
            Failure::Usage(format!(
                "--study has no part `{name}`; expected some of {}",
                all.join(", ")
            ))
        })
    };
    names.into_iter().map(part).collect()
}

/// Returns the default folder of a study: beside the runs, one for each configuration.
fn default_folder(global: &Global, config: &Config) -> Result<PathBuf, Failure> {
    let digest = config.digest()?;
    let short: String = digest
        .chars()
        .skip_while(|c| *c != ':')
        .skip(1)
        .take(12)
        .collect();
    Ok(setup::runs(global)?.with_file_name("studies").join(short))
}

/// Output while the study runs.
struct Told {
    bar: ProgressBar,
    quiet: bool,
    finished: AtomicUsize,
}

impl Told {
    fn new(global: &Global) -> Self {
        let quiet = global.quiet || global.json;
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = "{wide_bar} {pos}/{len} retrainings  {elapsed_precise}  {msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self {
            bar,
            quiet,
            finished: AtomicUsize::new(0),
        }
    }

    /// Writes a line to standard error without tearing the bar.
    fn note(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| note(text));
        }
    }

    fn hear(&self, progress: StudyProgress<'_>) {
        let StudyProgress {
            arm, seed, epochs, ..
        } = progress;
        self.bar.set_length(progress.of as u64);
        self.bar
            .set_message(format!("{arm}, seed {seed}: {}", counted(epochs, "epoch")));
        if progress.outcome.is_some() {
            let finished = 1 + self.finished.fetch_add(1, Ordering::Relaxed);
            self.bar.set_position(finished as u64);
            self.note(&format!(
                "{finished}/{} {arm}, seed {seed}: {}, measured",
                progress.of,
                counted(epochs, "epoch")
            ));
        }
    }
}

fn table(found: &[Summary]) -> Result<(), Failure> {
    let mut part = "";
    for summary in found {
        if part != summary.part {
            if !part.is_empty() {
                line("")?;
            }
            part = summary.part;
            let asked = PARTS.iter().find(|other| other.name == part);
            line(&format!(
                "{part}: {}",
                asked.map_or("", |part| part.question)
            ))?;
            line(&head())?;
        }
        let many = summary.seeds.len() > 1;
        line(&row(summary.arm, summary, |tested| tested.mean.map(number)))?;
        if many {
            line(&row("  95 %, to each side", summary, |tested| {
                tested.interval.map(reach)
            }))?;
        }
        if let Some(other) = summary.against {
            let above = format!("  above {other}");
            line(&row(&above, summary, |tested| {
                tested.difference.as_ref().map(difference)
            }))?;
            if many {
                line(&row("  95 %, to each side", summary, |tested| {
                    let difference = tested.difference.as_ref()?;
                    difference.interval.map(reach)
                }))?;
            }
        }
        for surprise in &summary.surprises {
            line(&format!(
                "  not as expected: {} {} of seed {} {}",
                surprise.test,
                surprise.which.title(),
                surprise.seed,
                surprise.verdict.words()
            ))?;
        }
    }
    line("")?;
    let seed = found.first().and_then(|summary| summary.measure_seed);
    let seed = seed.map_or(String::new(), |seed| format!("measurement seed {seed}; "));
    line(&format!(
        "{seed}means over seeds with Student's interval; * where the interval of a difference leaves 0 out"
    ))
}

fn head() -> String {
    let titles = COLUMNS
        .iter()
        .map(|(_, title)| format!("{:>18}", format!("{title} A, B")));
    format!("{:<24}{}", "", titles.collect::<String>())
}

fn row(name: &str, summary: &Summary, cell: impl Fn(&Tested) -> Option<String>) -> String {
    let cells = COLUMNS.iter().flat_map(|(test, _)| {
        Vae::BOTH.map(|which| {
            let found = summary.tested(test, which).and_then(&cell);
            format!("{:>9}", found.unwrap_or_else(|| "–".to_owned()))
        })
    });
    format!("{name:<24}{}", cells.collect::<String>())
}

/// Returns half of an interval's width as text.
fn reach([low, high]: [f64; 2]) -> String {
    number(0.5 * (high - low))
}

fn difference(difference: &Difference) -> String {
    let sign = if difference.mean < 0.0 { "" } else { "+" };
    let mark = if difference.is_shown() { "*" } else { "" };
    format!("{sign}{}{mark}", number(difference.mean))
}
