//! Repair of a run: nothing is removed, what is damaged is moved aside, and each step is told.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::aside::{keep_aside, set_aside};
use super::check::folders;
use super::checkpoint::{Files, epoch_name};
use super::contents::{holds_a_state, made_here};
use super::digests::{Digests, HistoryDigests};
use super::disk::Disk;
use super::door;
use super::error::RunError;
use super::files;
use super::folder::{name, plain};
use super::journal::{self, Entry, whole_lines};
use super::lines::{Prefix, Sealed, look_at_seal};
use super::lock::RunLock;
use super::marker::Marker;
use super::names::{CHECKPOINTS, CONFIG, DIGESTS, JOURNAL, MARKER, METRICS, SNAPSHOTS, STATE};
use super::reopening::Found;
use crate::digest::hex;
use crate::record::EpochRecord;
use crate::shown::shown;
use crate::words::counted;

/// Repairs what can be repaired; `done` gets each step in a whole sentence, also where an error follows.
///
/// # Errors
/// Returns a [`RunError`] where the folder is no run of this program, is in use, or holds something that
/// cannot be repaired.
pub fn repair(disk: &Disk, run: &Path, done: &mut Vec<String>) -> Result<(), RunError> {
    made_here(run)?;
    plain(run)?;
    let lock = RunLock::take(run)?;
    let states = States::of(run)?;
    marker(disk, run, &states, done)?;
    configuration(disk, run, &states, done)?;
    states.set_aside(disk, run, done)?;
    let lines = journal_lines(disk, run, done)?;
    metrics(disk, run, done)?;
    if let Some(lines) = &lines {
        redigest(disk, run, Part::Journal(lines), done)?;
    }
    let opened = Found::in_run(run)?.opened(disk, run, lock)?;
    done.extend(opened.mended);
    // The metrics are not what was saved where epochs are missing, which the journal says by now.
    let newest = door::newest(run)?.map(|epoch| door::folder(run, epoch));
    let story = match newest {
        Some(newest) => Digests::read(&newest)?.and_then(|digests| digests.run),
        None => None,
    };
    let metrics = door::own(run)?.metrics;
    if story.is_some_and(|story| !story.metrics.begins(&metrics)) {
        redigest(disk, run, Part::Metrics, done)?;
    }
    Ok(())
}

/// Part of a run that was changed, so that its digests in the checkpoints are made again.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// The journal: by line number, how many lines are left of those up to there.
    Journal(&'a BTreeMap<usize, usize>),
    Metrics,
}

/// Checkpoints and snapshots, each verified against its own digests alone.
struct States {
    /// States as they were saved: folder, digest of the configuration that they were made with, digests of
    /// their run.
    intact: Vec<(PathBuf, String, Option<HistoryDigests>)>,
    /// The other ones: folder, and what is wrong with it.
    damaged: Vec<(PathBuf, RunError)>,
}

impl States {
    fn of(run: &Path) -> Result<Self, RunError> {
        let checkpoints = door::numbered(run)?.into_iter();
        let checkpoints = checkpoints.map(|epoch| (door::folder(run, epoch), Some(epoch)));
        let snapshots = folders(&run.join(SNAPSHOTS)).into_iter();
        let snapshots = snapshots.filter(|folder| holds_a_state(folder));
        let (mut intact, mut damaged) = (Vec::new(), Vec::new());
        for (folder, epoch) in checkpoints.chain(snapshots.map(|folder| (folder, None))) {
            may_be_looked_into(&folder)?;
            let read = Files::read(&folder).and_then(|files| {
                let digest = files.config_digest()?;
                files.snapshot(&digest)?;
                door::agrees(&folder, epoch, &files)?;
                let story = files.digests.and_then(|digests| digests.run);
                Ok((folder.clone(), digest, story))
            });
            match read {
                Ok(found) => intact.push(found),
                // What cannot be read now is not damaged.
                Err(RunError::Unreadable { path, source }) => {
                    return Err(RunError::Unreadable { path, source });
                }
                Err(error) => damaged.push((folder, error)),
            }
        }
        Ok(Self { intact, damaged })
    }

    /// Returns the SHA-256 of the configuration file, by the checkpoints and snapshots that are intact: where
    /// they are of several runs, of the one whose configuration or marker is here, else of the last.
    fn config(&self, run: &Path) -> Result<Option<String>, RunError> {
        let stories = self.intact.iter().rev();
        let configs = stories.filter_map(|(_, _, story)| Some(story.as_ref()?.config.clone()));
        let configs: Vec<String> = configs.collect();
        let here = [
            Some(hex(&door::own(run)?.config)),
            Marker::read(run).map(|marker| marker.config),
        ];
        let mut here = here.into_iter().flatten();
        let told = here.find(|here| configs.contains(here));
        Ok(told.or_else(|| configs.into_iter().next()))
    }

    /// Moves aside the states that are damaged, and those of another run.
    fn set_aside(self, disk: &Disk, run: &Path, done: &mut Vec<String>) -> Result<(), RunError> {
        let path = run.join(CONFIG);
        let digest = door::config(run, &door::own(run)?)?.digest()?;
        let (own, others): (Vec<_>, Vec<_>) = self
            .intact
            .into_iter()
            .partition(|(_, made_with, _)| *made_with == digest);
        if own.is_empty() && !others.is_empty() {
            let problem = "no checkpoint and no snapshot was made with it: put back the configuration or the checkpoints \
                           that belong here";
            return Err(RunError::unusable(&path, problem));
        }
        let of_others = others.into_iter().map(|(folder, made_with, _)| {
            let problem = format!("made with configuration {made_with}, which is not this run's");
            (folder.clone(), RunError::unusable(&folder, problem))
        });
        for (folder, error) in self.damaged.into_iter().chain(of_others) {
            let place = set_aside(disk, run, &folder)?;
            done.push(format!(
                "{} lies in {} now: {error}",
                shown(name(&folder)),
                shown(place)
            ));
        }
        Ok(())
    }
}

/// Checks that a folder does not look empty only because this user may not look into it.
fn may_be_looked_into(folder: &Path) -> Result<(), RunError> {
    let state = folder.join(STATE);
    match state.symlink_metadata() {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(RunError::unread(&state)(error)),
        _ => Ok(()),
    }
}

/// Makes a marker again that cannot be read, or is another run's.
fn marker(
    disk: &Disk,
    run: &Path,
    states: &States,
    done: &mut Vec<String>,
) -> Result<(), RunError> {
    let path = run.join(MARKER);
    let found = Marker::read(run);
    let config = states.config(run)?;
    let belongs = |marker: &Marker| {
        config
            .as_ref()
            .is_none_or(|config| *config == marker.config)
    };
    if !files::is_there(&path) || found.as_ref().is_some_and(belongs) {
        return Ok(());
    }
    let aside = set_aside(disk, run, &path)?;
    let mut made = Marker::new(&door::own(run)?.config);
    if let Some(config) = config {
        made.config = config;
    }
    made.write(disk, run)?;
    done.push(format!(
        "{MARKER} was not this run's, or could not be read, and was made again; the other lies in {}",
        shown(aside)
    ));
    Ok(())
}

/// Writes a configuration as it was, where it says the same in other bytes; fails where it says something
/// else.
fn configuration(
    disk: &Disk,
    run: &Path,
    states: &States,
    done: &mut Vec<String>,
) -> Result<(), RunError> {
    let own = door::own(run)?;
    let marker = Marker::read(run).map(|marker| marker.config);
    let wanted = states.config(run)?.or(marker);
    let Some(wanted) = wanted.filter(|wanted| *wanted != hex(&own.config)) else {
        return Ok(());
    };
    let path = run.join(CONFIG);
    let written = door::config(run, &own).and_then(|config| Ok(config.to_yaml()?));
    match written {
        Ok(text) if hex(text.as_bytes()) == wanted => {
            let kept = keep_aside(disk, run, &path, &own.config)?;
            disk.write(&path, text.as_bytes())?;
            done.push(format!(
                "{CONFIG} said the same in other bytes and was written as it was; the other lies in {}",
                shown(kept)
            ));
            Ok(())
        }
        _ => Err(RunError::unusable(
            &path,
            "is not what the run was made with, and nothing here has it: put it back from a copy of the run or from a \
             certificate",
        )),
    }
}

/// Leaves out the lines of the journal that are not what was written. Returns, by line number, how many lines
/// are left of those up to there; `None` where the journal is in order.
fn journal_lines(
    disk: &Disk,
    run: &Path,
    done: &mut Vec<String>,
) -> Result<Option<BTreeMap<usize, usize>>, RunError> {
    let path = run.join(JOURNAL);
    let bytes = door::own(run)?.journal;
    let text = String::from_utf8_lossy(&bytes);
    // Some editors write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let all: Vec<(usize, &str)> = whole_lines(text).collect();
    if text.len() == bytes.len() && journal::parse(text, &path).is_ok() {
        let newest = door::newest(run)?.map(|epoch| Digests::read(&door::folder(run, epoch)));
        let story = newest
            .transpose()?
            .flatten()
            .and_then(|digests| digests.run);
        if story.is_none_or(|story| story.journal.begins(&bytes)) {
            return Ok(None);
        }
        done.push(format!(
            "{JOURNAL} is not the one that the newest checkpoint was saved with; what is there, {}, is taken as it is",
            counted(all.len() as u64, "line")
        ));
        return Ok(Some((1..=all.len()).map(|line| (line, line)).collect()));
    }
    let good = |before: &str, line: &str| look_at_seal(before.as_bytes(), line) == Sealed::Good;
    let (mut kept, mut left) = (Vec::new(), BTreeMap::new());
    let (mut seen, mut repeated, mut unproved) = (BTreeSet::new(), 0u32, false);
    let mut left_out = false;
    for (place, (number, line)) in all.iter().enumerate() {
        let before = place.checked_sub(1).map_or("", |before| all[before].1);
        let after = all.get(place + 1).map(|(_, after)| *after);
        let reads = serde_json::from_str::<Entry>(line).is_ok();
        let stands = match look_at_seal(before.as_bytes(), line) {
            Sealed::Good | Sealed::Absent => true,
            // The line after one that was changed does not follow it, but is vouched for by the one after
            // itself.
            Sealed::Broken => match after {
                Some(after) => good(line, after),
                // Nothing vouches for the last one; where one before it was changed, that is all that speaks
                // against it.
                None => {
                    unproved = reads && left_out;
                    left_out
                }
            },
        };
        // With their times no two lines are equal that were written.
        let is_new = seen.insert(*line);
        repeated += u32::from(!is_new);
        left_out = !(reads && stands) && is_new;
        if reads && stands && is_new {
            kept.push(*line);
        }
        left.insert(*number, kept.len());
    }
    let aside = keep_aside(disk, run, &path, &bytes)?;
    let changed = (all.len() - kept.len()) as u64 - u64::from(repeated);
    if changed > 0 {
        done.push(format!(
            "left out of {JOURNAL}: {} that cannot be read, was changed, or does not follow the line before it; what was \
             asked there is lost",
            counted(changed, "line")
        ));
    }
    if repeated > 0 {
        done.push(format!(
            "left out of {JOURNAL}: {} that stood there twice",
            counted(repeated, "line")
        ));
    }
    done.push(format!("{JOURNAL} as it was lies in {}", shown(aside)));
    if unproved {
        done.push(format!(
            "the last line of {JOURNAL} is kept, though nothing shows that it is what was written"
        ));
    }
    disk.write(&path, journal::resealed(kept.into_iter()).as_bytes())?;
    Ok(Some(left))
}

/// Leaves out metrics that cannot be read or are not what was saved, from the first epoch on that no
/// checkpoint vouches for.
fn metrics(disk: &Disk, run: &Path, done: &mut Vec<String>) -> Result<(), RunError> {
    let path = run.join(METRICS);
    let bytes = door::own(run)?.metrics;
    let mut prefixes: Vec<Prefix> = Vec::new();
    for epoch in door::numbered(run)? {
        let digests = Digests::read(&door::folder(run, epoch))?;
        prefixes.extend(
            digests
                .and_then(|digests| digests.run)
                .map(|run| run.metrics),
        );
    }
    let text = String::from_utf8_lossy(&bytes);
    // Some editors write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines: BTreeMap<u32, &str> = BTreeMap::new();
    let mut told = 0;
    for (_, line) in whole_lines(text) {
        told += 1;
        if let Ok(record) = serde_json::from_str::<EpochRecord>(line) {
            lines.entry(record.epoch).or_insert(line);
        }
    }
    let newest = door::newest(run)?;
    let whole: String = lines.values().map(|line| format!("{line}\n")).collect();
    let as_saved = |prefix: &&Prefix| prefix.begins(whole.as_bytes());
    let vouched = match prefixes.last() {
        // Nothing was saved that could tell.
        None => lines.len(),
        Some(last) if as_saved(&last) => lines.len(),
        Some(_) => prefixes
            .iter()
            .rev()
            .find(as_saved)
            .map_or(0, |prefix| prefix.lines),
    };
    let kept: String = lines
        .iter()
        .enumerate()
        .filter(|(place, (epoch, _))| {
            *place < vouched || newest.is_none_or(|newest| **epoch > newest)
        })
        .map(|(_, (_, line))| format!("{line}\n"))
        .collect();
    if kept.as_bytes() == bytes {
        return Ok(());
    }
    let aside = keep_aside(disk, run, &path, &bytes)?;
    disk.write(&path, kept.as_bytes())?;
    done.push(format!(
        "{} of {told} lines of {METRICS} are left; the whole lies in {}",
        kept.lines().count(),
        shown(aside)
    ));
    Ok(())
}

/// Makes the digests of the changed part again; those of a checkpoint's own files stay what they were.
fn redigest(
    disk: &Disk,
    run: &Path,
    changed: Part<'_>,
    done: &mut Vec<String>,
) -> Result<(), RunError> {
    let own = door::own(run)?;
    let text = String::from_utf8_lossy(&own.metrics);
    let epochs: Vec<u32> = whole_lines(&text)
        .filter_map(|(_, line)| Some(serde_json::from_str::<EpochRecord>(line).ok()?.epoch))
        .collect();
    let checkpoints = door::numbered(run)?.into_iter();
    let checkpoints = checkpoints.map(|epoch| run.join(CHECKPOINTS).join(epoch_name(epoch)));
    let snapshots = folders(&run.join(SNAPSHOTS)).into_iter();
    let snapshots = snapshots.filter(|folder| holds_a_state(folder));
    for folder in checkpoints.chain(snapshots) {
        let Some(mut digests) = Digests::read(&folder)? else {
            continue;
        };
        let finished = Files::read(&folder)?
            .moment()?
            .map_or(0, |(epochs, _)| epochs);
        let Some(story) = &mut digests.run else {
            continue;
        };
        match changed {
            Part::Metrics => {
                let told = epochs.iter().filter(|epoch| **epoch < finished).count();
                story.metrics = Prefix::of(&own.metrics, told).unwrap_or_default();
            }
            Part::Journal(left) => {
                let first = left.range(..=story.journal.lines).next_back();
                let told = first.map_or(0, |(_, left)| *left);
                story.journal = Prefix::of(&own.journal, told).unwrap_or_default();
            }
        }
        let path = folder.join(DIGESTS);
        disk.write(&path, &digests.to_bytes(&path)?)?;
    }
    let name = match changed {
        Part::Metrics => METRICS,
        Part::Journal(_) => JOURNAL,
    };
    done.push(format!(
        "checkpoints and snapshots are held against what is left of {name} from now on"
    ));
    Ok(())
}
