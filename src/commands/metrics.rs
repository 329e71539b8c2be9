//! `metrics`: lists the metrics by which epochs are compared.

use std::process::ExitCode;

use fluxttice_core::disruption::watched;
use fluxttice_core::metrics::{ALL, Better, Metric};
use serde::Serialize;

use super::{Done, json_line, line};
use crate::cli::{Global, MetricsCommand};

#[derive(Serialize)]
struct Listed {
    name: String,
    /// Name of the metric in a rule; `None` where no rule can watch it.
    rule: Option<String>,
    /// Unit of bounds in a rule.
    rule_unit: Option<&'static str>,
    #[serde(flatten)]
    metric: &'static Metric,
}

/// Lists every metric with its unit and its better direction.
pub fn run(global: &Global, command: MetricsCommand) -> Done {
    let MetricsCommand::List = command;
    for metric in ALL.iter().copied() {
        let rule = watched(metric);
        let listed = Listed {
            name: metric.name(),
            rule_unit: rule.is_some().then_some(metric.unit.of_levels()),
            rule,
            metric,
        };
        if global.json {
            json_line(&listed)?;
            continue;
        }
        let better = match metric.better {
            Some(Better::Higher) => " · higher is better",
            Some(Better::Lower) => " · lower is better",
            None => "",
        };
        let unit = match metric.unit.words() {
            "" => String::new(),
            unit => format!(" · {unit}"),
        };
        line(&format!("{}  {}{unit}{better}", metric.id, listed.name))?;
        line(&format!("    {}", metric.definition))?;
        line(&format!("    in metrics.jsonl: {}", metric.source))?;
        if let Some(word) = listed.rule {
            let percent = match listed.rule_unit {
                Some("%") => ", in percent of all operations",
                _ => "",
            };
            line(&format!("    in a rule: {word}{percent}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
