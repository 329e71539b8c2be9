//! What is told of a run while it is trained: lines for people, or JSON lines for programs.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use fluxttice_core::experiment::FIGURES;
use fluxttice_core::record::EpochRecord;
use fluxttice_core::run::Members;
use fluxttice_core::session::message::{
    End, Event, Foreign, GivenSamples, NoticeLevel, Progress, RunInfo, RunKind,
};
use fluxttice_core::shown::{printable, shown};
use fluxttice_core::space::percent_of_all;
use fluxttice_core::words::{counted, short_number, thousands};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Failure, is_unread, json_line, json_path, note, path_line, try_note};
use crate::cli::Global;

/// Output while training: JSON lines, or a bar and a line per epoch.
pub struct Report {
    json: bool,
    quiet: bool,
    /// Set as long as somebody reads standard output.
    heard: Cell<bool>,
    bar: ProgressBar,
    /// The run; in a population all its runs.
    runs: Vec<Arc<RunInfo>>,
    /// Epochs of the runs, by seed.
    members: Members,
}

impl Report {
    /// Makes the report of one command.
    pub fn new(global: &Global) -> Self {
        let hidden = global.json || global.quiet;
        let target = if hidden {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self {
            json: global.json,
            quiet: global.quiet,
            heard: Cell::new(true),
            bar,
            runs: Vec::new(),
            members: Members::default(),
        }
    }

    /// Reports an event. Training goes on when nobody reads the output any more, which is noted once.
    pub fn hear(&mut self, event: &Event) -> Result<(), Failure> {
        match self.event(event) {
            Err(gone) if gone.is_broken_pipe() => {
                self.heard.set(false);
                if !self.quiet {
                    note("standard output was closed; training continues");
                }
                Ok(())
            }
            told => told,
        }
    }

    /// Returns true as long as somebody reads what is printed.
    pub fn is_heard(&self) -> bool {
        self.heard.get()
    }

    /// Writes a JSON line, as long as somebody reads them.
    fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        if self.heard.get() {
            json_line(value)
        } else {
            Ok(())
        }
    }

    fn event(&mut self, event: &Event) -> Result<(), Failure> {
        match event {
            Event::Started(info) | Event::Joined(info) => self.started(info),
            Event::Epoch(report) => {
                let first = self.runs.first().and_then(|info| info.recipe());
                let seed = first.map(|recipe| recipe.seed);
                if let Some(seed) = seed {
                    self.members.add(seed, &report.record);
                }
                if self.json {
                    return self.json(report.record.as_ref());
                }
                let seed = seed.filter(|_| self.runs.len() > 1);
                self.note(&summary(&report.record, seed));
                Ok(())
            }
            Event::Member(member) => {
                self.members.add(member.seed, &member.record);
                if self.json {
                    let (seed, record) = (member.seed, member.record.as_ref());
                    let event = json!({"event": "member", "seed": seed, "record": record});
                    return self.json(&event);
                }
                self.note(&summary(&member.record, Some(member.seed)));
                Ok(())
            }
            Event::Outcome(outcome) if self.json => {
                let mut value = serde_json::to_value(outcome).unwrap_or_default();
                value["event"] = json!("outcome");
                self.json(&value)
            }
            Event::Outcome(outcome) => {
                let refused = if outcome.applied { "" } else { "refused, " };
                let text = format!(
                    "epoch {} batch {}: {}{}: {refused}{}",
                    outcome.epoch, outcome.batch, outcome.by, outcome.command, outcome.message
                );
                match outcome.applied {
                    true => self.note(&text),
                    false => self.warn(&text),
                }
                Ok(())
            }
            Event::Notice(notice) if self.json => {
                self.json(&json!({"event": "notice", "level": notice.level, "text": notice.text}))
            }
            Event::Notice(notice) => {
                match notice.level {
                    NoticeLevel::Info => self.note(&notice.text),
                    NoticeLevel::Warning | NoticeLevel::Error => self.warn(&notice.text),
                }
                Ok(())
            }
            Event::Unsaved(unsaved) if self.json => self.json(&json!({
                "event": "saving",
                "unsaved_since": unsaved.as_ref().map(|unsaved| unsaved.since),
                "problem": unsaved.as_ref().map(|unsaved| &unsaved.problem),
            })),
            Event::Unsaved(unsaved) => {
                let text = unsaved
                    .as_ref()
                    .map(|unsaved| format!("{unsaved}; training continues"));
                self.note(&text.unwrap_or_else(|| "everything is saved again".to_owned()));
                Ok(())
            }
            Event::ForeignEpoch(epoch) if self.json => {
                let (epoch, values) = (epoch.epoch, &epoch.values);
                self.json(&json!({"event": "epoch", "epoch": epoch, "values": values}))
            }
            Event::ForeignEpoch(epoch) => {
                let values = epoch.values.iter();
                let values =
                    values.map(|(name, value)| format!("  {name} {}", short_number(*value)));
                self.note(&format!(
                    "epoch {:>3}{}",
                    epoch.epoch,
                    values.collect::<String>()
                ));
                Ok(())
            }
            Event::Samples(samples) => self.samples(samples),
            Event::State(_)
            | Event::Controls(_)
            | Event::Contact(_)
            | Event::Tuned(_)
            | Event::Codes(_)
            | Event::Weights(_)
            | Event::Covered(_)
            | Event::Ended(_) => Ok(()),
        }
    }

    /// Tells how many operations are among samples that a trainer of another program gave.
    fn samples(&self, samples: &GivenSamples) -> Result<(), Failure> {
        let epoch = samples.epoch;
        match (&samples.counts, self.json) {
            (Ok(given), true) => self.json(&json!({
                "event": "samples",
                "epoch": epoch,
                "given": true,
                "samples": given.unique.samples,
                "unique": given.unique.unique,
                "ceiling": given.unique.ceiling,
                "digest": given.set.digest(),
            })),
            (Err(problem), true) => {
                self.json(&json!({"event": "samples", "epoch": epoch, "problem": problem}))
            }
            (Ok(given), false) => {
                self.note(&format!(
                    "samples given in epoch {epoch}, not drawn here: {}",
                    given.words()
                ));
                Ok(())
            }
            (Err(problem), false) => {
                self.warn(&format!("samples given in epoch {epoch}: {problem}"));
                Ok(())
            }
        }
    }

    /// Writes a line to standard error without tearing the bar.
    fn note(&self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// Writes a warning, also where notes are off: something differs from what was asked for.
    fn warn(&self, text: &str) {
        if !self.json
            && let Err(error) = self.bar.suspend(|| try_note(text))
            && is_unread(&error, &std::io::stderr())
        {
            self.heard.set(false);
        }
    }

    fn started(&mut self, info: &Arc<RunInfo>) -> Result<(), Failure> {
        self.runs.push(Arc::clone(info));
        let recipe = match &info.kind {
            RunKind::Own(recipe) => recipe,
            RunKind::Foreign(foreign) => return self.started_elsewhere(info, foreign),
        };
        for record in &info.history {
            self.members.add(recipe.seed, record);
        }
        if self.json {
            let [total, vae_a, vae_b, statenet] = recipe.parameters;
            let mut value = json!({
                "event": "start",
                "run": info.name,
                "folder": null,
                "device": info.device,
                "device_reason": info.device_reason,
                "seed": recipe.seed,
                "config": recipe.config_name,
                "config_digest": recipe.config_digest,
                "without_effect": recipe.ineffective,
                "epoch": info.history.len(),
                "total_epochs": recipe.tuning.total_epochs(),
                "batches": info.batches,
                "parameters": {"total": total, "vae_a": vae_a, "vae_b": vae_b, "statenet": statenet},
            });
            json_path(&mut value, "folder", &info.folder);
            return self.json(&value);
        }
        self.note(&place(info));
        if self.runs.len() > 1 {
            return Ok(());
        }
        self.note(&format!(
            "device {} ({}), seed {}, configuration {}",
            info.device, info.device_reason, recipe.seed, recipe.config_name
        ));
        if !recipe.ineffective.is_empty() {
            self.note(&format!(
                "{} of the configuration {} no effect; `config keys` says which and why",
                counted(recipe.ineffective.len() as u64, "key"),
                if recipe.ineffective.len() == 1 {
                    "has"
                } else {
                    "have"
                }
            ));
        }
        Ok(())
    }

    /// Begins to tell of a run that another program trains.
    fn started_elsewhere(&self, info: &RunInfo, foreign: &Foreign) -> Result<(), Failure> {
        let run = &foreign.run;
        if self.json {
            let mut value = json!({
                "event": "start",
                "run": info.name,
                "folder": null,
                "program": run.program,
                "device": info.device,
                "epoch": run.epochs.len(),
                "total_epochs": run.last_epoch,
            });
            json_path(&mut value, "folder", &info.folder);
            return self.json(&value);
        }
        self.note(&format!("{}, trained by {}", place(info), run.program));
        Ok(())
    }

    /// Shows the progress within an epoch.
    pub fn progress(&self, progress: Progress) {
        let Some(info) = self.runs.first() else {
            return;
        };
        let last = match &info.kind {
            RunKind::Own(recipe) => Some(recipe.tuning.last_epoch),
            RunKind::Foreign(foreign) => foreign.run.last_epoch,
        };
        let Some(last) = last else {
            return self.bar.set_prefix(format!("epoch {}", progress.epoch));
        };
        self.bar
            .set_prefix(format!("epoch {}/{last}", progress.epoch));
        self.bar.set_length(u64::from(progress.of));
        self.bar.set_position(u64::from(progress.done));
        let left = last.saturating_sub(progress.epoch);
        self.bar.set_message(if progress.epochs_per_minute > 0.0 {
            let seconds = 60.0 * f64::from(left) / progress.epochs_per_minute;
            let left = indicatif::HumanDuration(Duration::from_secs_f64(seconds));
            format!("{:.1} epochs/min, {left} left", progress.epochs_per_minute)
        } else {
            String::new()
        });
    }

    /// Reports the results of a population: every figure over its runs, after the
    /// newest epoch that all have finished.
    fn population(&self) -> Result<(), Failure> {
        let Some(epoch) = self
            .members
            .common_epoch()
            .filter(|_| self.members.are_several())
        else {
            return Ok(());
        };
        let measured = FIGURES.iter().filter_map(|figure| {
            let mut band = (self.members).band(epoch, |record| figure.level(record))?;
            let [least, most] = figure.unit.range();
            band.interval = band
                .interval
                .map(|ends| ends.map(|end| end.clamp(least, most)));
            Some((figure.name(), figure.unit.of_levels(), band))
        });
        if self.json {
            let figures: Vec<Value> = measured
                .map(|(name, unit, band)| {
                    json!({
                        "figure": name,
                        "unit": unit,
                        "runs": band.runs,
                        "mean": band.mean,
                        "interval": band.interval,
                        "low": band.low,
                        "high": band.high,
                    })
                })
                .collect();
            return self.json(&json!({"event": "population", "epoch": epoch, "figures": figures}));
        }
        self.note(&format!(
            "{} runs after epoch {epoch}: mean (95 % interval), lowest to highest",
            self.members.runs()
        ));
        for (name, unit, band) in measured {
            let interval = match band.interval {
                Some([low, high]) => format!(" ({low:.2} to {high:.2})"),
                None => String::new(),
            };
            self.note(&format!(
                "  {name:<36} {:>7.2} {unit}{interval}, {:.2} to {:.2}",
                band.mean, band.low, band.high
            ));
        }
        Ok(())
    }

    /// Reports the end of training. A failure is reported as the command's error, not here.
    pub fn end(&self, end: &End, well: bool) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        self.population()?;
        if self.json {
            return self
                .json(&json!({"event": "end", "reason": end.reason, "message": end.message}));
        }
        if well {
            for info in &self.runs {
                path_line(&info.folder)?;
            }
            self.note(&end.message);
        }
        Ok(())
    }
}

/// Returns the name and the folder of a run, for people.
fn place(info: &RunInfo) -> String {
    format!("run {} in {}", printable(&info.name), shown(&info.folder))
}

/// Returns an epoch as one line, in which every figure has its sample size and ceiling.
fn summary(record: &EpochRecord, seed: Option<u64>) -> String {
    let seed = seed.map_or_else(String::new, |seed| format!("seed {seed}  "));
    let head = format!(
        "{seed}epoch {:>3}  loss {:>7.3}  validation {:>7.3}",
        record.epoch, record.train.loss, record.validation.loss
    );
    let Some(coverage) = record.coverage else {
        return head;
    };
    let (a, b) = (coverage.a, coverage.b);
    let information = record.information.map_or_else(String::new, |found| {
        let nats = |value: f64| match value.is_nan() {
            true => "–".to_owned(),
            false => format!("{value:.2}"),
        };
        let few = match found.a.is_nan() || found.b.is_nan() {
            true => format!(
                " (– where {} codes are too few)",
                thousands(found.codes.into())
            ),
            false => String::new(),
        };
        format!(
            "; I(z; x) A {} B {} nats{few}",
            nats(found.a),
            nats(found.b)
        )
    });
    format!(
        "{head}  argmax coverage of {} samples A {:.1} % B {:.1} %, {:.1} % expected of a uniform generator; decode entropy A {:.2} B {:.2} nats{information}",
        thousands(a.argmax.samples.into()),
        percent_of_all(f64::from(a.argmax.unique)),
        percent_of_all(f64::from(b.argmax.unique)),
        percent_of_all(a.argmax.ceiling),
        a.decode_entropy,
        b.decode_entropy
    )
}
