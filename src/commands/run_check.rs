//! `runs check`: checks the files of a run; with `--repair` damaged ones are repaired.

use std::process::ExitCode;

use serde_json::{Value, json};

use fluxttice_core::run::{Condition, Disk, Report, check, find_run, not_foreign, repair};
use fluxttice_core::shown::{printable, shown};

use super::{Done, Failure, json_line, json_path, line, setup};
use crate::cli::Global;

/// Checks a run, after repairing it if `set_right` is true.
pub fn run(global: &Global, named: &str, set_right: bool) -> Done {
    let run = find_run(&setup::runs(global)?, Some(named))?;
    not_foreign(&run)?;
    let mut repaired = Vec::new();
    if set_right && let Err(error) = repair(&Disk::default(), &run, &mut repaired) {
        // Steps that were done before the failure are reported all the same.
        for step in &repaired {
            super::note(&format!("set right: {}", printable(step)));
        }
        return Err(error.into());
    }
    let report = check(&run);
    if global.json {
        let parts: Vec<Value> = report
            .parts
            .iter()
            .map(|part| {
                json!({"part": part.name, "condition": part.condition.word(), "words": part.words})
            })
            .collect();
        let mut value = json!({"folder": null, "in_order": report.is_in_order(), "parts": parts,
            "repaired": repaired});
        json_path(&mut value, "folder", &run);
        json_line(&value)?;
    } else {
        line(&verdict(&report, &shown(&run)))?;
        for step in &repaired {
            line(&format!("set right  {}", printable(step)))?;
        }
        tell(&report)?;
    }
    Ok(match report.is_in_order() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn verdict(report: &Report, run: &str) -> String {
    let count = |condition: Condition| {
        let parts = report.parts.iter();
        parts.filter(|part| part.condition == condition).count()
    };
    match (count(Condition::Wrong), count(Condition::Noted)) {
        (0, 0) => format!("{run} is in order"),
        (0, noted) => format!("{run} is in order; {noted} of its parts are worth knowing about"),
        (wrong, _) => format!(
            "{run} is NOT in order: {wrong} of {} parts; --repair sets right what can be",
            report.parts.len()
        ),
    }
}

fn tell(report: &Report) -> Result<(), Failure> {
    for part in &report.parts {
        let name = printable(&part.name);
        line(&format!(
            "{:<9}  {name:<26} {}",
            part.condition.word(),
            printable(&part.words)
        ))?;
    }
    Ok(())
}
