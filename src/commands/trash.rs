//! `runs delete`, `runs trash`, `runs restore`: deletes runs, lists deleted ones, and brings them back.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::run::{Disk, Trashed, delete, find_run, is_path, purge, restore, trashed};
use fluxttice_core::shown::{printable, shown};

use super::{Done, Failure, json_line, json_path, line, note, path_line, setup};
use crate::cli::Global;

/// Moves runs to the trash, or removes them for good.
pub fn delete_all(global: &Global, named: &[String], yes: bool, for_good: bool) -> Done {
    let runs = setup::runs(global)?;
    let disk = Disk::default();
    let mut found: Vec<Target> = Vec::new();
    for named in named {
        let in_trash = match for_good {
            true => in_trash(&disk, &runs, named)?,
            false => Vec::new(),
        };
        match find_run(&runs, Some(named)) {
            Ok(run) if found.iter().any(|target| target.path() == run) => {}
            Ok(run) => found.push(Target::Run(run)),
            Err(error) if in_trash.is_empty() => return Err(error.into()),
            Err(_) => {}
        }
        for run in in_trash {
            if found.iter().all(|target| target.path() != run.path) {
                found.push(Target::Trashed(run));
            }
        }
    }
    if !yes && !agreed(&found, for_good)? {
        note("nothing was deleted");
        return Ok(ExitCode::SUCCESS);
    }
    for target in found {
        match target {
            Target::Run(run) => {
                let deleted = delete(&disk, &run, for_good)?;
                for kept in &deleted.kept {
                    note(&format!("kept, not this program's: {}", shown(kept)));
                }
                if !global.quiet {
                    note(&match deleted.trash {
                        Some(trash) => format!(
                            "{} lies in {}; `runs restore` takes it back",
                            shown(run),
                            shown(trash)
                        ),
                        None => format!("{} is gone for good", shown(run)),
                    });
                }
            }
            Target::Trashed(run) => {
                purge(&disk, &run)?;
                if !global.quiet {
                    note(&format!("{} is gone for good", shown(&run.path)));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

enum Target {
    Run(PathBuf),
    Trashed(Trashed),
}

impl Target {
    fn path(&self) -> &Path {
        match self {
            Self::Run(run) => run,
            Self::Trashed(run) => &run.path,
        }
    }
}

/// Returns the runs in the trash that have this name.
fn in_trash(disk: &Disk, runs: &Path, named: &str) -> Result<Vec<Trashed>, Failure> {
    let (place, name) = place_and_name(runs, named);
    let mut there = trashed(disk, &place)?;
    there.retain(|run| run.is(&name));
    Ok(there)
}

/// Returns the folder whose trash a word refers to, and the name in that trash.
fn place_and_name(runs: &Path, named: &str) -> (PathBuf, String) {
    let path = Path::new(named);
    match (is_path(named), path.parent(), path.file_name()) {
        (true, Some(place), Some(name)) => (place.to_owned(), name.to_string_lossy().into_owned()),
        _ => (runs.to_owned(), named.to_owned()),
    }
}

fn agreed(found: &[Target], for_good: bool) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "not a terminal: add --yes to delete".to_owned(),
        ));
    }
    for target in found {
        note(&match target {
            Target::Run(_) | Target::Trashed(_) => shown(target.path()),
        });
    }
    let question = match for_good {
        true => "remove for good, with everything in it? [y/N] ",
        false => "move to the trash? [y/N] ",
    };
    let _ = write!(io::stderr(), "{question}");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "yes"))
}

/// Lists the runs in a trash.
pub fn list(global: &Global, place: Option<&Path>) -> Done {
    let given = place.is_some();
    let place = place.map_or_else(|| setup::runs(global), |place| Ok(place.to_owned()))?;
    if given && !place.is_dir() {
        return Err(Failure::Input(format!("{} is no folder", shown(&place))));
    }
    let found = trashed(&Disk::default(), &place)?;
    let mut bytes = 0;
    for run in &found {
        bytes += run.bytes;
        if global.json {
            let mut value = json!({
                "run": run.name, "deleted": run.time, "bytes": run.bytes, "settled": run.settled, "folder": null,
            });
            json_path(&mut value, "folder", &run.path);
            json_line(&value)?;
        } else {
            let (name, size) = (printable(&run.name), size(run.bytes));
            let state = match run.settled {
                true => "deleted",
                false => "on its way to the trash since",
            };
            line(&format!("{name:<28} {size:>10}  {state} {}", run.time))?;
        }
    }
    if !global.json && !global.quiet {
        note(&match found.len() {
            0 => format!("nothing in the trash of {}", shown(&place)),
            _ => format!(
                "{} in all; `runs restore NAME` takes one back, `runs delete NAME --purge` frees its room",
                size(bytes)
            ),
        });
    }
    Ok(ExitCode::SUCCESS)
}

fn size(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1} MB")
}

/// Moves a run back from the trash.
pub fn take_back(global: &Global, named: &str) -> Done {
    let (place, name) = place_and_name(&setup::runs(global)?, named);
    let run = restore(&Disk::default(), &place, &name)?;
    match global.json {
        true => {
            let mut value = json!({"folder": null});
            json_path(&mut value, "folder", &run);
            json_line(&value)?;
        }
        false => path_line(&run)?,
    }
    Ok(ExitCode::SUCCESS)
}
