//! Check of a run: the parts that are in order, and those that are not.

use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint::{Files, epoch_name};
use super::contents::{foreign, holds_a_state, made_here};
use super::digests::{Digests, Own};
use super::disk::parent;
use super::door;
use super::error::RunError;
use super::files;
use super::folder::{BESTS, LATEST, name, plain};
use super::foreign::is_foreign;
use super::journal;
use super::lock::is_open;
use super::marker::Marker;
use super::metrics::Metrics;
use super::names::{
    CERTIFICATES, CHECKPOINTS, CONFIG, EXPERIMENTS, JOURNAL, MARKER, METRICS, SET_ASIDE, SNAPSHOTS,
};
use super::owner::{is_abandoned, is_half_made};
use super::reopening::{Found, what_the_journal_lacks};
use crate::config::Config;
use crate::digest::hex;
use crate::shown::shown;
use crate::words::counted;

/// Most foreign files that a report names.
const NAMED: usize = 5;

/// Condition of one part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The part is as it was saved.
    InOrder,
    /// Nothing is wrong, but the user should know of something.
    Noted,
    /// The part is damaged or missing.
    Wrong,
}

impl Condition {
    /// Returns the word for the condition, as reports print it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InOrder => "in order",
            Self::Noted => "noted",
            Self::Wrong => "wrong",
        }
    }
}

/// One part of a run and its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Name of the part, such as `metrics.jsonl`.
    pub name: String,
    /// Condition in which the part was found.
    pub condition: Condition,
    /// Findings in words, for people.
    pub words: String,
}

/// Report on all parts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Parts in the order in which they were checked.
    pub parts: Vec<Part>,
}

impl Report {
    /// Returns true if no part is wrong; noted parts do not count.
    pub fn is_in_order(&self) -> bool {
        self.parts
            .iter()
            .all(|part| part.condition != Condition::Wrong)
    }

    fn add(&mut self, name: impl Into<String>, condition: Condition, words: impl Into<String>) {
        self.parts.push(Part {
            name: name.into(),
            condition,
            words: words.into(),
        });
    }

    fn found(&mut self, name: &str, found: Result<String, RunError>) {
        match found {
            Ok(words) => self.add(name, Condition::InOrder, words),
            Err(error) => self.add(name, Condition::Wrong, error.to_string()),
        }
    }
}

/// Checks all parts of a run; nothing is changed.
pub fn check(run: &Path) -> Report {
    let mut report = Report::default();
    let made = made_here(run).and_then(|()| match Marker::read(run) {
        Some(marker) => Ok(format!("made by this program, {}", marker.id)),
        None if files::is_there(&run.join(MARKER)) => {
            let problem = "cannot be read; `--repair` makes it again";
            Err(RunError::unusable(&run.join(MARKER), problem))
        }
        None => Ok("made by version 0.1.0 of this program, or its marker is gone".to_owned()),
    });
    report.found("run", made);
    if is_foreign(run) {
        return report;
    }
    if is_open(run) {
        let words = "in use by another process: what it writes at this moment may look torn";
        report.add("use", Condition::Noted, words);
    }
    if let Err(error) = plain(run) {
        report.add("files", Condition::Wrong, error.to_string());
    }
    let own = match door::own(run) {
        Ok(own) => own,
        Err(error) => {
            report.add("files", Condition::Wrong, error.to_string());
            return report;
        }
    };
    let config = door::config(run, &own);
    report.found(CONFIG, configuration(run, &own, config.as_ref()));
    let numbered = door::numbered(run).unwrap_or_else(|error| {
        report.add(CHECKPOINTS, Condition::Wrong, error.to_string());
        Vec::new()
    });
    let digest = config.ok().and_then(|config| config.digest().ok());
    story(run, &own, &numbered, &mut report);
    for epoch in &numbered {
        let folder = door::folder(run, *epoch);
        let name = format!("{CHECKPOINTS}/{}", epoch_name(*epoch));
        state(&folder, &name, Some(*epoch), digest.as_deref(), &mut report);
    }
    let snapshots = folders(&run.join(SNAPSHOTS)).into_iter();
    for folder in snapshots.filter(|folder| holds_a_state(folder)) {
        let name = format!("{SNAPSHOTS}/{}", shown(name(&folder)));
        state(&folder, &name, None, digest.as_deref(), &mut report);
    }
    links(run, &mut report);
    leftovers(run, &mut report);
    if report.is_in_order()
        && let Err(error) = Found::in_run(run)
    {
        report.add("as a whole", Condition::Wrong, error.to_string());
    }
    report
}

fn configuration(
    run: &Path,
    own: &Own,
    config: Result<&Config, &RunError>,
) -> Result<String, RunError> {
    let path = run.join(CONFIG);
    config.map_err(|error| RunError::unusable(&path, error.to_string()))?;
    match Marker::read(run) {
        Some(marker) if marker.config != hex(&own.config) => Err(RunError::unusable(
            &path,
            "is damaged: it is not what the run was made with (SHA-256)",
        )),
        Some(_) => Ok("as the run was made with".to_owned()),
        None => Ok("can be read".to_owned()),
    }
}

/// Checks metrics and journal, as far as the newest checkpoint that is intact goes.
fn story(run: &Path, own: &Own, numbered: &[u32], report: &mut Report) {
    let intact = numbered
        .iter()
        .rev()
        .find_map(|epoch| Some((*epoch, Files::read(&door::folder(run, *epoch)).ok()?)));
    let done = intact.as_ref().map_or(0, |(epoch, _)| epoch + 1);
    let saved = numbered.iter().rev().find_map(|epoch| {
        let digests = Digests::read(&door::folder(run, *epoch)).ok()??;
        digests.run
    });
    let path = run.join(METRICS);
    match Metrics::read(&own.metrics, &path, done, saved.as_ref()) {
        Err(error) => report.add(METRICS, Condition::Wrong, error.to_string()),
        Ok(found) if !found.missing.is_empty() => {
            report.add(METRICS, Condition::Wrong, found.notes.join("; "));
        }
        Ok(found) if !found.notes.is_empty() => {
            report.add(METRICS, Condition::Noted, found.notes.join("; "));
        }
        Ok(found) => {
            let words = format!(
                "{}, once each, in order",
                counted(found.records.len() as u64, "epoch")
            );
            report.add(METRICS, Condition::InOrder, words);
        }
    }
    let path = run.join(JOURNAL);
    let text = String::from_utf8_lossy(&own.journal);
    let as_saved = saved.is_none_or(|saved| saved.journal.begins(&own.journal));
    match journal::parse(&text, &path) {
        Err(error) => report.add(JOURNAL, Condition::Wrong, error.to_string()),
        Ok(_) if !as_saved => {
            let words = "it is not what it was when the newest checkpoint was saved (SHA-256)";
            report.add(JOURNAL, Condition::Wrong, words);
        }
        Ok(entries) => match &what_the_journal_lacks(&entries, &text, done)[..] {
            [] => {
                let words = format!(
                    "{}, each with its seal",
                    counted(entries.len() as u64, "line")
                );
                report.add(JOURNAL, Condition::InOrder, words);
            }
            lacks => report.add(JOURNAL, Condition::Noted, lacks.join("; ")),
        },
    }
}

/// Checks a checkpoint or snapshot; `epoch` is the one in a checkpoint's name.
fn state(folder: &Path, name: &str, epoch: Option<u32>, digest: Option<&str>, report: &mut Report) {
    let read = Files::read(folder).and_then(|files| {
        if let Some(digest) = digest {
            files.snapshot(digest)?;
        }
        door::agrees(folder, epoch, &files)?;
        Ok(files)
    });
    match read {
        Err(error) => report.add(name, Condition::Wrong, error.to_string()),
        Ok(files) if files.digests.is_none() => {
            let words = "can be read; it has no digests, as version 0.1.0 saved it";
            report.add(name, Condition::Noted, words);
        }
        Ok(files)
            if files
                .digests
                .as_ref()
                .is_some_and(|digests| digests.run.is_none()) =>
        {
            let words =
                "as it was saved, outside of a run: whether it belongs to this one is not checked";
            report.add(name, Condition::Noted, words);
        }
        Ok(_) => report.add(name, Condition::InOrder, "as it was saved"),
    }
}

fn links(run: &Path, report: &mut Report) {
    for link in [LATEST].into_iter().chain(BESTS) {
        let path = run.join(CHECKPOINTS).join(link);
        let name = format!("{CHECKPOINTS}/{link}");
        let Ok(metadata) = path.symlink_metadata() else {
            continue;
        };
        if !metadata.is_symlink() {
            let words = format!(
                "{} stands where a link stood; nothing depends on it",
                files::kind(&metadata)
            );
            report.add(name, Condition::Noted, words);
            continue;
        }
        let target = fs::read_link(&path).unwrap_or_default();
        match path.is_dir() {
            true => report.add(name, Condition::InOrder, format!("→ {}", shown(target))),
            false => {
                let words = format!("→ {}, which is not there", shown(target));
                report.add(name, Condition::Noted, words);
            }
        }
    }
}

fn leftovers(run: &Path, report: &mut Report) {
    let places = [CHECKPOINTS, SNAPSHOTS, EXPERIMENTS, CERTIFICATES].map(|name| run.join(name));
    let (mut left, mut under_way) = (0, 0);
    for folder in places.iter().chain([&run.to_owned(), &parent(run)]) {
        for path in children(folder) {
            if is_abandoned(&path) {
                left += 1;
            } else if is_half_made(&name(&path)) {
                under_way += 1;
            }
        }
    }
    if left + under_way > 0 {
        let words = format!(
            "{left} of commands that were killed, {under_way} of commands that may be at work"
        );
        report.add("half made", Condition::Noted, words);
    }
    match foreign(run) {
        Ok(found) if !found.is_empty() => {
            let named: Vec<String> = found.iter().take(NAMED).map(shown).collect();
            let more = match found.len() - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let words = format!("{}{more}", named.join(", "));
            report.add("not this program's", Condition::Noted, words);
        }
        Ok(_) => {}
        Err(error) => report.add("folder", Condition::Wrong, error.to_string()),
    }
    let aside = children(&run.join(SET_ASIDE)).len();
    if aside > 0 {
        let words = format!("{aside} things that were damaged or in the way");
        report.add(SET_ASIDE, Condition::Noted, words);
    }
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Lists the folders in a folder that are not half made, by name; links are left out.
pub(super) fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = children(folder);
    found.retain(|path| path.is_dir() && !path.is_symlink() && !name(path).starts_with('.'));
    found.sort();
    found
}
