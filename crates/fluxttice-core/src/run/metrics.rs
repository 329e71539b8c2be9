//! Metrics as they should be: epochs from the first on, once each, in order.

use std::collections::BTreeMap;
use std::path::Path;

use super::digests::HistoryDigests;
use super::error::RunError;
use super::journal::whole_lines;
use super::lines::is_whole;
use crate::record::EpochRecord;
use crate::words::counted;

/// The metrics of a run up to its newest checkpoint, repaired.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Lines of the file, each with its end.
    pub text: String,
    /// Epochs that the lines record, in order.
    pub records: Vec<EpochRecord>,
    /// Repairs and gaps in words, for people.
    pub notes: Vec<String>,
    /// Epochs without a line, where the newest checkpoint does not say that they were missing before.
    pub missing: Vec<u32>,
    /// Set if lines are left out that are no repetition, so that the file as it was must be kept.
    pub leaves_out: bool,
}

impl Metrics {
    /// Reads metrics of which the first `done` epochs are wanted; `saved` has the digests of the newest
    /// checkpoint.
    ///
    /// # Errors
    /// Returns a [`RunError::Unusable`] that names the line of `path` that cannot be read or has other
    /// figures for an epoch that stands before it, or that says that lines were changed.
    pub fn read(
        bytes: &[u8],
        path: &Path,
        done: u32,
        saved: Option<&HistoryDigests>,
    ) -> Result<Self, RunError> {
        let text = std::str::from_utf8(bytes).map_err(|_| unusable(path, "expected UTF-8 text"))?;
        let mut lines: BTreeMap<u32, (&str, EpochRecord)> = BTreeMap::new();
        let (mut repeated, mut beyond, mut ordered) = (0u32, Vec::new(), true);
        for (number, line) in whole_lines(text) {
            let record: EpochRecord = serde_json::from_str(line).map_err(|error| {
                unusable(
                    path,
                    &format!("line {number}: expected an epoch, found: {error}"),
                )
            })?;
            let epoch = record.epoch;
            if epoch >= done {
                beyond.push(epoch);
                continue;
            }
            ordered &= lines
                .last_key_value()
                .is_none_or(|(last, _)| *last <= epoch);
            match lines.insert(epoch, (line, record)) {
                None => {}
                Some((before, _)) if before == line => repeated += 1,
                Some(_) => {
                    let problem =
                        format!("line {number}: epoch {epoch} once more, with other figures");
                    return Err(unusable(path, &problem));
                }
            }
        }
        let gaps: Vec<u32> = (0..done)
            .filter(|epoch| !lines.contains_key(epoch))
            .collect();
        let mut found = Self::default();
        for (line, record) in lines.into_values() {
            found.text += line;
            found.text.push('\n');
            found.records.push(record);
        }
        let as_saved = saved.is_some_and(|saved| saved.metrics.begins(found.text.as_bytes()));
        if saved.is_some() && !as_saved && gaps.is_empty() {
            let problem =
                "is damaged: its lines are not what they were when the newest checkpoint was saved";
            return Err(unusable(path, problem));
        }
        let mut say = |holds: bool, words: String| found.notes.extend(holds.then_some(words));
        say(
            repeated > 0,
            format!(
                "{} of the metrics stood there twice",
                counted(repeated, "line")
            ),
        );
        say(
            !ordered,
            "lines of the metrics were not in order".to_owned(),
        );
        say(
            beyond.len() > 1,
            format!(
                "metrics tell of {} epochs that were not saved; they are done again",
                beyond.len()
            ),
        );
        let torn = text.rsplit('\n').next().unwrap_or_default();
        let torn = if is_whole(torn.as_bytes()) { "" } else { torn };
        say(
            !torn.is_empty(),
            "the last line of the metrics is not whole and is left out".to_owned(),
        );
        // What a crash leaves of a line begins like one; anything else somebody wrote.
        found.leaves_out = beyond.len() > 1 || !torn.is_empty() && !torn.starts_with('{');
        if !as_saved && !gaps.is_empty() {
            found
                .notes
                .push(format!("metrics of {} are missing", epochs(&gaps)));
            found.missing = gaps;
        }
        Ok(found)
    }
}

/// Formats epochs in words: `epochs 3 to 5, 9`.
fn epochs(all: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for epoch in all {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *epoch => *last = *epoch,
            _ => spans.push((*epoch, *epoch)),
        }
    }
    let words = spans.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    let words: Vec<String> = words.collect();
    let noun = if all.len() == 1 { "epoch" } else { "epochs" };
    format!("{noun} {}", words.join(", "))
}

fn unusable(path: &Path, problem: &str) -> RunError {
    let problem = format!("{problem}; `runs check --repair` sets it aside");
    RunError::unusable(path, problem)
}
