//! `validate`: tests whether a model has learned, or only seems to.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::run::Origin;
use fluxttice_core::validation::{
    Finding, Past, UNTRAINED, failed_deciding, readable, tests, validate,
};

use super::progress::Bar;
use super::{Done, Failure, json_line, line, note, setup, study};
use crate::cli::{Global, ValidateArgs};

/// Makes every test on a checkpoint; with `--study` trains models again, with `--list` explains the tests.
pub fn run(global: &Global, args: &ValidateArgs) -> Done {
    match &args.study {
        Some(_) if args.list => return study::list(global),
        Some(parts) => return study::run(global, args, parts),
        None if args.list => return list(global),
        None => {}
    }
    let checkpoint = setup::checkpoint(global, args.checkpoint.as_deref())?;
    let seed = global.seed.unwrap_or(0);
    let past = Past::of(&checkpoint.origin)?;
    if !global.json && !global.quiet {
        note(&format!(
            "{}, seed {seed}, 64 bits on the CPU; untrained models of seeds {UNTRAINED:?}, the best of them",
            checkpoint.origin
        ));
        if let Origin::File(_) | Origin::Untrained(_) = checkpoint.origin {
            note(
                "nothing is known of a run: the test split is that of the published configuration, which these weights may have been trained on",
            );
        }
    }
    let bar = Bar::new(global);
    let findings = validate(&checkpoint.weights, &past, seed, &|progress| {
        bar.show(progress);
    });
    bar.clear();
    let findings = findings?;
    let failed_deciding = failed_deciding(&findings);
    if global.json {
        for finding in &findings {
            json_line(&object(finding))?;
        }
    } else {
        table(&findings)?;
        line("")?;
        line(&match failed_deciding {
            0 => "every deciding test passes".to_owned(),
            1 => "1 of the deciding tests does not pass".to_owned(),
            count => format!("{count} of the deciding tests do not pass"),
        })?;
    }
    Ok(if failed_deciding == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn object(finding: &Finding) -> serde_json::Value {
    // A value that is not a number becomes null.
    json!({
        "test": finding.test.name,
        "group": finding.test.group,
        "which": finding.which.name(),
        "value": finding.measured.value,
        "interval": finding.measured.interval,
        "method": finding.measured.method,
        "samples": finding.measured.samples,
        "seed": finding.seed,
        "untrained": finding.untrained,
        "chance": finding.chance,
        "bound": finding.test.bound,
        "margin": finding.test.margin,
        "unit": finding.test.unit,
        "verdict": finding.verdict.words(),
    })
}

fn table(findings: &[Finding]) -> Result<(), Failure> {
    let mut group = None;
    for finding in findings {
        let test = finding.test;
        if group != Some(test.group) {
            if group.is_some() {
                line("")?;
            }
            line(test.group.title())?;
            line(&format!(
                "{:<33}   {:>9} {:>17} {:>9} {:>9} {:>9}  verdict",
                "", "value", "95 %", "untrained", "baseline", "bound"
            ))?;
            group = Some(test.group);
        }
        let interval = finding
            .measured
            .interval
            .map_or(String::new(), |[low, high]| {
                format!("[{}, {}]", readable(low), readable(high))
            });
        line(&format!(
            "{:<33} {} {:>9} {interval:>17} {:>9} {:>9} {:>9}  {}",
            test.name,
            finding.which.title(),
            readable(finding.measured.value),
            readable(finding.untrained),
            readable(finding.chance),
            test.bound.readable(),
            finding.verdict.words()
        ))?;
    }
    Ok(())
}

/// Lists the definition of each test.
fn list(global: &Global) -> Done {
    for test in tests() {
        if global.json {
            json_line(test)?;
            continue;
        }
        line(&format!("{} ({})", test.name, test.group.title()))?;
        line(&format!("  {}", test.definition))?;
        let unit = if test.unit.is_empty() { "" } else { " " };
        line(&format!(
            "  bound {}{unit}{}: {}",
            test.bound.readable(),
            test.unit,
            test.source
        ))?;
        line(&format!("  95 % interval: {}", test.interval.words()))?;
        line(&format!(
            "  baseline: {}; margin {}",
            test.baseline,
            readable(test.margin)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
